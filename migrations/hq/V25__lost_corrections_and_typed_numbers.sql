-- Corrections that a headquarters has lost come back and reach every part of a batch; numbers that
-- people typed are passed over; functions that give whole rows work on an adopted database.

ALTER TABLE edge.corrections ADD COLUMN seal text;
COMMENT ON COLUMN edge.corrections.seal IS
    'made with the site''s key: terminals repeat it, and headquarters knows by it what it has lost';

-- One that was made before a restore stands at a place of the log that is given again afterwards.
ALTER TABLE edge.corrections
    DROP CONSTRAINT corrections_organization_id_writer_id_incarnation_seq_key;
CREATE INDEX ON edge.corrections (organization_id, writer_id, incarnation, seq);

-- Whoever began the record that goes by another name corrects it in a log of its own by that name.
ALTER TABLE edge.record_aliases ADD COLUMN terminal_id uuid;
COMMENT ON COLUMN edge.record_aliases.terminal_id IS
    'whose log began it; null where that was noted before this column';

-- A terminal that makes up sessions at each hello is not to fill the audit.
ALTER TABLE edge.terminals ADD COLUMN restored_noted_at timestamptz;
COMMENT ON COLUMN edge.terminals.restored_noted_at IS
    'when edge.audit was last told that headquarters was restored, as this terminal says';
GRANT UPDATE (restored_noted_at) ON edge.terminals TO kart_gateway;

-- Numbers that somebody typed -------------------------------------------------------------------

-- A terminal passes over what is typed there; what is typed at another one it hears with its lease.
ALTER TABLE edge.number_leases ADD COLUMN taken bigint[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN edge.number_leases.taken IS 'those of the block that somebody has typed';

CREATE TABLE edge.numbers_typed (
    organization_id varchar(50) NOT NULL,
    entity_type     varchar(20) NOT NULL CHECK (entity_type IN ('batch', 'job')),
    prefix          varchar(20) NOT NULL,
    number          bigint NOT NULL CHECK (number > 0),
    typed_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, entity_type, prefix, number)
);
COMMENT ON TABLE edge.numbers_typed IS
    'numbers in the form of leased ones that people typed: no lease gives them again';
ALTER TABLE edge.numbers_typed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.numbers_typed
    USING (organization_id = nullif(current_setting('edge.organization', true), ''))
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), ''));
GRANT SELECT ON edge.numbers_typed TO kart_gateway, kart_site_admin;
GRANT SELECT, INSERT ON edge.numbers_typed TO kart_edge_definer;

-- A prefix is the organisation's, whoever holds the block.
GRANT UPDATE (taken) ON edge.number_leases TO kart_edge_definer;
CREATE POLICY definer ON edge.number_leases TO kart_edge_definer
    USING (organization_id = nullif(current_setting('edge.organization', true), ''))
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), ''));

-- A block begins with what was typed before.
CREATE FUNCTION edge.note_taken() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, edge AS $$
BEGIN
    NEW.taken := ARRAY(
        SELECT t.number FROM edge.numbers_typed t
        WHERE t.organization_id = NEW.organization_id AND t.entity_type = NEW.entity_type
          AND t.prefix = NEW.prefix AND t.number BETWEEN NEW.first_number AND NEW.last_number
        ORDER BY t.number);
    RETURN NEW;
END
$$;
CREATE TRIGGER taken BEFORE INSERT ON edge.number_leases
    FOR EACH ROW EXECUTE FUNCTION edge.note_taken();

