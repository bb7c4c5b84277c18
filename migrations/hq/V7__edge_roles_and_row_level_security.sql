-- Three roles that cannot log in, what each may do in schema edge, and whose rows it sees there.
--
--   kart_gateway       what a push and a pull of a terminal need
--   kart_site_admin    what applying a site file and enrolling a terminal need
--   kart_edge_definer  owns the functions that identify a terminal before its tenant is known
--
-- Programs log in as a role of their own that is a member of the first two, and run every
-- transaction under SET LOCAL ROLE with the settings edge.organization and edge.site. Without
-- those settings no row is visible, not even to the owner of the tables.

-- Roles belong to the whole cluster: another database of it may have made them, even just now.
DO $$
DECLARE
    wanted text;
    -- From 16 on a member may lack the right to SET ROLE, as whoever creates a role does at first.
    may_set text := 'MEMBER';
    with_set text := '';
BEGIN
    IF current_setting('server_version_num')::int >= 160000 THEN
        may_set := 'SET';
        with_set := 'WITH SET TRUE';
    END IF;
    FOREACH wanted IN ARRAY ARRAY['kart_gateway', 'kart_site_admin', 'kart_edge_definer'] LOOP
        BEGIN
            IF to_regrole(wanted) IS NULL THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        -- The owner runs `kart-hq site` and `kart-hq enroll` in the name of the first two.
        BEGIN
            IF wanted <> 'kart_edge_definer' AND NOT pg_has_role(current_user, wanted, may_set)
            THEN
                EXECUTE format('GRANT %I TO %I %s', wanted, current_user, with_set);
            END IF;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles
               WHERE rolname IN ('kart_gateway', 'kart_site_admin', 'kart_edge_definer')
                 AND (rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole)) THEN
        RAISE EXCEPTION 'a kart_ role of this cluster has rights that it must not have';
    END IF;
END
$$;

REVOKE ALL ON SCHEMA edge FROM PUBLIC;
GRANT USAGE ON SCHEMA edge TO kart_gateway, kart_site_admin, kart_edge_definer;
REVOKE EXECUTE ON FUNCTION edge.counted FROM PUBLIC;
GRANT EXECUTE ON FUNCTION edge.counted TO kart_gateway, kart_site_admin;

-- The gateway ----------------------------------------------------------------------------------

GRANT SELECT ON edge.sites, edge.people, edge.sources, edge.terminals TO kart_gateway;
-- Neither the key nor the status of a terminal: those change only by enrolling and revoking.
GRANT UPDATE (incarnation, nonce, watermark, head_hash, safe_seq, last_seen_at, updated_at)
    ON edge.terminals TO kart_gateway;
GRANT SELECT, INSERT ON edge.inbox, edge.fact_texts, edge.clock_records TO kart_gateway;
GRANT SELECT, INSERT, UPDATE
    ON edge.quarantine, edge.records, edge.machine_states, edge.production_counts,
       edge.number_leases, edge.terminal_status
    TO kart_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.sessions TO kart_gateway;
GRANT SELECT, INSERT ON edge.changes TO kart_gateway;
GRANT USAGE ON SEQUENCE edge.changes_pos TO kart_gateway;
GRANT INSERT ON edge.audit TO kart_gateway;

-- The administrator of a site ------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE ON edge.sites, edge.people, edge.terminals TO kart_site_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.sources, edge.enrollment_codes TO kart_site_admin;
GRANT SELECT ON edge.quarantine, edge.terminal_status, edge.sessions, edge.number_leases
    TO kart_site_admin;
-- To find a person's texts and to erase them.
GRANT SELECT, UPDATE (salt, text, erased_at) ON edge.fact_texts TO kart_site_admin;
GRANT SELECT, INSERT ON edge.changes, edge.audit TO kart_site_admin;
GRANT USAGE ON SEQUENCE edge.changes_pos TO kart_site_admin;

-- The functions before authentication ----------------------------------------------------------

GRANT SELECT, UPDATE ON edge.enrollment_codes TO kart_edge_definer;
GRANT SELECT, INSERT, UPDATE ON edge.terminals TO kart_edge_definer;
GRANT SELECT, INSERT, DELETE ON edge.tokens, edge.assertions_seen TO kart_edge_definer;
GRANT INSERT ON edge.audit TO kart_edge_definer;
-- Of facts only whether a terminal has sent any: one that has cannot change its site.
GRANT SELECT (organization_id, terminal_id) ON edge.inbox TO kart_edge_definer;

-- Whose rows -----------------------------------------------------------------------------------

-- FORCE binds the owner too. A partition is reached through its table; having no policy of its
-- own, it shows nothing to whoever asks it directly.
DO $$
DECLARE
    of_organization text :=
        $p$organization_id = nullif(current_setting('edge.organization', true), '')$p$;
    of_site text := $p$site_id = nullif(current_setting('edge.site', true), '')::uuid$p$;
    of_terminal text := $p$EXISTS (SELECT FROM edge.terminals t
        WHERE t.organization_id = %1$I.organization_id AND t.terminal_id = %1$I.terminal_id)$p$;
    tbl regclass;
    name text;
    rule text;
BEGIN
    FOR tbl, name IN
        SELECT oid::regclass, relname FROM pg_class
        WHERE relnamespace = 'edge'::regnamespace AND relkind IN ('r', 'p')
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tbl);
        CONTINUE WHEN (SELECT relispartition FROM pg_class WHERE oid = tbl);
        rule := of_organization || CASE
            WHEN name IN ('sites', 'people', 'sources', 'terminals', 'enrollment_codes', 'records',
                          'machine_states', 'production_counts') THEN ' AND ' || of_site
            WHEN name IN ('changes', 'audit') THEN ''
            ELSE ' AND ' || format(of_terminal, name)
        END;
        EXECUTE format('CREATE POLICY tenant ON %s USING (%s) WITH CHECK (%2$s)', tbl, rule);
    END LOOP;

    -- To choose a site, an administrator sees the list of them before one is set.
    EXECUTE format('CREATE POLICY organization ON edge.sites FOR SELECT TO kart_site_admin
                    USING (%s)', of_organization);
    EXECUTE format('CREATE POLICY organization ON edge.terminals FOR SELECT TO kart_site_admin
                    USING (%s)', of_organization);

    -- The definer looks for a terminal in all organisations: that is what it is for. A policy of
    -- its own on six tables is less than BYPASSRLS, and needs no superuser.
    FOREACH name IN ARRAY
        ARRAY['enrollment_codes', 'terminals', 'tokens', 'assertions_seen', 'audit']
    LOOP
        EXECUTE format('CREATE POLICY definer ON edge.%I TO kart_edge_definer
                        USING (true) WITH CHECK (true)', name);
    END LOOP;
    CREATE POLICY definer ON edge.inbox FOR SELECT TO kart_edge_definer USING (true);
END
$$;
