-- What headquarters decides reaches the people at the terminals: conflicts go down to the stations
-- concerned, corrections to every terminal that holds a part of the record, and a batch that is
-- open goes down again when somebody joins or leaves it. The transitions of jobs bind our own roles.

-- Conflicts -------------------------------------------------------------------------------------

ALTER TABLE edge.conflicts
    ADD COLUMN stations uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN machines uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN about    text,
    ADD COLUMN user_id  uuid;
COMMENT ON COLUMN edge.conflicts.stations IS 'where it is shown, with machines and the terminal that told it';
COMMENT ON COLUMN edge.conflicts.about IS 'number of the batch, job or entry';
COMMENT ON COLUMN edge.conflicts.user_id IS 'whose labor it is';

-- Of these the definer reads where a record stands and how it is called.
DO $$
DECLARE
    steps text[][] := ARRAY[
        ['oee_batch_details', 'id, event_id, batch_number'],
        ['ops_jobs', 'id, site_id, current_station_id, job_number'],
        ['ops_labor_entries', 'id, site_id, station_id, user_id'],
        ['oee_batch_queue', 'id, site_id, equipment_id, batch_number'],
        ['ops_station_batch_queue', 'id, site_id, station_id, batch_number']
    ];
    step text[];
    tbl regclass;
