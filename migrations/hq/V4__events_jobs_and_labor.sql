-- What happens on the floor: work orders, machine events, batches, queues, labor.
--
-- These rows are folded from facts. A reference that a fact may carry has no ON DELETE action:
-- what happened is never deleted because somebody tidied the reference data.

CREATE TABLE ops_jobs (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id            uuid NOT NULL REFERENCES oee_sites,
    job_number         varchar(100) NOT NULL,
    state              varchar(20) NOT NULL DEFAULT 'pending'
                       CHECK (state IN ('pending', 'in_progress', 'queued',
                                        'completed', 'scrapped', 'aborted')),
    product_id         uuid REFERENCES ops_products,
    product_family_id  uuid REFERENCES ops_product_families,
    current_station_id uuid REFERENCES ops_stations,
    work_order         varchar(100),
    target_quantity    integer CHECK (target_quantity > 0),
    good_parts         integer NOT NULL DEFAULT 0,
    scrap_parts        integer NOT NULL DEFAULT 0,
    due_at             timestamptz,
    notes              text,
    posted_at          timestamptz,
    posted_by          uuid REFERENCES users,
    started_at         timestamptz,
    started_by         uuid REFERENCES users,
    completed_at       timestamptz,
    completed_by       uuid REFERENCES users,
    abort_reason_id    uuid REFERENCES oee_abort_reasons,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    UNIQUE (site_id, job_number)
);
COMMENT ON TABLE ops_jobs IS 'CANONICAL: work orders that travel through stations';
CREATE INDEX ON ops_jobs (current_station_id, state);
CREATE INDEX ON ops_jobs (product_family_id);
COMMENT ON COLUMN ops_jobs.good_parts IS 'good output of the latest station, not a sum';
COMMENT ON COLUMN ops_jobs.scrap_parts IS 'sum over all stations';

CREATE TABLE ops_job_station_history (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id                 uuid NOT NULL REFERENCES ops_jobs ON DELETE CASCADE,
    station_id             uuid NOT NULL REFERENCES ops_stations,
    entry_number           integer NOT NULL DEFAULT 1 CHECK (entry_number > 0),
    good_parts_at_station  integer NOT NULL DEFAULT 0,
    scrap_parts_at_station integer NOT NULL DEFAULT 0,
    posted_at              timestamptz,
    posted_by              uuid REFERENCES users,
    started_at             timestamptz,
    started_by             uuid REFERENCES users,
    completed_at           timestamptz,
    completed_by           uuid REFERENCES users,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now(),
    UNIQUE (job_id, station_id, entry_number)
);
COMMENT ON TABLE ops_job_station_history IS 'SUPPORT: where a job has been and what came out';
CREATE INDEX ON ops_job_station_history (station_id);
COMMENT ON COLUMN ops_job_station_history.entry_number IS 'above 1: the job came back (rework)';

CREATE TABLE job_outlier_flags (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    job_id         uuid NOT NULL REFERENCES ops_jobs ON DELETE CASCADE,
    metric         varchar(50) NOT NULL,
    observed_value numeric(14, 4) NOT NULL,
    expected_value numeric(14, 4),
    deviation      numeric(14, 4),
    flagged_at     timestamptz NOT NULL DEFAULT now(),
    reviewed_at    timestamptz,
    reviewed_by    uuid REFERENCES users ON DELETE SET NULL,
    review_notes   text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (job_id, metric)
);
COMMENT ON TABLE job_outlier_flags IS
    'SUPPORT: jobs flagged as statistical outliers (computed at HQ)';

