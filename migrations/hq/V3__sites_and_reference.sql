-- A site and what is set up there: lines, machines, stations, reasons, products, custom fields.
--
-- Rows that an event may name are switched off (is_active, is_archived), not deleted: events keep
-- plain references to them, so deleting one that was ever used is refused.

CREATE TYPE machine_type_enum AS ENUM ('equipment', 'station', 'hybrid');
CREATE TYPE target_rate_unit_enum AS ENUM (
    'parts_per_second', 'parts_per_minute', 'parts_per_hour', 'parts_per_shift', 'parts_per_day'
);

CREATE TABLE oee_sites (
    id                          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id             varchar(50) NOT NULL,
    code                        varchar(50) NOT NULL,
    name                        varchar(255) NOT NULL,
    description                 text,
    address_line1               varchar(255),
    address_line2               varchar(255),
    city                        varchar(100),
    state_province              varchar(100),
    postal_code                 varchar(20),
    country                     varchar(100),
    default_oee_target          numeric(5, 2) NOT NULL DEFAULT 85.00,
    default_availability_target numeric(5, 2) NOT NULL DEFAULT 90.00,
    default_performance_target  numeric(5, 2) NOT NULL DEFAULT 95.00,
    default_quality_target      numeric(5, 2) NOT NULL DEFAULT 99.50,
    availability_mode           varchar(20) NOT NULL DEFAULT 'standard'
                                CHECK (availability_mode IN ('standard', 'strict', 'teep')),
    is_active                   boolean NOT NULL DEFAULT true,
    created_at                  timestamptz NOT NULL DEFAULT now(),
    updated_at                  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, code)
);
COMMENT ON TABLE oee_sites IS 'CANONICAL: plants, with OEE targets and the availability mode';

-- Fills organization_id from the site where the writer left it out; a wrong one is left alone and
-- refused by row-level security.
CREATE FUNCTION organization_of_site() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    NEW.organization_id := (SELECT s.organization_id FROM oee_sites s WHERE s.id = NEW.site_id);
    RETURN NEW;
END
$$;

CREATE TABLE oee_downtime_groups (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id    uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    name       varchar(100) NOT NULL,
    type       varchar(20) NOT NULL CHECK (type IN ('unplanned', 'planned', 'idle')),
    sort_order integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, name)
);
COMMENT ON TABLE oee_downtime_groups IS
    'CANONICAL: groups of downtime reasons; carry the type unplanned/planned/idle';

CREATE TABLE oee_downtime_reasons (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    group_id    uuid NOT NULL REFERENCES oee_downtime_groups ON DELETE CASCADE,
    code        varchar(50) NOT NULL,
    name        varchar(255) NOT NULL,
    description text,
    is_active   boolean NOT NULL DEFAULT true,
    sort_order  integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (group_id, code)
);
COMMENT ON TABLE oee_downtime_reasons IS 'CANONICAL: downtime reasons';

CREATE TABLE oee_incident_groups (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id    uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    name       varchar(100) NOT NULL,
    sort_order integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, name)
);
COMMENT ON TABLE oee_incident_groups IS 'CANONICAL: groups of incident reasons of a site';

CREATE TABLE oee_incident_reasons (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    group_id    uuid NOT NULL REFERENCES oee_incident_groups ON DELETE CASCADE,
    code        varchar(50) NOT NULL,
    name        varchar(255) NOT NULL,
    description text,
    is_active   boolean NOT NULL DEFAULT true,
    sort_order  integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (group_id, code)
);
COMMENT ON TABLE oee_incident_reasons IS 'CANONICAL: incident reasons';

CREATE TABLE oee_abort_groups (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id    uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    name       varchar(100) NOT NULL,
    sort_order integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, name)
);
COMMENT ON TABLE oee_abort_groups IS 'CANONICAL: groups of scrap and abort reasons';

CREATE TABLE oee_abort_reasons (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    group_id    uuid NOT NULL REFERENCES oee_abort_groups ON DELETE CASCADE,
    code        varchar(50) NOT NULL,
    name        varchar(255) NOT NULL,
    description text,
    is_active   boolean NOT NULL DEFAULT true,
    sort_order  integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (group_id, code)
);
COMMENT ON TABLE oee_abort_reasons IS 'CANONICAL: scrap and abort reasons';

