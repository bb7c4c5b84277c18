-- Schema edge: what is ours and not Kartorium's. Every key starts with the organisation.
--
-- It refers to Kartorium's rows by id without foreign keys, so that it can stand beside a database
-- whose public tables belong to somebody else.

CREATE SCHEMA edge;
COMMENT ON SCHEMA edge IS
    'Kartorium Edge: terminals, their facts, and what headquarters keeps about them';

-- Sites and what a terminal needs to know of them -----------------------------------------------

CREATE TABLE edge.sites (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    code            varchar(50) NOT NULL,
    time_zone       text NOT NULL,
    version         bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    snapshot        jsonb,
    cursor_key      bytea NOT NULL
                    DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id),
    UNIQUE (site_id),
    UNIQUE (organization_id, code)
);
COMMENT ON TABLE edge.sites IS 'the reference data of a site as one versioned document';
COMMENT ON COLUMN edge.sites.time_zone IS 'IANA name; shifts and local times follow it';
COMMENT ON COLUMN edge.sites.snapshot IS 'null until a site file was applied';
COMMENT ON COLUMN edge.sites.cursor_key IS 'seals the cursors of pulls, so that nobody invents one';

CREATE TABLE edge.people (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    user_id         uuid NOT NULL,
    badge           text,
    pin_hash        text,
    role            text NOT NULL DEFAULT 'operator'
                    CHECK (role IN ('operator', 'lead', 'supervisor', 'technician')),
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, user_id),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE
);
CREATE UNIQUE INDEX ON edge.people (organization_id, site_id, badge) WHERE is_active;
COMMENT ON TABLE edge.people IS 'what a person is at a site: badge, PIN, role';
COMMENT ON COLUMN edge.people.badge IS 'as the reader types it; free again when its owner has left';
COMMENT ON COLUMN edge.people.pin_hash IS 'Argon2id of the PIN, never the PIN';

CREATE TABLE edge.sources (
    organization_id varchar(50) NOT NULL,
    site_id         uuid NOT NULL,
    equipment_id    uuid NOT NULL,
    source          text NOT NULL,
    terminal_code   varchar(50) NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, site_id, equipment_id, source),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE
);
COMMENT ON TABLE edge.sources IS 'the one terminal that reads a source of a machine';

-- Terminals and how they prove themselves -------------------------------------------------------

CREATE TABLE edge.terminals (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    site_id         uuid NOT NULL,
    code            varchar(50) NOT NULL,
    incarnation     text NOT NULL CHECK (incarnation ~ '^[0-9a-f]{16}$'),
    public_key      bytea NOT NULL CHECK (octet_length(public_key) = 32),
    status          text NOT NULL DEFAULT 'active'
                    CHECK (status IN ('active', 'revoked', 'retired')),
    nonce           text,
    watermark       bigint NOT NULL DEFAULT 0 CHECK (watermark >= 0),
    head_hash       bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
                    CHECK (octet_length(head_hash) = 32),
    safe_seq        bigint NOT NULL DEFAULT 0 CHECK (safe_seq BETWEEN 0 AND watermark),
    enrolled_at     timestamptz NOT NULL DEFAULT now(),
    last_seen_at    timestamptz,
    revoked_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, terminal_id),
    UNIQUE (terminal_id),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites
);
CREATE UNIQUE INDEX terminals_one_active_per_code
    ON edge.terminals (organization_id, site_id, code) WHERE status = 'active';
COMMENT ON TABLE edge.terminals IS 'enrolled terminals; one that changes site after its first fact is a new terminal';
COMMENT ON COLUMN edge.terminals.incarnation IS 'the life of the fact log that watermark counts';
COMMENT ON COLUMN edge.terminals.public_key IS 'Ed25519';
COMMENT ON COLUMN edge.terminals.nonce IS 'of the installation; tells a clone from its original';
COMMENT ON COLUMN edge.terminals.watermark IS 'the inbox holds every fact up to here';
COMMENT ON COLUMN edge.terminals.head_hash IS 'head of the chain at watermark';
COMMENT ON COLUMN edge.terminals.safe_seq IS 'up to here the terminal may one day purge';

