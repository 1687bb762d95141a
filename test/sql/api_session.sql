-- Sessions: opened by a password, refreshed by one secret at a time, ended by its second use.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
CREATE EXTENSION daas;
SELECT daas.create_account('desk', 'secret', '{"airports": ["EWR"]}');
SELECT daas.create_account('locked');
-- What the daemon sends: hashes.
CREATE FUNCTION h(text) RETURNS bytea LANGUAGE sql AS $$ SELECT sha256($1::bytea) $$;

-- Only the right password opens one.
SELECT daas.open_session('desk', 'wrong', h('s1'), h('a'), '1 h') IS NULL, daas.open_session('nobody', 'secret', h('s1'), h('a'), '1 h') IS NULL,
  daas.open_session('locked', '', h('s1'), h('a'), '1 h') IS NULL, daas.open_session(NULL, NULL, h('s1'), h('a'), '1 h') IS NULL,
  daas.open_session('desk', NULL, h('s1'), h('a'), '1 h') IS NULL;
SELECT count(*) FROM daas.session;
SELECT daas.open_session('desk', 'secret', h('s1'), h('a'), '1 h');
SELECT account, length(id), length(secret), expires_at BETWEEN now() + '59 min' AND now() + '61 min', refreshed_at FROM daas.session;
SELECT said($$SELECT daas.open_session('desk', 'secret', NULL, h('a'), '1 h')$$);
SELECT said($$SELECT daas.open_session('desk', 'secret', h('s9'), h('a'), '0')$$);
SELECT said($$SELECT daas.open_session('desk', 'secret', h('s9'), h('a'), '-1 h')$$);
SELECT substr(said($$SELECT daas.open_session('desk', 'secret', '\x00', h('a'), '1 h')$$), 1, 5);

-- A refresh replaces the secret and reads the claims anew; it does not make the session longer.
SELECT daas.set_claims('desk', '{"airports": ["JFK"]}');
SELECT state, account, claims, expires_at <= now() + '1 h 1 min' FROM daas.refresh_session(h('s1'), h('a'), h('b'));
SELECT state, account, claims, expires_at <= now() + '1 h 1 min' FROM daas.refresh_session(h('s1'), h('b'), h('c'));
SELECT * FROM daas.refresh_session(h('s2'), h('a'), h('b'));
SELECT * FROM daas.refresh_session(NULL, NULL, NULL);
-- One that was replaced before ends it, for whoever has the latest one, too.
SELECT daas.open_session('desk', 'secret', h('s2'), h('a'), '1 h') IS NOT NULL;
SELECT * FROM daas.refresh_session(h('s1'), h('a'), h('x'));
SELECT * FROM daas.refresh_session(h('s1'), h('c'), h('d'));
SELECT state FROM daas.refresh_session(h('s2'), h('a'), h('b'));
-- As does no secret at all.
SELECT state FROM daas.refresh_session(h('s2'), NULL, h('c'));
SELECT count(*) FROM daas.session;

-- Another password, none, and another account of that name are the end of it.
SELECT daas.open_session('desk', 'secret', h('s3'), h('a'), '1 h') IS NOT NULL, daas.open_session('desk', 'secret', h('s4'), h('a'), '1 h') IS NOT NULL;
SELECT daas.set_password('desk', 'secret');
SELECT * FROM daas.refresh_session(h('s3'), h('a'), h('b'));
SELECT * FROM daas.refresh_session(h('s3'), h('a'), h('b'));
SELECT daas.set_password('desk');
SELECT * FROM daas.refresh_session(h('s4'), h('a'), h('b'));
SELECT daas.set_password('desk', 'secret');
SELECT daas.open_session('desk', 'secret', h('s5'), h('a'), '1 h') IS NOT NULL;
SELECT daas.drop_account('desk');
SELECT count(*) FROM daas.session;

-- It ends by itself, and later logins sweep it up.
SELECT daas.create_account('desk', 'secret');
SELECT count(daas.open_session('desk', 'secret', h('t' || i), h('a'), '1 h')) FROM generate_series(1, 3) i;
UPDATE daas.session SET expires_at = now() WHERE id IN (h('t1'), h('t2'));
SELECT * FROM daas.refresh_session(h('t1'), h('a'), h('b'));
SELECT count(*) FROM daas.session;
SELECT daas.open_session('desk', 'secret', h('t4'), h('a'), '1 h');
SELECT count(*), count(*) FILTER (WHERE id IN (h('t3'), h('t4'))) FROM daas.session;
SELECT daas.end_session(h('t3')), daas.end_session(h('t3')), daas.end_session(NULL);
SELECT count(*) FROM daas.session;

-- Of one account the latest 1,000 stay.
INSERT INTO daas.session (id, account, secret, password_mark, created_at, expires_at)
  SELECT h('u' || i), 'desk', h('a'), '', now() - i * interval '1 s', now() + interval '1 h' FROM generate_series(1, 1200) i;
SELECT daas.open_session('desk', 'secret', h('u'), h('a'), '1 h');
SELECT count(*), count(*) FILTER (WHERE id IN (h('u'), h('u1'))), count(*) FILTER (WHERE id = h('u1200')) FROM daas.session;
DROP FUNCTION h;
DROP EXTENSION daas;