CREATE TABLE oee_machine_events (
    id                         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id                    uuid NOT NULL REFERENCES oee_sites,
    organization_id            varchar(50) NOT NULL,
    equipment_id               uuid REFERENCES oee_equipment,
    station_id                 uuid REFERENCES ops_stations,
    job_id                     uuid REFERENCES ops_jobs,
    event_type                 varchar(20) NOT NULL
                               CHECK (event_type IN ('batch', 'downtime', 'incident', 'note')),
    start_ts                   timestamptz NOT NULL,
    end_ts                     timestamptz,
    duration_minutes           numeric(14, 4) CHECK (duration_minutes >= 0),
    downtime_reason_id         uuid REFERENCES oee_downtime_reasons,
    incident_reason_id         uuid REFERENCES oee_incident_reasons,
    reason_label               text,
    reason_group_type          text CHECK (reason_group_type IN ('unplanned', 'planned', 'idle')),
    comment                    text,
    source                     text NOT NULL DEFAULT 'operator'
                               CHECK (source IN ('machine', 'operator')),
    troubleshooting_started_at timestamptz,
    troubleshooting_started_by uuid REFERENCES users,
    troubleshooting_notes      text,
    resolved                   boolean NOT NULL DEFAULT false,
    resolved_at                timestamptz,
    resolved_by                uuid REFERENCES users,
    resolution_notes           text,
    is_archived                boolean NOT NULL DEFAULT false,
    created_by                 uuid REFERENCES users,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now(),
    CHECK (downtime_reason_id IS NULL OR event_type = 'downtime'),
    CHECK (incident_reason_id IS NULL OR event_type = 'incident')
);
COMMENT ON TABLE oee_machine_events IS
    'CANONICAL: the one event log of machines: batch, downtime, incident, note';
CREATE INDEX ON oee_machine_events (site_id, start_ts);
CREATE INDEX ON oee_machine_events (equipment_id, start_ts);
CREATE INDEX ON oee_machine_events (station_id, start_ts);
CREATE INDEX ON oee_machine_events (job_id);
CREATE INDEX ON oee_machine_events (equipment_id) WHERE end_ts IS NULL;
CREATE TRIGGER organization_of_site BEFORE INSERT ON oee_machine_events
    FOR EACH ROW WHEN (NEW.organization_id IS NULL) EXECUTE FUNCTION organization_of_site();
COMMENT ON COLUMN oee_machine_events.resolved IS 'of a batch: it was started at the next station';
COMMENT ON COLUMN oee_machine_events.reason_label IS 'the name of the reason when it was chosen';

CREATE TABLE oee_batch_details (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_id        uuid NOT NULL UNIQUE REFERENCES oee_machine_events ON DELETE CASCADE,
    product_id      uuid NOT NULL REFERENCES ops_products,
    station_id      uuid REFERENCES ops_stations,
    batch_number    varchar(100),
    work_order      varchar(100),
    target_quantity integer CHECK (target_quantity > 0),
    good_parts      integer CHECK (good_parts >= 0),
    scrap_parts     integer CHECK (scrap_parts >= 0),
    total_parts     integer CHECK (total_parts >= 0),
    status          varchar(20) NOT NULL DEFAULT 'running'
                    CHECK (status IN ('running', 'completed', 'aborted')),
    abort_reason_id uuid REFERENCES oee_abort_reasons,
    scrap_reason_id uuid REFERENCES oee_abort_reasons,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE oee_batch_details IS
    'CANONICAL: what a batch event adds: product, quantities, status';
CREATE INDEX ON oee_batch_details (product_id);
CREATE INDEX ON oee_batch_details (station_id);
CREATE INDEX ON oee_batch_details (batch_number);
COMMENT ON COLUMN oee_batch_details.status IS
    'as documented; idle and paused are derived from open time entries';
COMMENT ON COLUMN oee_batch_details.scrap_reason_id IS 'scrap and abort share one taxonomy';

CREATE TABLE oee_notes_details (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_id   uuid NOT NULL UNIQUE REFERENCES oee_machine_events ON DELETE CASCADE,
    category   varchar(50),
    note_text  text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE oee_notes_details IS 'CANONICAL: text of a note or shift-log entry';

CREATE TABLE oee_machine_event_equipment (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_id     uuid NOT NULL REFERENCES oee_machine_events ON DELETE CASCADE,
    equipment_id uuid NOT NULL REFERENCES oee_equipment,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, equipment_id)
);
COMMENT ON TABLE oee_machine_event_equipment IS 'JUNCTION: machines an event covers';
CREATE INDEX ON oee_machine_event_equipment (equipment_id);

CREATE TABLE oee_event_batch_links (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_id       uuid NOT NULL REFERENCES oee_machine_events ON DELETE CASCADE,
    batch_event_id uuid NOT NULL REFERENCES oee_machine_events ON DELETE CASCADE,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, batch_event_id),
    CHECK (event_id <> batch_event_id)
);
COMMENT ON TABLE oee_event_batch_links IS 'JUNCTION: batches a downtime or incident touches';
CREATE INDEX ON oee_event_batch_links (batch_event_id);