CREATE TABLE edge.enrollment_codes (
    organization_id varchar(50) NOT NULL,
    code_hash       bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    site_id         uuid NOT NULL,
    terminal_code   varchar(50) NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz,
    used_by         uuid,
    PRIMARY KEY (organization_id, code_hash),
    UNIQUE (code_hash),
    CHECK ((used_at IS NULL) = (used_by IS NULL)),
    FOREIGN KEY (organization_id, site_id) REFERENCES edge.sites ON DELETE CASCADE
);
COMMENT ON TABLE edge.enrollment_codes IS 'one-time codes; only their SHA-256 is kept';

CREATE TABLE edge.tokens (
    organization_id varchar(50) NOT NULL,
    token_hash      bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    terminal_id     uuid NOT NULL,
    expires_at      timestamptz NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, token_hash),
    UNIQUE (token_hash),
    FOREIGN KEY (organization_id, terminal_id) REFERENCES edge.terminals ON DELETE CASCADE
);
CREATE INDEX ON edge.tokens (organization_id, terminal_id, expires_at);
COMMENT ON TABLE edge.tokens IS 'short-lived bearer tokens; only their SHA-256 is kept';

CREATE TABLE edge.assertions_seen (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    jti             text NOT NULL CHECK (octet_length(jti) BETWEEN 1 AND 128),
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, terminal_id, jti),
    FOREIGN KEY (organization_id, terminal_id) REFERENCES edge.terminals ON DELETE CASCADE
);
COMMENT ON TABLE edge.assertions_seen IS 'signed assertions cannot be played twice';

CREATE TABLE edge.sessions (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    session_id      uuid NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT now(),
    watermark       bigint NOT NULL DEFAULT 0,
    cursor          text,
    PRIMARY KEY (organization_id, terminal_id, session_id),
    FOREIGN KEY (organization_id, terminal_id) REFERENCES edge.terminals ON DELETE CASCADE
);
CREATE INDEX ON edge.sessions (organization_id, terminal_id, started_at);
COMMENT ON TABLE edge.sessions IS 'recent sync sessions, to notice a restore on either side';

CREATE TABLE edge.terminal_status (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    status          jsonb NOT NULL,
    PRIMARY KEY (organization_id, terminal_id),
    FOREIGN KEY (organization_id, terminal_id) REFERENCES edge.terminals ON DELETE CASCADE
);
COMMENT ON TABLE edge.terminal_status IS
    'what a terminal last said it sees; overwritten, never counted';

-- Facts -----------------------------------------------------------------------------------------

-- No foreign key to the terminal: row-level security already asks for it, once.
CREATE TABLE edge.inbox (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL,
    seq             bigint NOT NULL CHECK (seq > 0),
    kind            text NOT NULL,
    line            bytea NOT NULL,
    hash            bytea NOT NULL CHECK (octet_length(hash) = 32),
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, terminal_id, incarnation, seq)
) PARTITION BY HASH (terminal_id);
COMMENT ON TABLE edge.inbox IS 'every accepted fact, byte for byte as received; never updated';
COMMENT ON COLUMN edge.inbox.hash IS 'head of the chain after this line';

