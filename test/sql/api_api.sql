-- APIs: which columns of a model are served, to whom.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE TABLE flight (id int PRIMARY KEY, origin text, small smallint, token uuid, flag boolean, at timestamptz, doc jsonb, tags text[],
  "order" int, amount numeric);
SELECT daas.create_model('flight', 'SELECT * FROM flight');
CREATE FUNCTION api(arguments text) RETURNS text LANGUAGE sql AS $$ SELECT said('SELECT daas.create_api(' || arguments || ')') $$;
CREATE VIEW apis AS SELECT path, model, fields, filters, scope, public, max_rows, published FROM daas.api ORDER BY path;

-- By default all columns, and as filters all that have an order of their own.
SELECT api($$'flight', scope => '{"origin": "airports"}'$$);
SET client_min_messages = warning;
\set VERBOSITY terse
SELECT daas.create_api('narrow', 'flight', '{origin,order}', '{order}', public => true, max_rows => 10);
\set VERBOSITY default
SET client_min_messages = error;
SELECT * FROM apis;

SELECT api($$'none', scope => '{}'$$);
SELECT api($$'flight', scope => '{}'$$);
SELECT api($$NULL, 'flight', scope => '{}'$$);
SELECT api($$'Flight', 'flight', scope => '{}'$$);
SELECT api($$'1flight', 'flight', scope => '{}'$$);
SELECT api($$'a/b', 'flight', scope => '{}'$$);
SELECT path, api(format('%L, ''flight'', scope => ''{}''', path))
  FROM unnest('{auth,healthz,readyz,metrics,status,docs,rpc,stage,openapi.json}'::text[]) path;
SELECT api($$'x', 'flight'$$);
SELECT api($$'x', 'flight', public => true, scope => '{"origin": "airports"}'$$);
SELECT api($$'x', 'flight', public => NULL$$);
SELECT api($$'x', 'flight', scope => '[]'$$);
SELECT api($$'x', 'flight', scope => '{"origin": 5}'$$);
SELECT api($$'x', 'flight', scope => '{"origin": ""}'$$);
SELECT api($$'x', 'flight', scope => '{"missing": "c"}'$$);
SELECT api($$'x', 'flight', scope => '{"at": "c"}'$$);
SELECT api($$'x', 'flight', scope => '{"tags": "c"}'$$);
SELECT api($$'x', 'flight', '{}', scope => '{}'$$);
SELECT api($$'x', 'flight', '{missing}', scope => '{}'$$);
SELECT api($$'x', 'flight', '{id,id}', scope => '{}'$$);
SELECT api($$'x', 'flight', '{id,NULL}', scope => '{}'$$);
SELECT api($$'x', 'flight', '{id}', '{origin}', scope => '{}'$$);
SELECT api($$'x', 'flight', filters => '{doc}', scope => '{}'$$);
SELECT api($$'x', 'flight', scope => '{}', max_rows => 0$$);
SELECT api($$'x', 'flight', scope => '{}', max_rows => 10001$$);
SELECT count(*) FROM daas.api;

-- Every type that a scope can have; a scope column need not be a field.
SELECT api($$'scoped', 'flight', '{at}', scope => '{"origin": "a", "small": "b", "id": "c", "token": "d", "flag": "e"}'$$);
SELECT api($$'nofilter', 'flight', filters => '{}', public => true$$);
SELECT * FROM apis WHERE path IN ('scoped', 'nofilter');

-- Redefined, unpublished, published.
SELECT daas.create_api('narrow', 'flight', '{origin}', scope => '{}', or_replace => true);
SELECT daas.unpublish_api('narrow');
SELECT daas.create_api('narrow', 'flight', '{origin,at}', scope => '{}', or_replace => true);
SELECT * FROM apis WHERE path = 'narrow';
SELECT count(*) FROM daas.served_api WHERE path = 'narrow';
SELECT daas.publish_api('narrow');
SELECT path, collection IS NULL FROM daas.served_api WHERE path = 'narrow';
SELECT said($$SELECT daas.publish_api('x')$$);
SELECT said($$SELECT daas.unpublish_api('x')$$);
SELECT said($$SELECT daas.drop_api('x')$$);
SELECT daas.drop_api('x', if_exists => true);

-- A model can't lose what its APIs need, and never widens them.
SELECT said($$SELECT daas.alter_model('flight', 'SELECT id, origin, "order" FROM flight')$$);
SELECT said($$SELECT daas.alter_model('flight', 'SELECT id, ARRAY[origin] AS origin, small, token, flag, at, doc, tags, "order", amount FROM flight')$$);
ALTER TABLE flight ADD more int;
SELECT daas.alter_model('flight', 'SELECT * FROM flight');
SELECT fields FROM daas.api WHERE path = 'flight';
SELECT said($$SELECT daas.drop_model('flight')$$);
SET client_min_messages = notice;
\set VERBOSITY terse
INSERT INTO daas.daemon (system_identifier, epoch, reported_at) SELECT system_identifier, 1, now() + interval '1 hour' FROM pg_control_system();
SELECT daas.drop_model('flight', cascade => true);
SELECT count(*) FROM daas.api;

DROP EXTENSION daas CASCADE;
DROP PUBLICATION daas;
DROP FUNCTION api;
DROP TABLE flight;
