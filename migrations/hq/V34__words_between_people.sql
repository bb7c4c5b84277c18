-- What people tell each other: how bad an incident is, what one crew hands to the next and who signed
-- it, calls for help. Notes, incidents and their texts themselves stand in Kartorium's own tables.

CREATE TABLE edge.incidents (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    station_id      uuid,
    severity        text NOT NULL CHECK (severity IN ('minor', 'major', 'critical')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
COMMENT ON TABLE edge.incidents IS 'how bad incidents are; the incident itself is an event';
COMMENT ON COLUMN edge.incidents.id IS 'of oee_machine_events, or of ops_station_events where no machine is concerned';

CREATE TABLE edge.handovers (
    organization_id   varchar(50) NOT NULL,
    id                uuid NOT NULL,
    site_id           uuid NOT NULL,
    station_id        uuid,
    unexplained_stops bigint NOT NULL,
    open_incidents    bigint NOT NULL,
    open_calls        bigint NOT NULL,
    waiting_facts     bigint NOT NULL,
    batches           text NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
COMMENT ON TABLE edge.handovers IS 'what stood on the cards that crews handed to the next; the words are a note';
COMMENT ON COLUMN edge.handovers.id IS 'of oee_machine_events, a note of the category handover';
COMMENT ON COLUMN edge.handovers.waiting_facts IS 'that were not at headquarters yet';
COMMENT ON COLUMN edge.handovers.batches IS 'JSON: batch, number, good parts, target of what ran';

CREATE TABLE edge.signatures (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    event_id        uuid NOT NULL,
    user_id         uuid NOT NULL,
    side            text NOT NULL CHECK (side IN ('leaving', 'coming')),
    signed_at       timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.signatures (organization_id, event_id);
COMMENT ON TABLE edge.signatures IS 'who signed a handover, for which crew';

CREATE TABLE edge.calls (
    organization_id  varchar(50) NOT NULL,
    id               uuid NOT NULL,
    site_id          uuid NOT NULL,
    station_id       uuid,
    equipment_id     uuid,
    kind             text NOT NULL
                     CHECK (kind IN ('maintenance', 'material', 'quality', 'supervisor')),
    comment          text,
    called_at        timestamptz NOT NULL,
    called_by        uuid,
    acknowledged_at  timestamptz,
    acknowledged_by  uuid,
    ended_at         timestamptz,
    ended_by         uuid,
    response_seconds numeric(14, 4) CHECK (response_seconds >= 0),
    terminal_id      uuid NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.calls (organization_id, site_id, called_at);
CREATE INDEX ON edge.calls (organization_id, site_id) WHERE ended_at IS NULL;
COMMENT ON TABLE edge.calls IS 'calls for help, and how long it took until somebody came';
COMMENT ON COLUMN edge.calls.response_seconds IS 'from the call to its acknowledgement';
COMMENT ON COLUMN edge.calls.terminal_id IS 'where it was called';

DO $$
DECLARE
    tbl text;
BEGIN
    FOREACH tbl IN ARRAY ARRAY['incidents', 'handovers', 'signatures', 'calls'] LOOP
        EXECUTE format('ALTER TABLE edge.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', tbl);
        EXECUTE format($p$CREATE POLICY tenant ON edge.%I
            USING (organization_id = nullif(current_setting('edge.organization', true), '')
                   AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
            WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
                        AND site_id = nullif(current_setting('edge.site', true), '')::uuid)$p$, tbl);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON edge.%I TO kart_gateway', tbl);
        EXECUTE format('GRANT SELECT ON edge.%I TO kart_site_admin, kart_worker', tbl);
    END LOOP;
    -- A call is shown wherever its station or machine is worked at.
    PERFORM edge.follow('edge.calls', ARRAY['id'],
        'SELECT r.organization_id, v.scope FROM (VALUES (''station:'' || r.station_id),
             (''equipment:'' || r.equipment_id), (''terminal:'' || r.terminal_id)) v (scope)');
    PERFORM edge.follow_truncate();
END
$$;
