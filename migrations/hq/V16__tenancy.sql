-- What a row-level security policy left to its reader is written down, and a linked list stays within
-- its parent.

-- A policy without WITH CHECK takes its USING for it; here every policy that lets somebody write says
-- what may be written. From now on a test asks for both.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT p.polname, p.polrelid::regclass AS tbl, pg_get_expr(p.polqual, p.polrelid) AS rule
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
        WHERE c.relnamespace IN ('public'::regnamespace, 'edge'::regnamespace)
          AND p.polcmd IN ('*', 'w') AND p.polwithcheck IS NULL AND p.polqual IS NOT NULL
    LOOP
        EXECUTE format('ALTER POLICY %I ON %s WITH CHECK (%s)', one.polname, one.tbl, one.rule);
    END LOOP;
END
$$;

-- The one before a scene is a scene of the same project, and so on. In an adopted database the
-- tables are not ours.
DO $$
DECLARE
    list text[];
BEGIN
    IF current_setting('edge.adopted', true) = 'on' THEN
        RETURN;
    END IF;
    FOREACH list SLICE 1 IN ARRAY ARRAY[
        ['scenes', 'project_id'], ['actions', 'interaction_id'], ['asset_fields', 'asset_type_id']
    ] LOOP
        EXECUTE format('ALTER TABLE public.%I ADD UNIQUE (%I, id)', list[1], list[2]);
        EXECUTE format(
            'ALTER TABLE public.%1$I ADD CONSTRAINT %1$s_one_list FOREIGN KEY (%2$I, previous_id)
             REFERENCES public.%1$I (%2$I, id) DEFERRABLE INITIALLY DEFERRED', list[1], list[2]);
    END LOOP;
END
$$;
