-- The lives of a terminal's log, who else uses its identity, and what is known of the fleet.
--
-- A life ends when a terminal was put back to an older state, or when another device takes over.
-- Its facts stay where they are; the next life starts from what they add up to.

ALTER TABLE edge.terminals
    ADD COLUMN version text,
    ADD COLUMN protocol integer,
    ADD COLUMN address text,
    ADD COLUMN clock_off_us bigint,
    ADD COLUMN last_seq bigint,
    ADD COLUMN takes_over uuid,
    ADD COLUMN key_valid_until timestamptz,
    ADD COLUMN gap_from bigint,
    ADD COLUMN gap_to bigint;
COMMENT ON COLUMN edge.terminals.version IS 'of the daemon, as of its last hello, as are the next four';
COMMENT ON COLUMN edge.terminals.address IS 'where the terminal, or a proxy before it, was seen';
COMMENT ON COLUMN edge.terminals.clock_off_us IS 'its wall clock less ours';
COMMENT ON COLUMN edge.terminals.last_seq IS 'last fact on its disk';
COMMENT ON COLUMN edge.terminals.takes_over IS
    'the terminal whose work this one goes on with, until its first life here has begun';
COMMENT ON COLUMN edge.terminals.gap_from IS
    'facts from here to gap_to are lost on both sides; the log goes on only in a new life';
COMMENT ON COLUMN edge.terminals.key_valid_until IS
    'after this the key gives no token; for 30 days more it can still be replaced. Null: for ever';

ALTER TABLE edge.enrollment_codes ADD COLUMN takes_over uuid;
COMMENT ON COLUMN edge.enrollment_codes.takes_over IS
    'the terminal that is retired when the code is redeemed';

CREATE TABLE edge.lives (
    organization_id    varchar(50) NOT NULL,
    terminal_id        uuid NOT NULL,
    incarnation        text NOT NULL CHECK (incarnation ~ '^[0-9a-f]{16}$'),
    nonce              text,
    watermark          bigint NOT NULL CHECK (watermark >= 0),
    head_hash          bytea NOT NULL CHECK (octet_length(head_hash) = 32),
    plant              json NOT NULL,
    successor_terminal uuid NOT NULL,
    successor          text NOT NULL CHECK (successor ~ '^[0-9a-f]{16}$'),
    gap_from           bigint,
    gap_to             bigint,
    ended_at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, terminal_id, incarnation),
    UNIQUE (organization_id, successor_terminal, successor),
    CHECK ((gap_from IS NULL) = (gap_to IS NULL))
);
COMMENT ON TABLE edge.lives IS 'lives of logs that have ended; their facts stay in the inbox';
COMMENT ON COLUMN edge.lives.plant IS 'what the life added up to, for the one that follows';
COMMENT ON COLUMN edge.lives.gap_from IS
    'facts from here to gap_to were acknowledged, purged at the terminal and lost here by a restore';

CREATE TABLE edge.reissued (
    organization_id    varchar(50) NOT NULL,
    terminal_id        uuid NOT NULL,
    former_incarnation text NOT NULL,
    former_seq         bigint NOT NULL CHECK (former_seq > 0),
    former_hash        bytea NOT NULL CHECK (octet_length(former_hash) = 32),
    incarnation        text NOT NULL,
    seq                bigint NOT NULL CHECK (seq > 0),
    PRIMARY KEY (organization_id, terminal_id, former_incarnation, former_seq, former_hash)
);
COMMENT ON TABLE edge.reissued IS
    'facts of a former life that came again in a later one, so that none comes a third time';

CREATE TABLE edge.copies (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    nonce           text NOT NULL,
    address         text,
    last_seq        bigint NOT NULL DEFAULT 0,
    times           bigint NOT NULL DEFAULT 1,
    first_seen_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, terminal_id, nonce)
);
COMMENT ON TABLE edge.copies IS 'installations that used the identity of a terminal and were fenced';

