-- Faults of tables: each is one row in words.
SELECT t.tbl || ': ' || f.fault
FROM (
    SELECT c.oid, n.nspname || '.' || c.relname AS tbl, n.nspname, c.relispartition,
           c.relrowsecurity AND c.relforcerowsecurity AS forced
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'edge') AND c.relkind IN ('r', 'p')
      AND c.relname <> 'refinery_schema_history'
) t
CROSS JOIN LATERAL (
    SELECT 'row-level security is not forced' AS fault WHERE NOT t.forced
    UNION ALL
    -- A partition has none of its own: asked for directly, it shows nothing.
    SELECT 'it has no policy' WHERE NOT t.relispartition AND NOT EXISTS (
        SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polpermissive)
    UNION ALL
    SELECT 'policy ' || p.polname || ' does not say what is visible'
    FROM pg_policy p WHERE p.polrelid = t.oid AND p.polqual IS NULL AND p.polcmd <> 'a'
    UNION ALL
    SELECT 'policy ' || p.polname || ' does not say what may be written'
    FROM pg_policy p
    WHERE p.polrelid = t.oid AND p.polwithcheck IS NULL AND p.polcmd IN ('*', 'w', 'a')
    UNION ALL
    SELECT 'policy ' || p.polname || ' shows a program everything'
    FROM pg_policy p
    WHERE p.polrelid = t.oid AND p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true'
      AND p.polroles && ARRAY['kart_gateway'::regrole, 'kart_site_admin'::regrole, 0::oid]::oid[]
    UNION ALL
    SELECT 'it has no comment'
    WHERE NOT t.relispartition AND obj_description(t.oid, 'pg_class') IS NULL
    UNION ALL
    SELECT 'its key does not begin with the organisation'
    WHERE t.nspname = 'edge' AND NOT EXISTS (
        SELECT FROM pg_index x
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
        WHERE x.indrelid = t.oid AND x.indisprimary AND a.attname = 'organization_id')
) f
ORDER BY 1
