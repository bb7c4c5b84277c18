-- Every explanation of a stop, also one that holds no more; and who says what a machine did.
CREATE TABLE edge_stop_explanations (
    id                BLOB PRIMARY KEY,
    site_id           BLOB NOT NULL,
    event_id          BLOB NOT NULL,
    reason_id         BLOB NOT NULL,
    reason_label      TEXT NOT NULL,
    reason_group_type TEXT NOT NULL,
    rank              INTEGER NOT NULL,
    explained_by      BLOB,
    explained_at      INTEGER NOT NULL,
    place             INTEGER,
    because           TEXT,
    withdrawn         INTEGER NOT NULL,
    holds             INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX edge_stop_explanations_of ON edge_stop_explanations (event_id);

ALTER TABLE edge_machine_states ADD COLUMN source TEXT NOT NULL DEFAULT 'machine';

-- An event that people tell of covers several machines.
CREATE INDEX oee_machine_event_equipment_of ON oee_machine_event_equipment (event_id);
