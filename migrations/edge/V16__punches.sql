-- Everything recorded of people's time, and how it was divided among batches.
CREATE TABLE edge_punches (
    id          BLOB PRIMARY KEY,
    site_id     BLOB NOT NULL,
    entry_id    BLOB NOT NULL,
    user_id     BLOB,
    kind        TEXT NOT NULL,
    from_ts     INTEGER,
    until_ts    INTEGER,
    evidence    TEXT,
    reason      TEXT,
    recorded_ts INTEGER NOT NULL,
    by_user_id  BLOB,
    terminal_id BLOB NOT NULL,
    incarnation TEXT NOT NULL,
    seq         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX punches_by_person ON edge_punches (user_id, recorded_ts);
CREATE INDEX punches_by_entry ON edge_punches (entry_id);
CREATE INDEX labor_by_person ON ops_labor_entries (user_id, start_ts);

CREATE TABLE edge_labor_shares (
    id             BLOB PRIMARY KEY,
    site_id        BLOB NOT NULL,
    entry_id       BLOB NOT NULL,
    user_id        BLOB NOT NULL,
    batch_event_id BLOB NOT NULL,
    percent        INTEGER NOT NULL,
    from_ts        INTEGER NOT NULL,
    until_ts       INTEGER
) STRICT, WITHOUT ROWID;
