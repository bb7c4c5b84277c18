-- Who was forgotten stays forgotten, also where a terminal hears of it late; and what background work
-- has found and a person has to look into stands in one place until it is gone.

CREATE TABLE edge.forgotten (
    organization_id varchar(50) NOT NULL,
    user_id         uuid NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, user_id)
);
COMMENT ON TABLE edge.forgotten IS
    'people who were erased: what they wrote is erased as it arrives, and no site file names them again';
ALTER TABLE edge.forgotten ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.forgotten
    USING (organization_id = nullif(current_setting('edge.organization', true), ''))
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), ''));
-- Who was erased before.
ALTER TABLE edge.forgotten NO FORCE ROW LEVEL SECURITY;
ALTER TABLE edge.audit NO FORCE ROW LEVEL SECURITY;
INSERT INTO edge.forgotten (organization_id, user_id, at)
    SELECT organization_id, (detail ->> 'user_id')::uuid, min(at) FROM edge.audit
    WHERE action = 'person erased' AND detail ->> 'user_id' IS NOT NULL
    GROUP BY organization_id, detail ->> 'user_id';
ALTER TABLE edge.audit FORCE ROW LEVEL SECURITY;
ALTER TABLE edge.forgotten FORCE ROW LEVEL SECURITY;
GRANT SELECT ON edge.forgotten TO kart_gateway;
GRANT SELECT, INSERT ON edge.forgotten TO kart_site_admin;
-- A terminal is told in the transaction that its text arrives in.
GRANT INSERT ON edge.erasures TO kart_gateway;

CREATE TABLE edge.alarms (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('broken_chain', 'rows_differ')),
    subject         text NOT NULL,
    detail          text NOT NULL,
    since           timestamptz NOT NULL DEFAULT now(),
    last_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, kind, subject)
);
COMMENT ON TABLE edge.alarms IS
    'what the sweep has found and nobody mends by itself; a row goes when the sweep finds it no more';
COMMENT ON COLUMN edge.alarms.subject IS 'the fact, or the part of the records';
ALTER TABLE edge.alarms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.alarms
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
                AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.alarms TO kart_worker;
GRANT SELECT ON edge.alarms TO kart_site_admin;
