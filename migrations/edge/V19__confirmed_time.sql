-- When it was, by headquarters' time, when the time was confirmed last. It cannot be earlier now, whatever the clock of
-- the computer says after a power cut.
CREATE TABLE confirmed_time (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    wall_us INTEGER NOT NULL
) STRICT;
