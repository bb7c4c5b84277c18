-- The mirror of a site's reference data, named as the central tables. The file is replaced whole
-- with every new version; it can be thrown away and loaded again.

CREATE TABLE edge_mirror (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    version      INTEGER NOT NULL,
    cursor       TEXT,
    document     TEXT NOT NULL
) STRICT;

CREATE TABLE oee_sites (id BLOB PRIMARY KEY, organization_id TEXT, code TEXT, name TEXT, availability_mode TEXT, time_zone TEXT) STRICT;
CREATE TABLE oee_systems (id BLOB PRIMARY KEY, site_id BLOB, code TEXT, name TEXT) STRICT;
CREATE TABLE oee_equipment (id BLOB PRIMARY KEY, site_id BLOB, code TEXT, name TEXT, ideal_cycle_time_seconds REAL, default_target_quantity INTEGER) STRICT;
CREATE TABLE ops_stations (id BLOB PRIMARY KEY, site_id BLOB, system_id BLOB, code TEXT, name TEXT, machine_only INTEGER) STRICT;
CREATE TABLE ops_station_equipment (station_id BLOB, equipment_id BLOB, PRIMARY KEY (station_id, equipment_id)) STRICT;
CREATE TABLE oee_downtime_groups (id BLOB PRIMARY KEY, site_id BLOB, name TEXT, type TEXT) STRICT;
CREATE TABLE oee_downtime_reasons (id BLOB PRIMARY KEY, group_id BLOB, code TEXT, name TEXT) STRICT;
CREATE TABLE oee_abort_groups (id BLOB PRIMARY KEY, site_id BLOB, name TEXT) STRICT;
CREATE TABLE oee_abort_reasons (id BLOB PRIMARY KEY, group_id BLOB, code TEXT, name TEXT) STRICT;
CREATE TABLE ops_product_families (id BLOB PRIMARY KEY, site_id BLOB, family_code TEXT, family_name TEXT) STRICT;
CREATE TABLE ops_products (id BLOB PRIMARY KEY, family_id BLOB, product_code TEXT, product_name TEXT, standard_hours TEXT, default_quantity INTEGER) STRICT;
CREATE TABLE users (id BLOB PRIMARY KEY, name TEXT, badge TEXT, role TEXT, is_active INTEGER) STRICT;
