-- Dead letters: who sees them, trying again, the option, and what takes them along.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_daas_admin;
CREATE ROLE regress_daas_other;
CREATE ROLE regress_daas_daemon REPLICATION;
CREATE ROLE regress_daas_server;
CREATE EXTENSION daas;
SELECT daas.grant_role(r, m) FROM (VALUES ('admin', 'regress_daas_admin'), ('admin', 'regress_daas_other'),
  ('replication', 'regress_daas_daemon'), ('server', 'regress_daas_server')) x(r, m);
GRANT CREATE ON SCHEMA public TO regress_daas_admin;

-- The option.
SET ROLE regress_daas_admin;
CREATE TABLE t (id int PRIMARY KEY);
SELECT said($$SELECT daas.create_model('t', 'SELECT id FROM t', options => '{"max_dead_letters": -1}')$$);
SELECT said($$SELECT daas.create_model('t', 'SELECT id FROM t', options => '{"max_dead_letters": 1000001}')$$);
SELECT said($$SELECT daas.create_model('t', 'SELECT id FROM t', options => '{"max_dead_letters": "5"}')$$);
SELECT said($$SELECT daas.create_model('t', 'SELECT id FROM t', options => '{"max_dead_letters": 0, "shards": 0}')$$);
SELECT said($$SELECT daas.create_model('t', 'SELECT id FROM t', options => '{"max_dead_letters": 1000000}')$$);
SELECT said($$SELECT daas.alter_model('t', options => '{"max_dead_letters": 0}')$$);
SELECT daas.retry_dead_letters('t');
RESET ROLE;

-- The daemon writes them.
SET ROLE regress_daas_daemon;
INSERT INTO daas.daemon (system_identifier, epoch, reported_at) SELECT system_identifier, 1, now() + interval '1 hour' FROM pg_control_system();
INSERT INTO daas.progress (model, system_identifier, state, revision)
  SELECT 't', system_identifier, 'running', 2 FROM pg_control_system();
INSERT INTO daas.generation (model, number, system_identifier, collection, revision, columns, key, version, snapshot, live)
  SELECT 't', n, system_identifier, 'x' || n, 2, '[]', '{id}', 1, '1:1:', n = 3 FROM pg_control_system(), generate_series(3, 4) n;
INSERT INTO daas.refused_document (model, generation, key, key_values, version, position, error, document)
  SELECT 't', 3, k, ARRAY[k], 1, '0/1', 'bad ' || k, '{"id":"' || k || '"}' FROM unnest('{1,2}'::text[]) k;
INSERT INTO daas.refused_document (model, generation, key, key_values, version, position, error)
  VALUES ('t', 4, '2', '{2}', 1, '0/1', 'bad'), ('t', 4, repeat('x', 32000), '{x}', 1, '0/1', 'bad');
-- One a key.
SELECT said($$INSERT INTO daas.refused_document (model, generation, key, key_values, version, position, error)
  VALUES ('t', 4, repeat('x', 32000), '{x}', 1, '0/1', 'bad')$$) ~ '^23505';
RESET ROLE;

-- They hold values: the model's owner sees them, another admin does not, nor the server.
SET ROLE regress_daas_admin;
SELECT generation, left(key, 5), position, attempts, error, document, retry FROM daas.dead_letter ORDER BY 1, 2;
SELECT state, reason, hint, dead_letters FROM daas.status('t');
SELECT said($$SELECT * FROM daas.refused_document$$);
RESET ROLE;
SET ROLE regress_daas_other;
SELECT count(*) FROM daas.dead_letter;
SELECT dead_letters FROM daas.status('t');
SELECT said($$SELECT daas.retry_dead_letters('t')$$);
RESET ROLE;
SET ROLE regress_daas_server;
SELECT said($$SELECT * FROM daas.dead_letter$$);
SELECT said($$SELECT * FROM daas.refused_document$$);
SELECT said($$SELECT daas.retry_dead_letters('t')$$);
RESET ROLE;

-- Trying again marks them and wakes the daemon.
SET ROLE regress_daas_admin;
SELECT said($$SELECT daas.retry_dead_letters('x')$$);
SELECT said($$SELECT daas.retry_dead_letters(NULL)$$);
SELECT daas.retry_dead_letters('t');
SELECT count(*) FROM daas.dead_letter WHERE retry;
SELECT daas.pause_model('t');
SELECT said($$SELECT daas.retry_dead_letters('t')$$);
SELECT daas.resume_model('t');
RESET ROLE;
UPDATE daas.progress SET state = 'stopped', revision = 3;
SELECT said($$SELECT daas.retry_dead_letters('t')$$);

-- They go with their generation, with another cluster, with the model.
DELETE FROM daas.generation WHERE number = 4;
SELECT key FROM daas.dead_letter ORDER BY 1;
SELECT dead_letters FROM daas.status('t');
UPDATE daas.generation SET system_identifier = 1;
SELECT count(*) FROM daas.dead_letter;
SELECT dead_letters FROM daas.status('t');
SELECT count(*) FROM daas.refused_document;
SELECT daas.drop_model('t');
SELECT count(*) FROM daas.refused_document;

DROP EXTENSION daas CASCADE;
DROP PUBLICATION daas;
DROP TABLE t;
DROP OWNED BY regress_daas_admin, regress_daas_other, regress_daas_daemon, regress_daas_server;
DROP ROLE regress_daas_admin, regress_daas_other, regress_daas_daemon, regress_daas_server;
