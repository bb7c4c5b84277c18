-- Machines that wait for their neighbours, and how a state came about.

ALTER TABLE edge.machine_states DROP CONSTRAINT machine_states_state_check;
ALTER TABLE edge.machine_states
    ADD CONSTRAINT machine_states_state_check CHECK (state IN (
        'running', 'stopped', 'setup', 'planned_stop', 'blocked', 'starved', 'unknown')),
    ADD COLUMN fault text,
    ADD COLUMN proposed_reason text,
    ADD COLUMN micro_stop_seconds numeric(14, 4),
    ADD COLUMN suppressed integer;
COMMENT ON COLUMN edge.machine_states.fault IS 'what the machine named as its fault when the state began';
COMMENT ON COLUMN edge.machine_states.proposed_reason IS 'code of the reason that the map proposed for the fault';
COMMENT ON COLUMN edge.machine_states.micro_stop_seconds IS
    'a stop that ended earlier is a micro-stop: nobody was asked why';
COMMENT ON COLUMN edge.machine_states.suppressed IS
    'how often the state before was about to change and did not, because it did not hold';
