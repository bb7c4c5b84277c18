-- Hours of people: what a site agreed on (edge.hours), and what leads and supervisors say at terminals of the hours
-- of others, with what stood there before.

CREATE TABLE edge.hours (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    id              uuid NOT NULL,
    period          text NOT NULL CHECK (period IN ('month', 'week', 'two_weeks')),
    period_from     date,
    views           jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(views) = 'array'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, id),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE,
    CHECK ((period = 'two_weeks') = (period_from IS NOT NULL))
);
COMMENT ON TABLE edge.hours IS
    'how hours are shown at a site: pay period, and views by named rules; what was punched is changed by none of it';
COMMENT ON COLUMN edge.hours.period_from IS 'a day on which one of the two weeks begins';
COMMENT ON COLUMN edge.hours.views IS
    'in order: name, round_minutes, grace_minutes, meal (minutes, after_minutes); empty: hours as they were punched';

ALTER TABLE edge.hours ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.hours
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
                AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT ON edge.hours TO kart_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.hours TO kart_site_admin;
DO $$
BEGIN
    PERFORM edge.follow('edge.hours'::regclass, ARRAY['id'],
                        $s$SELECT r.organization_id, 'site:' || r.site_id$s$);
    PERFORM edge.follow_truncate();
END
$$;

ALTER TABLE edge.punches
    ADD COLUMN before_from_ts timestamptz,
    ADD COLUMN before_until_ts timestamptz,
    DROP CONSTRAINT punches_kind_check,
    ADD CONSTRAINT punches_kind_check CHECK (kind IN ('in', 'out', 'break', 'meal', 'activity', 'back', 'undone',
        'missing_out', 'told_out', 'confirmed', 'asked', 'split', 'corrected', 'amended', 'added', 'declined'));
COMMENT ON COLUMN edge.punches.before_from_ts IS 'of amended: the beginning that stood there before, where it was moved';
COMMENT ON COLUMN edge.punches.before_until_ts IS 'of amended: the end that stood there before, where it was moved';
