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
