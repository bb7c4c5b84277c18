-- Rows that were there before a site file told of them, and tables that are emptied at once.

-- What a row is called outside ------------------------------------------------------------------

-- Keys of a site file are made of codes, and terminals use them before they have ever seen
-- headquarters. A row that Kartorium has made has a key of its own. The gateway puts the one for the
-- other: on the way in, where a fact is read, and on the way down, where a row is sent.
CREATE TABLE edge.reference_names (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    name            uuid NOT NULL,
    id              uuid NOT NULL,
    tbl             text NOT NULL,
    named_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (organization_id, site_id, name)
);
COMMENT ON TABLE edge.reference_names IS
    'keys that terminals and site files have for rows which had another key before';
COMMENT ON COLUMN edge.reference_names.name IS 'made of organisation, site, table and code';
COMMENT ON COLUMN edge.reference_names.id IS
    'the row''s own key; of several names for it the last one given goes down';
COMMENT ON COLUMN edge.reference_names.tbl IS 'where the row stands';
ALTER TABLE edge.reference_names ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.reference_names
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT ON edge.reference_names TO kart_gateway, kart_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.reference_names TO kart_site_admin;

-- The site with this code, also before a site file has been applied to it: until then nobody knows
-- its key. A site file's word stays when Kartorium renames the site.
GRANT SELECT (code) ON public.oee_sites TO kart_edge_definer;
GRANT SELECT (organization_id, site_id, code) ON edge.sites TO kart_edge_definer;
CREATE POLICY definer ON edge.sites FOR SELECT TO kart_edge_definer USING (true);
CREATE FUNCTION edge.site_called(p_code text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
    SELECT coalesce(
        (SELECT o.site_id FROM edge.sites o
         WHERE o.organization_id = nullif(current_setting('edge.organization', true), '')
           AND o.code = p_code ORDER BY o.site_id LIMIT 1),
        (SELECT s.id FROM public.oee_sites s
         WHERE s.organization_id = nullif(current_setting('edge.organization', true), '')
           AND s.code = p_code ORDER BY s.id LIMIT 1))
$$;

-- Another name for a row is another row to a terminal: what it has comes whole.
CREATE FUNCTION edge.note_name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
DECLARE
    named edge.reference_names := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    INSERT INTO edge.changes (organization_id, scope, tbl, pk, op)
    SELECT named.organization_id, s.scope, '*', '*', 'enter'
    FROM (SELECT 'site:' || named.site_id
          UNION ALL
          SELECT 'terminal:' || t.terminal_id FROM edge.terminals t
          WHERE t.organization_id = named.organization_id AND t.site_id = named.site_id) s (scope)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

-- Emptied tables --------------------------------------------------------------------------------

-- TRUNCATE shows no rows to a trigger, so nobody can say whose they were: everybody's scopes come whole.
CREATE FUNCTION edge.note_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
BEGIN
    INSERT INTO edge.changes (organization_id, scope, tbl, pk, op)
    SELECT DISTINCT t.organization_id, s.scope, '*', '*', 'delete'
    FROM edge.terminals t CROSS JOIN LATERAL
        (VALUES ('org'), ('site:' || t.site_id), ('terminal:' || t.terminal_id)) s (scope)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

SELECT edge.as_giver($script$
    DO $do$
    DECLARE
        name text;
    BEGIN
    FOREACH name IN ARRAY ARRAY['site_called(text)', 'note_name()', 'note_truncate()'] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION edge.%s FROM PUBLIC', name);
        EXECUTE format('ALTER FUNCTION edge.%s OWNER TO kart_edge_definer', name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION edge.%s TO %I', name, current_user);
    END LOOP;
    GRANT EXECUTE ON FUNCTION edge.site_called TO kart_gateway, kart_site_admin, kart_worker;
    END
    $do$;
$script$);

CREATE TRIGGER change_feed AFTER INSERT OR UPDATE OR DELETE ON edge.reference_names
    FOR EACH ROW EXECUTE FUNCTION edge.note_name();

-- Every table whose changes are noted, also one that a later file follows.
CREATE FUNCTION edge.follow_truncate() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, edge AS $$
DECLARE
    tbl regclass;
BEGIN
    FOR tbl IN
        SELECT t.tgrelid::regclass FROM pg_trigger t
        WHERE t.tgname = 'change_feed_insert' AND NOT t.tgisinternal
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER change_feed_truncate AFTER TRUNCATE ON %s
                        FOR EACH STATEMENT EXECUTE FUNCTION edge.note_truncate()', tbl);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION edge.follow_truncate FROM PUBLIC;
COMMENT ON FUNCTION edge.follow_truncate IS
    'to be run by a migration that has made edge.follow follow another table';
SELECT edge.follow_truncate();

-- Jobs of an adopted database -------------------------------------------------------------------

-- There, a job is a row of our view when a function runs, and was one of their table when it was made.
DROP FUNCTION edge.job_for(uuid, text);
CREATE FUNCTION edge.job_for(p_job_id uuid, p_to text) RETURNS record
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    job ops_jobs;
BEGIN
    SELECT * INTO job FROM ops_jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such job' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT ops_job_may(job.state, p_to) THEN
        RAISE EXCEPTION 'job % is %; it cannot become %', job.job_number, job.state, p_to
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN job;
END
$$;
REVOKE EXECUTE ON FUNCTION edge.job_for FROM PUBLIC;
GRANT EXECUTE ON FUNCTION edge.job_for TO kart_gateway, kart_site_admin;