BEGIN
    FOREACH step SLICE 1 IN ARRAY steps LOOP
        tbl := format('public.%I', step[1])::regclass;
        EXECUTE format('GRANT SELECT (%s) ON %s TO kart_edge_definer', step[2], tbl);
        IF (SELECT relrowsecurity FROM pg_class WHERE oid = tbl) THEN
            EXECUTE format('CREATE POLICY change_feed ON %s FOR SELECT TO kart_edge_definer
                            USING (true)', tbl);
        END IF;
    END LOOP;
END
$$;

GRANT SELECT (site_id) ON public.oee_machine_events TO kart_edge_definer;

CREATE FUNCTION edge.place_conflict() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    sides uuid[] := ARRAY[NEW.record_id, NEW.other_id];
BEGIN
    SELECT coalesce(array_agg(DISTINCT f.station) FILTER (WHERE f.station IS NOT NULL), '{}'),
           coalesce(array_agg(DISTINCT f.machine) FILTER (WHERE f.machine IS NOT NULL), '{}'),
           (array_agg(f.about ORDER BY f.id <> NEW.record_id)
                FILTER (WHERE f.about IS NOT NULL))[1],
           (array_agg(f.person) FILTER (WHERE f.person IS NOT NULL))[1]
    INTO NEW.stations, NEW.machines, NEW.about, NEW.user_id
    FROM (
        SELECT e.id, e.station_id, e.equipment_id, d.batch_number, NULL::uuid
        FROM public.oee_machine_events e
        LEFT JOIN public.oee_batch_details d ON d.event_id = e.id
        WHERE e.id = ANY (sides) AND e.site_id = NEW.site_id
        UNION ALL
        SELECT j.id, j.current_station_id, NULL, j.job_number, NULL
        FROM public.ops_jobs j
        WHERE j.id = ANY (sides) AND j.site_id = NEW.site_id
        UNION ALL
        SELECT l.id, l.station_id, NULL, NULL, l.user_id
        FROM public.ops_labor_entries l
        WHERE l.id = ANY (sides) AND l.site_id = NEW.site_id
        UNION ALL
        SELECT q.id, NULL, q.equipment_id, q.batch_number, NULL
        FROM public.oee_batch_queue q
        WHERE q.id = ANY (sides) AND q.site_id = NEW.site_id
        UNION ALL
        SELECT q.id, q.station_id, NULL, q.batch_number, NULL
        FROM public.ops_station_batch_queue q
        WHERE q.id = ANY (sides) AND q.site_id = NEW.site_id
    ) f (id, station, machine, about, person);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION edge.place_conflict IS 'where a conflict is shown, and what it is called there';

SELECT edge.as_giver($script$
    DO $do$
    BEGIN
        REVOKE ALL ON FUNCTION edge.place_conflict() FROM PUBLIC;
        ALTER FUNCTION edge.place_conflict() OWNER TO kart_edge_definer;
        EXECUTE format('GRANT EXECUTE ON FUNCTION edge.place_conflict() TO %I', current_user);
    END
    $do$;
$script$);

-- The fold writes the same conflict again with every fact; its places may have changed meanwhile.
CREATE TRIGGER placed BEFORE INSERT OR UPDATE OF detail ON edge.conflicts
    FOR EACH ROW EXECUTE FUNCTION edge.place_conflict();

SELECT edge.follow('edge.conflicts', ARRAY['id'],
    'SELECT r.organization_id, v.scope FROM (
         SELECT ''station:'' || s FROM unnest(r.stations) s
         UNION ALL SELECT ''equipment:'' || m FROM unnest(r.machines) m
         UNION ALL SELECT ''terminal:'' || r.terminal_id) v (scope)');

-- Those that stand already.
ALTER TABLE edge.conflicts NO FORCE ROW LEVEL SECURITY;
UPDATE edge.conflicts SET detail = detail WHERE resolved_at IS NULL;
ALTER TABLE edge.conflicts FORCE ROW LEVEL SECURITY;

-- Corrections -----------------------------------------------------------------------------------

-- Terminals that began the same batch unseen each hold a part of it, by a name of their own.
ALTER TABLE edge.corrections ADD COLUMN others uuid[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN edge.corrections.others IS 'further terminals that hold a part of the record';
SELECT edge.follow('edge.corrections', ARRAY['id'],
    'SELECT r.organization_id, ''terminal:'' || t FROM unnest(r.terminal_id || r.others) t');

-- Batches that are open -------------------------------------------------------------------------

-- The people on a batch are told with its event.
DO $$
DECLARE
    note text := 'INSERT INTO edge.changes (organization_id, scope, tbl, pk, op)
        SELECT DISTINCT e.organization_id, v.scope, ''public.oee_machine_events'', e.id::text,
               ''upsert''
        FROM %s r
        JOIN public.oee_batch_details d ON d.id = r.batch_id
        JOIN public.oee_machine_events e ON e.id = d.event_id
        CROSS JOIN LATERAL (VALUES (''equipment:'' || e.equipment_id),
                                   (''station:'' || e.station_id)) v (scope)
        WHERE v.scope IS NOT NULL AND %s
        ON CONFLICT DO NOTHING';
    otherwise text := 'NOT EXISTS (SELECT FROM %s o WHERE o.id = r.id
        AND (o.batch_id, o.user_id, o.ended_at IS NULL)
          = (r.batch_id, r.user_id, r.ended_at IS NULL))';
BEGIN
    EXECUTE format('CREATE TRIGGER change_feed_insert AFTER INSERT ON public.oee_batch_operators
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION edge.note_changes(%L)',
        format(note, 'new_rows', 'true'));
    EXECUTE format('CREATE TRIGGER change_feed_update AFTER UPDATE ON public.oee_batch_operators
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION edge.note_changes(%L, %L)',
        format(note, 'new_rows', format(otherwise, 'old_rows')),
        format(note, 'old_rows', format(otherwise, 'new_rows')));
    EXECUTE format('CREATE TRIGGER change_feed_delete AFTER DELETE ON public.oee_batch_operators
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION edge.note_changes(%L)',
        format(note, 'old_rows', 'true'));
END
$$;

-- Transitions of jobs ---------------------------------------------------------------------------

-- What Kartorium's own programs do with their jobs is theirs to know. The functions of V12 refuse by
-- themselves, whoever calls them.
CREATE OR REPLACE FUNCTION edge.check_ops_job() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, edge, public AS $$
BEGIN
    -- Others may not even see the function below: they do not come so far.
    IF current_user NOT IN ('kart_gateway', 'kart_site_admin', 'kart_worker') THEN
        RETURN NEW;
    END IF;
    IF NOT ops_job_may(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'job % is %; it cannot become %', OLD.job_number, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', TABLE = 'ops_jobs', COLUMN = 'state';
    END IF;
    RETURN NEW;
END
$$;