CREATE TABLE oee_batch_operators (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    batch_id   uuid NOT NULL REFERENCES oee_batch_details ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (batch_id, user_id, started_at)
);
COMMENT ON TABLE oee_batch_operators IS 'JUNCTION: people assigned to a batch';
CREATE INDEX ON oee_batch_operators (user_id);

CREATE TABLE oee_batch_equipment (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    batch_id     uuid NOT NULL REFERENCES oee_batch_details ON DELETE CASCADE,
    equipment_id uuid NOT NULL REFERENCES oee_equipment,
    started_at   timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (batch_id, equipment_id, started_at)
);
COMMENT ON TABLE oee_batch_equipment IS 'JUNCTION: further machines of a batch';
CREATE INDEX ON oee_batch_equipment (equipment_id);

CREATE TABLE oee_batch_time_entries (
    id                        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    batch_id                  uuid NOT NULL REFERENCES oee_batch_details ON DELETE CASCADE,
    equipment_id              uuid REFERENCES oee_equipment,
    user_id                   uuid REFERENCES users,
    entry_type                text NOT NULL CHECK (entry_type IN ('person', 'machine')),
    start_ts                  timestamptz NOT NULL,
    end_ts                    timestamptz,
    duration_override_minutes numeric(14, 4) CHECK (duration_override_minutes >= 0),
    created_at                timestamptz NOT NULL DEFAULT now(),
    updated_at                timestamptz NOT NULL DEFAULT now(),
    CHECK (entry_type <> 'person' OR user_id IS NOT NULL),
    CHECK (entry_type <> 'machine' OR (equipment_id IS NOT NULL AND user_id IS NULL))
);
COMMENT ON TABLE oee_batch_time_entries IS 'CANONICAL: labor and machine time spent on a batch';
CREATE INDEX ON oee_batch_time_entries (batch_id);
CREATE INDEX ON oee_batch_time_entries (user_id, start_ts);
CREATE INDEX ON oee_batch_time_entries (equipment_id, start_ts);

CREATE TABLE oee_batch_custom_field_values (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    event_id           uuid NOT NULL REFERENCES oee_machine_events ON DELETE CASCADE,
    equipment_id       uuid REFERENCES oee_equipment,
    station_id         uuid REFERENCES ops_stations,
    equipment_field_id uuid REFERENCES oee_equipment_custom_fields,
    station_field_id   uuid REFERENCES oee_station_custom_fields,
    label              varchar(255) NOT NULL,
    value              text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(equipment_field_id, station_field_id) = 1),
    UNIQUE NULLS NOT DISTINCT (event_id, equipment_field_id, station_field_id)
);
COMMENT ON TABLE oee_batch_custom_field_values IS
    'CANONICAL: the answers, with the label frozen at entry';
COMMENT ON COLUMN oee_batch_custom_field_values.label IS 'the label of the field at entry';

