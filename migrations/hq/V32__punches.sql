-- What people recorded of their own time: every punch, what was undone, missed, told later, confirmed and
-- asked for, and corrected; and how time was divided among batches. ops_labor_entries holds what it adds up to.

CREATE TABLE edge.punches (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    entry_id        uuid NOT NULL,
    user_id         uuid,
    kind            text NOT NULL CHECK (kind IN ('in', 'out', 'break', 'meal', 'activity', 'back', 'undone',
                        'missing_out', 'told_out', 'confirmed', 'asked', 'split', 'corrected')),
    from_ts         timestamptz,
    until_ts        timestamptz,
    evidence        text,
    reason          text,
    recorded_ts     timestamptz NOT NULL,
    by_user_id      uuid,
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL,
    seq             bigint NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.punches (organization_id, entry_id);
CREATE INDEX ON edge.punches (organization_id, user_id, recorded_ts);
COMMENT ON TABLE edge.punches IS
    'everything recorded of a labor entry, raw and for ever; nothing here is rounded, cut or taken away';
COMMENT ON COLUMN edge.punches.entry_id IS 'the row of ops_labor_entries';
COMMENT ON COLUMN edge.punches.user_id IS 'whose badge it was';
COMMENT ON COLUMN edge.punches.from_ts IS 'the beginning that this line speaks of';
COMMENT ON COLUMN edge.punches.until_ts IS 'the end that it speaks of; of missing_out the proposed one';
COMMENT ON COLUMN edge.punches.evidence IS
    'undone: began or ended; missing_out: last_key, taken_over, shift_end or nothing; told_out: as_proposed or otherwise; asked and corrected: void';
COMMENT ON COLUMN edge.punches.reason IS 'why, in the words of the person; null once erased';
COMMENT ON COLUMN edge.punches.recorded_ts IS 'when it was recorded';
COMMENT ON COLUMN edge.punches.by_user_id IS 'who recorded it; null for the terminal itself and where nobody was badged';

ALTER TABLE edge.punches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.punches
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON edge.punches TO kart_gateway;
GRANT SELECT ON edge.punches TO kart_site_admin, kart_worker;

CREATE TABLE edge.labor_shares (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    entry_id        uuid NOT NULL,
    user_id         uuid NOT NULL,
    batch_event_id  uuid NOT NULL,
    percent         integer NOT NULL CHECK (percent BETWEEN 1 AND 100),
    from_ts         timestamptz NOT NULL,
    until_ts        timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.labor_shares (organization_id, batch_event_id);
COMMENT ON TABLE edge.labor_shares IS
    'how somebody''s time was divided among batches; where nobody said so, each has its part in equal measure';
COMMENT ON COLUMN edge.labor_shares.until_ts IS 'null: still so';

ALTER TABLE edge.labor_shares ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.labor_shares
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON edge.labor_shares TO kart_gateway;
GRANT SELECT ON edge.labor_shares TO kart_site_admin, kart_worker;
