-- The four tables that Kartorium replaced. They exist because old reports read them; they are
-- closed: nobody inserts or updates a row. A row of a deleted site may still go with it.

CREATE TABLE oee_stations (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id     uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    system_id   uuid REFERENCES oee_systems ON DELETE SET NULL,
    code        varchar(50) NOT NULL,
    name        varchar(255) NOT NULL,
    description text,
    is_active   boolean NOT NULL DEFAULT true,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, code)
);
COMMENT ON TABLE oee_stations IS 'LEGACY: replaced by ops_stations';

CREATE TABLE oee_station_equipment (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    station_id   uuid NOT NULL REFERENCES oee_stations ON DELETE CASCADE,
    equipment_id uuid NOT NULL REFERENCES oee_equipment ON DELETE CASCADE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (station_id, equipment_id)
);
COMMENT ON TABLE oee_station_equipment IS 'LEGACY: replaced by ops_station_equipment';

CREATE TABLE oee_product_families (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    organization_id varchar(50) NOT NULL,
    family_code     varchar(50) NOT NULL,
    family_name     varchar(255) NOT NULL,
    description     text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, family_code)
);
COMMENT ON TABLE oee_product_families IS 'LEGACY: replaced by ops_product_families';

CREATE TABLE oee_products (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id        uuid NOT NULL REFERENCES oee_sites ON DELETE CASCADE,
    family_id      uuid REFERENCES oee_product_families ON DELETE SET NULL,
    product_code   varchar(50) NOT NULL,
    product_name   varchar(255) NOT NULL,
    standard_hours numeric(10, 2),
    description    text,
    is_active      boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, product_code)
);
COMMENT ON TABLE oee_products IS 'LEGACY: replaced by ops_products';

CREATE FUNCTION refuse_legacy_write() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'table % is closed: %', TG_TABLE_NAME, obj_description(TG_RELID, 'pg_class')
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;

DO $$
DECLARE
    legacy text;
BEGIN
    FOREACH legacy IN ARRAY
        ARRAY['oee_stations', 'oee_station_equipment', 'oee_product_families', 'oee_products']
    LOOP
        EXECUTE format(
            'CREATE TRIGGER closed BEFORE INSERT OR UPDATE ON %I
             FOR EACH ROW EXECUTE FUNCTION refuse_legacy_write()', legacy);
    END LOOP;
END
$$;
