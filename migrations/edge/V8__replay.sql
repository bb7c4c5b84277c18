-- The past derived again under a corrected map: what never was says what stands in its place. And
-- every count names the map that made it, as every state does already.
ALTER TABLE edge_machine_states ADD COLUMN superseded_by BLOB;
ALTER TABLE edge_production_counts ADD COLUMN map_version TEXT;
