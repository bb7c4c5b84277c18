-- Figures ask for the readings of a stretch of time, and when each counter was read first.

CREATE INDEX counts_by_time ON edge_production_counts (until_ts);
CREATE INDEX counts_by_counter ON edge_production_counts (equipment_id, counter, until_ts);
