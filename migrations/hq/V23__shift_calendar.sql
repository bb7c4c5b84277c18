-- The shift calendar of a site: which shifts there are, on which days they are worked, and by whom.
-- Times and days are local, in the time zone of the site (edge.sites); what instants they are is
-- computed by terminals and by headquarters with the same code, and stands nowhere.

CREATE TABLE edge.shifts (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    id              uuid NOT NULL,
    code            varchar(50) NOT NULL,
    name            varchar(50) NOT NULL,
    start_time      time NOT NULL CHECK (start_time < '24:00'),
    end_time        time NOT NULL CHECK (end_time < '24:00'),
    breaks          jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(breaks) = 'array'),
    sort_order      integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, id),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE
);
COMMENT ON TABLE edge.shifts IS 'shifts of a site, on any day';
COMMENT ON COLUMN edge.shifts.end_time IS 'on the next day, unless it is later than start_time';
COMMENT ON COLUMN edge.shifts.breaks IS 'planned breaks in order: name, start, end';

CREATE TABLE edge.shift_patterns (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    id              uuid NOT NULL,
    from_date       date NOT NULL,
    weeks           jsonb NOT NULL CHECK (jsonb_typeof(weeks) = 'array'),
    crews           jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(crews) = 'array'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, id),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE
);
COMMENT ON TABLE edge.shift_patterns IS 'on which days of the week which shifts are worked';
COMMENT ON COLUMN edge.shift_patterns.from_date IS
    'in force from this day until the next pattern; its calendar week is the first of the rotation';
COMMENT ON COLUMN edge.shift_patterns.weeks IS
    'the weeks of the rotation, each of seven days, Monday first, each of codes of shifts';
COMMENT ON COLUMN edge.shift_patterns.crews IS
    'who goes through the rotation: name, and the week that the crew is in when it begins, from 1';

CREATE TABLE edge.shift_exceptions (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    id              uuid NOT NULL,
    name            varchar(50) NOT NULL,
    from_date       date NOT NULL,
    until_date      date NOT NULL,
    closed          boolean NOT NULL DEFAULT false,
    extra           jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(extra) = 'array'),
    crew            varchar(50),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, id),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE,
    CHECK (from_date <= until_date)
);
COMMENT ON TABLE edge.shift_exceptions IS 'days on which something else is worked than the pattern says';
COMMENT ON COLUMN edge.shift_exceptions.until_date IS 'the last of these days';
COMMENT ON COLUMN edge.shift_exceptions.closed IS 'no shift of the pattern begins on them';
COMMENT ON COLUMN edge.shift_exceptions.extra IS 'codes of shifts that are worked all the same';
COMMENT ON COLUMN edge.shift_exceptions.crew IS 'who works the extra shifts';

DO $$
DECLARE
    tbl text;
BEGIN
    FOREACH tbl IN ARRAY ARRAY['shifts', 'shift_patterns', 'shift_exceptions'] LOOP
        EXECUTE format('ALTER TABLE edge.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tbl);
        EXECUTE format($p$CREATE POLICY tenant ON edge.%I
            USING (organization_id = nullif(current_setting('edge.organization', true), '')
                   AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
            WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
                        AND site_id = nullif(current_setting('edge.site', true), '')::uuid)$p$, tbl);
        EXECUTE format('GRANT SELECT ON edge.%I TO kart_gateway', tbl);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON edge.%I TO kart_site_admin', tbl);
        PERFORM edge.follow(format('edge.%I', tbl)::regclass, ARRAY['id'],
                            $s$SELECT r.organization_id, 'site:' || r.site_id$s$);
    END LOOP;
    PERFORM edge.follow_truncate();
END
$$;
