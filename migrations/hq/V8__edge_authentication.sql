-- How a terminal is recognised, before its organisation is known.
--
-- These functions run as kart_edge_definer, which can reach six tables and nothing else. They
-- take hashes and public keys only: no secret of a terminal ever enters the database.
--
--   KE001 enrollment code unknown          KE010 assertion already used
--   KE002 enrollment code expired          KE011 terminal unknown or not active
--   KE003 enrollment code already used     KE012 assertion or token already expired
--   KE004 another active terminal has this code at the site
--   KE005 terminal belongs to another organisation, or it has sent facts and belongs to another
--         site or has another code there

-- The terminal behind a token, as it is at this moment. The caller looks at the status.
CREATE FUNCTION edge.authenticate(p_token_hash bytea)
RETURNS TABLE (
    organization_id varchar, site_id uuid, terminal_id uuid, incarnation text, status text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
    SELECT t.organization_id, t.site_id, t.terminal_id, t.incarnation, t.status
    FROM edge.tokens k
    JOIN edge.terminals t USING (organization_id, terminal_id)
    WHERE k.token_hash = p_token_hash
      AND k.expires_at > statement_timestamp()
$$;

-- The key to check a signed assertion with. The caller looks at the status.
CREATE FUNCTION edge.terminal_key(p_terminal_id uuid)
RETURNS TABLE (organization_id varchar, public_key bytea, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
    SELECT t.organization_id, t.public_key, t.status
    FROM edge.terminals t
    WHERE t.terminal_id = p_terminal_id
$$;

-- Exchanges an assertion, whose signature the caller has checked, for a token.
CREATE FUNCTION edge.issue_token(
    p_terminal_id uuid,
    p_token_hash  bytea,
    p_expires_at  timestamptz,
    p_jti         text,
    p_jti_expires timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, edge AS $$
DECLARE
    terminal edge.terminals;
BEGIN
    IF p_jti_expires <= statement_timestamp() OR p_expires_at <= statement_timestamp() THEN
        RAISE EXCEPTION 'expired' USING ERRCODE = 'KE012';
    END IF;
    SELECT * INTO terminal FROM edge.terminals t
    WHERE t.terminal_id = p_terminal_id AND t.status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no active terminal %', p_terminal_id USING ERRCODE = 'KE011';
    END IF;

    DELETE FROM edge.tokens k
    WHERE k.organization_id = terminal.organization_id AND k.terminal_id = p_terminal_id
      AND k.expires_at <= statement_timestamp();
    DELETE FROM edge.assertions_seen a
    WHERE a.organization_id = terminal.organization_id AND a.terminal_id = p_terminal_id
      AND a.expires_at <= statement_timestamp();

    INSERT INTO edge.assertions_seen (organization_id, terminal_id, jti, expires_at)
    VALUES (terminal.organization_id, p_terminal_id, p_jti, p_jti_expires)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'assertion already used' USING ERRCODE = 'KE010';
    END IF;
    INSERT INTO edge.tokens (organization_id, token_hash, terminal_id, expires_at)
    VALUES (terminal.organization_id, p_token_hash, p_terminal_id, p_expires_at);
END
$$;

-- Spends a one-time code. The same terminal with the same key may ask again, because the first
-- answer may have been lost on its way.
CREATE FUNCTION edge.redeem_enrollment(
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
BEGIN
    SELECT * INTO code FROM edge.enrollment_codes c WHERE c.code_hash = p_code_hash FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'enrollment code unknown' USING ERRCODE = 'KE001';
    END IF;
    SELECT * INTO known FROM edge.terminals t WHERE t.terminal_id = p_terminal_id FOR UPDATE;
    IF code.used_at IS NOT NULL THEN
        IF code.used_by = p_terminal_id AND known.status = 'active'
           AND known.public_key = p_public_key AND known.incarnation = p_incarnation THEN
            RETURN QUERY SELECT code.organization_id, code.site_id, code.terminal_code;
            RETURN;
        END IF;
        RAISE EXCEPTION 'enrollment code already used' USING ERRCODE = 'KE003';
    END IF;
    IF code.expires_at <= statement_timestamp() THEN
        RAISE EXCEPTION 'enrollment code expired' USING ERRCODE = 'KE002';
    END IF;
    BEGIN
        IF NOT edge.register_terminal(
            code, p_terminal_id, p_incarnation, p_public_key, p_nonce
        ) THEN
            RAISE EXCEPTION 'terminal belongs elsewhere' USING ERRCODE = 'KE005';
        END IF;
    EXCEPTION WHEN unique_violation THEN
        RAISE EXCEPTION 'terminal code % is in use', code.terminal_code USING ERRCODE = 'KE004';
    END;
    UPDATE edge.enrollment_codes c SET used_at = now(), used_by = p_terminal_id
    WHERE c.code_hash = p_code_hash;
    INSERT INTO edge.audit (organization_id, actor, action, detail)
    VALUES (code.organization_id, 'terminal ' || p_terminal_id, 'enrolled',
            jsonb_build_object('site_id', code.site_id, 'terminal_code', code.terminal_code,
                               'incarnation', p_incarnation));
    RETURN QUERY SELECT code.organization_id, code.site_id, code.terminal_code;
END
$$;

-- Makes or renews the row of a terminal; false when the row is not the code's to renew. A new
-- incarnation is a new log and starts at zero; a new key ends the tokens of the old one. A terminal
-- that never sent a fact was perhaps enrolled by mistake: it may change its code and its site.
CREATE FUNCTION edge.register_terminal(
    p_code        edge.enrollment_codes,
    p_terminal_id uuid,
    p_incarnation text,
    p_public_key  bytea,
    p_nonce       text
) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, edge AS $$
BEGIN
    INSERT INTO edge.terminals AS t
        (organization_id, terminal_id, site_id, code, incarnation, public_key, nonce)
    VALUES
        (p_code.organization_id, p_terminal_id, p_code.site_id, p_code.terminal_code,
         p_incarnation, p_public_key, p_nonce)
    ON CONFLICT (terminal_id) DO UPDATE SET
        site_id     = excluded.site_id,
        code        = excluded.code,
        public_key  = excluded.public_key,
        nonce       = excluded.nonce,
        status      = 'active',
        revoked_at  = NULL,
        enrolled_at = now(),
        updated_at  = now(),
        watermark   = CASE WHEN t.incarnation = excluded.incarnation THEN t.watermark ELSE 0 END,
        safe_seq    = CASE WHEN t.incarnation = excluded.incarnation THEN t.safe_seq ELSE 0 END,
        head_hash   = CASE WHEN t.incarnation = excluded.incarnation THEN t.head_hash
                           ELSE excluded.head_hash END,
        incarnation = excluded.incarnation
    WHERE t.organization_id = excluded.organization_id
      AND ((t.site_id, t.code) = (excluded.site_id, excluded.code)
           OR NOT EXISTS (SELECT FROM edge.inbox i
                          WHERE i.organization_id = t.organization_id
                            AND i.terminal_id = t.terminal_id));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM edge.tokens k
    WHERE k.organization_id = p_code.organization_id AND k.terminal_id = p_terminal_id;
    RETURN true;
END
$$;

-- Giving a function away needs membership in the new owner, and the owner's right to create in
-- the schema; both for this transaction only.
DO $$
DECLARE
    -- From 16 on a member may lack the right to SET ROLE, which is what counts here.
    may_set text := 'MEMBER';
    with_set text := '';
    must_join boolean;
    had_grant boolean;
    functions text[] := ARRAY[
        'authenticate(bytea)',
        'terminal_key(uuid)',
        'issue_token(uuid, bytea, timestamptz, text, timestamptz)',
        'redeem_enrollment(bytea, uuid, text, bytea, text)',
        'register_terminal(edge.enrollment_codes, uuid, text, bytea, text)'
    ];
    name text;
BEGIN
    IF current_setting('server_version_num')::int >= 160000 THEN
        may_set := 'SET';
        with_set := 'WITH SET TRUE';
    END IF;
    must_join := NOT pg_has_role(current_user, 'kart_edge_definer', may_set);
    -- A grant by the same hand, without that right, is only widened and stays afterwards.
    had_grant := EXISTS (
        SELECT FROM pg_auth_members m
        JOIN pg_roles r ON r.oid = m.roleid AND r.rolname = 'kart_edge_definer'
        JOIN pg_roles o ON o.oid = m.member AND o.oid = m.grantor AND o.rolname = current_user);
    IF must_join THEN
        EXECUTE format('GRANT kart_edge_definer TO %I %s', current_user, with_set);
    END IF;
    GRANT CREATE ON SCHEMA edge TO kart_edge_definer;
    FOREACH name IN ARRAY functions LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION edge.%s FROM PUBLIC', name);
        IF name NOT LIKE 'register_terminal%' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION edge.%s TO kart_gateway', name);
        END IF;
        EXECUTE format('ALTER FUNCTION edge.%s OWNER TO kart_edge_definer', name);
    END LOOP;
    REVOKE CREATE ON SCHEMA edge FROM kart_edge_definer;
    IF must_join THEN
        EXECUTE format('REVOKE %s kart_edge_definer FROM %I',
                       CASE WHEN had_grant THEN 'SET OPTION FOR' ELSE '' END, current_user);
    END IF;
END
$$;
