-- The change feed: every change of a row that terminals get is noted in edge.changes, by whoever
-- made it and with whatever program, in the transaction that made it.
--
-- A reader's cursor is a snapshot of Postgres: it stands for all transactions visible in it. What
-- the reader misses are the entries it can see now whose xid its cursor could not see, namely
-- those that were running (pg_snapshot_xip) or had not begun (from pg_snapshot_xmax on). Nothing
-- is compared with the oldest running transaction, so a forgotten one delays nobody.

-- Entries ---------------------------------------------------------------------------------------

-- One entry for a row, a scope and a transaction: at is now(), the same all through it.
ALTER TABLE edge.changes DROP CONSTRAINT changes_pkey;
DROP INDEX edge.changes_organization_id_scope_xid_pos_idx;
ALTER TABLE edge.changes ADD PRIMARY KEY (organization_id, scope, xid, tbl, pk, at);
CREATE INDEX ON edge.changes (xid);
COMMENT ON TABLE edge.changes IS
    'which rows changed, and in which transaction; the row itself is read at delivery';
COMMENT ON COLUMN edge.changes.scope IS
    'org, site:<id>, station:<id>, equipment:<id> or terminal:<id>';
COMMENT ON COLUMN edge.changes.tbl IS
    'schema and name; * when everything in the scope may have changed';
COMMENT ON COLUMN edge.changes.pk IS 'the key''s columns as text, joined with /';

-- Only triggers write it.
REVOKE INSERT ON edge.changes FROM kart_gateway, kart_site_admin;
REVOKE USAGE ON SEQUENCE edge.changes_pos FROM kart_gateway, kart_site_admin;
GRANT SELECT, INSERT, DELETE ON edge.changes TO kart_edge_definer;
GRANT USAGE ON SEQUENCE edge.changes_pos TO kart_edge_definer;
CREATE POLICY definer ON edge.changes TO kart_edge_definer USING (true) WITH CHECK (true);

-- Histories -------------------------------------------------------------------------------------

CREATE TABLE edge.feed_epochs (
    organization_id   varchar(50) NOT NULL,
    epoch             uuid NOT NULL DEFAULT gen_random_uuid(),
    system_identifier bigint NOT NULL
                      DEFAULT (pg_catalog.pg_control_system()).system_identifier,
    floor             xid8 NOT NULL DEFAULT '0',
    began_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id)
);
COMMENT ON TABLE edge.feed_epochs IS
    'the history that transaction numbers belong to: another one after a restore';
COMMENT ON COLUMN edge.feed_epochs.epoch IS 'cursors of another epoch stand for nothing';
COMMENT ON COLUMN edge.feed_epochs.system_identifier IS 'of the cluster that counted the numbers';
COMMENT ON COLUMN edge.feed_epochs.floor IS
    'entries up to this transaction are gone; a cursor that does not see it is too old';
ALTER TABLE edge.feed_epochs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.feed_epochs
    USING (organization_id = nullif(current_setting('edge.organization', true), ''))
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), ''));
CREATE POLICY definer ON edge.feed_epochs TO kart_edge_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (epoch, began_at) ON edge.feed_epochs TO kart_gateway;
GRANT SELECT, UPDATE ON edge.feed_epochs TO kart_edge_definer;

-- Begins a new epoch for every organisation whose numbers were counted by another cluster, and for
-- all of them when there are entries from the future; forgets those, because no snapshot of this
-- cluster will see them for a long time. Answers how many epochs began.
CREATE FUNCTION edge.check_feed_history() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
DECLARE
    own bigint := (pg_control_system()).system_identifier;
    future boolean;
    began integer;
BEGIN
    SELECT max(c.xid) >= pg_snapshot_xmax(pg_current_snapshot()) INTO future FROM edge.changes c;
    UPDATE edge.feed_epochs e
    SET epoch = gen_random_uuid(), system_identifier = own, floor = '0', began_at = now()
    WHERE e.system_identifier <> own OR coalesce(future, false);
    GET DIAGNOSTICS began = ROW_COUNT;
    IF future THEN
        DELETE FROM edge.changes c WHERE c.xid >= pg_snapshot_xmax(pg_current_snapshot());
    END IF;
    RETURN began;
