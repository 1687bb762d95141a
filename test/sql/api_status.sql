-- status() believes the daemon as far as its report goes.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE TABLE t (id int PRIMARY KEY);
SELECT daas.create_model('t', 'SELECT id FROM t');
CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS $$
  SELECT format('%s|%s|%s|gen %s|%s documents|behind %s bytes, %s', state, regexp_replace(reason, '\d{4}-.*', '…'), hint, generation, documents,
                lag_bytes, CASE WHEN lag < '1 min' THEN 'seconds' WHEN lag IS NOT NULL THEN 'longer' END)
    FROM daas.status('t') $$;
SELECT said($$SELECT daas.status('x')$$);
SELECT seen();
INSERT INTO daas.daemon (system_identifier, epoch, reported_at) SELECT system_identifier + 1, 1, now() FROM pg_control_system();
SELECT seen();
UPDATE daas.daemon SET system_identifier = (SELECT system_identifier FROM pg_control_system());
SELECT seen();
INSERT INTO daas.progress (model, system_identifier, state, reason, hint, visible_lsn, visible_at, documents, revision)
  SELECT 't', system_identifier, 'running', NULL, NULL, 'FFFFFFFF/0', now() - interval '1 hour', 5, 1 FROM pg_control_system();
INSERT INTO daas.generation (model, number, system_identifier, collection, revision, columns, key, version, snapshot, live)
  SELECT 't', 3, system_identifier, 'x', 1, '[]', '{id}', 1, '1:1:', true FROM pg_control_system();
SELECT seen();
UPDATE daas.progress SET visible_lsn = '0/1';
SELECT seen() ~ 'behind \d{5,} bytes, longer';
UPDATE daas.progress SET visible_lsn = 'FFFFFFFF/0', state = 'stopped', reason = 'the key is gone', hint = 'ALTER TABLE t ADD PRIMARY KEY (id)';
SELECT seen();
SELECT daas.reload_model('t');
SELECT seen();
UPDATE daas.progress SET revision = 2;
UPDATE daas.daemon SET reported_at = now() - interval '11 seconds';
SELECT seen();
UPDATE daas.progress SET system_identifier = 1;
UPDATE daas.generation SET system_identifier = 1;
SELECT seen();
DROP EXTENSION daas CASCADE;
DROP PUBLICATION daas;
DROP FUNCTION seen;
DROP TABLE t;