CREATE TABLE oee_batch_queue (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id         uuid NOT NULL REFERENCES oee_sites,
    equipment_id    uuid NOT NULL REFERENCES oee_equipment,
    event_id        uuid REFERENCES oee_machine_events,
    product_id      uuid REFERENCES ops_products,
    batch_number    varchar(100),
    work_order      varchar(100),
    target_quantity integer CHECK (target_quantity > 0),
    queue_position  numeric NOT NULL,
    status          varchar(20) NOT NULL DEFAULT 'queued'
                    CHECK (status IN ('queued', 'started', 'removed')),
    notes           text,
    created_by      uuid REFERENCES users,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (equipment_id, queue_position) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE oee_batch_queue IS 'CANONICAL: ordered queue of next batches of a machine';
CREATE INDEX ON oee_batch_queue (site_id);
CREATE INDEX ON oee_batch_queue (event_id);
COMMENT ON COLUMN oee_batch_queue.queue_position IS
    'fractional: an entry moves between two others without touching them';
COMMENT ON COLUMN oee_batch_queue.event_id IS 'the batch that the entry became';

CREATE TABLE ops_station_batch_queue (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id         uuid NOT NULL REFERENCES oee_sites,
    station_id      uuid NOT NULL REFERENCES ops_stations,
    from_station_id uuid REFERENCES ops_stations,
    event_id        uuid REFERENCES oee_machine_events,
    equipment_id    uuid REFERENCES oee_equipment,
    product_id      uuid REFERENCES ops_products,
    batch_number    varchar(100),
    work_order      varchar(100),
    target_quantity integer CHECK (target_quantity > 0),
    queue_position  numeric NOT NULL,
    status          varchar(20) NOT NULL DEFAULT 'queued'
                    CHECK (status IN ('queued', 'started', 'removed')),
    notes           text,
    created_by      uuid REFERENCES users,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (station_id, queue_position) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE ops_station_batch_queue IS
    'CANONICAL: ordered queue of next batches of a station, with routing';
CREATE INDEX ON ops_station_batch_queue (site_id);
CREATE INDEX ON ops_station_batch_queue (event_id);
COMMENT ON COLUMN ops_station_batch_queue.event_id IS 'the batch that waits here';
COMMENT ON COLUMN ops_station_batch_queue.from_station_id IS 'where the batch was routed from';

CREATE TABLE ops_station_events (
    id                         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id                    uuid NOT NULL REFERENCES oee_sites,
    station_id                 uuid NOT NULL REFERENCES ops_stations,
    incident_reason_id         uuid REFERENCES ops_station_incident_reasons,
    job_id                     uuid REFERENCES ops_jobs,
    event_type                 varchar(20) NOT NULL DEFAULT 'incident'
                               CHECK (event_type IN ('incident')),
    start_ts                   timestamptz NOT NULL,
    end_ts                     timestamptz,
    duration_minutes           numeric(14, 4) CHECK (duration_minutes >= 0),
    reason_label               text,
    comment                    text,
    troubleshooting_started_at timestamptz,
    troubleshooting_started_by uuid REFERENCES users,
    troubleshooting_notes      text,
    resolved                   boolean NOT NULL DEFAULT false,
    resolved_at                timestamptz,
    resolved_by                uuid REFERENCES users,
    resolution_notes           text,
    is_archived                boolean NOT NULL DEFAULT false,
    created_by                 uuid REFERENCES users,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops_station_events IS 'CANONICAL: event log of stations (incidents)';
CREATE INDEX ON ops_station_events (site_id, start_ts);
CREATE INDEX ON ops_station_events (station_id, start_ts);

CREATE TABLE ops_labor_entries (
    id                        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    site_id                   uuid NOT NULL REFERENCES oee_sites,
    user_id                   uuid NOT NULL REFERENCES users,
    station_id                uuid REFERENCES ops_stations,
    job_id                    uuid REFERENCES ops_jobs,
    event_id                  uuid REFERENCES oee_machine_events,
    entry_type                text NOT NULL DEFAULT 'shift'
                              CHECK (entry_type IN ('shift', 'job', 'activity', 'meal', 'break')),
    start_ts                  timestamptz NOT NULL,
    end_ts                    timestamptz,
    duration_override_minutes numeric(14, 4) CHECK (duration_override_minutes >= 0),
    source                    text NOT NULL DEFAULT 'operator',
    created_at                timestamptz NOT NULL DEFAULT now(),
    updated_at                timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops_labor_entries IS
    'CANONICAL: clock-in to clock-out time of a person, on a job, a batch or neither';
CREATE INDEX ON ops_labor_entries (site_id, start_ts);
CREATE INDEX ON ops_labor_entries (user_id, start_ts);
CREATE INDEX ON ops_labor_entries (station_id, start_ts);
CREATE INDEX ON ops_labor_entries (job_id);
CREATE INDEX ON ops_labor_entries (event_id);
COMMENT ON COLUMN ops_labor_entries.end_ts IS 'null: clocked in';
COMMENT ON COLUMN ops_labor_entries.duration_override_minutes IS 'wins over the clock when set';
