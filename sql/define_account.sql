-- Defining accounts, and the login check of the serving role.

CREATE FUNCTION daas.login(name text, password text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  account daas.account;
BEGIN
  SELECT a.* INTO account FROM daas.account a WHERE a.name = login.name;
  -- Also for unknown accounts: the time of the answer says nothing.
  RETURN CASE WHEN daas._verify_password(password, account.password_hash) THEN account.claims END;
END $$;
COMMENT ON FUNCTION daas.login(text, text) IS
'The claims of the account if this is its password, else NULL. For the server role, which can''t read hashes.';

CREATE FUNCTION daas._checked_hash(password text, password_hash text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF password IS NOT NULL AND password_hash IS NOT NULL THEN
    RAISE EXCEPTION 'give password or password_hash, not both' USING ERRCODE = '22023';
  ELSIF password = '' THEN
    RAISE EXCEPTION 'the password is empty' USING ERRCODE = '22023';
  ELSIF password IS NOT NULL THEN
    RETURN daas._hash_password(password);
  ELSIF password_hash IS NULL THEN
    RETURN NULL;
  END IF;
  CASE daas._password_hash_format(password_hash)
    WHEN 'good' THEN RETURN password_hash;
    WHEN 'weak' THEN
      RAISE EXCEPTION 'the password hash is of a method that is too weak'
        USING ERRCODE = '22023', HINT = 'Make one with daas-indexer hash-password.';
    ELSE
      RAISE EXCEPTION 'the password hash is not one of crypt(3)'
        USING ERRCODE = '22023', HINT = 'Make one with daas-indexer hash-password.';
  END CASE;
END $$;
COMMENT ON FUNCTION daas._checked_hash(text, text) IS 'Internal: the hash to store for a password or a ready hash.';

CREATE FUNCTION daas._check_claims(claims jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  registered CONSTANT text[] := '{exp,iss,aud,sub,iat,nbf,jti}';
  refused text;
BEGIN
  IF claims IS NULL OR jsonb_typeof(claims) <> 'object' THEN
    RAISE EXCEPTION 'claims must be a JSON object'
      USING ERRCODE = '22023', HINT = 'For example claims => ''{"airports": ["EWR"]}''.';
  END IF;
  SELECT k INTO refused FROM jsonb_object_keys(claims) k WHERE k = ANY (registered) ORDER BY k LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'claim "%" is set by the server', refused
      USING ERRCODE = '22023', HINT = format('Reserved claims are: %s.', array_to_string(registered, ', '));
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_claims(jsonb) IS 'Internal: refuses registered claims and what is no object.';

CREATE FUNCTION daas._create_account(caller regrole, search_path text, account_name text, password text, claims jsonb,
                                     password_hash text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF account_name IS NULL THEN
    RAISE EXCEPTION 'name must not be null' USING ERRCODE = '22004';
  -- Basic authentication ends the name at the first colon.
  ELSIF account_name = '' OR length(account_name) > 200 OR account_name ~ '[[:cntrl:]:]' THEN
    RAISE EXCEPTION 'invalid account name'
      USING ERRCODE = '42602', HINT = 'A name has 1 to 200 characters, no colon and no control characters.';
  END IF;
  PERFORM daas._check_claims(claims);
  INSERT INTO daas.account (name, password_hash, claims)
    VALUES (account_name, daas._checked_hash(password, password_hash), claims);
EXCEPTION WHEN unique_violation THEN
  RAISE EXCEPTION 'account "%" already exists', account_name
    USING ERRCODE = '42710', HINT = 'Change it with daas.set_password and daas.set_claims.';
END $$;
COMMENT ON FUNCTION daas._create_account(regrole, text, text, text, jsonb, text) IS
  'Internal: create_account, as the extension''s owner.';

CREATE FUNCTION daas.create_account(name text, password text DEFAULT NULL, claims jsonb DEFAULT '{}',
                                    password_hash text DEFAULT NULL) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.create_account(text, text, jsonb, text) IS
'Makes an account for POST /auth/login.
password: hashed with yescrypt here, but it may stand in a statement log; password_hash: ready, from daas-indexer hash-password. Without both the account can''t log in.
claims: a JSON object that goes into each token; the scopes of APIs are looked up in it. exp iss aud sub iat nbf jti are refused.';

CREATE FUNCTION daas._set_password(caller regrole, search_path text, account_name text, password text,
                                   password_hash text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE daas.account a SET password_hash = daas._checked_hash(password, _set_password.password_hash)
   WHERE a.name = account_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'account "%" does not exist', account_name USING ERRCODE = '42704';
  END IF;
END $$;
COMMENT ON FUNCTION daas._set_password(regrole, text, text, text, text) IS
  'Internal: set_password, as the extension''s owner.';

CREATE FUNCTION daas.set_password(name text, password text DEFAULT NULL, password_hash text DEFAULT NULL) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.set_password(text, text, text) IS
'Gives an account a new password, or a ready hash; without both it can''t log in any more. Its sessions are over; access tokens stay valid until they expire.';

CREATE FUNCTION daas._set_claims(caller regrole, search_path text, account_name text, claims jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM daas._check_claims(claims);
  UPDATE daas.account a SET claims = _set_claims.claims WHERE a.name = account_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'account "%" does not exist', account_name USING ERRCODE = '42704';
  END IF;
END $$;
COMMENT ON FUNCTION daas._set_claims(regrole, text, text, jsonb) IS
  'Internal: set_claims, as the extension''s owner.';

CREATE FUNCTION daas.set_claims(name text, claims jsonb) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.set_claims(text, jsonb) IS
'Replaces the claims of an account. Tokens that were issued before keep theirs until they expire; a refresh brings the new ones.';

CREATE FUNCTION daas._drop_account(caller regrole, search_path text, account_name text, if_exists boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM daas.account a WHERE a.name = account_name;
  IF NOT FOUND AND if_exists THEN
    RAISE NOTICE 'account "%" does not exist, skipping', account_name;
  ELSIF NOT FOUND THEN
    RAISE EXCEPTION 'account "%" does not exist', account_name USING ERRCODE = '42704';
  END IF;
END $$;
COMMENT ON FUNCTION daas._drop_account(regrole, text, text, boolean) IS
  'Internal: drop_account, as the extension''s owner.';

CREATE FUNCTION daas.drop_account(name text, if_exists boolean DEFAULT false) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.drop_account(text, boolean) IS
'Removes an account and its sessions. Its access tokens stay valid until they expire. if_exists: a NOTICE instead of an error (42704).';
