-- What the gateway and the administrator of a site may do in schema public, and whose rows they
-- see there.
--
-- The words down, up and intents are those of the entity map: down is read by terminals, up is
-- written from their facts, intents are asked for by terminals and written by headquarters alone.
-- A table of neither kind has no grant, and nobody but an owner ever deletes what happened.

-- Grants ---------------------------------------------------------------------------------------

GRANT USAGE ON SCHEMA public TO kart_gateway, kart_site_admin;

-- Of a person the gateway needs the name and nothing that identifies an account.
GRANT SELECT (id, organization_id, display_name, is_active) ON users TO kart_gateway;
GRANT SELECT, INSERT, UPDATE ON users TO kart_site_admin;
-- Of a line everything but the asset it is drawn as, which a site file does not know.
GRANT SELECT ON oee_systems TO kart_gateway, kart_site_admin;
GRANT INSERT (id, site_id, code, name, description, is_active, created_at, updated_at),
      UPDATE (code, name, description, is_active, updated_at)
    ON oee_systems TO kart_site_admin;

DO $$
DECLARE
    down text[] := ARRAY[
        'organization_settings', 'organization_feature_flags', 'organization_prefixes',
        'oee_sites', 'oee_equipment', 'oee_equipment_connections', 'oee_compatible_equipment',
        'oee_downtime_groups', 'oee_downtime_reasons', 'oee_incident_groups',
        'oee_incident_reasons', 'oee_abort_groups', 'oee_abort_reasons',
        'oee_product_equipment_config', 'oee_equipment_custom_fields',
        'oee_station_custom_fields', 'ops_stations', 'ops_station_equipment',
        'ops_station_connections', 'ops_product_families', 'ops_products',
        'ops_station_product_standards', 'ops_station_incident_groups',
        'ops_station_incident_reasons'
    ];
    -- No event names a row of these, so a site file may take one away.
    removable text[] := ARRAY[
        'oee_equipment_connections', 'oee_compatible_equipment', 'oee_product_equipment_config',
        'ops_station_equipment', 'ops_station_connections', 'ops_station_product_standards'
    ];
    up text[] := ARRAY[
        'oee_machine_events', 'oee_batch_details', 'oee_notes_details',
        'oee_machine_event_equipment', 'oee_event_batch_links', 'oee_batch_operators',
        'oee_batch_equipment', 'oee_batch_time_entries', 'oee_batch_custom_field_values',
        'ops_station_events', 'ops_job_station_history', 'ops_labor_entries'
    ];
    intents text[] := ARRAY['oee_batch_queue', 'ops_station_batch_queue', 'ops_jobs'];
    tbl text;
BEGIN
    FOREACH tbl IN ARRAY down LOOP
        EXECUTE format('GRANT SELECT ON %I TO kart_gateway', tbl);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO kart_site_admin', tbl);
    END LOOP;
    FOREACH tbl IN ARRAY removable LOOP
        EXECUTE format('GRANT DELETE ON %I TO kart_site_admin', tbl);
    END LOOP;
    FOREACH tbl IN ARRAY up || intents LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO kart_gateway', tbl);
    END LOOP;
END
$$;

-- Whose rows -----------------------------------------------------------------------------------