-- What is typed later is noted in the blocks that are lent. The row of the prefix is locked as for
-- lending, so that no block is lent meanwhile.
CREATE FUNCTION edge.numbers_were_typed(p_entity_type text, p_prefixes text[], p_numbers bigint[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge, public AS $$
DECLARE
    organization varchar := nullif(current_setting('edge.organization', true), '');
    typed record;
BEGIN
    FOR typed IN
        SELECT DISTINCT t.prefix, t.number FROM unnest(p_prefixes, p_numbers) AS t(prefix, number)
        WHERE t.number > 0 ORDER BY t.prefix, t.number
    LOOP
        PERFORM FROM organization_prefixes p
        WHERE p.organization_id = organization AND p.entity_type = p_entity_type
          AND p.prefix = typed.prefix
        FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            CONTINUE;
        END IF;
        INSERT INTO edge.numbers_typed (organization_id, entity_type, prefix, number)
        VALUES (organization, p_entity_type, typed.prefix, typed.number)
        ON CONFLICT DO NOTHING;
        UPDATE edge.number_leases l SET taken = l.taken || typed.number
        WHERE l.organization_id = organization AND l.entity_type = p_entity_type
          AND l.prefix = typed.prefix AND typed.number BETWEEN l.first_number AND l.last_number
          AND typed.number <> ALL (l.taken);
    END LOOP;
END
$$;
SELECT edge.as_giver($script$
    REVOKE ALL ON FUNCTION edge.numbers_were_typed(text, text[], bigint[]) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION edge.numbers_were_typed(text, text[], bigint[]) TO kart_gateway;
    ALTER FUNCTION edge.numbers_were_typed(text, text[], bigint[]) OWNER TO kart_edge_definer;
$script$);

-- Whole rows on an adopted database -------------------------------------------------------------

-- There, a row of our view has other columns than one of their table, whose rows these functions give.
CREATE OR REPLACE FUNCTION get_ops_station_connections(p_site_id uuid)
RETURNS SETOF public.ops_station_connections
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT r.* FROM ops_station_connections c
    CROSS JOIN LATERAL jsonb_populate_record(NULL::public.ops_station_connections, to_jsonb(c)) r
    WHERE c.site_id = p_site_id
    ORDER BY c.from_station_id, c.sort_order, c.to_station_id
$$;

CREATE OR REPLACE FUNCTION get_ops_products(p_site_id uuid, p_family_id uuid DEFAULT NULL)
RETURNS SETOF public.ops_products
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT r.* FROM ops_products p JOIN ops_product_families f ON f.id = p.family_id
    CROSS JOIN LATERAL jsonb_populate_record(NULL::public.ops_products, to_jsonb(p)) r
    WHERE f.site_id = p_site_id AND (p_family_id IS NULL OR f.id = p_family_id)
    ORDER BY f.sort_order, f.family_code, p.sort_order, p.product_code
$$;

CREATE OR REPLACE FUNCTION create_ops_product(
    p_family_id uuid, p_product_code varchar, p_product_name varchar,
    p_standard_hours numeric DEFAULT NULL, p_default_quantity integer DEFAULT NULL,
    p_target_scrap_rate numeric DEFAULT NULL, p_unit_value numeric DEFAULT NULL,
    p_description text DEFAULT NULL, p_sort_order integer DEFAULT 0
) RETURNS public.ops_products LANGUAGE sql SET search_path = pg_catalog, public AS $$
    WITH made AS (
        INSERT INTO ops_products (family_id, product_code, product_name, standard_hours,
            default_quantity, target_scrap_rate, unit_value, description, sort_order)
        VALUES (p_family_id, p_product_code, p_product_name, p_standard_hours, p_default_quantity,
                p_target_scrap_rate, p_unit_value, p_description, p_sort_order)
        RETURNING *)
    SELECT r.* FROM made
    CROSS JOIN LATERAL jsonb_populate_record(NULL::public.ops_products, to_jsonb(made)) r
$$;

CREATE OR REPLACE FUNCTION update_ops_product(
    p_product_id uuid, p_product_name varchar DEFAULT NULL, p_standard_hours numeric DEFAULT NULL,
    p_default_quantity integer DEFAULT NULL, p_target_scrap_rate numeric DEFAULT NULL,
    p_unit_value numeric DEFAULT NULL, p_description text DEFAULT NULL,
    p_is_active boolean DEFAULT NULL, p_sort_order integer DEFAULT NULL
) RETURNS public.ops_products LANGUAGE sql SET search_path = pg_catalog, public AS $$
    WITH made AS (
        UPDATE ops_products p
        SET product_name = coalesce(p_product_name, p.product_name),
            standard_hours = coalesce(p_standard_hours, p.standard_hours),
            default_quantity = coalesce(p_default_quantity, p.default_quantity),
            target_scrap_rate = coalesce(p_target_scrap_rate, p.target_scrap_rate),
            unit_value = coalesce(p_unit_value, p.unit_value),
            description = coalesce(p_description, p.description),
            is_active = coalesce(p_is_active, p.is_active),
            sort_order = coalesce(p_sort_order, p.sort_order), updated_at = now()
        WHERE p.id = p_product_id
        RETURNING p.*)
    SELECT r.* FROM made
    CROSS JOIN LATERAL jsonb_populate_record(NULL::public.ops_products, to_jsonb(made)) r
$$;