DO $$
BEGIN
    FOR part IN 0..7 LOOP
        EXECUTE format(
            'CREATE TABLE edge.inbox_%s PARTITION OF edge.inbox
             FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
    END LOOP;
END
$$;

CREATE TABLE edge.fact_texts (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL,
    seq             bigint NOT NULL CHECK (seq > 0),
    field           text NOT NULL,
    salt            text,
    text            text,
    erased_at       timestamptz,
    PRIMARY KEY (organization_id, terminal_id, incarnation, seq, field),
    CHECK (text IS NULL OR salt IS NOT NULL)
);
COMMENT ON TABLE edge.fact_texts IS
    'free text beside facts; a line holds only a salted hash, so erasing it breaks no chain';

CREATE TABLE edge.quarantine (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL,
    seq             bigint NOT NULL CHECK (seq > 0),
    code            text NOT NULL,
    detail          text,
    record_ids      uuid[] NOT NULL DEFAULT '{}',
    attempts        integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    resolved_at     timestamptz,
    PRIMARY KEY (organization_id, terminal_id, incarnation, seq)
);
CREATE INDEX ON edge.quarantine (organization_id, code) WHERE resolved_at IS NULL;
CREATE INDEX ON edge.quarantine USING gin (record_ids) WHERE resolved_at IS NULL;
COMMENT ON TABLE edge.quarantine IS 'accepted facts whose rows could not be written yet, and why';

CREATE TABLE edge.records (
    organization_id varchar(50) NOT NULL,
    record_id       uuid NOT NULL,
    site_id         uuid NOT NULL DEFAULT nullif(current_setting('edge.site', true), '')::uuid,
    kind            text NOT NULL,
    fold_version    integer NOT NULL,
    state           jsonb NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, record_id)
);
CREATE INDEX ON edge.records (organization_id, site_id, kind);
COMMENT ON TABLE edge.records IS 'the folded state of a record, from which its rows are written';
COMMENT ON COLUMN edge.records.site_id IS 'the site in whose name the record was written';

-- What facts become, where Kartorium has no table for it ----------------------------------------

CREATE TABLE edge.machine_states (
    organization_id  varchar(50) NOT NULL,
    id               uuid NOT NULL,
    site_id          uuid NOT NULL,
    equipment_id     uuid NOT NULL,
    state            text NOT NULL
                     CHECK (state IN ('running', 'stopped', 'setup', 'planned_stop', 'unknown')),
    start_ts         timestamptz NOT NULL,
    end_ts           timestamptz,
    duration_seconds numeric(14, 4) CHECK (duration_seconds >= 0),
    rule             text,
    map_version      text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.machine_states (organization_id, equipment_id, start_ts);
COMMENT ON TABLE edge.machine_states IS 'what a machine did, interval by interval';
COMMENT ON COLUMN edge.machine_states.duration_seconds IS 'by the monotonic clock within one boot';

CREATE TABLE edge.production_counts (
    organization_id varchar(50) NOT NULL,
    id              uuid NOT NULL,
    site_id         uuid NOT NULL,
    equipment_id    uuid NOT NULL,
    source          text NOT NULL,
    counter         text NOT NULL CHECK (counter IN ('good', 'scrap', 'total')),
    epoch           integer NOT NULL CHECK (epoch >= 0),
    raw_from        bigint NOT NULL,
    raw_to          bigint NOT NULL,
    quantity        bigint NOT NULL CHECK (quantity >= 0),
    verdict         text NOT NULL,
    from_ts         timestamptz NOT NULL,
    until_ts        timestamptz NOT NULL,
    batch_event_id  uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id),
    CHECK (raw_to >= raw_from)
);
CREATE INDEX ON edge.production_counts (equipment_id, until_ts);
CREATE INDEX ON edge.production_counts (equipment_id, source, counter, epoch, raw_to);
CREATE INDEX ON edge.production_counts (batch_event_id);
COMMENT ON TABLE edge.production_counts IS 'judged differences of two readings of one counter';
COMMENT ON COLUMN edge.production_counts.raw_from IS 'reading before, unwrapped within the epoch';
COMMENT ON COLUMN edge.production_counts.batch_event_id IS 'oee_machine_events.id of the batch';

