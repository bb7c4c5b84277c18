-- A labor entry may be a person's time on a job.

ALTER TABLE ops_labor_entries ADD COLUMN job_id BLOB;
