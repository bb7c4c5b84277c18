-- How the signals of the map in force are read and where its counters begin again, as the daemon wrote it with
-- the map: one that starts by another map must not judge a counter by the readings of another register.
CREATE TABLE as_read (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL
) STRICT;
