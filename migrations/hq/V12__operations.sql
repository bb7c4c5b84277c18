-- Batches, queues and jobs as several terminals tell of them: what contradicts itself, which records
-- are one batch, and the functions that Kartorium's documents name.
--
-- The functions run with the rights of whoever calls them. What a terminal tells goes through
-- kart-hq, where kart-core decides; a test holds both to the same answers.

-- Conflicts -------------------------------------------------------------------------------------

CREATE TABLE edge.conflicts (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    record_id       uuid NOT NULL,
    other_id        uuid,
    kind            text NOT NULL,
    detail          text NOT NULL,
    at              timestamptz NOT NULL,
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL,
    seq             bigint NOT NULL CHECK (seq > 0),
    resolved_at     timestamptz,
    resolved_by     text,
    resolution      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.conflicts (organization_id, site_id, at) WHERE resolved_at IS NULL;
CREATE INDEX ON edge.conflicts (record_id);
CREATE INDEX ON edge.conflicts (other_id);
COMMENT ON TABLE edge.conflicts IS
    'what facts say that cannot all be true: kept, applied as far as possible, shown to a supervisor';
COMMENT ON COLUMN edge.conflicts.record_id IS 'the batch, job, entry of a queue or labor it is about';
COMMENT ON COLUMN edge.conflicts.other_id IS 'the other side of it, where there is one';
COMMENT ON COLUMN edge.conflicts.seq IS 'with terminal and incarnation: the fact that brought it up';

-- One batch, two records ------------------------------------------------------------------------

CREATE TABLE edge.record_aliases (
    organization_id varchar(50) NOT NULL,
    record_id       uuid NOT NULL,
    canonical_id    uuid NOT NULL,
    site_id         uuid NOT NULL,
    station_id      uuid NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, record_id),
    CHECK (record_id <> canonical_id)
);
CREATE INDEX ON edge.record_aliases (organization_id, canonical_id);
CREATE INDEX ON edge.record_aliases (organization_id, station_id);
COMMENT ON TABLE edge.record_aliases IS
    'terminals of one station that began the same batch unseen by each other: one batch, of this name';

-- Whose rows ------------------------------------------------------------------------------------

