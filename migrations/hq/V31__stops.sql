-- What people say of stops: every explanation, also one that holds no more, with the place at which
-- its reason was offered; and who says what a machine did, its signals or a person.

CREATE TABLE edge.stop_explanations (
    organization_id   varchar(50) NOT NULL,
    id                uuid NOT NULL,
    site_id           uuid NOT NULL,
    event_id          uuid NOT NULL,
    reason_id         uuid NOT NULL,
    reason_label      text NOT NULL,
    reason_group_type text NOT NULL,
    rank              integer NOT NULL,
    explained_by      uuid,
    explained_at      timestamptz NOT NULL,
    place             integer CHECK (place > 0),
    because           text,
    withdrawn         boolean NOT NULL,
    holds             boolean NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.stop_explanations (organization_id, event_id);
CREATE INDEX ON edge.stop_explanations (organization_id, site_id, explained_at);
COMMENT ON TABLE edge.stop_explanations IS
    'reasons that people gave for downtimes, each as it was given; what holds is also in the event';
COMMENT ON COLUMN edge.stop_explanations.rank IS 'of the role of whoever gave it; a higher one wins';
COMMENT ON COLUMN edge.stop_explanations.place IS
    'where the reason stood in what the terminal offered; 1 is the first suggestion';
COMMENT ON COLUMN edge.stop_explanations.because IS 'why it stood there';
COMMENT ON COLUMN edge.stop_explanations.withdrawn IS 'a person took it back';
COMMENT ON COLUMN edge.stop_explanations.holds IS 'it is the one in the event';

ALTER TABLE edge.stop_explanations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON edge.stop_explanations
    USING (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid)
    WITH CHECK (organization_id = nullif(current_setting('edge.organization', true), '')
           AND site_id = nullif(current_setting('edge.site', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON edge.stop_explanations TO kart_gateway;
GRANT SELECT ON edge.stop_explanations TO kart_site_admin, kart_worker;

ALTER TABLE edge.machine_states
    ADD COLUMN source text NOT NULL DEFAULT 'machine' CHECK (source IN ('machine', 'operator'));
COMMENT ON COLUMN edge.machine_states.source IS
    'operator: a person told of a time that nobody saw; it stands beside the unknown state of that time';
