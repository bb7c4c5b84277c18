-- Corrections made at headquarters, who may ask for them over the network, and what privacy asks
-- for: erased texts that terminals must erase too, and how long things are kept.

-- Headquarters' own log ------------------------------------------------------------------------

-- One per site, in the same tables as the logs of terminals, so that one verifier reads both. It
-- stands among the terminals and is none: it never becomes active, so nobody signs in as it and no
-- enrollment can take it over.
ALTER TABLE edge.terminals ADD CONSTRAINT headquarters_is_no_terminal
    CHECK (code <> 'HQ' OR status = 'retired');
CREATE UNIQUE INDEX terminals_one_log_of_headquarters
    ON edge.terminals (organization_id, site_id) WHERE code = 'HQ';

-- The log of headquarters at the site of the transaction, begun if there is none. Its key is random
-- bytes: nobody holds the other half.
CREATE FUNCTION edge.headquarters_log(p_incarnation text)
RETURNS TABLE (terminal_id uuid, incarnation text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
#variable_conflict use_column
DECLARE
    organization varchar := nullif(current_setting('edge.organization', true), '');
    site uuid := nullif(current_setting('edge.site', true), '')::uuid;
BEGIN
    INSERT INTO edge.terminals
        (organization_id, terminal_id, site_id, code, incarnation, public_key, status)
    VALUES
        (organization, gen_random_uuid(), site, 'HQ', p_incarnation,
         sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'retired')
    ON CONFLICT (organization_id, site_id) WHERE code = 'HQ' DO NOTHING;
    RETURN QUERY SELECT t.terminal_id, t.incarnation FROM edge.terminals t
                 WHERE (t.organization_id, t.site_id, t.code) = (organization, site, 'HQ');
END
$$;

-- Corrections ----------------------------------------------------------------------------------

CREATE TABLE edge.corrections (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    station_id      uuid,
    terminal_id     uuid NOT NULL,
    record_id       uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('labor', 'stop', 'batch')),
    before          jsonb NOT NULL,
    after           jsonb NOT NULL,
    reason          text,
    by_user         uuid NOT NULL,
    at              timestamptz NOT NULL,
    writer_id       uuid NOT NULL,
    incarnation     text NOT NULL,
    seq             bigint NOT NULL CHECK (seq > 0),
    line            text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, writer_id, incarnation, seq)
);
CREATE INDEX ON edge.corrections (organization_id, terminal_id, at);
CREATE INDEX ON edge.corrections (organization_id, record_id);
COMMENT ON TABLE edge.corrections IS
    'what supervisors put right at headquarters; sent to the terminal whose record it is';
COMMENT ON COLUMN edge.corrections.terminal_id IS 'whose record it is';
COMMENT ON COLUMN edge.corrections.reason IS 'null once erased; the line holds only its salted hash';
COMMENT ON COLUMN edge.corrections.writer_id IS 'headquarters'' log, with incarnation and seq';
COMMENT ON COLUMN edge.corrections.line IS 'the fact, byte for byte as in the inbox';

-- Keys of people -------------------------------------------------------------------------------

CREATE TABLE edge.api_keys (
    organization_id varchar(50) NOT NULL,
    key_hash        bytea NOT NULL CHECK (octet_length(key_hash) = 32),
    key_id          uuid NOT NULL DEFAULT gen_random_uuid(),
    site_id         uuid NOT NULL,
    user_id         uuid NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    revoked_at      timestamptz,
    PRIMARY KEY (organization_id, key_hash),
    UNIQUE (key_hash),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE
);
COMMENT ON TABLE edge.api_keys IS
    'with which a person''s programs speak to headquarters; only their SHA-256 is kept';

