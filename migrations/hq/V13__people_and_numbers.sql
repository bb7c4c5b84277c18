-- People, numbers, and what else a site file says that Kartorium has no column for.

-- People ----------------------------------------------------------------------------------------

ALTER TABLE edge.people ADD COLUMN number varchar(50), ADD COLUMN filed jsonb;
CREATE UNIQUE INDEX ON edge.people (organization_id, site_id, number);
SELECT edge.follow('edge.people', ARRAY['user_id'],
                   $$SELECT r.organization_id, 'site:' || r.site_id$$, ARRAY['number', 'filed']);
-- Until now every person was a site file's. The owner is bound by the policies too, but for this.
ALTER TABLE edge.people NO FORCE ROW LEVEL SECURITY;
UPDATE edge.people
SET filed = jsonb_build_object('badge', coalesce(badge, ''), 'role', role, 'active', is_active);
ALTER TABLE edge.people FORCE ROW LEVEL SECURITY;
COMMENT ON COLUMN edge.people.number IS 'personnel number, from which the key is made';
COMMENT ON COLUMN edge.people.filed IS
    'badge, role and is_active as the site file last said them; null for a person no file names. A '
    'file that says the same again leaves alone what commands changed since';

-- Machines --------------------------------------------------------------------------------------

CREATE TABLE edge.equipment (
    organization_id     varchar(50) NOT NULL,
    site_id             uuid NOT NULL,
    equipment_id        uuid NOT NULL,
    ideal_cycle_seconds numeric NOT NULL CHECK (ideal_cycle_seconds > 0),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, equipment_id),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE
);
COMMENT ON TABLE edge.equipment IS 'what Kartorium''s row of a machine is too coarse for';
COMMENT ON COLUMN edge.equipment.ideal_cycle_seconds IS
    'exact; oee_equipment keeps hundredths of a second';
ALTER TABLE edge.equipment ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.equipment
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
                AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT ON edge.equipment TO kart_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.equipment TO kart_site_admin;
SELECT edge.follow('edge.equipment', ARRAY['equipment_id'],
                   $$SELECT r.organization_id, 'site:' || r.site_id$$);

-- Numbers ---------------------------------------------------------------------------------------

CREATE TABLE edge.numbers_issued (
    organization_id varchar(50) NOT NULL,
    record_id       uuid NOT NULL,
    site_id         uuid NOT NULL,
    entity_type     varchar(20) NOT NULL CHECK (entity_type IN ('batch', 'job')),
    prefix          varchar(20) NOT NULL,
    number          bigint NOT NULL CHECK (number > 0),
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL,
    clash           boolean NOT NULL DEFAULT false,
    issued_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, record_id)
);
CREATE UNIQUE INDEX numbers_issued_once
    ON edge.numbers_issued (organization_id, entity_type, prefix, number) WHERE NOT clash;
CREATE INDEX ON edge.numbers_issued (organization_id, terminal_id, prefix, number);
COMMENT ON TABLE edge.numbers_issued IS 'numbers out of leases, as facts used them';
COMMENT ON COLUMN edge.numbers_issued.clash IS
    'another record had the number already: a copied or restored log, or a bug. The record stands';
ALTER TABLE edge.numbers_issued ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.numbers_issued
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
                AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT, INSERT ON edge.numbers_issued TO kart_gateway;
GRANT SELECT ON edge.numbers_issued TO kart_site_admin, kart_edge_definer;

-- Only the function below lends.
REVOKE INSERT, UPDATE ON edge.number_leases FROM kart_gateway;
GRANT SELECT, INSERT ON edge.number_leases TO kart_edge_definer;
GRANT USAGE ON SCHEMA public TO kart_edge_definer;

