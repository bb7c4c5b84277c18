//! The tables that records are projected into, with their columns. At headquarters the first ones
//! are Kartorium's own; a test compares every list here with both databases.

use crate::row::Table;

/// Every table below, parents before children.
pub const ALL: [&Table; 13] = [
    &MACHINE_EVENTS,
    &MACHINE_EVENT_EQUIPMENT,
    &EVENT_BATCH_LINKS,
    &BATCH_DETAILS,
    &BATCH_OPERATORS,
    &BATCH_EQUIPMENT,
    &BATCH_TIME_ENTRIES,
    &BATCH_FIELD_VALUES,
    &LABOR_ENTRIES,
    &MACHINE_STATES,
    &PRODUCTION_COUNTS,
    &CONFLICTS,
    &CLOCK_RECORDS,
];

/// Batches and downtimes of machines.
pub const MACHINE_EVENTS: Table = Table {
    schema: "public",
    name: "oee_machine_events",
    columns: &[
        "id",
        "site_id",
        "equipment_id",
        "station_id",
        "event_type",
        "start_ts",
        "end_ts",
        "duration_minutes",
        "downtime_reason_id",
        "reason_label",
        "reason_group_type",
        "source",
        "created_by",
        "is_archived",
    ],
    by_organization: true,
};

/// Machines an event covers.
pub const MACHINE_EVENT_EQUIPMENT: Table = Table {
    schema: "public",
    name: "oee_machine_event_equipment",
    columns: &["id", "event_id", "equipment_id"],
    by_organization: false,
};

/// Batches a downtime touches.
pub const EVENT_BATCH_LINKS: Table = Table {
    schema: "public",
    name: "oee_event_batch_links",
    columns: &["id", "event_id", "batch_event_id"],
    by_organization: false,
};

/// What a batch adds to its event.
pub const BATCH_DETAILS: Table = Table {
    schema: "public",
    name: "oee_batch_details",
    columns: &[
        "id",
        "event_id",
        "product_id",
        "station_id",
        "batch_number",
        "work_order",
        "target_quantity",
        "good_parts",
        "scrap_parts",
        "total_parts",
        "status",
        "abort_reason_id",
        "scrap_reason_id",
    ],
    by_organization: false,
};

/// People of a batch.
pub const BATCH_OPERATORS: Table = Table {
    schema: "public",
    name: "oee_batch_operators",
    columns: &["id", "batch_id", "user_id", "started_at", "ended_at"],
    by_organization: false,
};

/// Further machines of a batch.
pub const BATCH_EQUIPMENT: Table = Table {
    schema: "public",
    name: "oee_batch_equipment",
    columns: &["id", "batch_id", "equipment_id", "started_at", "ended_at"],
    by_organization: false,
};

/// Answers to custom fields of a batch.
pub const BATCH_FIELD_VALUES: Table = Table {
    schema: "public",
    name: "oee_batch_custom_field_values",
    columns: &[
        "id",
        "event_id",
        "equipment_id",
        "station_id",
        "equipment_field_id",
        "station_field_id",
        "label",
        "value",
    ],
    by_organization: false,
};

/// Labor and machine time of a batch.
pub const BATCH_TIME_ENTRIES: Table = Table {
    schema: "public",
    name: "oee_batch_time_entries",
    columns: &["id", "batch_id", "equipment_id", "user_id", "entry_type", "start_ts", "end_ts"],
    by_organization: false,
};

/// Clock-in to clock-out.
pub const LABOR_ENTRIES: Table = Table {
    schema: "public",
    name: "ops_labor_entries",
    columns: &[
        "id",
        "site_id",
        "user_id",
        "station_id",
        "entry_type",
        "start_ts",
        "end_ts",
        "source",
    ],
    by_organization: false,
};

/// Every state of every machine, running and unknown included.
pub const MACHINE_STATES: Table = Table {
    schema: "edge",
    name: "machine_states",
    columns: &[
        "id",
        "site_id",
        "equipment_id",
        "state",
        "start_ts",
        "end_ts",
        "duration_seconds",
        "rule",
        "map_version",
        "fault",
        "proposed_reason",
        "micro_stop_seconds",
        "suppressed",
        "superseded_by",
    ],
    by_organization: true,
};

/// Judged counter readings.
pub const PRODUCTION_COUNTS: Table = Table {
    schema: "edge",
    name: "production_counts",
    columns: &[
        "id",
        "site_id",
        "equipment_id",
        "source",
        "counter",
        "epoch",
        "raw_from",
        "raw_to",
        "quantity",
        "verdict",
        "from_ts",
        "until_ts",
        "batch_event_id",
        "map_version",
    ],
    by_organization: true,
};

/// What became of the wall clocks of terminals.
pub const CLOCK_RECORDS: Table = Table {
    schema: "edge",
    name: "clock_records",
    columns: &[
        "id",
        "site_id",
        "terminal_id",
        "boot",
        "kind",
        "wall_ts",
        "right_ts",
        "by_us",
        "within_us",
    ],
    by_organization: true,
};

/// What contradicts itself and waits for a supervisor.
pub const CONFLICTS: Table = Table {
    schema: "edge",
    name: "conflicts",
    columns: &[
        "id",
        "site_id",
        "record_id",
        "other_id",
        "kind",
        "detail",
        "at",
        "terminal_id",
        "incarnation",
        "seq",
    ],
    by_organization: true,
};
