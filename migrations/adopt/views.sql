-- For an adopted database whose public tables keep their own row-level security: our roles lose
-- every right on those tables and get the same rights on views of the same names in schema edge.
-- A view shows the rows of one organisation and site only and lets no other row be written.
--
-- `kart-hq adopt` runs this after the migrations, and again after later ones. Before it, it runs
-- `edge.take_views_down()` if that is there.

-- What a policy on one of these tables would let some role of ours see besides, kept as a condition of
-- its view; the policy itself is not made.
CREATE TABLE IF NOT EXISTS edge.view_rules (
    tbl  name NOT NULL,
    rule text NOT NULL,
    PRIMARY KEY (tbl, rule)
);
COMMENT ON TABLE edge.view_rules IS 'what views of an adopted database show besides the rows of a site';

-- The rights of our roles go back to the tables, and the views go.
CREATE OR REPLACE FUNCTION edge.take_views_down() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT v.relname AS tbl, a.grantee::regrole AS grantee, a.privilege_type AS privilege,
               NULL::name AS col
        FROM pg_class v, aclexplode(v.relacl) a
        WHERE v.relnamespace = 'edge'::regnamespace AND v.relkind = 'v'
          AND a.grantee <> v.relowner
        UNION ALL
        SELECT v.relname, a.grantee::regrole, a.privilege_type, c.attname
        FROM pg_class v JOIN pg_attribute c ON c.attrelid = v.oid, aclexplode(c.attacl) a
        WHERE v.relnamespace = 'edge'::regnamespace AND v.relkind = 'v'
    LOOP
        EXECUTE format('GRANT %s %s ON public.%I TO %s', one.privilege,
                       coalesce('(' || quote_ident(one.col) || ')', ''), one.tbl, one.grantee);
    END LOOP;
    FOR one IN SELECT relname AS tbl FROM pg_class
               WHERE relnamespace = 'edge'::regnamespace AND relkind = 'v' LOOP
        EXECUTE format('DROP VIEW IF EXISTS edge.%I CASCADE', one.tbl);
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION edge.take_views_down FROM PUBLIC;

-- The rights of our roles go from a table to its view.
CREATE OR REPLACE FUNCTION edge.move_rights(p_table name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    tbl regclass := format('public.%I', p_table)::regclass;
    one record;
BEGIN
    FOR one IN
        SELECT a.grantee::regrole AS grantee, a.privilege_type AS privilege, NULL::name AS col
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = tbl
        UNION ALL
        SELECT a.grantee::regrole, a.privilege_type, c.attname
        FROM pg_attribute c, aclexplode(c.attacl) a
        WHERE c.attrelid = tbl
    LOOP
        CONTINUE WHEN one.grantee::text NOT LIKE 'kart\_%'
            OR (SELECT rolcanlogin FROM pg_roles WHERE oid = one.grantee);
        EXECUTE format('GRANT %s %s ON edge.%I TO %s', one.privilege,
                       coalesce('(' || quote_ident(one.col) || ')', ''), p_table, one.grantee);
        -- The definer is nobody whom a program can become, and triggers need it at the table.
        CONTINUE WHEN one.grantee::text = 'kart_edge_definer';
        EXECUTE format('REVOKE %s %s ON %s FROM %s', one.privilege,
                       coalesce('(' || quote_ident(one.col) || ')', ''), tbl, one.grantee);
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION edge.move_rights FROM PUBLIC;

-- A foreign key is checked past every view, so our roles may only name rows that they can see; and
-- a row that is there already and is not theirs is no row that they can change. The arguments are
-- columns and the tables that they name. Whoever writes in another name is not looked at.
CREATE OR REPLACE FUNCTION edge.own_references() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD) ELSE '{}' END;
    is_now jsonb := to_jsonb(NEW);
    col text;
    seen boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM edge.%I WHERE id = $1)', TG_TABLE_NAME)
            INTO seen USING OLD.id;
        IF NOT seen THEN
            RAISE EXCEPTION 'a row of % belongs to somebody else', TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    FOR argument IN 0 .. TG_NARGS - 1 BY 2 LOOP
        col := TG_ARGV[argument];
        CONTINUE WHEN is_now ->> col IS NULL OR is_now ->> col = was ->> col;
        EXECUTE format('SELECT EXISTS (SELECT FROM edge.%I WHERE id = $1::uuid)',
                       TG_ARGV[argument + 1])
            INTO seen USING is_now ->> col;
        IF NOT seen THEN
            RAISE EXCEPTION '%.% names a row that is not there: %', TG_TABLE_NAME, col,
                is_now ->> col
                USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME, COLUMN = col;
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION edge.own_references FROM PUBLIC;
