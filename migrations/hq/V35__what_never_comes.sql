-- What never comes is refused in words.

CREATE FUNCTION edge.refuse_fact(p_words text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '%', p_words;
END
$$;
COMMENT ON FUNCTION edge.refuse_fact(text) IS 'ends the writing of a fact that can never be applied, for people in these words';
REVOKE EXECUTE ON FUNCTION edge.refuse_fact(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION edge.refuse_fact(text) TO kart_gateway;
