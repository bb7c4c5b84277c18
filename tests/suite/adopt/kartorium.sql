-- What Kartorium has made before anybody has heard of us: rows with keys of its own, functions of the
-- names that its documents use, and another organisation with the same codes.
INSERT INTO oee_sites (organization_id, code, name, city)
VALUES ('cedar-works', 'cedar', 'Cedar, stamping', 'Bremen'), ('birch', 'cedar', 'Another one', 'Ulm');

INSERT INTO oee_systems (site_id, code, name)
SELECT id, 'L2', 'Stamping of ' || organization_id FROM oee_sites;

INSERT INTO ops_stations (site_id, system_id, code, name, description, sort_order)
SELECT s.id, y.id, c.code, c.name || ' of ' || s.organization_id, 'ours', c.place
FROM oee_sites s JOIN oee_systems y ON y.site_id = s.id,
     (VALUES ('ST-21', 'Presses', 10), ('ST-31', 'Packing', 20)) AS c(code, name, place);

INSERT INTO oee_equipment (site_id, organization_id, code, name, description, machine_number)
SELECT id, organization_id, c.code, 'Press of ' || organization_id, 'ours', 'M-' || c.code
FROM oee_sites, (VALUES ('EQ-211'), ('EQ-212')) AS c(code);

INSERT INTO ops_station_equipment (station_id, equipment_id, sort_order)
SELECT t.id, q.id, 10 FROM ops_stations t JOIN oee_equipment q USING (site_id)
WHERE t.code = 'ST-21' AND q.code = 'EQ-211';

INSERT INTO ops_station_connections (site_id, from_station_id, to_station_id, connection_type)
SELECT a.site_id, a.id, b.id, 'feeds_into'
FROM ops_stations a JOIN ops_stations b USING (site_id) WHERE a.code = 'ST-21' AND b.code = 'ST-31';

INSERT INTO oee_downtime_groups (site_id, name, type, sort_order)
SELECT id, 'Machine fault', 'unplanned', 5 FROM oee_sites;
INSERT INTO oee_downtime_reasons (group_id, code, name, description, sort_order)
SELECT id, 'F01', 'Part jammed', 'ours', 5 FROM oee_downtime_groups;
INSERT INTO oee_abort_groups (site_id, name) SELECT id, 'Form' FROM oee_sites;
INSERT INTO oee_abort_reasons (group_id, code, name) SELECT id, 'Q01', 'Burr' FROM oee_abort_groups;

INSERT INTO ops_product_families (site_id, family_code, family_name)
SELECT id, 'BR', 'Brackets of ' || organization_id FROM oee_sites;
INSERT INTO ops_products (family_id, product_code, product_name, description, unit_value)
SELECT id, 'BR-40', 'Bracket of ' || family_name, 'ours', 1.25 FROM ops_product_families;

INSERT INTO organization_prefixes (organization_id, entity_type, prefix, padding, next_number)
VALUES ('cedar-works', 'batch', 'CED', 6, 4711), ('cedar-works', 'job', 'JOB', 6, 1),
       ('birch', 'batch', 'CED', 6, 1);

INSERT INTO users (organization_id, auth0_id, display_name, email)
VALUES ('cedar-works', 'auth0|ada', 'A. Brandt', 'Ada.Brandt@cedar-works.example'),
       ('cedar-works', 'auth0|office', 'Jurij Nowak', 'office@cedar-works.example'),
       ('birch', 'auth0|other', 'A. Brandt', 'ada.brandt@cedar-works.example');

-- Of the same signature as ours.
CREATE FUNCTION complete_ops_job(
    p_job_id uuid, p_completed_by uuid, p_good_parts integer, p_scrap_parts integer,
    p_next_station_id uuid DEFAULT NULL, p_completed_at timestamptz DEFAULT now()
) RETURNS text LANGUAGE sql AS $$ SELECT 'theirs' $$;
CREATE FUNCTION get_station_active_jobs(p_org_id varchar, p_station_id uuid) RETURNS bigint
LANGUAGE sql AS $$ SELECT 4711::bigint $$;
CREATE FUNCTION ops_job_may(p_from text, p_to text) RETURNS boolean
LANGUAGE sql AS $$ SELECT false $$;
