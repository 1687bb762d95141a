-- Accounts: passwords are hashed, claims are checked, the login check gives nothing away.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
CREATE EXTENSION daas;
SELECT daas.create_account('desk', 'secret', '{"airports": ["EWR"]}');
SELECT password_hash LIKE '$y$%' FROM daas.account;
SELECT daas.login('desk', 'secret');
SELECT daas.login('desk', 'Secret') IS NULL, daas.login('desk', '') IS NULL, daas.login('desk', NULL) IS NULL,
  daas.login('nobody', 'secret') IS NULL, daas.login(NULL, 'secret') IS NULL;
-- Two accounts with one password have different hashes.
SELECT daas.create_account('desk2', 'secret');
SELECT count(DISTINCT password_hash) FROM daas.account;
-- Without a password nobody can log in.
SELECT daas.create_account('locked');
SELECT daas.login('locked', '') IS NULL;

SELECT said($$SELECT daas.create_account('desk', 'x')$$);
SELECT said($$SELECT daas.create_account(NULL, 'x')$$);
SELECT said($$SELECT daas.create_account('', 'x')$$);
SELECT said($$SELECT daas.create_account('a:b', 'x')$$);
SELECT said($$SELECT daas.create_account(E'a\nb', 'x')$$);
SELECT said($$SELECT daas.create_account('x', '')$$);
SELECT said($$SELECT daas.create_account('x', repeat('x', 600))$$);
SELECT said($$SELECT daas.create_account('x', 'x', password_hash => 'y')$$);
SELECT said($$SELECT daas.create_account('x', 'x', '[]')$$);
SELECT said($$SELECT daas.create_account('x', 'x', NULL)$$);
SELECT name, said(format('SELECT daas.create_account(''x'', ''x'', jsonb_build_object(%L, 1))', name))
  FROM unnest('{exp,iss,aud,sub,iat,nbf,jti}'::text[]) name;

-- A ready hash is one of crypt(3), whole and strong.
SELECT said(format('SELECT daas.create_account(%L, password_hash => %L)', 'ready', password_hash)) FROM daas.account WHERE name = 'desk';
SELECT daas.login('ready', 'secret');
SELECT said($$SELECT daas.create_account('x', password_hash => '')$$);
SELECT said($$SELECT daas.create_account('x', password_hash => 'secret')$$);
SELECT said($$SELECT daas.create_account('x', password_hash => '$y$j9T$abcdefgh')$$);
SELECT said($$SELECT daas.create_account('x', password_hash => '$1$abcdefgh$BLKTRK4pOWcTpUkHXUOme.')$$);
SELECT said($$SELECT daas.create_account('x', password_hash => 'ab01FAX.bQRSU')$$);

SELECT daas.set_password('desk', 'other');
SELECT daas.login('desk', 'secret') IS NULL, daas.login('desk', 'other');
SELECT daas.set_password('desk');
SELECT daas.login('desk', 'other') IS NULL;
SELECT daas.set_claims('desk', '{"a": {"b": [1]}}');
SELECT claims FROM daas.account WHERE name = 'desk';
SELECT said($$SELECT daas.set_claims('desk', '{"sub": "x"}')$$);
SELECT said($$SELECT daas.set_claims('x', '{}')$$);
SELECT said($$SELECT daas.set_password('x', 'y')$$);
SELECT said($$SELECT daas.set_password('desk', '')$$);
SELECT said($$SELECT daas.drop_account('x')$$);
SELECT daas.drop_account('x', if_exists => true);
SELECT daas.drop_account('desk');
SELECT name FROM daas.account ORDER BY name;
DROP EXTENSION daas;