-- Parts counted in [p_from, p_to): the raw positions seen by then less those seen before. A union
-- of intervals and not a sum, so two readers of one counter do not double it; and windows that
-- meet add up, because a position belongs to the window in which it was seen first.
CREATE FUNCTION edge.counted(p_equipment uuid, p_from timestamptz, p_to timestamptz)
RETURNS TABLE (source text, counter text, epoch integer, quantity bigint)
LANGUAGE sql STABLE AS $$
    WITH seen AS (
        SELECT c.source, c.counter, c.epoch, min(c.raw_from) AS lowest,
               range_agg(int8range(c.raw_from, c.raw_to)) AS positions
        FROM edge.production_counts c
        WHERE c.equipment_id = p_equipment AND c.until_ts >= p_from AND c.until_ts < p_to
        GROUP BY c.source, c.counter, c.epoch
    )
    SELECT s.source, s.counter, s.epoch,
           (SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint
            FROM unnest(s.positions - coalesce(earlier.positions, '{}'::int8multirange)) AS r)
    FROM seen s
    LEFT JOIN LATERAL (
        SELECT range_agg(int8range(c.raw_from, c.raw_to)) AS positions
        FROM edge.production_counts c
        WHERE c.equipment_id = p_equipment AND c.source = s.source AND c.counter = s.counter
          AND c.epoch = s.epoch AND c.raw_to > s.lowest AND c.until_ts < p_from
    ) earlier ON true
$$;

CREATE TABLE edge.clock_records (
    organization_id    varchar(50) NOT NULL,
    terminal_id        uuid NOT NULL,
    incarnation        text NOT NULL,
    seq                bigint NOT NULL CHECK (seq > 0),
    kind               text NOT NULL CHECK (kind IN ('step', 'offset')),
    at                 timestamptz NOT NULL,
    offset_micros      bigint NOT NULL,
    uncertainty_micros bigint CHECK (uncertainty_micros >= 0),
    quality            text,
    PRIMARY KEY (organization_id, terminal_id, incarnation, seq)
);
COMMENT ON TABLE edge.clock_records IS
    'steps and offsets of the clock of a terminal, from which corrected times derive';

CREATE TABLE edge.number_leases (
    organization_id varchar(50) NOT NULL,
    entity_type     varchar(20) NOT NULL CHECK (entity_type IN ('batch', 'job')),
    prefix          varchar(20) NOT NULL,
    first_number    bigint NOT NULL CHECK (first_number > 0),
    last_number     bigint NOT NULL,
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL,
    granted_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, entity_type, prefix, first_number),
    CHECK (last_number >= first_number),
    FOREIGN KEY (organization_id, terminal_id) REFERENCES edge.terminals
);
CREATE INDEX ON edge.number_leases (organization_id, terminal_id, incarnation);
COMMENT ON TABLE edge.number_leases IS
    'blocks of numbers lent to a terminal; never taken back, gaps are normal';

-- Feed and audit --------------------------------------------------------------------------------

-- A sequence and not an identity column: Postgres 15 knows none on partitioned tables.
CREATE SEQUENCE edge.changes_pos;
CREATE TABLE edge.changes (
    organization_id varchar(50) NOT NULL,
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    pos             bigint NOT NULL DEFAULT nextval('edge.changes_pos'),
    scope           text NOT NULL,
    tbl             text NOT NULL,
    pk              text NOT NULL,
    op              text NOT NULL CHECK (op IN ('upsert', 'delete', 'enter', 'leave')),
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, xid, pos, at)
) PARTITION BY RANGE (at);
ALTER SEQUENCE edge.changes_pos OWNED BY edge.changes.pos;
CREATE TABLE edge.changes_default PARTITION OF edge.changes DEFAULT;
CREATE INDEX ON edge.changes (organization_id, scope, xid, pos);
COMMENT ON TABLE edge.changes IS
    'which rows changed, in commit order of (xid, pos); the row itself is read at delivery';
COMMENT ON COLUMN edge.changes.scope IS 'org, site:<id> or terminal:<id>';

CREATE TABLE edge.audit (
    organization_id varchar(50) NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    at              timestamptz NOT NULL DEFAULT now(),
    actor           text NOT NULL,
    action          text NOT NULL,
    detail          jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX ON edge.audit (organization_id, at);
COMMENT ON TABLE edge.audit IS 'who did what at headquarters; appended to, never changed';