CREATE TABLE oee_systems (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id     uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    asset_id    bigint REFERENCES assets ON DELETE SET NULL,
    code        varchar(50) NOT NULL,
    name        varchar(255) NOT NULL,
    description text,
    is_active   boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, code)
);
COMMENT ON TABLE oee_systems IS 'CANONICAL: production lines of a site';
CREATE INDEX ON oee_systems (asset_id);

CREATE TABLE oee_equipment (
    id                            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id                       uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    organization_id               varchar(50) NOT NULL,
    center_type                   machine_type_enum NOT NULL DEFAULT 'equipment',
    code                          varchar(50) NOT NULL,
    name                          varchar(255) NOT NULL,
    description                   text,
    machine_number                varchar(50),
    ideal_cycle_time_seconds      numeric(10, 2) CHECK (ideal_cycle_time_seconds > 0),
    target_rate                   numeric(12, 2) CHECK (target_rate > 0),
    target_rate_unit              target_rate_unit_enum,
    target_oee_percent            numeric(5, 2) NOT NULL DEFAULT 85.00,
    target_availability_percent   numeric(5, 2) NOT NULL DEFAULT 90.00,
    target_performance_percent    numeric(5, 2) NOT NULL DEFAULT 95.00,
    target_quality_percent        numeric(5, 2) NOT NULL DEFAULT 99.50,
    is_concurrent_batch           boolean NOT NULL DEFAULT false,
    default_target_quantity       integer CHECK (default_target_quantity > 0),
    expected_batch_duration_hours numeric(10, 2) CHECK (expected_batch_duration_hours > 0),
    expected_parts_per_batch      integer CHECK (expected_parts_per_batch > 0),
    data_collection_start_date    timestamptz,
    is_archived                   boolean NOT NULL DEFAULT false,
    created_at                    timestamptz NOT NULL DEFAULT now(),
    updated_at                    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, code)
);
COMMENT ON TABLE oee_equipment IS 'CANONICAL: machines, with rates and OEE targets';
CREATE INDEX ON oee_equipment (organization_id);
CREATE TRIGGER organization_of_site BEFORE INSERT ON oee_equipment
    FOR EACH ROW WHEN (NEW.organization_id IS NULL) EXECUTE FUNCTION organization_of_site();

CREATE TABLE oee_equipment_connections (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id           uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    from_equipment_id uuid NOT NULL REFERENCES oee_equipment ON DELETE CASCADE,
    to_equipment_id   uuid NOT NULL REFERENCES oee_equipment ON DELETE CASCADE,
    connection_type   varchar(20) NOT NULL DEFAULT 'feeds_into'
                      CHECK (connection_type IN ('feeds_into', 'parallel', 'optional', 'feedback')),
    label             varchar(100),
    exit_side         varchar(10),
    entry_side        varchar(10),
    sort_order        integer NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (from_equipment_id, to_equipment_id),
    CHECK (from_equipment_id <> to_equipment_id)
);
COMMENT ON TABLE oee_equipment_connections IS 'SUPPORT: directed edges between machines';
CREATE INDEX ON oee_equipment_connections (site_id);
CREATE INDEX ON oee_equipment_connections (to_equipment_id);

CREATE TABLE oee_compatible_equipment (
    id                      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    equipment_id            uuid NOT NULL REFERENCES oee_equipment ON DELETE CASCADE,
    compatible_equipment_id uuid NOT NULL REFERENCES oee_equipment ON DELETE CASCADE,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now(),
    UNIQUE (equipment_id, compatible_equipment_id),
    CHECK (equipment_id <> compatible_equipment_id)
);
COMMENT ON TABLE oee_compatible_equipment IS
    'JUNCTION: which machine may stand in for which on a batch';
CREATE INDEX ON oee_compatible_equipment (compatible_equipment_id);