-- Roots compare with the settings of the transaction. Every other row is visible when its parent
-- is, so that one rule, on the parent, decides for all below it.
DO $$
DECLARE
    of_organization text :=
        $p$organization_id = nullif(current_setting('edge.organization', true), '')$p$;
    of_site text := $p$id = nullif(current_setting('edge.site', true), '')::uuid$p$;
    of_parent text := 'EXISTS (SELECT FROM %I parent WHERE parent.id = %I.%I)';
    roots text[] := ARRAY[
        's3_object_references', 'users', 'organization_settings', 'organization_feature_flags',
        'organization_prefixes', 'projects', 'models', 'file_references', 'asset_types', 'jobs',
        'job_history', 'oee_product_families'
    ];
    -- child, column, parent
    children text[][] := ARRAY[
        ['permissions', 'project_id', 'projects'],
        ['scenes', 'project_id', 'projects'],
        ['model_files', 'model_id', 'models'],
        ['scene_properties', 'scene_id', 'scenes'],
        ['model_permissions', 'model_id', 'models'],
        ['features', 'scene_id', 'scenes'],
        ['feature_files', 'feature_id', 'features'],
        ['feature_properties', 'feature_id', 'features'],
        ['feature_custom_fields', 'feature_id', 'features'],
        ['interactions', 'feature_id', 'features'],
        ['actions', 'interaction_id', 'interactions'],
        ['connections', 'scene_id', 'scenes'],
        ['connection_properties', 'connection_id', 'connections'],
        ['tokens', 'user_id', 'users'],
        ['assets', 'asset_type_id', 'asset_types'],
        ['asset_field_pages', 'asset_type_id', 'asset_types'],
        ['asset_permissions', 'asset_type_id', 'asset_types'],
        ['asset_fields', 'asset_type_id', 'asset_types'],
        ['asset_field_values', 'asset_id', 'assets'],
        ['asset_field_values_files', 'asset_field_value_id', 'asset_field_values'],
        ['asset_field_value_s3_files', 'asset_field_value_id', 'asset_field_values'],
        ['asset_histories', 'asset_id', 'assets'],
        ['oee_downtime_groups', 'site_id', 'oee_sites'],
        ['oee_downtime_reasons', 'group_id', 'oee_downtime_groups'],
        ['oee_incident_groups', 'site_id', 'oee_sites'],
        ['oee_incident_reasons', 'group_id', 'oee_incident_groups'],
        ['oee_abort_groups', 'site_id', 'oee_sites'],
        ['oee_abort_reasons', 'group_id', 'oee_abort_groups'],
        ['oee_systems', 'site_id', 'oee_sites'],
        ['oee_equipment', 'site_id', 'oee_sites'],
        ['oee_equipment_connections', 'site_id', 'oee_sites'],
        ['oee_compatible_equipment', 'equipment_id', 'oee_equipment'],
        ['oee_equipment_positions', 'site_id', 'oee_sites'],
        ['oee_equipment_custom_fields', 'equipment_id', 'oee_equipment'],
        ['oee_station_custom_fields', 'station_id', 'ops_stations'],
        ['oee_analytics_charts', 'site_id', 'oee_sites'],
        ['oee_product_equipment_config', 'equipment_id', 'oee_equipment'],
        ['oee_machine_events', 'site_id', 'oee_sites'],
        ['oee_batch_details', 'event_id', 'oee_machine_events'],
        ['oee_notes_details', 'event_id', 'oee_machine_events'],
        ['oee_machine_event_equipment', 'event_id', 'oee_machine_events'],
        ['oee_event_batch_links', 'event_id', 'oee_machine_events'],
        ['oee_batch_custom_field_values', 'event_id', 'oee_machine_events'],
        ['oee_batch_operators', 'batch_id', 'oee_batch_details'],
        ['oee_batch_equipment', 'batch_id', 'oee_batch_details'],
        ['oee_batch_time_entries', 'batch_id', 'oee_batch_details'],
        ['oee_batch_queue', 'site_id', 'oee_sites'],
        ['ops_stations', 'site_id', 'oee_sites'],
        ['ops_station_equipment', 'station_id', 'ops_stations'],
        ['ops_station_connections', 'site_id', 'oee_sites'],
        ['ops_station_positions', 'site_id', 'oee_sites'],
        ['ops_product_families', 'site_id', 'oee_sites'],
        ['ops_products', 'family_id', 'ops_product_families'],
        ['ops_station_product_standards', 'station_id', 'ops_stations'],
        ['ops_station_batch_queue', 'site_id', 'oee_sites'],
        ['ops_station_incident_groups', 'site_id', 'oee_sites'],
        ['ops_station_incident_reasons', 'group_id', 'ops_station_incident_groups'],
        ['ops_station_events', 'site_id', 'oee_sites'],
        ['ops_jobs', 'site_id', 'oee_sites'],
        ['ops_job_station_history', 'job_id', 'ops_jobs'],
        ['job_outlier_flags', 'job_id', 'ops_jobs'],
        ['ops_labor_entries', 'site_id', 'oee_sites'],
        ['oee_stations', 'site_id', 'oee_sites'],
        ['oee_station_equipment', 'station_id', 'oee_stations'],
        ['oee_products', 'site_id', 'oee_sites']
    ];
    child text[];
    tbl text;
