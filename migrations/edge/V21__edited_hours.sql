-- What somebody's record was before a lead or a supervisor put it right at a terminal.
ALTER TABLE edge_punches ADD COLUMN before_from_ts INTEGER;
ALTER TABLE edge_punches ADD COLUMN before_until_ts INTEGER;