-- Lends a terminal of the transaction's organisation and site a further block when what it has in
-- hand is short: two fifths of the last block or less, and never more than two blocks. Answers how
-- many blocks it lent. A block holds twice what the terminal used in 30 days, 50 at least.
--
-- The row of the prefix is locked by advancing it, so that two gateways lend different numbers;
-- one terminal is served by one transaction at a time, because the caller has locked its row.
CREATE FUNCTION edge.lend_numbers(p_terminal uuid, p_entity_type text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge, public AS $$
DECLARE
    organization varchar := nullif(current_setting('edge.organization', true), '');
    site uuid := nullif(current_setting('edge.site', true), '')::uuid;
    life text;
    wanted varchar;
    used bigint;
    monthly bigint;
    blocks integer;
    rest bigint;
    newest bigint;
    first_one bigint;
    size bigint;
BEGIN
    SELECT t.incarnation INTO life FROM edge.terminals t
    WHERE t.organization_id = organization AND t.site_id = site AND t.terminal_id = p_terminal
      AND t.status = 'active';
    -- The first by name is the one that terminals use.
    SELECT p.prefix INTO wanted FROM organization_prefixes p
    WHERE p.organization_id = organization AND p.entity_type = p_entity_type AND p.is_active
    ORDER BY p.prefix COLLATE "C" LIMIT 1;
    IF life IS NULL OR wanted IS NULL THEN
        RETURN 0;
    END IF;
    SELECT coalesce(max(i.number) FILTER (WHERE i.incarnation = life), 0),
           count(*) FILTER (WHERE i.issued_at > now() - interval '30 days')
    INTO used, monthly
    FROM edge.numbers_issued i
    WHERE i.organization_id = organization AND i.terminal_id = p_terminal AND i.prefix = wanted
      AND i.entity_type = p_entity_type;
    SELECT count(*) FILTER (WHERE l.last_number > used),
           coalesce(sum(greatest(l.last_number - greatest(l.first_number - 1, used), 0)), 0),
           coalesce((array_agg(l.last_number - l.first_number + 1
                               ORDER BY l.first_number DESC))[1], 0)
    INTO blocks, rest, newest
    FROM edge.number_leases l
    WHERE l.organization_id = organization AND l.terminal_id = p_terminal AND l.incarnation = life
      AND l.prefix = wanted AND l.entity_type = p_entity_type;
    IF blocks >= 2 OR rest * 5 > newest * 2 THEN
        RETURN 0;
    END IF;
    size := greatest(50, 2 * monthly);
    UPDATE organization_prefixes p SET next_number = p.next_number + size, updated_at = now()
    WHERE p.organization_id = organization AND p.entity_type = p_entity_type AND p.prefix = wanted
    RETURNING p.next_number - size INTO first_one;
    INSERT INTO edge.number_leases
        (organization_id, entity_type, prefix, first_number, last_number, terminal_id, incarnation)
    VALUES (organization, p_entity_type, wanted, first_one, first_one + size - 1, p_terminal, life);
    RETURN 1;
END
$$;

-- Giving a function away, as at the end of V8.
SELECT edge.as_giver($script$
    REVOKE ALL ON FUNCTION edge.lend_numbers(uuid, text) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION edge.lend_numbers(uuid, text) TO kart_gateway;
    ALTER FUNCTION edge.lend_numbers(uuid, text) OWNER TO kart_edge_definer;
$script$);

-- Kartorium's tables ----------------------------------------------------------------------------

-- On a database that belongs to somebody else these are the views that stand for the tables.
GRANT SELECT, UPDATE (next_number, updated_at) ON public.organization_prefixes TO kart_edge_definer;

GRANT SELECT ON edge.machine_states TO kart_site_admin;

-- What a site file no longer names may be deleted when somebody asks for that; what an event names
-- is held by the event's foreign key.
DO $$
DECLARE
    tbl text;
BEGIN
    FOREACH tbl IN ARRAY ARRAY[
        'oee_systems', 'oee_equipment', 'ops_stations', 'oee_downtime_groups',
        'oee_downtime_reasons', 'oee_incident_groups', 'oee_incident_reasons', 'oee_abort_groups',
        'oee_abort_reasons', 'ops_station_incident_groups', 'ops_station_incident_reasons',
        'ops_product_families', 'ops_products', 'oee_equipment_custom_fields',
        'oee_station_custom_fields'
    ] LOOP
        EXECUTE format('GRANT DELETE ON public.%I TO kart_site_admin', tbl);
    END LOOP;
END
$$;
