-- Whether column $2 of table $1 is as one rule of the documents, $3, says.
SELECT CASE split_part($3, ' ', 1)
    WHEN 'key' THEN EXISTS (
        SELECT FROM pg_index x
        WHERE x.indrelid = c.oid AND x.indisprimary AND x.indkey::text = a.attnum::text)
    WHEN 'required' THEN a.attnotnull
    WHEN 'default' THEN
        pg_get_expr(d.adbin, d.adrelid) ~ ('^''?' || split_part($3, ' ', 2) || '''?(::.*)?$')
    WHEN 'self' THEN EXISTS (
        SELECT FROM pg_constraint k
        WHERE k.contype = 'f' AND k.conrelid = c.oid AND k.confrelid = c.oid
          AND a.attnum = ANY (k.conkey))
    WHEN 'cascade' THEN EXISTS (
        SELECT FROM pg_constraint k
        WHERE k.contype = 'f' AND k.conrelid = c.oid AND k.conkey = ARRAY[a.attnum]
          AND k.confdeltype = 'c')
    WHEN 'set' THEN EXISTS (
        SELECT FROM pg_constraint k
        WHERE k.contype = 'f' AND k.conrelid = c.oid AND k.conkey = ARRAY[a.attnum]
          AND k.confdeltype = 'n')
    WHEN 'unique' THEN EXISTS (
        SELECT FROM pg_index x
        WHERE x.indrelid = c.oid AND x.indisunique AND x.indpred IS NULL
          AND (SELECT string_agg(u.attname, ',' ORDER BY u.attname) FROM pg_attribute u
               WHERE u.attrelid = c.oid AND u.attnum = ANY (x.indkey::int2[]))
            = (SELECT string_agg(w, ',' ORDER BY w)
               FROM unnest(string_to_array(split_part($3, ' ', 2), ',')) w))
    WHEN 'values' THEN
        (SELECT array_agg(w ORDER BY w)
         FROM unnest(string_to_array(split_part($3, ' ', 2), ',')) w)
        = coalesce(
            (SELECT array_agg(e.enumlabel::text ORDER BY e.enumlabel::text) FROM pg_enum e
             WHERE e.enumtypid = a.atttypid),
            (SELECT array_agg(m[1] ORDER BY m[1])
             FROM pg_constraint k,
                  regexp_matches(pg_get_constraintdef(k.oid), '''([a-z_]+)''', 'g') m
             WHERE k.contype = 'c' AND k.conrelid = c.oid AND k.conkey = ARRAY[a.attnum]))
    END
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relname = $1
