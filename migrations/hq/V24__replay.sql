-- The past derived again under a corrected map, and the map that made a count.

ALTER TABLE edge.machine_states ADD COLUMN superseded_by uuid;
COMMENT ON COLUMN edge.machine_states.superseded_by IS
    'the event in the place of one that never was under a corrected map; such a one takes no time';
COMMENT ON COLUMN edge.machine_states.map_version IS
    'fingerprint of the map that made the event, or made it otherwise since';
ALTER TABLE edge.production_counts ADD COLUMN map_version text;
COMMENT ON COLUMN edge.production_counts.map_version IS 'fingerprint of the map that made the count';
