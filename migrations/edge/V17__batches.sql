-- What Kartorium's tables have no place for at the beginning and end of a batch.
CREATE TABLE edge_batch_quantities (
    id             BLOB PRIMARY KEY,
    site_id        BLOB NOT NULL,
    batch_event_id BLOB NOT NULL,
    kind           TEXT NOT NULL,
    reason_id      BLOB,
    label          TEXT,
    quantity       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_batch_starts (
    id                 BLOB PRIMARY KEY,
    site_id            BLOB NOT NULL,
    batch_event_id     BLOB NOT NULL,
    provisional        INTEGER NOT NULL,
    continues_event_id BLOB,
    approved_by        BLOB
) STRICT, WITHOUT ROWID;