END
$$;

-- Noting ----------------------------------------------------------------------------------------

-- Runs the statements that edge.follow made for the table, one an argument.
CREATE FUNCTION edge.note_changes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
BEGIN
    -- A statement fires these triggers also when it has changed nothing.
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM old_rows) THEN
            RETURN NULL;
        END IF;
    ELSIF NOT EXISTS (SELECT FROM new_rows) THEN
        RETURN NULL;
    END IF;
    FOR n IN 0 .. TG_NARGS - 1 LOOP
        EXECUTE TG_ARGV[n];
    END LOOP;
    RETURN NULL;
END
$$;

-- Notes the changes of a table from now on.
--   p_key     the columns that are the key for a reader
--   p_scopes  a query for the scopes of a row r, with the columns organization_id and scope
--   p_ignored columns whose change nobody is told of, besides the times of the row itself
--   p_where   which rows r matter at all
--   p_parent  rows of other tables find their site through this one: when a row moves to another
--             site, or goes, it takes them along, and the scopes are to be read whole
CREATE FUNCTION edge.follow(
    p_table   regclass,
    p_key     text[],
    p_scopes  text,
    p_ignored text[] DEFAULT '{}',
    p_where   text DEFAULT 'true',
    p_parent  boolean DEFAULT false
) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, edge AS $$
DECLARE
    path text := (SELECT n.nspname || '.' || c.relname FROM pg_class c
                  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = p_table);
    key text := (SELECT format('concat_ws(''/'', %s)', string_agg(format('r.%I', k), ', '))
                 FROM unnest(p_key) k);
    same_key text := (SELECT string_agg(format('o.%1$I = r.%1$I', k), ' AND ')
                      FROM unnest(p_key) k);
    ignored text[] := ARRAY['created_at', 'updated_at'] || p_ignored;
    unchanged text := format(
        '(SELECT FROM %%I o WHERE %s AND to_jsonb(o) - %L::text[] = to_jsonb(r) - %2$L::text[])',
        same_key, ignored);
    unmoved text := format('(SELECT FROM %%I o WHERE %s AND o.site_id = r.site_id)', same_key);
    -- table and key to note, what happened, rows, further condition
    note text := 'INSERT INTO edge.changes (organization_id, scope, tbl, pk, op)
        SELECT s.organization_id, s.scope, %L, %s, %L
        FROM %I r CROSS JOIN LATERAL (' || replace(p_scopes, '%', '%%') || ') s (organization_id, scope)
        WHERE s.scope IS NOT NULL AND (' || replace(p_where, '%', '%%') || ') AND %s
        ON CONFLICT DO NOTHING';
    at_insert text[] := ARRAY[format(note, path, key, 'upsert', 'new_rows', 'true')];
    at_delete text[] := ARRAY[format(note, path, key, 'delete', 'old_rows', 'true')];
    at_update text[] := ARRAY[
        format(note, path, key, 'upsert', 'new_rows', 'NOT EXISTS ' || format(unchanged, 'old_rows')),
        format(note, path, key, 'leave', 'old_rows', 'NOT EXISTS ' || format(unchanged, 'new_rows'))];
BEGIN
    IF p_parent THEN
        at_delete := at_delete || format(note, '*', '''*''', 'delete', 'old_rows', 'true');
        at_update := at_update
            || format(note, '*', '''*''', 'enter', 'new_rows',
                      'NOT EXISTS ' || format(unmoved, 'old_rows'))
            || format(note, '*', '''*''', 'leave', 'old_rows',
                      'NOT EXISTS ' || format(unmoved, 'new_rows'));
    END IF;
    EXECUTE format('CREATE OR REPLACE TRIGGER change_feed_insert AFTER INSERT ON %s
        REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION edge.note_changes(%s)', p_table,
        (SELECT string_agg(quote_literal(s), ', ') FROM unnest(at_insert) s));
    EXECUTE format('CREATE OR REPLACE TRIGGER change_feed_update AFTER UPDATE ON %s
        REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION edge.note_changes(%s)', p_table,
        (SELECT string_agg(quote_literal(s), ', ') FROM unnest(at_update) s));
    EXECUTE format('CREATE OR REPLACE TRIGGER change_feed_delete AFTER DELETE ON %s
        REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION edge.note_changes(%s)', p_table,
        (SELECT string_agg(quote_literal(s), ', ') FROM unnest(at_delete) s));
