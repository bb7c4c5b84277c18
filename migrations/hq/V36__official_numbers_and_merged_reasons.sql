-- A number that a terminal made up gets an official one; a reason that was merged into another one, or whose
-- row is gone, goes by that one's name.

-- Official numbers --------------------------------------------------------------------------------

CREATE TABLE edge.official_numbers (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    entity_type     varchar(20) NOT NULL CHECK (entity_type IN ('batch', 'job')),
    provisional     text NOT NULL,
    record_id       uuid NOT NULL,
    prefix          varchar(20) NOT NULL,
    number          bigint NOT NULL CHECK (number > 0),
    official        text NOT NULL,
    given_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, entity_type, provisional),
    UNIQUE (organization_id, entity_type, prefix, number)
);
CREATE INDEX ON edge.official_numbers (organization_id, record_id);
COMMENT ON TABLE edge.official_numbers IS
    'what headquarters calls a batch that a terminal without a block has numbered by itself: both numbers stay';
COMMENT ON COLUMN edge.official_numbers.provisional IS 'as the terminal gave it and the batch bears it';
COMMENT ON COLUMN edge.official_numbers.record_id IS 'the batch, by the name that its log has for it now';
ALTER TABLE edge.official_numbers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.official_numbers
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT ON edge.official_numbers TO kart_gateway, kart_site_admin, kart_worker;
GRANT SELECT, INSERT, UPDATE (record_id) ON edge.official_numbers TO kart_edge_definer;

-- One number of the prefix in use, past what was typed; nothing where there is no prefix. The row of the
-- prefix is locked as for lending.
CREATE FUNCTION edge.give_number(p_entity_type text, p_record uuid, p_provisional text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge, public AS $$
DECLARE
    organization varchar := nullif(current_setting('edge.organization', true), '');
    site uuid := nullif(current_setting('edge.site', true), '')::uuid;
    wanted varchar;
    digits integer;
    next_one bigint;
    given text;
BEGIN
    IF organization IS NULL OR site IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT p.prefix, p.padding INTO wanted, digits FROM organization_prefixes p
    WHERE p.organization_id = organization AND p.entity_type = p_entity_type AND p.is_active
    ORDER BY p.prefix COLLATE "C" LIMIT 1 FOR NO KEY UPDATE;
    UPDATE edge.official_numbers o SET record_id = p_record
    WHERE o.organization_id = organization AND o.site_id = site
      AND o.entity_type = p_entity_type AND o.provisional = p_provisional
    RETURNING o.official INTO given;
    IF given IS NOT NULL OR wanted IS NULL THEN
        RETURN given;
    END IF;
    LOOP
        UPDATE organization_prefixes p SET next_number = p.next_number + 1, updated_at = now()
        WHERE p.organization_id = organization AND p.entity_type = p_entity_type AND p.prefix = wanted
        RETURNING p.next_number - 1 INTO next_one;
        EXIT WHEN NOT EXISTS (
            SELECT FROM edge.numbers_typed t
            WHERE t.organization_id = organization AND t.entity_type = p_entity_type
              AND t.prefix = wanted AND t.number = next_one);
    END LOOP;
    given := wanted || '-' || lpad(next_one::text, greatest(digits, length(next_one::text)), '0');
    INSERT INTO edge.official_numbers
        (organization_id, site_id, entity_type, provisional, record_id, prefix, number, official)
    VALUES (organization, site, p_entity_type, p_provisional, p_record, wanted, next_one, given);
    RETURN given;
END
$$;
COMMENT ON FUNCTION edge.give_number(text, uuid, text) IS
    'the official number of what a terminal has numbered by itself, the same one whenever it is asked';
SELECT edge.as_giver($script$
    REVOKE ALL ON FUNCTION edge.give_number(text, uuid, text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION edge.give_number(text, uuid, text) TO kart_gateway;
    ALTER FUNCTION edge.give_number(text, uuid, text) OWNER TO kart_edge_definer;
$script$);

-- Reasons that go by another one's name -----------------------------------------------------------

ALTER TABLE edge.reference_names ADD COLUMN merged boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN edge.reference_names.merged IS
    'what was said under this name counts for the row; the row itself goes down under its own';
