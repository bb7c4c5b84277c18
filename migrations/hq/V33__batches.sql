-- What Kartorium's tables have no place for at the beginning and end of a batch: scrap with more than one
-- reason, parts to be worked on again, batches that go on on another machine.

CREATE TABLE edge.batch_quantities (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    batch_event_id  uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('scrap', 'rework')),
    reason_id       uuid,
    label           text,
    quantity        bigint NOT NULL CHECK (quantity > 0),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.batch_quantities (batch_event_id);
COMMENT ON TABLE edge.batch_quantities IS
    'parts of a batch that are not good, as people told: scrapped ones by reason, and those to be worked on again';
COMMENT ON COLUMN edge.batch_quantities.reason_id IS 'of oee_abort_reasons; the one with most parts is oee_batch_details.scrap_reason_id';
COMMENT ON COLUMN edge.batch_quantities.label IS 'the reason''s name as the person read it, where there were several';
COMMENT ON COLUMN edge.batch_quantities.quantity IS 'parts to be worked on again are neither in good_parts nor in scrap_parts';

CREATE TABLE edge.batch_starts (
    organization_id    varchar(50) NOT NULL,
    id                 uuid NOT NULL,
    site_id            uuid NOT NULL,
    batch_event_id     uuid NOT NULL,
    provisional        boolean NOT NULL,
    continues_event_id uuid,
    approved_by        uuid,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.batch_starts (batch_event_id);
CREATE INDEX ON edge.batch_starts (continues_event_id);
COMMENT ON TABLE edge.batch_starts IS 'starts of batches that were not as usual';
COMMENT ON COLUMN edge.batch_starts.provisional IS 'nobody gave the number and no block was left: it is the terminal''s own';
COMMENT ON COLUMN edge.batch_starts.continues_event_id IS 'the batch of the same number that goes on here, from another machine';
COMMENT ON COLUMN edge.batch_starts.approved_by IS 'who agreed to it; why stands beside the fact';

ALTER TABLE edge.batch_quantities ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.batch_quantities
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
ALTER TABLE edge.batch_starts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.batch_starts
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
-- What a fold says no longer is withdrawn.
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.batch_quantities, edge.batch_starts TO kart_gateway;
GRANT SELECT ON edge.batch_quantities, edge.batch_starts TO kart_site_admin, kart_worker;