CREATE TABLE oee_equipment_positions (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id      uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    equipment_id uuid NOT NULL UNIQUE REFERENCES oee_equipment ON DELETE CASCADE,
    x            numeric NOT NULL,
    y            numeric NOT NULL,
    width        numeric NOT NULL DEFAULT 120,
    height       numeric NOT NULL DEFAULT 80,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE oee_equipment_positions IS
    'SUPPORT: drawing position of a machine in the flow diagram';
CREATE INDEX ON oee_equipment_positions (site_id);

CREATE TABLE ops_stations (
    id                    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id               uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    system_id             uuid REFERENCES oee_systems ON DELETE SET NULL,
    code                  varchar(50) NOT NULL,
    name                  varchar(255) NOT NULL,
    description           text,
    machine_only          boolean NOT NULL DEFAULT false,
    allow_concurrent_jobs boolean NOT NULL DEFAULT false,
    sort_order            integer NOT NULL DEFAULT 0,
    is_active             boolean NOT NULL DEFAULT true,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, code)
);
COMMENT ON TABLE ops_stations IS 'CANONICAL: stations, the canonical place where work happens';
CREATE INDEX ON ops_stations (system_id);

CREATE TABLE ops_station_equipment (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    station_id   uuid NOT NULL REFERENCES ops_stations ON DELETE CASCADE,
    equipment_id uuid NOT NULL REFERENCES oee_equipment ON DELETE CASCADE,
    sort_order   integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (station_id, equipment_id)
);
COMMENT ON TABLE ops_station_equipment IS 'JUNCTION: machines of a station';
CREATE INDEX ON ops_station_equipment (equipment_id);

CREATE TABLE ops_station_connections (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id         uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    from_station_id uuid NOT NULL REFERENCES ops_stations ON DELETE CASCADE,
    to_station_id   uuid NOT NULL REFERENCES ops_stations ON DELETE CASCADE,
    connection_type varchar(50) NOT NULL DEFAULT 'feeds_into'
                    CHECK (connection_type IN ('feeds_into', 'rework')),
    label           varchar(100),
    exit_side       varchar(10),
    entry_side      varchar(10),
    sort_order      integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (from_station_id, to_station_id),
    CHECK (from_station_id <> to_station_id)
);
COMMENT ON TABLE ops_station_connections IS
    'SUPPORT: directed edges between stations; feeds_into drives job routing';
CREATE INDEX ON ops_station_connections (site_id);
CREATE INDEX ON ops_station_connections (to_station_id);

CREATE TABLE ops_station_positions (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id    uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    station_id uuid NOT NULL UNIQUE REFERENCES ops_stations ON DELETE CASCADE,
    x          numeric NOT NULL,
    y          numeric NOT NULL,
    width      numeric NOT NULL DEFAULT 120,
    height     numeric NOT NULL DEFAULT 80,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops_station_positions IS
    'SUPPORT: drawing position of a station in the flow diagram';
CREATE INDEX ON ops_station_positions (site_id);

CREATE TABLE ops_station_incident_groups (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id    uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    name       varchar(100) NOT NULL,
    sort_order integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, name)
);
COMMENT ON TABLE ops_station_incident_groups IS 'CANONICAL: groups of station incident reasons';

CREATE TABLE ops_station_incident_reasons (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    group_id    uuid NOT NULL REFERENCES ops_station_incident_groups ON DELETE CASCADE,
    code        varchar(50) NOT NULL,
    name        varchar(255) NOT NULL,
    description text,
    is_active   boolean NOT NULL DEFAULT true,
    sort_order  integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (group_id, code)
);
COMMENT ON TABLE ops_station_incident_reasons IS 'CANONICAL: station incident reasons';

CREATE TABLE ops_product_families (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id           uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    family_code       varchar(50) NOT NULL,
    family_name       varchar(255) NOT NULL,
    description       text,
    standard_hours    numeric(10, 2) CHECK (standard_hours >= 0),
    default_quantity  integer CHECK (default_quantity > 0),
    target_scrap_rate numeric(5, 2) CHECK (target_scrap_rate BETWEEN 0 AND 100),
    unit_cost         numeric(12, 2) CHECK (unit_cost >= 0),
    sort_order        integer NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, family_code)
);
COMMENT ON TABLE ops_product_families IS 'CANONICAL: product families of a site';

CREATE TABLE ops_products (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    family_id         uuid NOT NULL REFERENCES ops_product_families ON DELETE CASCADE,
    product_code      varchar(50) NOT NULL,
    product_name      varchar(255) NOT NULL,
    standard_hours    numeric(10, 2) CHECK (standard_hours >= 0),
    default_quantity  integer CHECK (default_quantity > 0),
    target_scrap_rate numeric(5, 2) CHECK (target_scrap_rate BETWEEN 0 AND 100),
    unit_value        numeric(12, 2) CHECK (unit_value >= 0),
    description       text,
    is_active         boolean NOT NULL DEFAULT true,
    sort_order        integer NOT NULL DEFAULT 0,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (family_id, product_code)
);
COMMENT ON TABLE ops_products IS
    'CANONICAL: products, with standard hours, quantities and scrap target';

