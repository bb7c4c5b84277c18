-- Batches that are given up, that run on further machines and that ask for more than parts; and
-- what contradicts itself.
ALTER TABLE oee_batch_details ADD COLUMN abort_reason_id BLOB;

CREATE TABLE oee_batch_equipment (
    id           BLOB PRIMARY KEY,
    batch_id     BLOB NOT NULL,
    equipment_id BLOB NOT NULL,
    started_at   INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE oee_batch_custom_field_values (
    id                 BLOB PRIMARY KEY,
    event_id           BLOB NOT NULL,
    equipment_id       BLOB,
    station_id         BLOB,
    equipment_field_id BLOB,
    station_field_id   BLOB,
    label              TEXT NOT NULL,
    value              TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_conflicts (
    id          BLOB PRIMARY KEY,
    site_id     BLOB NOT NULL,
    record_id   BLOB NOT NULL,
    other_id    BLOB,
    kind        TEXT NOT NULL,
    detail      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    terminal_id BLOB NOT NULL,
    incarnation TEXT NOT NULL,
    seq         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