-- The person behind a key, with the role of this moment.
CREATE FUNCTION edge.authenticate_key(p_key_hash bytea)
RETURNS TABLE (organization_id varchar, site_id uuid, user_id uuid, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
    SELECT k.organization_id, k.site_id, k.user_id, p.role
    FROM edge.api_keys k
    JOIN edge.people p USING (organization_id, site_id, user_id)
    WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL AND p.is_active
$$;

-- Privacy --------------------------------------------------------------------------------------

CREATE TABLE edge.erasures (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    site_id         uuid NOT NULL,
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL,
    seq             bigint NOT NULL CHECK (seq > 0),
    field           text NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, terminal_id, incarnation, seq, field)
);
COMMENT ON TABLE edge.erasures IS
    'texts beside facts that were erased here and that their terminal has to erase too';

CREATE TABLE edge.retention (
    organization_id varchar(50) NOT NULL,
    kind            text NOT NULL,
    keep_days       integer NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, kind),
    CHECK (CASE kind
        WHEN 'texts' THEN keep_days >= 30
        WHEN 'people' THEN keep_days >= 30
        WHEN 'quarantine' THEN keep_days >= 30
        WHEN 'job_history' THEN keep_days >= 7
        WHEN 'audit' THEN keep_days >= 365
        ELSE false
    END)
);
COMMENT ON TABLE edge.retention IS
    'how long an organisation keeps what; without a row it is kept, finished background work 90 days';
COMMENT ON COLUMN edge.retention.kind IS
    'texts beside facts; people who left, by name; resolved quarantine; job_history; audit';

-- Grants and rows ------------------------------------------------------------------------------

GRANT SELECT, INSERT ON edge.corrections TO kart_gateway;
GRANT SELECT ON edge.erasures TO kart_gateway;
-- Erasing the words of a correction takes them out of the line's sidecar and from here.
GRANT SELECT, UPDATE (reason, updated_at) ON edge.corrections TO kart_site_admin;
GRANT SELECT, INSERT, UPDATE ON edge.api_keys, edge.retention TO kart_site_admin;
GRANT SELECT, INSERT ON edge.erasures TO kart_site_admin;
GRANT DELETE ON edge.retention TO kart_site_admin;
-- Everything that is held about a person, for them to read.
GRANT SELECT ON edge.inbox, edge.records, ops_labor_entries, oee_machine_events, oee_batch_details,
      oee_batch_operators, oee_batch_time_entries TO kart_site_admin;
-- What a correction names has to be there.
GRANT SELECT ON edge.api_keys TO kart_edge_definer;
GRANT SELECT (role, is_active) ON edge.people TO kart_edge_definer;
-- A person closes what never can be applied.
GRANT UPDATE (resolved_at, detail) ON edge.quarantine TO kart_site_admin;

DO $$
DECLARE
    of_organization text :=
        $p$organization_id = nullif(current_setting('edge.organization', true), '')$p$;
    of_site text := $p$site_id = nullif(current_setting('edge.site', true), '')::uuid$p$;
    tbl text;
    rule text;
BEGIN
    FOREACH tbl IN ARRAY ARRAY['corrections', 'api_keys', 'erasures', 'retention'] LOOP
        EXECUTE format('ALTER TABLE edge.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tbl);
        rule := of_organization || CASE WHEN tbl = 'retention' THEN '' ELSE ' AND ' || of_site END;
        EXECUTE format('CREATE POLICY tenant ON edge.%I USING (%s) WITH CHECK (%2$s)', tbl, rule);
    END LOOP;
    CREATE POLICY definer ON edge.api_keys FOR SELECT TO kart_edge_definer USING (true);
END
$$;

SELECT edge.follow('edge.corrections', ARRAY['id'],
                   'SELECT r.organization_id, ''terminal:'' || r.terminal_id');
SELECT edge.follow('edge.erasures', ARRAY['id'],
                   'SELECT r.organization_id, ''terminal:'' || r.terminal_id');

-- As at the end of V8.
SELECT edge.as_giver($script$
    DO $do$
    DECLARE
        name text;
    BEGIN
    FOREACH name IN ARRAY ARRAY['headquarters_log(text)', 'authenticate_key(bytea)'] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION edge.%s FROM PUBLIC', name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION edge.%s TO kart_gateway', name);
        EXECUTE format('ALTER FUNCTION edge.%s OWNER TO kart_edge_definer', name);
    END LOOP;
    END
    $do$;
$script$);
