-- Background work at headquarters, on Kartorium's own tables jobs and job_history.
--
--   kart_worker  what background work needs. It sees which sites there are and what is to be done
--                in all organisations; everything else it reaches only inside of one, like the
--                gateway. Facts it applies in the name of kart_gateway.

DO $$
DECLARE
    may_set text := 'MEMBER';
    with_set text := '';
BEGIN
    IF current_setting('server_version_num')::int >= 160000 THEN
        may_set := 'SET';
        with_set := 'WITH SET TRUE';
    END IF;
    BEGIN
        IF to_regrole('kart_worker') IS NULL THEN
            CREATE ROLE kart_worker NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END;
    BEGIN
        IF NOT pg_has_role(current_user, 'kart_worker', may_set) THEN
            EXECUTE format('GRANT kart_worker TO %I %s', current_user, with_set);
        END IF;
    EXCEPTION WHEN unique_violation THEN
        NULL;
    END;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'kart_worker'
               AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole)) THEN
        RAISE EXCEPTION 'a kart_ role of this cluster has rights that it must not have';
    END IF;
END
$$;

-- When what is due -----------------------------------------------------------------------------

CREATE TABLE edge.work (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    kind            text NOT NULL,
    next_at         timestamptz NOT NULL DEFAULT now(),
    position        jsonb NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, kind)
);
CREATE INDEX ON edge.work (next_at);
COMMENT ON TABLE edge.work IS 'recurring background work: when it is due, and how far it has come';
COMMENT ON COLUMN edge.work.organization_id IS '* for what is done once for all of them';
COMMENT ON COLUMN edge.work.site_id IS 'all zeros for what is done once for an organisation';
ALTER TABLE edge.work ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.work
    USING (organization_id = nullif(current_setting('edge.organization', true), ''))
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), ''));
CREATE POLICY worker ON edge.work TO kart_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON edge.work TO kart_worker;

-- The queue ------------------------------------------------------------------------------------

-- Of a shared queue the worker touches only its own kinds, whoever else works on it.
DO $$
DECLARE
    tbl text;
    ours text := $p$job_type IN ('quarantine_retry', 'outlier_flags', 'retention',
                                 'checksum_sweep', 'change_partitions')$p$;
BEGIN
    FOREACH tbl IN ARRAY ARRAY['jobs', 'job_history'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO kart_worker', tbl);
        EXECUTE format('CREATE POLICY worker ON %I TO kart_worker USING (%s) WITH CHECK (%2$s)',
                       tbl, ours);
    END LOOP;
END
$$;
CREATE INDEX ON jobs (job_type, run_after);

-- What the work needs --------------------------------------------------------------------------

GRANT USAGE ON SCHEMA edge, public TO kart_worker;
GRANT SELECT ON edge.sites, edge.terminals, edge.inbox, edge.quarantine, edge.people,
      edge.retention, edge.fact_texts, edge.corrections, edge.erasures TO kart_worker;
-- Who is forgotten is not to stand in the site as one document either.
GRANT UPDATE (snapshot) ON edge.sites TO kart_worker;
CREATE POLICY worker ON edge.sites FOR SELECT TO kart_worker USING (true);
CREATE POLICY worker ON edge.terminals FOR SELECT TO kart_worker USING (true);
CREATE POLICY worker ON edge.quarantine FOR SELECT TO kart_worker USING (true);
-- Retention and nothing else takes away.
GRANT DELETE ON edge.quarantine, edge.audit TO kart_worker;
GRANT SELECT, INSERT ON edge.audit TO kart_worker;
GRANT UPDATE (salt, text, erased_at) ON edge.fact_texts TO kart_worker;
GRANT UPDATE (reason, updated_at) ON edge.corrections TO kart_worker;
GRANT INSERT ON edge.erasures TO kart_worker;
GRANT UPDATE (badge, pin_hash, number, filed, is_active, updated_at) ON edge.people TO kart_worker;
GRANT SELECT, UPDATE (display_name, email, auth0_id, is_active, updated_at) ON users
    TO kart_worker;
-- How long jobs took, and what is unusual about it.
GRANT SELECT ON oee_sites, ops_stations, ops_jobs, ops_job_station_history, oee_machine_events,
      oee_batch_details, oee_batch_time_entries, ops_labor_entries TO kart_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON job_outlier_flags TO kart_worker;
GRANT EXECUTE ON FUNCTION edge.make_change_partitions, edge.drop_old_changes TO kart_worker;

-- Which scopes have changed, so that what waits for a row is tried when the row appears.
SELECT edge.as_giver($script$
    GRANT EXECUTE ON FUNCTION edge.changed_since(pg_snapshot, integer) TO kart_worker;
$script$);