DO $$
DECLARE
    rule text := $p$organization_id = nullif(current_setting('edge.organization', true), '')
        AND site_id = nullif(current_setting('edge.site', true), '')::uuid$p$;
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['conflicts', 'record_aliases'] LOOP
        EXECUTE format('ALTER TABLE edge.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                       name);
        EXECUTE format('CREATE POLICY tenant ON edge.%I USING (%s) WITH CHECK (%2$s)', name, rule);
    END LOOP;
END
$$;

-- Terminals of the station hear of it.
SELECT edge.follow('edge.record_aliases', ARRAY['record_id'],
                   'SELECT r.organization_id, ''station:'' || r.station_id');

-- What a fold says no longer is withdrawn: a late fact can show that it never was.
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.conflicts TO kart_gateway;
GRANT SELECT, UPDATE (resolved_at, resolved_by, resolution, updated_at)
    ON edge.conflicts TO kart_site_admin;
GRANT SELECT, INSERT ON edge.record_aliases TO kart_gateway;
GRANT SELECT ON edge.record_aliases TO kart_site_admin;
GRANT DELETE ON oee_machine_event_equipment, oee_event_batch_links, oee_batch_operators,
    oee_batch_equipment, oee_batch_time_entries, oee_batch_custom_field_values TO kart_gateway;
-- A job that is posted without a number gets the next one.
GRANT UPDATE (next_number, updated_at) ON organization_prefixes TO kart_gateway;

-- Transitions of jobs ---------------------------------------------------------------------------

CREATE FUNCTION public.ops_job_may(p_from text, p_to text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT (p_from, p_to) IN (
        ('pending', 'in_progress'), ('pending', 'pending'), ('pending', 'aborted'),
        ('in_progress', 'completed'), ('in_progress', 'pending'), ('in_progress', 'queued'),
        ('in_progress', 'scrapped'), ('in_progress', 'aborted'),
        ('queued', 'pending'), ('queued', 'aborted'))
$$;

CREATE FUNCTION edge.check_ops_job() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT public.ops_job_may(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'job % is %; it cannot become %', OLD.job_number, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', TABLE = 'ops_jobs', COLUMN = 'state';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER validated_transition BEFORE UPDATE OF state ON ops_jobs
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION edge.check_ops_job();

-- Steps of a job that the functions below and kart-hq are made of ---------------------------------

-- A new entry at a station; the number above 1 says that the job came back.
CREATE FUNCTION edge.job_arrives(p_job_id uuid, p_station_id uuid, p_by uuid, p_at timestamptz)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, public AS $$
    INSERT INTO ops_job_station_history (job_id, station_id, entry_number, posted_at, posted_by)
    SELECT p_job_id, p_station_id, coalesce(max(h.entry_number), 0) + 1, p_at, p_by
    FROM ops_job_station_history h
    WHERE h.job_id = p_job_id AND h.station_id = p_station_id
$$;

-- What was made at a station: into its open entry, or into a new one where there is none.
CREATE FUNCTION edge.job_leaves(p_job_id uuid, p_station_id uuid, p_good integer, p_scrap integer,
                                p_started_at timestamptz, p_started_by uuid,
                                p_by uuid, p_at timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ops_job_station_history
                   WHERE job_id = p_job_id AND station_id = p_station_id AND completed_at IS NULL)
    THEN
        PERFORM edge.job_arrives(p_job_id, p_station_id, p_by, p_at);
    END IF;
    UPDATE ops_job_station_history h
    SET good_parts_at_station = p_good, scrap_parts_at_station = p_scrap,
        started_at = coalesce(p_started_at, h.started_at, p_at),
        started_by = coalesce(p_started_by, h.started_by, p_by),
        completed_at = p_at, completed_by = p_by, updated_at = now()
    WHERE h.id = (SELECT o.id FROM ops_job_station_history o
                  WHERE o.job_id = p_job_id AND o.station_id = p_station_id
                    AND o.completed_at IS NULL
                  ORDER BY o.entry_number DESC LIMIT 1);
END
$$;

-- Somebody worked at a station where the job does not stand, or not so.
CREATE FUNCTION edge.job_worked(p_job_id uuid, p_station_id uuid, p_by uuid, p_from timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM edge.job_arrives(p_job_id, p_station_id, p_by, p_from)
    WHERE NOT EXISTS (SELECT FROM ops_job_station_history h
                      WHERE h.job_id = p_job_id AND h.station_id = p_station_id
                        AND h.completed_at IS NULL);
    UPDATE ops_job_station_history h
    SET started_at = coalesce(h.started_at, p_from), started_by = coalesce(h.started_by, p_by),
        updated_at = now()
    WHERE h.job_id = p_job_id AND h.station_id = p_station_id AND h.completed_at IS NULL;
END
$$;

-- The job stands at a station and waits to be started there.
CREATE FUNCTION edge.job_goes_to(p_job_id uuid, p_station_id uuid, p_by uuid, p_at timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE ops_jobs
    SET state = 'pending', current_station_id = p_station_id, posted_at = p_at, posted_by = p_by,
        started_at = NULL, started_by = NULL, completed_at = NULL, completed_by = NULL,
        updated_at = now()
    WHERE id = p_job_id;
    PERFORM edge.job_arrives(p_job_id, p_station_id, p_by, p_at);
END
$$;

-- Work at the station is done: the job goes to p_next, or stays in p_state.
CREATE FUNCTION edge.job_done(p_job_id uuid, p_state text, p_next uuid, p_good integer,
                              p_scrap integer, p_by uuid, p_at timestamptz)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    job ops_jobs;
BEGIN
    SELECT * INTO STRICT job FROM ops_jobs WHERE id = p_job_id FOR UPDATE;
    PERFORM edge.job_leaves(p_job_id, job.current_station_id, p_good, p_scrap, job.started_at,
                            job.started_by, p_by, p_at);
    UPDATE ops_jobs
    SET good_parts = p_good, scrap_parts = scrap_parts + p_scrap,
        state = CASE WHEN p_next IS NULL THEN p_state ELSE state END,
        completed_at = p_at, completed_by = p_by, updated_at = now()
    WHERE id = p_job_id;
    IF p_next IS NOT NULL THEN
        PERFORM edge.job_goes_to(p_job_id, p_next, p_by, p_at);
    END IF;
END
$$;

-- A job that may do what is asked of it, locked.
CREATE FUNCTION edge.job_for(p_job_id uuid, p_to text) RETURNS ops_jobs
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    job ops_jobs;
BEGIN
    SELECT * INTO job FROM ops_jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such job' USING ERRCODE = 'no_data_found';
    END IF;
    IF NOT public.ops_job_may(job.state, p_to) THEN
        RAISE EXCEPTION 'job % is %; it cannot become %', job.job_number, job.state, p_to
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN job;
END
$$;

-- Functions of jobs -------------------------------------------------------------------------------

CREATE FUNCTION post_ops_job(
    p_org_id varchar, p_station_id uuid, p_product_id uuid, p_posted_by uuid,
    p_job_number varchar DEFAULT NULL, p_target_quantity integer DEFAULT NULL,
    p_work_order varchar DEFAULT NULL, p_posted_at timestamptz DEFAULT now(),
    p_job_id uuid DEFAULT gen_random_uuid()
) RETURNS uuid LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    number varchar := p_job_number;
    site uuid;
BEGIN
    SELECT t.site_id INTO site FROM ops_stations t JOIN oee_sites s ON s.id = t.site_id
    WHERE t.id = p_station_id AND s.organization_id = p_org_id;
    IF site IS NULL THEN
        RAISE EXCEPTION 'there is no such station' USING ERRCODE = 'foreign_key_violation';
    END IF;
    -- A number that somebody has typed already is passed over.
    WHILE number IS NULL LOOP
        UPDATE organization_prefixes o SET next_number = o.next_number + 1, updated_at = now()
        WHERE o.id = (SELECT first.id FROM organization_prefixes first
                      WHERE first.organization_id = p_org_id AND first.entity_type = 'job'
                        AND first.is_active
                      ORDER BY first.prefix COLLATE "C" LIMIT 1 FOR UPDATE)
        RETURNING o.prefix || CASE
            WHEN length((o.next_number - 1)::text) >= o.padding THEN (o.next_number - 1)::text
            ELSE lpad((o.next_number - 1)::text, o.padding, '0') END INTO number;
        EXIT WHEN number IS NULL;
        IF EXISTS (SELECT FROM ops_jobs j WHERE j.site_id = site AND j.job_number = number) THEN
            number := NULL;
        END IF;
    END LOOP;
    INSERT INTO ops_jobs (id, site_id, job_number, product_id, product_family_id,
                          current_station_id, work_order, target_quantity, posted_at, posted_by)
    SELECT p_job_id, site, coalesce(number, 'JOB-' || upper(left(p_job_id::text, 8))), p.id,
           p.family_id, p_station_id, p_work_order,
           coalesce(p_target_quantity, p.default_quantity), p_posted_at, p_posted_by
    FROM (SELECT p_product_id AS wanted) w LEFT JOIN ops_products p ON p.id = w.wanted;
    PERFORM edge.job_arrives(p_job_id, p_station_id, p_posted_by, p_posted_at);
    RETURN p_job_id;
END
$$;
COMMENT ON FUNCTION post_ops_job IS 'a job at its first station, with its first history entry';

CREATE FUNCTION start_ops_job(p_job_id uuid, p_started_by uuid,
                              p_started_at timestamptz DEFAULT now())
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    job ops_jobs := edge.job_for(p_job_id, 'in_progress');
BEGIN
    UPDATE ops_jobs
    SET state = 'in_progress', started_at = p_started_at, started_by = p_started_by,
        updated_at = now()
    WHERE id = job.id;
    UPDATE ops_job_station_history h
    SET started_at = p_started_at, started_by = p_started_by, updated_at = now()
    WHERE h.job_id = job.id AND h.station_id = job.current_station_id AND h.completed_at IS NULL;
END
$$;
COMMENT ON FUNCTION start_ops_job IS 'work begins; the start may be backdated';

CREATE FUNCTION complete_ops_job(
    p_job_id uuid, p_completed_by uuid, p_good_parts integer, p_scrap_parts integer,
    p_next_station_id uuid DEFAULT NULL, p_completed_at timestamptz DEFAULT now()
) RETURNS text LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    job ops_jobs := edge.job_for(p_job_id, 'completed');
    onward uuid[];
    target uuid := p_next_station_id;
BEGIN
    SELECT coalesce(array_agg(c.to_station_id ORDER BY c.sort_order, c.to_station_id), '{}')
    INTO onward FROM ops_station_connections c
    WHERE c.from_station_id = job.current_station_id AND c.connection_type = 'feeds_into';
    IF target IS NULL AND cardinality(onward) = 1 THEN
        target := onward[1];
    END IF;
    PERFORM edge.job_done(
        p_job_id, CASE cardinality(onward) WHEN 0 THEN 'completed' ELSE 'queued' END, target,
        p_good_parts, p_scrap_parts, p_completed_by, p_completed_at);
    RETURN (SELECT state FROM ops_jobs WHERE id = p_job_id);
END
$$;
COMMENT ON FUNCTION complete_ops_job IS
    'completes a job at its station: no station follows, completed; one, pending there; more, queued '
    'until one is chosen. Answers the new state. Rework edges never advance a job';

CREATE FUNCTION move_ops_job(p_job_id uuid, p_station_id uuid, p_moved_by uuid,
                             p_moved_at timestamptz DEFAULT now())
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM edge.job_for(p_job_id, 'pending');
    PERFORM edge.job_goes_to(p_job_id, p_station_id, p_moved_by, p_moved_at);
END
$$;
COMMENT ON FUNCTION move_ops_job IS 'a person sends a job to a station, also out of the queue';

CREATE FUNCTION scrap_ops_job(p_job_id uuid, p_scrapped_by uuid, p_scrap_parts integer DEFAULT 0,
                              p_scrapped_at timestamptz DEFAULT now())
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM edge.job_for(p_job_id, 'scrapped');
    PERFORM edge.job_done(p_job_id, 'scrapped', NULL, 0, p_scrap_parts, p_scrapped_by,
                          p_scrapped_at);
END
$$;
COMMENT ON FUNCTION scrap_ops_job IS 'the job ends here as scrap';

CREATE FUNCTION abort_ops_job(p_job_id uuid, p_aborted_by uuid, p_abort_reason_id uuid,
                              p_aborted_at timestamptz DEFAULT now())
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM edge.job_for(p_job_id, 'aborted');
    UPDATE ops_jobs
    SET state = 'aborted', abort_reason_id = p_abort_reason_id, completed_at = p_aborted_at,
        completed_by = p_aborted_by, updated_at = now()
    WHERE id = p_job_id;
END
$$;
COMMENT ON FUNCTION abort_ops_job IS 'the job is given up, with a reason of the abort taxonomy';

-- Edges of the flow -------------------------------------------------------------------------------

CREATE FUNCTION create_ops_station_connection(
    p_from_station_id uuid, p_to_station_id uuid, p_connection_type varchar DEFAULT 'feeds_into',
    p_label varchar DEFAULT NULL, p_exit_side varchar DEFAULT NULL,
    p_entry_side varchar DEFAULT NULL, p_sort_order integer DEFAULT 0
) RETURNS uuid LANGUAGE sql SET search_path = pg_catalog, public AS $$
    INSERT INTO ops_station_connections (site_id, from_station_id, to_station_id,
        connection_type, label, exit_side, entry_side, sort_order)
    SELECT s.site_id, s.id, p_to_station_id, p_connection_type, p_label, p_exit_side,
           p_entry_side, p_sort_order
    FROM ops_stations s JOIN ops_stations t ON t.id = p_to_station_id AND t.site_id = s.site_id
    WHERE s.id = p_from_station_id
    RETURNING id
$$;
COMMENT ON FUNCTION create_ops_station_connection IS
    'an edge between two stations of one site; null where they are not';

CREATE FUNCTION get_ops_station_connections(p_site_id uuid) RETURNS SETOF ops_station_connections
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT c.* FROM ops_station_connections c WHERE c.site_id = p_site_id
    ORDER BY c.from_station_id, c.sort_order, c.to_station_id
$$;

-- Products ----------------------------------------------------------------------------------------

CREATE FUNCTION get_ops_products(p_site_id uuid, p_family_id uuid DEFAULT NULL)
RETURNS SETOF ops_products LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT p.* FROM ops_products p JOIN ops_product_families f ON f.id = p.family_id
    WHERE f.site_id = p_site_id AND (p_family_id IS NULL OR f.id = p_family_id)
    ORDER BY f.sort_order, f.family_code, p.sort_order, p.product_code
$$;

CREATE FUNCTION create_ops_product(
    p_family_id uuid, p_product_code varchar, p_product_name varchar,
    p_standard_hours numeric DEFAULT NULL, p_default_quantity integer DEFAULT NULL,
    p_target_scrap_rate numeric DEFAULT NULL, p_unit_value numeric DEFAULT NULL,
    p_description text DEFAULT NULL, p_sort_order integer DEFAULT 0
) RETURNS ops_products LANGUAGE sql SET search_path = pg_catalog, public AS $$
    INSERT INTO ops_products (family_id, product_code, product_name, standard_hours,
        default_quantity, target_scrap_rate, unit_value, description, sort_order)
    VALUES (p_family_id, p_product_code, p_product_name, p_standard_hours, p_default_quantity,
            p_target_scrap_rate, p_unit_value, p_description, p_sort_order)
    RETURNING *
$$;

CREATE FUNCTION update_ops_product(
    p_product_id uuid, p_product_name varchar DEFAULT NULL, p_standard_hours numeric DEFAULT NULL,
    p_default_quantity integer DEFAULT NULL, p_target_scrap_rate numeric DEFAULT NULL,
    p_unit_value numeric DEFAULT NULL, p_description text DEFAULT NULL,
    p_is_active boolean DEFAULT NULL, p_sort_order integer DEFAULT NULL
) RETURNS ops_products LANGUAGE sql SET search_path = pg_catalog, public AS $$
    UPDATE ops_products p
    SET product_name = coalesce(p_product_name, p.product_name),
        standard_hours = coalesce(p_standard_hours, p.standard_hours),
        default_quantity = coalesce(p_default_quantity, p.default_quantity),
        target_scrap_rate = coalesce(p_target_scrap_rate, p.target_scrap_rate),
        unit_value = coalesce(p_unit_value, p.unit_value),
        description = coalesce(p_description, p.description),
        is_active = coalesce(p_is_active, p.is_active),
        sort_order = coalesce(p_sort_order, p.sort_order), updated_at = now()
    WHERE p.id = p_product_id
    RETURNING p.*
$$;
COMMENT ON FUNCTION update_ops_product IS 'what is null stays as it is';

CREATE FUNCTION delete_ops_product(p_product_id uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM ops_products WHERE id = p_product_id;
    RETURN FOUND;
EXCEPTION WHEN foreign_key_violation THEN
    -- What was made once stays named.
    UPDATE ops_products SET is_active = false, updated_at = now() WHERE id = p_product_id;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION delete_ops_product IS 'a product that events name is switched off instead';

CREATE FUNCTION delete_ops_product_family(p_family_id uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    DELETE FROM ops_product_families WHERE id = p_family_id;
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION delete_ops_product_family IS
    'with its products; refused while an event or a job names one of them';

-- Figures of a station ------------------------------------------------------------------------------

-- The runs of batches at a station that were neither archived nor given up, with the labor on each.
-- Null where it cannot be known.
CREATE FUNCTION edge.station_runs(p_org_id varchar, p_station_id uuid)
RETURNS TABLE (event_id uuid, batch_id uuid, start_ts timestamptz, end_ts timestamptz,
               is_resolved boolean, good integer, standard numeric, expected numeric,
               touch numeric, dwell numeric, is_active boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT e.id, d.id, e.start_ts, e.end_ts, e.resolved, d.good_parts, s.hours,
           nullif(s.hours * CASE WHEN e.end_ts IS NULL
                                 THEN coalesce(d.target_quantity, d.good_parts)
                                 ELSE coalesce(d.good_parts, d.target_quantity) END, 0),
           l.hours, extract(epoch FROM coalesce(e.end_ts, now()) - e.start_ts) / 3600,
           e.end_ts IS NULL AND coalesce(l.open, false)
    FROM oee_machine_events e
    JOIN oee_sites site ON site.id = e.site_id AND site.organization_id = p_org_id
    JOIN oee_batch_details d ON d.event_id = e.id
    LEFT JOIN ops_products p ON p.id = d.product_id
    LEFT JOIN oee_product_equipment_config c
        ON c.product_id = d.product_id AND c.equipment_id = e.equipment_id
    LEFT JOIN ops_station_product_standards t
        ON t.product_id = d.product_id AND t.station_id = e.station_id
    CROSS JOIN LATERAL (SELECT nullif(coalesce(c.standard_hours, t.standard_hours,
                                               p.standard_hours), 0) AS hours) s
    CROSS JOIN LATERAL (
        SELECT sum(coalesce(b.duration_override_minutes / 60,
                            extract(epoch FROM coalesce(b.end_ts, now()) - b.start_ts) / 3600))
                   AS hours, bool_or(b.end_ts IS NULL) AS open
        FROM oee_batch_time_entries b WHERE b.batch_id = d.id AND b.user_id IS NOT NULL) l
    WHERE e.station_id = p_station_id AND e.event_type = 'batch' AND NOT e.is_archived
      AND d.status <> 'aborted'
$$;

CREATE FUNCTION get_station_efficiency_kpis(
    p_org_id varchar, p_station_id uuid, p_from timestamptz, p_to timestamptz,
    p_completed_only boolean DEFAULT false
) RETURNS TABLE (active_jobs bigint, jobs_over_std bigint, earned_hours numeric,
                 actual_hours numeric, effectiveness_pct numeric, avg_variance_pct numeric,
                 active_operators bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT count(*) FILTER (WHERE r.is_active),
           count(*) FILTER (WHERE r.touch >= r.expected OR r.dwell >= r.expected),
           round(sum(r.standard * r.good), 2), round(sum(r.touch), 2),
           round(sum(r.standard * r.good) / nullif(sum(r.touch), 0) * 100, 2),
           round(avg((r.touch - r.expected) / r.expected * 100), 2),
           (SELECT count(DISTINCT b.user_id) FROM oee_batch_time_entries b
            JOIN edge.station_runs(p_org_id, p_station_id) o ON o.batch_id = b.batch_id
            WHERE b.end_ts IS NULL AND o.end_ts IS NULL AND NOT p_completed_only
              AND o.start_ts < p_to)
    FROM edge.station_runs(p_org_id, p_station_id) r
    WHERE r.start_ts < p_to AND coalesce(r.end_ts, now()) >= p_from
      AND (r.end_ts IS NOT NULL OR NOT p_completed_only)
$$;
COMMENT ON FUNCTION get_station_efficiency_kpis IS
    'labor against standard of all jobs whose window overlaps the range; null is unknown';

CREATE FUNCTION get_station_active_jobs(p_org_id varchar, p_station_id uuid)
RETURNS TABLE (event_id uuid, batch_id uuid, batch_number varchar, work_order varchar,
               product_id uuid, product_code varchar, product_name varchar,
               target_quantity integer, good_parts integer, scrap_parts integer,
               start_ts timestamptz, touch_time_minutes numeric, dwell_time_minutes numeric,
               standard_hours numeric, is_active boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT r.event_id, r.batch_id, d.batch_number, d.work_order, d.product_id, p.product_code,
           p.product_name, d.target_quantity, d.good_parts, d.scrap_parts, r.start_ts,
           round(r.touch * 60, 2), round(r.dwell * 60, 2), r.standard, r.is_active
    FROM edge.station_runs(p_org_id, p_station_id) r
    JOIN oee_batch_details d ON d.id = r.batch_id
    LEFT JOIN ops_products p ON p.id = d.product_id
    WHERE r.end_ts IS NULL AND NOT r.is_resolved
    ORDER BY r.start_ts, r.event_id
$$;
COMMENT ON FUNCTION get_station_active_jobs IS
    'one row a running job; touch is null where nobody ever clocked in';

-- The documents cut one of the 18 figures off; these are the others.
CREATE FUNCTION get_station_dashboard_kpis(
    p_station_id uuid, p_org_id varchar, p_time_start timestamptz, p_time_end timestamptz
) RETURNS TABLE (
    station_efficiency_pct numeric, jobs_completed bigint, jobs_in_progress bigint,
    jobs_queued bigint, avg_job_duration_hours numeric, avg_active_time_hours numeric,
    avg_workers_per_job numeric, standard_hours_earned numeric, scrap_rate_pct numeric,
    first_pass_yield_pct numeric, top_scrap_reason text, top_scrap_reason_count bigint,
    total_idle_hours numeric, idle_pct numeric, avg_time_between_jobs_hours numeric,
    longest_gap_hours numeric, total_standard_hours numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    WITH station AS (
        SELECT t.id FROM ops_stations t
        JOIN oee_sites s ON s.id = t.site_id AND s.organization_id = p_org_id
        WHERE t.id = p_station_id
    ), run AS (
        SELECT h.*, coalesce(h.started_at, h.posted_at) AS began, j.target_quantity,
               nullif(coalesce(t.standard_hours, p.standard_hours), 0) AS standard,
               (SELECT sum(coalesce(l.duration_override_minutes / 60,
                           extract(epoch FROM coalesce(l.end_ts, now()) - l.start_ts) / 3600))
                FROM ops_labor_entries l
                WHERE l.job_id = h.job_id AND l.station_id = h.station_id) AS labor,
               (SELECT count(DISTINCT l.user_id) FROM ops_labor_entries l
                WHERE l.job_id = h.job_id AND l.station_id = h.station_id) AS workers
        FROM ops_job_station_history h
        JOIN station ON station.id = h.station_id
        JOIN ops_jobs j ON j.id = h.job_id
        LEFT JOIN ops_products p ON p.id = j.product_id
        LEFT JOIN ops_station_product_standards t
            ON t.product_id = j.product_id AND t.station_id = h.station_id
    ), done AS (
        SELECT * FROM run WHERE completed_at >= p_time_start AND completed_at < p_time_end
    ), span AS (
        SELECT p_time_start AS from_ts, least(p_time_end, now()) AS to_ts
    ), busy AS (
        SELECT range_agg(tstzrange(greatest(r.began, s.from_ts),
                                   least(coalesce(r.completed_at, s.to_ts), s.to_ts))) AS times
        FROM run r CROSS JOIN span s
        WHERE r.started_at IS NOT NULL AND r.began < s.to_ts
          AND coalesce(r.completed_at, s.to_ts) > s.from_ts
          AND greatest(r.began, s.from_ts) < least(coalesce(r.completed_at, s.to_ts), s.to_ts)
    ), idle AS (
        SELECT extract(epoch FROM upper(g) - lower(g)) / 3600 AS hours,
               lower(g) > lower(b.times) AND upper(g) < upper(b.times) AS between_jobs
        FROM span s CROSS JOIN busy b
        CROSS JOIN unnest(tstzmultirange(tstzrange(s.from_ts, greatest(s.to_ts, s.from_ts)))
                          - coalesce(b.times, '{}')) g
    ), scrap AS (
        SELECT a.name, sum(d.scrap_parts) AS parts
        FROM oee_batch_details d JOIN station ON station.id = d.station_id
        JOIN oee_machine_events e ON e.id = d.event_id
        JOIN oee_abort_reasons a ON a.id = d.scrap_reason_id
        WHERE d.scrap_parts > 0 AND e.end_ts >= p_time_start AND e.end_ts < p_time_end
        GROUP BY a.name ORDER BY 2 DESC, 1 LIMIT 1
    )
    SELECT round(sum(d.standard * d.good_parts_at_station) / nullif(sum(d.labor), 0) * 100, 2),
           count(d.id),
           (SELECT count(*) FROM ops_jobs j JOIN station t ON t.id = j.current_station_id
            WHERE j.state = 'in_progress'),
           (SELECT count(*) FROM ops_jobs j JOIN station t ON t.id = j.current_station_id
            WHERE j.state = 'queued'),
           round(avg(extract(epoch FROM d.completed_at - d.began) / 3600), 2),
           round(avg(d.labor), 2), round(avg(nullif(d.workers, 0)), 2),
           round(sum(d.standard * d.good_parts_at_station), 2),
           round(sum(d.scrap_parts_at_station) * 100.0
                 / nullif(sum(d.good_parts_at_station + d.scrap_parts_at_station), 0), 2),
           round(sum(d.good_parts_at_station) FILTER (WHERE d.entry_number = 1) * 100.0
                 / nullif(sum(d.good_parts_at_station + d.scrap_parts_at_station)
                              FILTER (WHERE d.entry_number = 1), 0), 2),
           (SELECT name FROM scrap), (SELECT parts FROM scrap),
           (SELECT round(coalesce(sum(hours), 0), 2) FROM idle),
           (SELECT round((coalesce((SELECT sum(hours) FROM idle), 0) * 100
                   / nullif(extract(epoch FROM to_ts - from_ts) / 3600, 0))::numeric, 2) FROM span),
           (SELECT round(avg(hours), 2) FROM idle WHERE between_jobs),
           (SELECT round(max(hours), 2) FROM idle),
           round(sum(d.standard * coalesce(d.target_quantity, d.good_parts_at_station)), 2)
    FROM done d
$$;
COMMENT ON FUNCTION get_station_dashboard_kpis IS
    'figures of the jobs that a station completed in a range; null is unknown';

-- Only what kart-hq is made of is ours to close.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['check_ops_job', 'job_arrives', 'job_leaves',
                                'job_worked', 'job_goes_to', 'job_done', 'job_for',
                                'station_runs'] LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION edge.%I FROM PUBLIC', name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION edge.%I TO kart_gateway, kart_site_admin', name);
    END LOOP;
END
$$;
