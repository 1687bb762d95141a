-- Models come, change and go; publication, revision and notification follow.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
CREATE EXTENSION daas;
CREATE TABLE t (id int PRIMARY KEY, v text, n int);
CREATE TABLE u (id int PRIMARY KEY);
CREATE FUNCTION published() RETURNS text LANGUAGE sql AS
  $$ SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_publication_tables WHERE pubname = 'daas' $$;

-- The publication is made when it is first needed. Nobody listens: a warning says so.
SELECT count(*) FROM pg_publication WHERE pubname = 'daas';
SELECT daas.create_model('t', 'SELECT id, v FROM t');
SELECT pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot, puballtables FROM pg_publication WHERE pubname = 'daas';
SELECT obj_description(oid, 'pg_publication') IS NOT NULL FROM pg_publication WHERE pubname = 'daas';
SELECT published();
SET client_min_messages = notice;
\set VERBOSITY terse
INSERT INTO daas.daemon (system_identifier, epoch, reported_at) SELECT system_identifier, 1, now() + interval '1 hour' FROM pg_control_system();

-- Names and options.
SELECT said($$SELECT daas.create_model('t', 'SELECT id FROM t')$$);
SELECT daas.create_model('t', 'SELECT nothing', if_not_exists => true);
SELECT said($$SELECT daas.create_model('T', 'SELECT id FROM t')$$);
SELECT said($$SELECT daas.create_model('', 'SELECT id FROM t')$$);
SELECT said($$SELECT daas.create_model(repeat('x', 49), 'SELECT id FROM t')$$);
SELECT said($$SELECT daas.create_model(NULL, 'SELECT id FROM t')$$);
SELECT said($$SELECT daas.create_model('x', NULL)$$);
SELECT said($$SELECT daas.create_model('x', 'SELECT id FROM t', options => '{"shard": 2}')$$);
SELECT said($$SELECT daas.create_model('x', 'SELECT id FROM t', options => '{"shards": 0}')$$);
SELECT said($$SELECT daas.create_model('x', 'SELECT id FROM t', options => '{"shards": "2"}')$$);
SELECT said($$SELECT daas.create_model('x', 'SELECT id FROM t', options => '{"replicas": 1.5}')$$);
SELECT said($$SELECT daas.create_model('x', 'SELECT id FROM t', options => '[]')$$);
SELECT said($$SELECT daas.create_model('x', 'SELECT id FROM t', options => NULL)$$);
SELECT daas.create_model('t2', 'SELECT id, n FROM t', options => '{"shards": 2, "replicas": 100}');
SELECT daas.create_model('u', 'SELECT id FROM u');
SELECT published();

-- A rollback leaves nothing.
BEGIN;
CREATE TABLE gone (id int PRIMARY KEY);
SELECT daas.create_model('gone', 'SELECT id FROM gone');
ROLLBACK;
SELECT count(*), published() FROM daas.model WHERE name = 'gone';

-- What is not given stays; each redefinition and reload is a new revision.
CREATE TEMPORARY VIEW definition AS SELECT name, key, options, kind, revision, query FROM daas.model ORDER BY name;
SELECT daas.alter_model('t', 'SELECT n, id FROM t WHERE n > 0');
SELECT * FROM definition WHERE name = 't';
SELECT daas.alter_model('t2', options => '{"shards": 3}');
SELECT * FROM definition WHERE name = 't2';
SELECT daas.reload_model('t2');
SELECT * FROM definition WHERE name = 't2';
-- A pause is a state; resuming is a new revision, and does nothing when there is no pause.
SELECT daas.pause_model('t2'), daas.pause_model('t2');
SELECT paused FROM daas.model WHERE name = 't2';
SELECT daas.resume_model('t2'), daas.resume_model('t2');
SELECT paused, revision FROM daas.model WHERE name = 't2';
SELECT said($$SELECT daas.pause_model('x')$$);
SELECT said($$SELECT daas.alter_model('t', 'SELECT n FROM t')$$);
SELECT said($$SELECT daas.alter_model('t', options => '{"x": 1}')$$);
SELECT said($$SELECT daas.alter_model('x', 'SELECT id FROM t')$$);
SELECT said($$SELECT daas.reload_model('x')$$);
SELECT said($$SELECT daas.drop_model('x')$$);
SELECT daas.drop_model('x', if_exists => true);

-- Types are looked up again by a reload.
ALTER TABLE u ALTER id TYPE bigint;
SELECT daas.reload_model('u');
SELECT columns FROM daas.model WHERE name = 'u';
ALTER TABLE u RENAME id TO number;
SELECT said($$SELECT daas.reload_model('u')$$);

-- The publication has a table as long as a model reads it.
SELECT daas.drop_model('t');
SELECT published();
SELECT daas.alter_model('t2', 'SELECT number FROM u', '{number}');
SELECT published();
SELECT daas.drop_model('t2');
SELECT daas.drop_model('u');
SELECT published() IS NULL, count(*) FROM pg_publication WHERE pubname = 'daas';

-- A publication of this name that is somebody else's is not touched.
DROP PUBLICATION daas;
CREATE PUBLICATION daas FOR TABLE t;
SELECT said($$SELECT daas.create_model('t', 'SELECT id FROM t')$$);
ALTER PUBLICATION daas SET (publish = 'insert', publish_via_partition_root = true);
ALTER PUBLICATION daas SET TABLE t (id);
SELECT said($$SELECT daas.create_model('t', 'SELECT id FROM t')$$);
DROP PUBLICATION daas;

-- Definitions wake the daemon at commit, once a table.
\! psql -XAtq -d contrib_regression -c "LISTEN daas; SET client_min_messages = error" -c "BEGIN; SELECT daas.create_model('t', 'SELECT id FROM t'), daas.create_api('t', scope => '{}'), daas.create_account('a'); COMMIT" | sed -n 's/ received from.*//p'

DROP VIEW definition;
DROP EXTENSION daas;
DROP PUBLICATION daas;
DROP FUNCTION published;
DROP TABLE t, u;