CREATE TABLE oee_product_equipment_config (
    id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    product_id        uuid NOT NULL REFERENCES ops_products ON DELETE CASCADE,
    equipment_id      uuid NOT NULL REFERENCES oee_equipment ON DELETE CASCADE,
    standard_hours    numeric(10, 2) CHECK (standard_hours >= 0),
    target_scrap_rate numeric(5, 2) CHECK (target_scrap_rate BETWEEN 0 AND 100),
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (product_id, equipment_id)
);
COMMENT ON TABLE oee_product_equipment_config IS
    'CANONICAL: standard hours of a product on a machine';
CREATE INDEX ON oee_product_equipment_config (equipment_id);

CREATE TABLE ops_station_product_standards (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    product_id     uuid NOT NULL REFERENCES ops_products ON DELETE CASCADE,
    station_id     uuid NOT NULL REFERENCES ops_stations ON DELETE CASCADE,
    cycle_time     numeric(10, 2) CHECK (cycle_time >= 0),
    scrap_rate     numeric(5, 2) CHECK (scrap_rate BETWEEN 0 AND 100),
    standard_hours numeric(10, 2) CHECK (standard_hours >= 0),
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (product_id, station_id)
);
COMMENT ON TABLE ops_station_product_standards IS
    'SUPPORT: standard hours of a product at a station';
CREATE INDEX ON ops_station_product_standards (station_id);

CREATE TABLE oee_equipment_custom_fields (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    equipment_id uuid NOT NULL REFERENCES oee_equipment ON DELETE CASCADE,
    code         varchar(50) NOT NULL,
    label        varchar(255) NOT NULL,
    field_type   varchar(20) NOT NULL DEFAULT 'text'
                 CHECK (field_type IN ('text', 'number', 'boolean', 'date', 'select')),
    options      jsonb,
    asked_at     varchar(20) NOT NULL DEFAULT 'complete' CHECK (asked_at IN ('start', 'complete')),
    is_required  boolean NOT NULL DEFAULT false,
    is_active    boolean NOT NULL DEFAULT true,
    sort_order   integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (equipment_id, code)
);
COMMENT ON TABLE oee_equipment_custom_fields IS
    'CANONICAL: fields asked at batch start/complete on a machine';

CREATE TABLE oee_station_custom_fields (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    station_id  uuid NOT NULL REFERENCES ops_stations ON DELETE CASCADE,
    code        varchar(50) NOT NULL,
    label       varchar(255) NOT NULL,
    field_type  varchar(20) NOT NULL DEFAULT 'text'
                CHECK (field_type IN ('text', 'number', 'boolean', 'date', 'select')),
    options     jsonb,
    asked_at    varchar(20) NOT NULL DEFAULT 'complete' CHECK (asked_at IN ('start', 'complete')),
    is_required boolean NOT NULL DEFAULT false,
    is_active   boolean NOT NULL DEFAULT true,
    sort_order  integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (station_id, code)
);
COMMENT ON TABLE oee_station_custom_fields IS
    'CANONICAL: fields asked at batch start/complete on a station';

CREATE TABLE oee_analytics_charts (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id          uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    name             varchar(255) NOT NULL,
    chart_type       varchar(20) NOT NULL CHECK (chart_type IN ('line', 'pareto')),
    metric           varchar(50) NOT NULL,
    category         varchar(50),
    calculation_mode varchar(20) NOT NULL DEFAULT 'standard'
                     CHECK (calculation_mode IN ('standard', 'strict', 'teep')),
    bucket           varchar(20),
    configuration    jsonb NOT NULL DEFAULT '{}',
    grid_position    jsonb NOT NULL DEFAULT '{}',
    sort_order       integer NOT NULL DEFAULT 0,
    created_by       uuid REFERENCES users ON DELETE SET NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE oee_analytics_charts IS 'SUPPORT: saved chart definitions of a site';
CREATE INDEX ON oee_analytics_charts (site_id);
