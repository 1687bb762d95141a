-- Accounts: who may log in, and the claims that their tokens carry.

CREATE TABLE daas.account (
  name           text PRIMARY KEY CHECK (name <> '' AND length(name) <= 200),
  password_hash  text,
  claims         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(claims) = 'object'),
  created_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  daas.account IS 'Accounts of POST /auth/login. No role but the extension''s owner reads this table.';
COMMENT ON COLUMN daas.account.name IS 'Name to log in with: no colon, no control characters.';
COMMENT ON COLUMN daas.account.password_hash IS 'crypt(3) hash (yescrypt). NULL: the account can''t log in.';
COMMENT ON COLUMN daas.account.claims IS 'Copied into each token of the account; registered claims (exp iss aud sub iat nbf jti) are refused.';
COMMENT ON COLUMN daas.account.created_at IS 'When it was created.';

SELECT pg_catalog.pg_extension_config_dump('daas.account', '');

-- What a login leaves behind until it is logged out: who holds a session's refresh token may have access tokens.
-- A refresh token is SESSION.SECRET, both random; only their hashes are here. Invariants:
--   One token of a session is good at a time: a refresh replaces the secret. A secret that is not the one of its session
--   has been used already (or was garbled by its holder), and ends the session.
--   A session belongs to the password that opened it: when the account's hash is another, the session is over.
--   A session ends at expires_at, however often it was refreshed.
CREATE TABLE daas.session (
  id             bytea PRIMARY KEY CHECK (length(id) = 32),
  account        text NOT NULL REFERENCES daas.account (name) ON DELETE CASCADE,
  secret         bytea NOT NULL CHECK (length(secret) = 32),
  password_mark  bytea NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  refreshed_at   timestamptz,
  expires_at     timestamptz NOT NULL
);
CREATE INDEX session_account ON daas.session (account, created_at);
CREATE INDEX session_expires ON daas.session (expires_at);
COMMENT ON TABLE  daas.session IS 'Logins that can be refreshed. No role but the extension''s owner reads this table, and a dump leaves it out.';
COMMENT ON COLUMN daas.session.id IS 'SHA-256 of the first part of the refresh tokens.';
COMMENT ON COLUMN daas.session.account IS 'Who has logged in; dropping the account drops its sessions.';
COMMENT ON COLUMN daas.session.secret IS 'SHA-256 of the second part of the refresh token that is good now.';
COMMENT ON COLUMN daas.session.password_mark IS 'SHA-256 of the account''s password hash at the login: with another password the session is over.';
COMMENT ON COLUMN daas.session.created_at IS 'When it was logged in.';
COMMENT ON COLUMN daas.session.refreshed_at IS 'When it was refreshed last; NULL: never.';
COMMENT ON COLUMN daas.session.expires_at IS 'When it ends; a refresh does not change it.';
