-- What became of the wall clocks of terminals: set by hand or by the network, or found to be wrong. Nothing
-- has ever written the table of this name that V6 made; records need another form.

DROP TABLE edge.clock_records;
CREATE TABLE edge.clock_records (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    terminal_id     uuid NOT NULL,
    boot            text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('corrected', 'stepped')),
    wall_ts         timestamptz NOT NULL,
    right_ts        timestamptz,
    by_us           bigint NOT NULL,
    within_us       bigint,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.clock_records (organization_id, site_id, wall_ts);
COMMENT ON TABLE edge.clock_records IS
    'wall clocks of terminals that were set or found to be wrong; stamps before stay as they were written';
COMMENT ON COLUMN edge.clock_records.boot IS 'the boot of the computer that its stamps count from';
COMMENT ON COLUMN edge.clock_records.wall_ts IS 'what stamps said at that moment';
COMMENT ON COLUMN edge.clock_records.right_ts IS 'what they say from then on, by headquarters; null for a clock that was set';
COMMENT ON COLUMN edge.clock_records.by_us IS
    'corrected: what to add to stamps since the record before, in this boot; stepped: by how much the computer''s clock was set forward';

ALTER TABLE edge.clock_records ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.clock_records
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON edge.clock_records TO kart_gateway;
GRANT SELECT ON edge.clock_records TO kart_site_admin, kart_worker;