CREATE TABLE edge.fenced_facts (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    nonce           text NOT NULL,
    incarnation     text NOT NULL,
    seq             bigint NOT NULL CHECK (seq > 0),
    line            bytea NOT NULL,
    hash            bytea NOT NULL CHECK (octet_length(hash) = 32),
    received_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, terminal_id, nonce, incarnation, seq)
);
COMMENT ON TABLE edge.fenced_facts IS
    'what a fenced copy has recorded: kept aside for a person, never applied';

DO $$
DECLARE
    rule text :=
        $p$organization_id = nullif(current_setting('edge.organization', true), '')
           AND EXISTS (SELECT FROM edge.terminals t
                       WHERE t.organization_id = %1$I.organization_id
                         AND t.terminal_id = %1$I.terminal_id)$p$;
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['lives', 'reissued', 'copies', 'fenced_facts'] LOOP
        EXECUTE format('ALTER TABLE edge.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                       name);
        EXECUTE format('CREATE POLICY tenant ON edge.%I USING (%s) WITH CHECK (%2$s)',
                       name, format(rule, name));
    END LOOP;
END
$$;

GRANT SELECT, INSERT ON edge.lives, edge.reissued, edge.fenced_facts TO kart_gateway;
GRANT SELECT, INSERT, UPDATE ON edge.copies TO kart_gateway;
GRANT UPDATE (version, protocol, address, clock_off_us, last_seq, takes_over,
    gap_from, gap_to)
    ON edge.terminals TO kart_gateway;
GRANT SELECT ON edge.lives, edge.copies, edge.fenced_facts TO kart_site_admin;
GRANT DELETE ON edge.fenced_facts TO kart_site_admin;
-- To say how far a backup reaches.
GRANT SELECT (organization_id, terminal_id, incarnation, seq, received_at)
    ON edge.inbox TO kart_site_admin;

GRANT SELECT (incarnation) ON edge.inbox TO kart_edge_definer;

-- Spends a one-time code. Where the code is for a device that takes over, the one that it replaces
-- is retired in the same moment, with its tokens.
CREATE FUNCTION edge.redeem_code(
    p_code_hash   bytea,
    p_terminal_id uuid,
    p_incarnation text,
    p_public_key  bytea,
    p_nonce       text
) RETURNS TABLE (organization_id varchar, site_id uuid, terminal_code varchar)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
#variable_conflict use_column
DECLARE
    code edge.enrollment_codes;
    known edge.terminals;
    replaces boolean;
BEGIN
    SELECT * INTO code FROM edge.enrollment_codes c WHERE c.code_hash = p_code_hash FOR UPDATE;
    SELECT * INTO known FROM edge.terminals t WHERE t.terminal_id = p_terminal_id;
    -- The same device under its own record: it only proves itself anew.
    replaces := code.takes_over IS NOT NULL AND code.takes_over <> p_terminal_id
                AND code.used_at IS NULL AND code.expires_at > statement_timestamp();
    IF replaces THEN
        UPDATE edge.terminals t
        SET status = 'retired', revoked_at = now(), updated_at = now()
        WHERE t.organization_id = code.organization_id AND t.terminal_id = code.takes_over;
        DELETE FROM edge.tokens k
        WHERE k.organization_id = code.organization_id AND k.terminal_id = code.takes_over;
    END IF;
    RETURN QUERY SELECT r.organization_id, r.site_id, r.terminal_code
    FROM edge.redeem_enrollment(
        p_code_hash, p_terminal_id, p_incarnation, p_public_key, p_nonce) r;
    -- A life that facts are stored of is not begun again: at its hello the device hears that its
    -- log was put back, and renews it.
    IF known.incarnation <> p_incarnation AND EXISTS (
        SELECT FROM edge.inbox i WHERE i.organization_id = known.organization_id
          AND i.terminal_id = p_terminal_id AND i.incarnation = p_incarnation) THEN
        UPDATE edge.terminals t
        SET incarnation = known.incarnation, watermark = known.watermark,
            head_hash = known.head_hash, safe_seq = known.safe_seq
        WHERE t.organization_id = known.organization_id AND t.terminal_id = p_terminal_id;
    END IF;
    IF replaces THEN
        -- A device that broke before its first session hands on whom it was to replace.
        UPDATE edge.terminals t SET takes_over = coalesce(
            (SELECT o.takes_over FROM edge.terminals o
             WHERE o.organization_id = code.organization_id AND o.terminal_id = code.takes_over),
            code.takes_over)
        WHERE t.organization_id = code.organization_id AND t.terminal_id = p_terminal_id;
        INSERT INTO edge.audit (organization_id, actor, action, detail)
        VALUES (code.organization_id, 'terminal ' || p_terminal_id, 'taken over',
                jsonb_build_object('site_id', code.site_id, 'terminal_code', code.terminal_code,
                                   'retired', code.takes_over));
    ELSIF code.code_hash IS NOT NULL THEN
        -- A new key has no end; a copy that is enrolled properly is none any more.
        UPDATE edge.terminals t SET key_valid_until = NULL
        WHERE t.organization_id = code.organization_id AND t.terminal_id = p_terminal_id
          AND t.public_key = p_public_key AND t.key_valid_until IS NOT NULL;
    END IF;
END
$$;

-- The key to check a signature with, and until when it is good.
CREATE FUNCTION edge.terminal_credential(p_terminal_id uuid)
RETURNS TABLE (public_key bytea, status text, expired boolean, replaceable boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
    SELECT t.public_key, t.status,
           coalesce(t.key_valid_until <= statement_timestamp(), false),
           coalesce(t.key_valid_until > statement_timestamp() - interval '30 days', true)
    FROM edge.terminals t
    WHERE t.terminal_id = p_terminal_id
$$;

-- Replaces the key of a terminal by one that the old key has signed; the caller has checked the
-- signature. Tokens of the old key end. False when the key was another one meanwhile.
CREATE FUNCTION edge.rotate_key(
    p_terminal_id uuid,
    p_old_key     bytea,
    p_new_key     bytea,
    p_jti         text,
    p_jti_expires timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
DECLARE
    terminal edge.terminals;
BEGIN
    SELECT * INTO terminal FROM edge.terminals t
    WHERE t.terminal_id = p_terminal_id AND t.status = 'active' AND t.public_key = p_old_key
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO edge.assertions_seen (organization_id, terminal_id, jti, expires_at)
    VALUES (terminal.organization_id, p_terminal_id, p_jti, p_jti_expires)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'assertion already used' USING ERRCODE = 'KE010';
    END IF;
    UPDATE edge.terminals t
    SET public_key = p_new_key, key_valid_until = NULL, updated_at = now()
    WHERE t.organization_id = terminal.organization_id AND t.terminal_id = p_terminal_id;
    DELETE FROM edge.tokens k
    WHERE k.organization_id = terminal.organization_id AND k.terminal_id = p_terminal_id;
    INSERT INTO edge.audit (organization_id, actor, action, detail)
    VALUES (terminal.organization_id, 'terminal ' || p_terminal_id, 'key rotated',
            jsonb_build_object('terminal_code', terminal.code));
    RETURN true;
END
$$;

-- As at the end of V8: giving a function away needs membership in the new owner, and the owner's
-- right to create in the schema; both for this transaction only.
SELECT edge.as_giver($script$
    DO $do$
    DECLARE
        name text;
    BEGIN
    FOREACH name IN ARRAY ARRAY[
        'redeem_code(bytea, uuid, text, bytea, text)',
        'terminal_credential(uuid)',
        'rotate_key(uuid, bytea, bytea, text, timestamptz)'
    ] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION edge.%s FROM PUBLIC', name);
        EXECUTE format('GRANT EXECUTE ON FUNCTION edge.%s TO kart_gateway', name);
        EXECUTE format('ALTER FUNCTION edge.%s OWNER TO kart_edge_definer', name);
    END LOOP;
    END
    $do$;
$script$);
