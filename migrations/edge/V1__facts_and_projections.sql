-- The file of facts of one terminal. Times are microseconds UTC, keys are 16-byte UUIDs.

-- The log. `line` is the exact text that was hashed; nothing in here is ever updated.
CREATE TABLE facts (
    seq  INTEGER PRIMARY KEY,
    line TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    key  TEXT
) STRICT;
CREATE UNIQUE INDEX facts_by_key ON facts (key) WHERE key IS NOT NULL;
CREATE INDEX facts_of_people ON facts (seq) WHERE key IS NOT NULL;

-- Erasable texts that lines commit to.
CREATE TABLE fact_texts (
    seq   INTEGER NOT NULL REFERENCES facts (seq),
    field TEXT NOT NULL,
    salt  TEXT NOT NULL,
    text  TEXT,
    PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;

-- Folded state of the records that rows are made from.
CREATE TABLE records (
    record_id    BLOB PRIMARY KEY,
    kind         TEXT NOT NULL,
    fold_version INTEGER NOT NULL,
    state        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The plant as of a fact, so that a start replays only the tail.
CREATE TABLE plant (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    seq   INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;

-- Source cursors: the last value of each signal whose sender was told "saved".
CREATE TABLE signals (
    equipment_id BLOB NOT NULL,
    signal       TEXT NOT NULL,
    value        TEXT NOT NULL,
    wall_us      INTEGER NOT NULL,
    mono_us      INTEGER NOT NULL,
    boot         TEXT NOT NULL,
    PRIMARY KEY (equipment_id, signal)
) STRICT, WITHOUT ROWID;

-- The last sign of life; what follows it until the next start was watched by nobody.
CREATE TABLE alive (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    wall_us INTEGER NOT NULL,
    mono_us INTEGER NOT NULL,
    boot    TEXT NOT NULL
) STRICT;

-- What headquarters said it holds.
CREATE TABLE sync (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    acked_seq  INTEGER NOT NULL,
    safe_seq   INTEGER NOT NULL
) STRICT;
INSERT INTO sync VALUES (1, 0, 0);

CREATE TABLE sessions (
    session   BLOB PRIMARY KEY,
    began     INTEGER NOT NULL,
    watermark INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    seq    INTEGER PRIMARY KEY,
    code   TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

-- Projections, named as the central tables they will become; `edge_` stands for schema edge.
CREATE TABLE oee_machine_events (
    id                 BLOB PRIMARY KEY,
    site_id            BLOB NOT NULL,
    equipment_id       BLOB NOT NULL,
    station_id         BLOB,
    event_type         TEXT NOT NULL,
    start_ts           INTEGER NOT NULL,
    end_ts             INTEGER,
    duration_minutes   TEXT,
    downtime_reason_id BLOB,
    reason_label       TEXT,
    reason_group_type  TEXT,
    source             TEXT NOT NULL,
    created_by         BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE oee_machine_event_equipment (
    id           BLOB PRIMARY KEY,
    event_id     BLOB NOT NULL,
    equipment_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE oee_event_batch_links (
    id             BLOB PRIMARY KEY,
    event_id       BLOB NOT NULL,
    batch_event_id BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE oee_batch_details (
    id              BLOB PRIMARY KEY,
    event_id        BLOB NOT NULL,
    product_id      BLOB NOT NULL,
    station_id      BLOB,
    batch_number    TEXT NOT NULL,
    work_order      TEXT,
    target_quantity INTEGER,
    good_parts      INTEGER,
    scrap_parts     INTEGER,
    total_parts     INTEGER,
    status          TEXT NOT NULL,
    scrap_reason_id BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE oee_batch_operators (
    id         BLOB PRIMARY KEY,
    batch_id   BLOB NOT NULL,
    user_id    BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE oee_batch_time_entries (
    id           BLOB PRIMARY KEY,
    batch_id     BLOB NOT NULL,
    equipment_id BLOB,
    user_id      BLOB,
    entry_type   TEXT NOT NULL,
    start_ts     INTEGER NOT NULL,
    end_ts       INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE ops_labor_entries (
    id         BLOB PRIMARY KEY,
    site_id    BLOB NOT NULL,
    user_id    BLOB NOT NULL,
    station_id BLOB,
    entry_type TEXT NOT NULL,
    start_ts   INTEGER NOT NULL,
    end_ts     INTEGER,
    source     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_machine_states (
    id               BLOB PRIMARY KEY,
    site_id          BLOB NOT NULL,
    equipment_id     BLOB NOT NULL,
    state            TEXT NOT NULL,
    start_ts         INTEGER NOT NULL,
    end_ts           INTEGER,
    duration_seconds TEXT,
    rule             TEXT NOT NULL,
    map_version      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_production_counts (
    id             BLOB NOT NULL,
    site_id        BLOB NOT NULL,
    equipment_id   BLOB NOT NULL,
    source         TEXT NOT NULL,
    counter        TEXT NOT NULL,
    epoch          INTEGER NOT NULL,
    raw_from       INTEGER NOT NULL,
    raw_to         INTEGER NOT NULL,
    quantity       INTEGER NOT NULL,
    verdict        TEXT NOT NULL,
    from_ts        INTEGER NOT NULL,
    until_ts       INTEGER NOT NULL,
    batch_event_id BLOB
) STRICT;
