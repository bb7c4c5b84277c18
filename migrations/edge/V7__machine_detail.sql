-- How the state of a machine came about.
ALTER TABLE edge_machine_states ADD COLUMN fault TEXT;
ALTER TABLE edge_machine_states ADD COLUMN proposed_reason TEXT;
ALTER TABLE edge_machine_states ADD COLUMN micro_stop_seconds TEXT;
ALTER TABLE edge_machine_states ADD COLUMN suppressed INTEGER;
