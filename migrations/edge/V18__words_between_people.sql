-- Notes, incidents, handovers, calls for help; and the words of people in all of them.

-- A note or an incident may be a station's, of no machine.
ALTER TABLE oee_machine_events RENAME COLUMN equipment_id TO of_machine;
ALTER TABLE oee_machine_events ADD COLUMN equipment_id BLOB;
UPDATE oee_machine_events SET equipment_id = of_machine;
ALTER TABLE oee_machine_events DROP COLUMN of_machine;

ALTER TABLE oee_machine_events ADD COLUMN incident_reason_id BLOB;
ALTER TABLE oee_machine_events ADD COLUMN comment TEXT;
ALTER TABLE oee_machine_events ADD COLUMN troubleshooting_started_at INTEGER;
ALTER TABLE oee_machine_events ADD COLUMN troubleshooting_started_by BLOB;
ALTER TABLE oee_machine_events ADD COLUMN troubleshooting_notes TEXT;
ALTER TABLE oee_machine_events ADD COLUMN resolved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE oee_machine_events ADD COLUMN resolved_at INTEGER;
ALTER TABLE oee_machine_events ADD COLUMN resolved_by BLOB;
ALTER TABLE oee_machine_events ADD COLUMN resolution_notes TEXT;

CREATE TABLE ops_station_events (
    id                         BLOB PRIMARY KEY,
    site_id                    BLOB NOT NULL,
    station_id                 BLOB NOT NULL,
    event_type                 TEXT NOT NULL,
    start_ts                   INTEGER NOT NULL,
    end_ts                     INTEGER,
    duration_minutes           TEXT,
    incident_reason_id         BLOB,
    reason_label               TEXT,
    comment                    TEXT,
    troubleshooting_started_at INTEGER,
    troubleshooting_started_by BLOB,
    troubleshooting_notes      TEXT,
    resolved                   INTEGER NOT NULL,
    resolved_at                INTEGER,
    resolved_by                BLOB,
    resolution_notes           TEXT,
    created_by                 BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE oee_notes_details (
    id        BLOB PRIMARY KEY,
    event_id  BLOB NOT NULL,
    category  TEXT,
    note_text TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_incidents (
    id         BLOB PRIMARY KEY,
    site_id    BLOB NOT NULL,
    station_id BLOB,
    severity   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_handovers (
    id                BLOB PRIMARY KEY,
    site_id           BLOB NOT NULL,
    station_id        BLOB,
    unexplained_stops INTEGER NOT NULL,
    open_incidents    INTEGER NOT NULL,
    open_calls        INTEGER NOT NULL,
    waiting_facts     INTEGER NOT NULL,
    batches           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_signatures (
    id        BLOB PRIMARY KEY,
    site_id   BLOB NOT NULL,
    event_id  BLOB NOT NULL,
    user_id   BLOB NOT NULL,
    side      TEXT NOT NULL,
    signed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_calls (
    id               BLOB PRIMARY KEY,
    site_id          BLOB NOT NULL,
    station_id       BLOB,
    equipment_id     BLOB,
    kind             TEXT NOT NULL,
    comment          TEXT,
    called_at        INTEGER NOT NULL,
    called_by        BLOB,
    acknowledged_at  INTEGER,
    acknowledged_by  BLOB,
    ended_at         INTEGER,
    ended_by         BLOB,
    response_seconds TEXT,
    terminal_id      BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Which text stands where. An erasure finds it here when its fact has long left this disk.
CREATE TABLE told (
    place TEXT NOT NULL,
    id    BLOB NOT NULL,
    seq   INTEGER NOT NULL,
    field TEXT NOT NULL,
    PRIMARY KEY (place, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_by ON told (seq);
