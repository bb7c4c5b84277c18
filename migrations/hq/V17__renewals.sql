-- Lives of any length are renewed, a device is replaced once, and one terminal can write only so much
-- about its copies.

-- How far the reading of a life that ends has come. A renewal reads it over as many requests as it
-- takes; what was read is not read again.
CREATE TABLE edge.replays (
    organization_id varchar(50) NOT NULL,
    terminal_id     uuid NOT NULL,
    incarnation     text NOT NULL CHECK (incarnation ~ '^[0-9a-f]{16}$'),
    version         text NOT NULL,
    seq             bigint NOT NULL CHECK (seq > 0),
    hash            bytea NOT NULL CHECK (octet_length(hash) = 32),
    plant           json NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, terminal_id, incarnation, version)
);
COMMENT ON TABLE edge.replays IS
    'lives that are being read for a renewal; gone when it is done, or a day after it was given up';
COMMENT ON COLUMN edge.replays.version IS
    'of the gateway that reads: another release may make something else of a fact';
COMMENT ON COLUMN edge.replays.seq IS 'facts up to here are in plant';
COMMENT ON COLUMN edge.replays.hash IS 'head of the chain there';

ALTER TABLE edge.replays ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
DO $$
DECLARE
    rule text :=
        $p$organization_id = nullif(current_setting('edge.organization', true), '')
           AND EXISTS (SELECT FROM edge.terminals t
                       WHERE t.organization_id = replays.organization_id
                         AND t.terminal_id = replays.terminal_id)$p$;
BEGIN
    EXECUTE format('CREATE POLICY tenant ON edge.replays USING (%s) WITH CHECK (%1$s)', rule);
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON edge.replays TO kart_gateway;
GRANT SELECT, DELETE ON edge.replays TO kart_worker;

-- So many copies of a terminal have a row of their own.
ALTER TABLE edge.copies
    ADD COLUMN further bigint NOT NULL DEFAULT 0 CHECK (further >= 0),
    ADD COLUMN further_noted_at timestamptz;
COMMENT ON COLUMN edge.copies.further IS
    'tries of still other copies, which have no row of their own any more, since this one was the newest';
COMMENT ON COLUMN edge.copies.further_noted_at IS 'when edge.audit was last told of them';

-- Whether a device was replaced is seen before anything knows whose the code is.
GRANT SELECT (organization_id, terminal_id, incarnation) ON edge.lives TO kart_edge_definer;
CREATE POLICY definer ON edge.lives FOR SELECT TO kart_edge_definer USING (true);

-- As in V11, and a life is handed on once: neither to the holder of a second code for the same
-- device, nor back to that device as if nothing had happened.
SELECT edge.as_giver($script$
CREATE OR REPLACE FUNCTION edge.redeem_code(
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
    good boolean;
    replaces boolean;
    -- Whose work the holder of the code goes on with.
    former uuid;
BEGIN
    SELECT * INTO code FROM edge.enrollment_codes c WHERE c.code_hash = p_code_hash FOR UPDATE;
    SELECT * INTO known FROM edge.terminals t WHERE t.terminal_id = p_terminal_id;
    good := coalesce(code.used_at IS NULL AND code.expires_at > statement_timestamp(), false);
    -- The same device under its own record: it only proves itself anew.
    replaces := good AND code.takes_over IS NOT NULL AND code.takes_over <> p_terminal_id;
    IF replaces THEN
        -- A device that broke before its first session hands on whom it was to replace.
        SELECT coalesce(t.takes_over, t.terminal_id) INTO former FROM edge.terminals t
        WHERE t.organization_id = code.organization_id AND t.terminal_id = code.takes_over
        FOR NO KEY UPDATE;
        IF EXISTS (SELECT FROM edge.terminals t
                   JOIN edge.lives l USING (organization_id, terminal_id, incarnation)
                   WHERE t.organization_id = code.organization_id AND t.terminal_id = former) THEN
            RAISE EXCEPTION 'another device has taken over already' USING ERRCODE = 'KE006';
        END IF;
        UPDATE edge.terminals t
        SET status = 'retired', revoked_at = now(), updated_at = now()
        WHERE t.organization_id = code.organization_id AND t.terminal_id = code.takes_over;
        DELETE FROM edge.tokens k
        WHERE k.organization_id = code.organization_id AND k.terminal_id = code.takes_over;
    ELSIF good AND known.organization_id = code.organization_id
          AND EXISTS (
              SELECT FROM edge.lives l WHERE l.organization_id = known.organization_id
                AND l.terminal_id = p_terminal_id AND l.incarnation = known.incarnation)
          AND (known.incarnation = p_incarnation OR EXISTS (
              SELECT FROM edge.inbox i WHERE i.organization_id = known.organization_id
                AND i.terminal_id = p_terminal_id AND i.incarnation = p_incarnation)) THEN
        RAISE EXCEPTION 'another device has taken over from this one' USING ERRCODE = 'KE007';
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
        UPDATE edge.terminals t SET takes_over = former
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
$$
$script$);
