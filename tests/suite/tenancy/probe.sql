-- Runs in the role of the gateway for one site. Each round picks a table, an id that somebody has or
-- nobody, and what to do with it.
DO $$
DECLARE
    ids json := current_setting('probe.ids')::json;
    tables text[] := ARRAY(SELECT json_object_keys(ids) ORDER BY 1);
    most int := current_setting('probe.calls')::int;
    made bigint := 0;
    seen bigint := 0;
    leaks text := '';
    tbl text;
    name text;
    col text;
    id text;
    answer text;
    what int;
    columns jsonb := '{}';
BEGIN
    FOREACH tbl IN ARRAY tables LOOP
        name := coalesce(to_regclass(quote_ident(tbl))::text, 'edge.' || quote_ident(tbl));
        SELECT attname INTO col FROM pg_attribute
        WHERE attrelid = name::regclass
          AND attname IN ('id', 'record_id', 'terminal_id', 'site_id', 'user_id', 'job_id')
        ORDER BY array_position(ARRAY['id', 'record_id', 'terminal_id', 'site_id', 'user_id', 'job_id']::name[], attname)
        LIMIT 1;
        columns := columns || jsonb_build_object(tbl, jsonb_build_array(name, col));
    END LOOP;
    WHILE made < most LOOP
        tbl := tables[1 + floor(random() * array_length(tables, 1))];
        name := columns -> tbl ->> 0;
        col := columns -> tbl ->> 1;
        id := CASE WHEN random() < 0.15 THEN gen_random_uuid()::text
                   ELSE ids -> tbl ->> floor(random() * json_array_length(ids -> tbl))::int END;
        what := floor(random() * 10);
        made := made + 1;
        answer := NULL;
        BEGIN
            CASE
            WHEN what <= 4 THEN
                EXECUTE format('SELECT string_agg(t::text, '''') FROM %s t WHERE t.%I::text = %L', name, col, id)
                    INTO answer;
                seen := seen + (answer IS NOT NULL)::int;
            WHEN what = 5 THEN
                EXECUTE format('SELECT string_agg(t::text, '''') FROM %s t WHERE t::text LIKE ''%%CANARY%%''', name)
                    INTO answer;
            WHEN what = 6 THEN
                EXECUTE format('SELECT string_agg(t::text, '''') FROM %s t OFFSET %s', name, floor(random() * 2))
                    INTO answer;
            WHEN what <= 8 THEN
                EXECUTE format(
                    'WITH done AS (%s RETURNING t::text AS was) SELECT string_agg(was, '''') FROM done',
                    format(CASE what WHEN 7 THEN 'UPDATE %s t SET updated_at = updated_at WHERE t.%I::text = %L'
                                     ELSE 'DELETE FROM %s t WHERE t.%I::text = %L' END, name, col, id))
                    INTO answer;
                -- What is ours stays as it is.
                RAISE EXCEPTION 'undone';
            ELSE
                -- A row of ours that names somebody else's.
                EXECUTE format(
                    'INSERT INTO oee_event_batch_links (event_id, batch_event_id) VALUES (%L, %L)',
                    ids -> 'oee_machine_events' ->> floor(random() * json_array_length(ids -> 'oee_machine_events'))::int,
                    ids -> 'oee_machine_events' ->> floor(random() * json_array_length(ids -> 'oee_machine_events'))::int);
                EXECUTE 'SELECT string_agg(b::text, '''') FROM oee_event_batch_links l
                         LEFT JOIN oee_machine_events a ON a.id = l.event_id
                         LEFT JOIN oee_machine_events b ON b.id = l.batch_event_id
                         WHERE a.id IS NULL OR b.id IS NULL' INTO answer;
                IF answer IS NOT NULL THEN
                    leaks := leaks || ' a link to a row of others';
                END IF;
                RAISE EXCEPTION 'undone';
            END CASE;
        EXCEPTION
            WHEN raise_exception OR insufficient_privilege OR foreign_key_violation OR unique_violation
                OR check_violation OR with_check_option_violation OR undefined_column
                OR object_not_in_prerequisite_state OR not_null_violation OR deadlock_detected THEN
                answer := coalesce(answer, '') || SQLERRM;
        END;
        IF position('CANARY' in answer) > 0 AND length(leaks) < 2000 THEN
            leaks := leaks || format(' [%s %s %s: %s]', what, name, id, left(answer, 200));
        END IF;
    END LOOP;
    PERFORM set_config('probe.made', made::text, true), set_config('probe.leaks', leaks, true),
            set_config('probe.seen', seen::text, true);
END
$$;