END
$$;
COMMENT ON FUNCTION edge.follow IS 'notes the changes of a table in edge.changes from now on';

-- A terminal that is waiting has to hear that it was locked out, or that another life of its log
-- has begun. By row and by column: the same row changes with every push.
CREATE FUNCTION edge.note_terminal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
BEGIN
    INSERT INTO edge.changes (organization_id, scope, tbl, pk, op)
    VALUES (NEW.organization_id, 'terminal:' || NEW.terminal_id, 'edge.terminals',
            NEW.terminal_id::text, 'upsert')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER change_feed AFTER UPDATE OF status, incarnation, code, site_id ON edge.terminals
    FOR EACH ROW WHEN ((OLD.status, OLD.incarnation, OLD.code, OLD.site_id)
                       IS DISTINCT FROM (NEW.status, NEW.incarnation, NEW.code, NEW.site_id))
    EXECUTE FUNCTION edge.note_terminal();

-- Of Kartorium's tables the definer reads what leads from a row to its site, and nothing else. On
-- tables where row-level security is on it needs a policy for that.
GRANT USAGE ON SCHEMA public TO kart_edge_definer;
GRANT SELECT (organization_id, site_id, user_id) ON edge.people TO kart_edge_definer;
CREATE POLICY change_feed ON edge.people FOR SELECT TO kart_edge_definer USING (true);
DO $$
DECLARE
    steps text[][] := ARRAY[
        ['oee_sites', 'id, organization_id'],
        ['oee_downtime_groups', 'id, site_id'],
        ['oee_incident_groups', 'id, site_id'],
        ['oee_abort_groups', 'id, site_id'],
        ['ops_station_incident_groups', 'id, site_id'],
        ['ops_product_families', 'id, site_id'],
        ['oee_equipment', 'id, site_id'],
        ['ops_stations', 'id, site_id'],
        ['oee_machine_events', 'id, organization_id, equipment_id, station_id']
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
        -- Where the organisation is repeated, a restrictive policy asks for its setting, which a
        -- writer outside our programs does not make.
        IF EXISTS (SELECT FROM pg_policy
                   WHERE polrelid = tbl AND polname = 'own_organization') THEN
            EXECUTE format($p$ALTER POLICY own_organization ON %s USING (
                organization_id = nullif(current_setting('edge.organization', true), '')
                OR current_user = 'kart_edge_definer')$p$, tbl);
        END IF;
    END LOOP;
END
$$;

DO $$
DECLARE
    of_organization text := 'SELECT r.organization_id, ''org''';
    of_site text := 'SELECT s.organization_id, ''site:'' || s.id
        FROM public.oee_sites s WHERE s.id = r.site_id';
    of_site_directly text := 'SELECT r.organization_id, ''site:'' || r.site_id';
    of_parent text := 'SELECT s.organization_id, ''site:'' || s.id
        FROM public.%I p JOIN public.oee_sites s ON s.id = p.site_id WHERE p.id = r.%I';
    of_terminal text := 'SELECT r.organization_id, ''terminal:'' || r.terminal_id';
    id text[] := ARRAY['id'];
    tbl text;
    -- child, column, parent
    children text[][] := ARRAY[
        ['oee_downtime_reasons', 'group_id', 'oee_downtime_groups'],
        ['oee_incident_reasons', 'group_id', 'oee_incident_groups'],
        ['oee_abort_reasons', 'group_id', 'oee_abort_groups'],
        ['ops_station_incident_reasons', 'group_id', 'ops_station_incident_groups'],
        ['ops_products', 'family_id', 'ops_product_families'],
        ['oee_compatible_equipment', 'equipment_id', 'oee_equipment'],
        ['oee_product_equipment_config', 'equipment_id', 'oee_equipment'],
        ['oee_equipment_custom_fields', 'equipment_id', 'oee_equipment'],
        ['oee_station_custom_fields', 'station_id', 'ops_stations'],
        ['ops_station_equipment', 'station_id', 'ops_stations'],
        ['ops_station_product_standards', 'station_id', 'ops_stations']
    ];
    child text[];
BEGIN
    -- Every terminal of the organisation.
    PERFORM edge.follow('public.organization_settings', id, of_organization);
    PERFORM edge.follow('public.organization_feature_flags', id, of_organization);
    PERFORM edge.follow('public.organization_prefixes', id, of_organization,
                        ARRAY['next_number']);

    -- Every terminal of the site.
    PERFORM edge.follow('public.oee_sites', id, 'SELECT r.organization_id, ''site:'' || r.id');
    FOREACH tbl IN ARRAY ARRAY[
        'oee_systems', 'oee_equipment_connections', 'ops_station_connections']
    LOOP
        PERFORM edge.follow(format('public.%I', tbl)::regclass, id, of_site);
    END LOOP;
    FOREACH tbl IN ARRAY ARRAY[
        'oee_downtime_groups', 'oee_incident_groups', 'oee_abort_groups',
        'ops_station_incident_groups', 'ops_product_families', 'oee_equipment', 'ops_stations']
    LOOP
        PERFORM edge.follow(format('public.%I', tbl)::regclass, id, of_site, p_parent => true);
    END LOOP;
    FOREACH child SLICE 1 IN ARRAY children LOOP
        PERFORM edge.follow(format('public.%I', child[1])::regclass, id,
                            format(of_parent, child[3], child[2]));
    END LOOP;
    PERFORM edge.follow('public.users', id,
        'SELECT p.organization_id, ''site:'' || p.site_id FROM edge.people p
         WHERE p.user_id = r.id AND p.organization_id = r.organization_id',
        ARRAY['auth0_id', 'email']);
    PERFORM edge.follow('edge.people', ARRAY['user_id'], of_site_directly);
    PERFORM edge.follow('edge.sources', ARRAY['equipment_id', 'source'], of_site_directly);
    PERFORM edge.follow('edge.sites', ARRAY['site_id'], of_site_directly,
                        ARRAY['snapshot', 'cursor_key']);

    -- The terminals of a machine, of a station, and single ones. A batch belongs to whoever works
    -- at its machine or at its station.
    PERFORM edge.follow('public.oee_batch_queue', id,
        'SELECT s.organization_id, ''equipment:'' || r.equipment_id
         FROM public.oee_sites s WHERE s.id = r.site_id');
    PERFORM edge.follow('public.ops_station_batch_queue', id,
        'SELECT s.organization_id, ''station:'' || r.station_id
         FROM public.oee_sites s WHERE s.id = r.site_id');
    PERFORM edge.follow('public.ops_jobs', id,
        'SELECT s.organization_id, ''station:'' || r.current_station_id
         FROM public.oee_sites s WHERE s.id = r.site_id');
    PERFORM edge.follow('public.oee_machine_events', id,
        'SELECT r.organization_id, v.scope
         FROM (VALUES (''equipment:'' || r.equipment_id), (''station:'' || r.station_id)) v (scope)',
        p_where => 'r.event_type = ''batch''');
    PERFORM edge.follow('public.oee_batch_details', ARRAY['event_id'],
        'SELECT e.organization_id, v.scope FROM public.oee_machine_events e CROSS JOIN LATERAL
             (VALUES (''equipment:'' || e.equipment_id), (''station:'' || e.station_id)) v (scope)
         WHERE e.id = r.event_id');
    PERFORM edge.follow('edge.number_leases', ARRAY['entity_type', 'prefix', 'first_number'],
                        of_terminal);
    PERFORM edge.follow('edge.quarantine', ARRAY['terminal_id', 'incarnation', 'seq'],
                        of_terminal, ARRAY['attempts']);
END
$$;

-- Waking ----------------------------------------------------------------------------------------

-- Of all organisations, which scopes have changed since a snapshot: for the one task of a gateway
-- that wakes waiting terminals. A scope says nothing about a row.
CREATE FUNCTION edge.changed_since(p_snapshot pg_snapshot, p_most integer)
RETURNS TABLE (organization_id varchar, scope text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
    SELECT c.organization_id, c.scope FROM (
        SELECT later.organization_id, later.scope FROM edge.changes later
        WHERE later.xid >= pg_snapshot_xmax(p_snapshot)
        UNION ALL
        SELECT former.organization_id, former.scope FROM edge.changes former
        WHERE former.xid = ANY (ARRAY(SELECT pg_snapshot_xip(p_snapshot)))
    ) c
    GROUP BY 1, 2
    LIMIT p_most
$$;

-- Who holds back the oldest snapshot of the cluster. It delays no feed, but vacuum waits for it.
-- Of another login's transaction Postgres shows everybody its pid and its numbers; state and
-- beginning it shows only to members of pg_read_all_stats. Without that, the first change that the
-- transaction came before tells how old it is at least, and exact is false.
CREATE FUNCTION edge.feed_health()
RETURNS TABLE (pid integer, prepared text, login text, application text, state text,
               since timestamptz, exact boolean, transactions bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
    WITH held AS (
        SELECT a.pid, NULL::text AS prepared, a.usename::text AS login,
               a.application_name AS application, a.state, a.xact_start AS began,
               greatest(age(a.backend_xid), age(a.backend_xmin))::bigint AS transactions
        FROM pg_stat_activity a
        WHERE a.pid <> pg_backend_pid() AND a.usename IS NOT NULL
          AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL)
        UNION ALL
        SELECT NULL, p.gid, p.owner::text, NULL, 'prepared', p.prepared, age(p.transaction)
        FROM pg_prepared_xacts p
        ORDER BY transactions DESC
        LIMIT 1
    )
    SELECT h.pid, h.prepared, h.login, h.application, h.state,
           coalesce(h.began, next.at), h.began IS NOT NULL, h.transactions
    FROM held h
    LEFT JOIN LATERAL (
        SELECT c.at FROM edge.changes c
        WHERE c.xid >= greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                                - h.transactions, 0)::text::xid8
        ORDER BY c.xid LIMIT 1
    ) next ON true
$$;

-- How many entries were ever noted, give or take those of transactions that were undone.
CREATE FUNCTION edge.changes_noted() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
    SELECT coalesce(pg_sequence_last_value('edge.changes_pos'), 0)
$$;

-- Partitions ------------------------------------------------------------------------------------

-- One for each month, this one and the next p_ahead. They belong to the owner of the table, in
-- whose name this runs. A month that has entries in the default partition already stays there.
CREATE FUNCTION edge.make_change_partitions(p_ahead integer DEFAULT 2) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge SET timezone = 'UTC' AS $$
DECLARE
    month timestamptz := date_trunc('month', now());
    name text;
    made integer := 0;
BEGIN
    FOR n IN 0 .. least(p_ahead, 24) LOOP
        name := 'changes_' || to_char(month, 'YYYY_MM');
        IF to_regclass(format('edge.%I', name)) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE edge.%I PARTITION OF edge.changes
                                FOR VALUES FROM (%L) TO (%L)',
                               name, month, month + interval '1 month');
                EXECUTE format('ALTER TABLE edge.%I ENABLE ROW LEVEL SECURITY,
                                FORCE ROW LEVEL SECURITY', name);
                made := made + 1;
            EXCEPTION WHEN check_violation OR duplicate_table THEN
                NULL;
            END;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END
$$;
SELECT edge.make_change_partitions();

-- Raises the floor of all organisations over the entries before p_until that are about to go;
-- those of the default partition go at once.
CREATE FUNCTION edge.forget_changes(p_until timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
DECLARE
    highest xid8 := (SELECT max(c.xid) FROM edge.changes c WHERE c.at < p_until);
BEGIN
    UPDATE edge.feed_epochs e SET floor = highest WHERE e.floor < highest;
    DELETE FROM edge.changes c
    WHERE c.at < p_until AND c.tableoid = 'edge.changes_default'::regclass;
END
$$;

-- Forgets the months that ended longer ago than p_keep, by dropping their partitions. Cursors from
-- before are answered with whole scopes. Answers how many partitions went. Postgres locks
-- edge.changes for it, which readers therefore lock before they look.
CREATE FUNCTION edge.drop_old_changes(p_keep interval DEFAULT '180 days') RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge SET timezone = 'UTC' AS $$
DECLARE
    until timestamptz := date_trunc('month', now() - p_keep);
    part regclass;
    dropped integer := 0;
BEGIN
    PERFORM edge.forget_changes(until);
    FOR part IN
        SELECT c.oid FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'edge.changes'::regclass AND c.relname ~ '^changes_\d{4}_\d{2}$'
          AND to_timestamp(substr(c.relname, 9), 'YYYY_MM') < until
    LOOP
        EXECUTE format('DROP TABLE %s', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- Whose they are --------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION
    edge.follow, edge.make_change_partitions, edge.drop_old_changes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION edge.make_change_partitions TO kart_gateway, kart_site_admin;
GRANT EXECUTE ON FUNCTION edge.drop_old_changes TO kart_site_admin;

-- Runs a script as whoever may give functions to the definer: a member of that role with the right
-- to create in the schema, both for this moment only, as at the end of V8.
CREATE FUNCTION edge.as_giver(p_script text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    may_set text := 'MEMBER';
    with_set text := '';
    must_join boolean;
    had_grant boolean;
BEGIN
    IF current_setting('server_version_num')::int >= 160000 THEN
        may_set := 'SET';
        with_set := 'WITH SET TRUE';
    END IF;
    must_join := NOT pg_has_role(current_user, 'kart_edge_definer', may_set);
    had_grant := EXISTS (
        SELECT FROM pg_auth_members m
        JOIN pg_roles r ON r.oid = m.roleid AND r.rolname = 'kart_edge_definer'
        JOIN pg_roles o ON o.oid = m.member AND o.oid = m.grantor AND o.rolname = current_user);
    IF must_join THEN
        EXECUTE format('GRANT kart_edge_definer TO %I %s', current_user, with_set);
    END IF;
    GRANT CREATE ON SCHEMA edge TO kart_edge_definer;
    EXECUTE p_script;
    REVOKE CREATE ON SCHEMA edge FROM kart_edge_definer;
    IF must_join THEN
        EXECUTE format('REVOKE %s kart_edge_definer FROM %I',
                       CASE WHEN had_grant THEN 'SET OPTION FOR' ELSE '' END, current_user);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION edge.as_giver FROM PUBLIC;

SELECT edge.as_giver($script$
    DO $do$
    DECLARE
        name text;
    BEGIN
    FOREACH name IN ARRAY ARRAY['note_changes()', 'note_terminal()', 'check_feed_history()',
                                'changed_since(pg_snapshot, integer)', 'feed_health()',
                                'changes_noted()',
                                'forget_changes(timestamptz)']
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION edge.%s FROM PUBLIC', name);
        EXECUTE format('ALTER FUNCTION edge.%s OWNER TO kart_edge_definer', name);
        -- The owner of the tables makes triggers with the first and forgets with the last.
        EXECUTE format('GRANT EXECUTE ON FUNCTION edge.%s TO %I', name, current_user);
        IF name NOT LIKE 'note\_%' AND name NOT LIKE 'forget\_%' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION edge.%s TO kart_gateway, kart_site_admin',
                           name);
        END IF;
    END LOOP;
    END
    $do$;
$script$);
