-- Sessions of the serving role: opened by a password, refreshed by the token that replaces the one before, ended.
-- The server role can open none without the account's password, and reads none. All hashes are SHA-256, made by the
-- daemon: no refresh token gets into a statement's log.

CREATE FUNCTION daas._password_mark(password_hash text) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(convert_to(password_hash, 'UTF8'))
$$;
COMMENT ON FUNCTION daas._password_mark(text) IS 'Internal: by what a session knows the password that opened it.';

CREATE FUNCTION daas.open_session(name text, password text, id bytea, secret bytea, life interval) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  most CONSTANT int := 1000;
  account daas.account;
BEGIN
  IF id IS NULL OR secret IS NULL OR life IS NULL OR life <= interval '0' THEN
    RAISE EXCEPTION 'id, secret and life must be given' USING ERRCODE = '22023';
  END IF;
  SELECT a.* INTO account FROM daas.account a WHERE a.name = open_session.name;
  -- Also for unknown accounts: the time of the answer says nothing.
  IF daas._verify_password(open_session.password, account.password_hash) IS NOT TRUE THEN
    RETURN NULL;
  END IF;
  -- Marked with the hash that was verified: a password that is changed meanwhile ends this session, too.
  INSERT INTO daas.session (id, account, secret, password_mark, expires_at)
    VALUES (open_session.id, account.name, open_session.secret, daas._password_mark(account.password_hash),
            clock_timestamp() + open_session.life);
  -- The oldest make place: whoever logs in again and again without logging out must not fill the disk.
  DELETE FROM daas.session s
   WHERE s.id IN (SELECT o.id FROM daas.session o WHERE o.account = account.name
                   ORDER BY o.created_at DESC OFFSET most);
  -- Each login sweeps up after more than itself.
  DELETE FROM daas.session s
   WHERE s.id IN (SELECT o.id FROM daas.session o WHERE o.expires_at <= clock_timestamp()
                   ORDER BY o.expires_at LIMIT 20 FOR UPDATE SKIP LOCKED);
  RETURN account.claims;
EXCEPTION WHEN foreign_key_violation THEN
  RETURN NULL;  -- dropped while the password was checked
END $$;
COMMENT ON FUNCTION daas.open_session(text, text, bytea, bytea, interval) IS
'daas.login, and with the right password a session: the hashes of its refresh token''s two parts, and how long it may live. For the server role.
Of one account the latest 1,000 sessions are kept.';

CREATE FUNCTION daas.refresh_session(id bytea, secret bytea, next_secret bytea,
                                     OUT state text, OUT account text, OUT claims jsonb, OUT expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  session daas.session;
  holder daas.account;
BEGIN
  -- The lock makes two refreshes with one token come one after the other, in whichever processes: the second one meets
  -- another secret.
  SELECT s.* INTO session FROM daas.session s WHERE s.id = refresh_session.id FOR UPDATE;
  IF session.id IS NULL THEN
    state := 'unknown';
    RETURN;
  END IF;
  account := session.account;
  SELECT a.* INTO holder FROM daas.account a WHERE a.name = session.account;
  IF session.expires_at <= clock_timestamp()
     OR session.password_mark IS DISTINCT FROM daas._password_mark(holder.password_hash) THEN
    DELETE FROM daas.session s WHERE s.id = session.id;
    state := 'over';
  ELSIF session.secret IS DISTINCT FROM refresh_session.secret THEN
    DELETE FROM daas.session s WHERE s.id = session.id;
    state := 'reused';
  ELSE
    UPDATE daas.session s SET secret = next_secret, refreshed_at = clock_timestamp() WHERE s.id = session.id;
    state := 'refreshed';
    claims := holder.claims;
    expires_at := session.expires_at;
  END IF;
END $$;
COMMENT ON FUNCTION daas.refresh_session(bytea, bytea, bytea) IS
'Replaces a session''s secret if the given one is good: state refreshed, with the account''s claims as they are now. Else unknown, over (expired, another password) or reused: a secret that was replaced before, so that somebody else may have it; then the session is ended. For the server role.';

CREATE FUNCTION daas.end_session(id bytea) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH ended AS (DELETE FROM daas.session s WHERE s.id = end_session.id RETURNING 1)
  SELECT count(*) > 0 FROM ended
$$;
COMMENT ON FUNCTION daas.end_session(bytea) IS 'Ends a session; whether there was one. For the server role.';
