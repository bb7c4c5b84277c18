//! The tables that records are projected into, with their columns. At headquarters the first ones
//! are Kartorium's own; a test compares every list here with both databases.

use crate::row::Table;

/// Every table below, parents before children.
pub const ALL: [&Table; 27] = [
    &MACHINE_EVENTS,
    &NOTE_EVENTS,
    &INCIDENT_EVENTS,
    &EVENT_COMMENTS,
    &MACHINE_EVENT_EQUIPMENT,
    &EVENT_BATCH_LINKS,
    &BATCH_DETAILS,
    &BATCH_OPERATORS,
    &BATCH_EQUIPMENT,
    &BATCH_TIME_ENTRIES,
    &BATCH_FIELD_VALUES,
    &BATCH_QUANTITIES,
    &BATCH_STARTS,
    &LABOR_ENTRIES,
    &PUNCHES,
    &LABOR_SHARES,
    &MACHINE_STATES,
    &STOP_EXPLANATIONS,
    &PRODUCTION_COUNTS,
    &CONFLICTS,
    &CLOCK_RECORDS,
    &STATION_EVENTS,
    &NOTES_DETAILS,
    &INCIDENTS,
    &HANDOVERS,
    &SIGNATURES,
    &CALLS,
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

/// Parts of a batch that are not good: scrapped ones by reason, and those to be worked on again.
pub const BATCH_QUANTITIES: Table = Table {
    schema: "edge",
    name: "batch_quantities",
    columns: &["id", "site_id", "batch_event_id", "kind", "reason_id", "label", "quantity"],
    by_organization: true,
};

/// Starts of batches that were not as usual.
pub const BATCH_STARTS: Table = Table {
    schema: "edge",
    name: "batch_starts",
    columns: &[
        "id",
        "site_id",
        "batch_event_id",
        "provisional",
        "continues_event_id",
        "approved_by",
    ],
    by_organization: true,
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
        "job_id",
        "entry_type",
        "start_ts",
        "end_ts",
        "source",
    ],
    by_organization: false,
};

/// Everything that was recorded of a labor entry, whatever became of it.
pub const PUNCHES: Table = Table {
    schema: "edge",
    name: "punches",
    columns: &[
        "id",
        "site_id",
        "entry_id",
        "user_id",
        "kind",
        "from_ts",
        "until_ts",
        "evidence",
        "reason",
        "recorded_ts",
        "by_user_id",
        "terminal_id",
        "incarnation",
        "seq",
        "before_from_ts",
        "before_until_ts",
    ],
    by_organization: true,
};

/// How somebody's time was divided among batches.
pub const LABOR_SHARES: Table = Table {
    schema: "edge",
    name: "labor_shares",
    columns: &[
        "id",
        "site_id",
        "entry_id",
        "user_id",
        "batch_event_id",
        "percent",
        "from_ts",
        "until_ts",
    ],
    by_organization: true,
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
        "source",
    ],
    by_organization: true,
};

/// What people said of a stop, also what holds no more.
pub const STOP_EXPLANATIONS: Table = Table {
    schema: "edge",
    name: "stop_explanations",
    columns: &[
        "id",
        "site_id",
        "event_id",
        "reason_id",
        "reason_label",
        "reason_group_type",
        "rank",
        "explained_by",
        "explained_at",
        "place",
        "because",
        "withdrawn",
        "holds",
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

/// Notes in the event log of machines. A table by another list of columns: what a note does not
/// speak of is left as it is.
pub const NOTE_EVENTS: Table = Table {
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
        "source",
        "created_by",
        "is_archived",
    ],
    by_organization: true,
};

/// Incidents of machines in their event log.
pub const INCIDENT_EVENTS: Table = Table {
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
        "incident_reason_id",
        "reason_label",
        "comment",
        "troubleshooting_started_at",
        "troubleshooting_started_by",
        "troubleshooting_notes",
        "resolved",
        "resolved_at",
        "resolved_by",
        "resolution_notes",
        "created_by",
        "source",
    ],
    by_organization: true,
};

/// Incidents of stations.
pub const STATION_EVENTS: Table = Table {
    schema: "public",
    name: "ops_station_events",
    columns: &[
        "id",
        "site_id",
        "station_id",
        "event_type",
        "start_ts",
        "end_ts",
        "duration_minutes",
        "incident_reason_id",
        "reason_label",
        "comment",
        "troubleshooting_started_at",
        "troubleshooting_started_by",
        "troubleshooting_notes",
        "resolved",
        "resolved_at",
        "resolved_by",
        "resolution_notes",
        "created_by",
    ],
    by_organization: false,
};

/// The comment of a downtime or batch, written only where somebody at a terminal wrote one: other
/// programs comment, too.
pub const EVENT_COMMENTS: Table = Table {
    schema: "public",
    name: "oee_machine_events",
    columns: &["id", "site_id", "event_type", "start_ts", "source", "comment"],
    by_organization: true,
};

/// What a note says.
pub const NOTES_DETAILS: Table = Table {
    schema: "public",
    name: "oee_notes_details",
    columns: &["id", "event_id", "category", "note_text"],
    by_organization: false,
};

/// How bad incidents are, which Kartorium has no column for.
pub const INCIDENTS: Table = Table {
    schema: "edge",
    name: "incidents",
    columns: &["id", "site_id", "station_id", "severity"],
    by_organization: true,
};

/// What stood on the cards of handovers.
pub const HANDOVERS: Table = Table {
    schema: "edge",
    name: "handovers",
    columns: &[
        "id",
        "site_id",
        "station_id",
        "unexplained_stops",
        "open_incidents",
        "open_calls",
        "waiting_facts",
        "batches",
    ],
    by_organization: true,
};

/// Who signed a handover, on which side.
pub const SIGNATURES: Table = Table {
    schema: "edge",
    name: "signatures",
    columns: &["id", "site_id", "event_id", "user_id", "side", "signed_at"],
    by_organization: true,
};

/// Calls for help.
pub const CALLS: Table = Table {
    schema: "edge",
    name: "calls",
    columns: &[
        "id",
        "site_id",
        "station_id",
        "equipment_id",
        "kind",
        "comment",
        "called_at",
        "called_by",
        "acknowledged_at",
        "acknowledged_by",
        "ended_at",
        "ended_by",
        "response_seconds",
        "terminal_id",
    ],
    by_organization: true,
};
