-- The mirror: rows of headquarters as the feed brought them, and up to where. The file can be thrown
-- away and pulled again; one of another format is. Views beside it bear the central tables' names.

-- `document` is the site as a whole where no feed brings rows: from a site file, or from a
-- headquarters of protocol 1, which `cursor` is then for.
CREATE TABLE mirror (
    one             INTEGER PRIMARY KEY CHECK (one = 1),
    cursor          TEXT,
    applied_through INTEGER NOT NULL,
    document        TEXT
) STRICT;
INSERT INTO mirror VALUES (1, NULL, 0, NULL);

-- The last cursor of each session, so that both sides can tell when one of them was restored.
CREATE TABLE sessions (
    session TEXT PRIMARY KEY,
    began   INTEGER NOT NULL,
    cursor  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `row` is kept as the bytes that came: checksums are over them. Where something may not be kept,
-- `withheld` is what the checksum lacks for it, plus a mask that only this device can make.
CREATE TABLE rows (
    scope    TEXT NOT NULL CHECK (scope IN ('org', 'site', 'terminal')),
    tbl      TEXT NOT NULL,
    pk       TEXT NOT NULL,
    row      TEXT NOT NULL,
    withheld INTEGER,
    PRIMARY KEY (scope, tbl, pk)
) STRICT, WITHOUT ROWID;
