-- A model of several tables follows renames, replaced views and new types; what it can't follow, it says.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE SCHEMA s;
CREATE TABLE f (id int PRIMARY KEY, a int, n text, b int);
ALTER TABLE f REPLICA IDENTITY FULL;
CREATE TABLE s.a (id int PRIMARY KEY, n text, a int);
CREATE TABLE b (id int PRIMARY KEY, n text);
CREATE VIEW fa AS SELECT f.id, f.n, a.n AS an FROM f JOIN s.a ON a.id = f.a;
SELECT daas.create_model('j', $$SELECT f.id, f.n, a.n AS an, x.n AS xn, (SELECT max(b.n) FROM b WHERE b.id = f.b AND b.n <> 'n') AS m
  FROM f JOIN s.a USING (id) LEFT JOIN s.a AS x ON x.id = f.a WHERE EXISTS (SELECT FROM s.a y (n, id) WHERE y.n = f.id)$$, '{id}');
SELECT daas.create_model('v', 'SELECT id, n, an FROM fa', '{id}');
SELECT daas.create_model('w', 'WITH a AS (SELECT id, n FROM b) SELECT f.id, a.n FROM f LEFT JOIN a ON a.id = f.b', '{id}');
CREATE FUNCTION shown(model text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(E'\n', m.query, m.views::text, (SELECT string_agg(c ->> 'name', ',') FROM jsonb_array_elements(m.columns) c),
                   string_agg(format('%s %s %s %s', d.relation, d.reference, d.mode, d.columns), E'\n' ORDER BY d.number))
    FROM daas.model m JOIN daas.delta d ON d.model = m.name WHERE m.name = shown.model GROUP BY m.name $$;
CREATE FUNCTION works(model text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE (SELECT load_query FROM daas.model m WHERE name = works.model) || ' LIMIT 0';
  RETURN true;
END $$;
SELECT shown('j');
SELECT shown('v');
-- Columns, of one of several tables that have one of this name.
ALTER TABLE s.a RENAME n TO "N 1";
SELECT shown('j');
SELECT shown('v');
ALTER TABLE f RENAME n TO name;
ALTER TABLE f RENAME id TO "Id";
ALTER TABLE b RENAME n TO c;
SELECT shown('j');
SELECT shown('w');
-- Tables, schemas, views.
ALTER TABLE s.a RENAME TO "A";
ALTER TABLE b SET SCHEMA s;
ALTER SCHEMA s RENAME TO "S";
ALTER VIEW fa RENAME TO f_a;
ALTER VIEW f_a RENAME an TO a_name;
ALTER TABLE f_a SET SCHEMA "S";
SELECT shown('j');
SELECT shown('v');
SELECT shown('w');
SELECT name, works(name) FROM daas.model ORDER BY name;
SELECT daas.reload_model(name) FROM daas.model;

-- What changes no definition makes no revision.
CREATE OR REPLACE VIEW "S".f_a AS SELECT f."Id" AS id, f.name AS n, "A"."N 1" AS a_name FROM f JOIN "S"."A" ON "A".id = f.a;
SELECT string_agg(revision::text, ' ' ORDER BY name) AS before FROM daas.model \gset
ALTER TABLE f ADD more int;
ALTER TABLE f RENAME more TO less;
ALTER TABLE "S"."A" ALTER a SET DEFAULT 1;
CREATE VIEW other AS SELECT 1 AS x;
CREATE OR REPLACE VIEW "S".f_a AS SELECT f."Id" AS id, f.name AS n, "A"."N 1" AS a_name FROM f JOIN "S"."A" ON "A".id = f.a;
SELECT string_agg(revision::text, ' ' ORDER BY name) = :'before' FROM daas.model;
-- A replaced view is another query; so is a column of another type.
CREATE OR REPLACE VIEW "S".f_a AS SELECT f."Id" AS id, upper(f.name) AS n, a."N 1" AS a_name FROM f LEFT JOIN "S"."A" a ON a.id = f.b;
SELECT shown('v');
SELECT query FROM daas.delta WHERE model = 'w' AND relation = '"S".b'::regclass;
ALTER TABLE "S".b ALTER id TYPE bigint;
SELECT query FROM daas.delta WHERE model = 'w' AND relation = '"S".b'::regclass;
SELECT name, works(name) FROM daas.model ORDER BY name;

-- Where it can't follow, the statement succeeds with a WARNING.
SET client_min_messages = warning;
CREATE OR REPLACE VIEW "S".f_a AS SELECT f."Id" AS id, upper(f.name) AS n, now()::text AS a_name FROM f;
SELECT v ->> 'definition' = pg_get_viewdef((v ->> 'view')::regclass) FROM daas.model, jsonb_array_elements(views) v;
SELECT said($$SELECT daas.reload_model('v')$$);
SET client_min_messages = error;
CREATE OR REPLACE VIEW "S".f_a AS SELECT f."Id" AS id, f.name AS n, f.name AS a_name FROM f;
SELECT shown('v');
-- DDL of views is told like that of tables.
SELECT 'ready' FROM pg_create_logical_replication_slot('api_follow', 'test_decoding');
ALTER VIEW "S".f_a ALTER id SET DEFAULT 1;
DROP VIEW other;
DROP VIEW "S".f_a;
SELECT substring(data FROM 'content:(.*)$')::jsonb - 'objects'
  FROM pg_logical_slot_get_changes('api_follow', NULL, NULL) WHERE data LIKE '%prefix: daas.ddl%';
SELECT pg_drop_replication_slot('api_follow');
-- A model whose view is gone is nobody else's concern.
SET client_min_messages = warning;
CREATE TABLE bystander (id int PRIMARY KEY);
ALTER TABLE bystander ADD v text;
ALTER TABLE bystander ALTER v TYPE varchar;
CREATE VIEW other AS SELECT 1 AS x;
DROP VIEW other;
DROP TABLE bystander;
SET client_min_messages = error;
-- A user's aggregate is a function.
CREATE FUNCTION add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) + coalesce($2, 0)';
CREATE FUNCTION add_now(int, int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
CREATE AGGREGATE total (int) (sfunc = add, stype = int);
CREATE AGGREGATE moving (int) (sfunc = add_now, stype = int);
SELECT daas.alter_model('w', 'SELECT b, total(a) AS t FROM f WHERE b IS NOT NULL GROUP BY b', '{b}');
SELECT functions FROM daas.model WHERE name = 'w';
SELECT said($$SELECT daas.alter_model('w', 'SELECT b, moving(a) AS t FROM f WHERE b IS NOT NULL GROUP BY b', '{b}')$$);

DROP EXTENSION daas CASCADE;
DROP PUBLICATION daas;
DROP FUNCTION shown, works;
DROP AGGREGATE total (int);
DROP AGGREGATE moving (int);
DROP FUNCTION add, add_now;
DROP TABLE f CASCADE;
DROP SCHEMA "S" CASCADE;
