-- What a correction at headquarters declares void is archived, as Kartorium calls it.
ALTER TABLE oee_machine_events ADD COLUMN is_archived INTEGER NOT NULL DEFAULT 0;
