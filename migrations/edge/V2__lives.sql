-- Lives of the log, and what of it is no longer kept here.

-- What the log of a former life added up to, where this one goes on with it.
CREATE TABLE inherited (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    plant TEXT NOT NULL
) STRICT;

-- The end of what was purged: the chain goes on from `hash`. `genesis` is the log's first line.
CREATE TABLE purged (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    seq     INTEGER NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32),
    genesis TEXT NOT NULL
) STRICT;

-- What was found damaged at a start and set aside.
CREATE TABLE damages (
    at_us   INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL,
    problem TEXT NOT NULL,
    file    TEXT NOT NULL
) STRICT;