BEGIN
    FOREACH tbl IN ARRAY roots LOOP
        EXECUTE format('CREATE POLICY tenant ON %I USING (%s)', tbl, of_organization);
    END LOOP;
    EXECUTE format('CREATE POLICY tenant ON oee_sites USING (%s AND %s)',
                   of_organization, of_site);
    FOREACH child SLICE 1 IN ARRAY children LOOP
        EXECUTE format('CREATE POLICY tenant ON %I USING (%s)', child[1],
                       format(of_parent, child[3], child[1], child[2]));
    END LOOP;
    EXECUTE format('CREATE POLICY tenant ON file_embeddings USING (%s OR %s)',
                   format(of_parent, 'file_references', 'file_embeddings', 'file_reference_id'),
                   format(of_parent, 's3_object_references', 'file_embeddings',
                          's3_object_reference_id'));

    -- Where the organisation is repeated for the sake of reports, it has to be the right one.
    FOREACH tbl IN ARRAY ARRAY['oee_equipment', 'oee_machine_events'] LOOP
        EXECUTE format('CREATE POLICY own_organization ON %I AS RESTRICTIVE USING (%s)',
                       tbl, of_organization);
    END LOOP;
END
$$;

-- The tables of this database and no others: those of the entity map, all of them with a policy.
DO $$
DECLARE
    tbl regclass;
BEGIN
    FOR tbl IN
        SELECT DISTINCT polrelid::regclass FROM pg_policy
        JOIN pg_class c ON c.oid = polrelid AND c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tbl);
    END LOOP;
END
$$;

-- Which rows a row may name --------------------------------------------------------------------

-- Ends the statement as a foreign key would, because to its writer a row of somebody else and a
-- row that does not exist are the same: a reference that cannot be resolved.
CREATE FUNCTION edge.unresolved_reference(p_table text, p_column text, p_id text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '%.% names a row that is not there: %', p_table, p_column, p_id
        USING ERRCODE = 'foreign_key_violation', TABLE = p_table, COLUMN = p_column;
END
$$;
REVOKE EXECUTE ON FUNCTION edge.unresolved_reference FROM PUBLIC;
GRANT EXECUTE ON FUNCTION edge.unresolved_reference TO kart_gateway, kart_site_admin;

-- A foreign key is checked past row-level security, and keys of reference rows can be computed by
-- whoever knows the codes. So our roles may only name rows that they can see. Columns that neither
-- may write are left out, because their parents cannot be read either.
DO $$
DECLARE
    visible text := '(%1$I IS NULL OR EXISTS (SELECT FROM %2$s named WHERE named.id = %3$s.%1$I)
        OR edge.unresolved_reference(%3$L, %1$L, %1$I::text))';
    tbl regclass;
    rule text;
BEGIN
    FOR tbl, rule IN
        SELECT c.conrelid::regclass,
               string_agg(format(visible, a.attname, c.confrelid::regclass, c.conrelid::regclass),
                          ' AND ' ORDER BY a.attnum)
        FROM pg_constraint c
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
          AND (has_column_privilege('kart_gateway', c.conrelid, a.attnum, 'INSERT')
               OR has_column_privilege('kart_site_admin', c.conrelid, a.attnum, 'INSERT'))
          AND a.attname <> 'site_id'
        GROUP BY c.conrelid
    LOOP
        EXECUTE format('CREATE POLICY own_references ON %s AS RESTRICTIVE
                        TO kart_gateway, kart_site_admin
                        USING (true) WITH CHECK (%s)', tbl, rule);
    END LOOP;
END
$$;
