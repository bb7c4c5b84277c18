-- What became of this computer's wall clock: set, or found to be wrong.
CREATE TABLE edge_clock_records (
    id          BLOB PRIMARY KEY,
    site_id     BLOB NOT NULL,
    terminal_id BLOB NOT NULL,
    boot        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    wall_ts     INTEGER NOT NULL,
    right_ts    INTEGER,
    by_us       INTEGER NOT NULL,
    within_us   INTEGER
) STRICT, WITHOUT ROWID;
