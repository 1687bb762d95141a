-- Queries that a model can have, and what is derived from them.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE SCHEMA "Odd schema";
CREATE DOMAIN "Odd schema".code AS text;
CREATE TYPE "Odd schema".mood AS ENUM ('sad', 'happy');
CREATE TABLE flight (
  id bigint PRIMARY KEY, small smallint NOT NULL, number integer, amount numeric(10,2), ratio real, big_ratio double precision,
  on_time boolean, carrier text, dest varchar(3), token uuid, day date, seen timestamp, at timestamptz, extra jsonb,
  tags text[], raw json, fixed char(3), clock time, bytes bytea, mood "Odd schema".mood, code "Odd schema".code,
  twice integer GENERATED ALWAYS AS (number * 2) STORED);
CREATE TABLE "Odd schema"."Odd ""table" ("Key |" int, "select" text, "q" int, PRIMARY KEY ("Key |", "select"));
CREATE TABLE part (id int, day date, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2013-01-01') TO ('2014-01-01');

-- Plain columns of native types are a projection.
SELECT daas.create_model('native', 'SELECT id, small, number, amount, ratio, big_ratio, on_time, carrier, dest, token, day, seen, at, extra, twice FROM flight');
-- So are those of types whose JSON is their text: enums and domains, too.
SELECT daas.create_model('texts', 'SELECT id, raw, fixed, clock, bytes, mood, code FROM flight');
-- Any other type, an expression or a condition makes it a query.
SELECT daas.create_model('wrapped', 'SELECT id, tags, raw, fixed, clock, bytes, mood, code FROM flight');
SELECT daas.create_model('expression', $$SELECT f.id AS "the id", upper(f.carrier) AS carrier, f.number + 1 AS next, f.amount::text,
  CASE WHEN f.on_time THEN 'on time' ELSE 'late' END AS state, coalesce(f.dest, '?') AS dest, to_char(f.at, 'YYYY') AS year,
  date_trunc('hour', f.at) AS hour, jsonb_build_object('a', f.id) AS object, extract(epoch FROM f.at) AS epoch,
  f.carrier COLLATE "C" AS plain, f.extra ->> 'x' AS x, f.number IN (1, 2) AS low, age(f.seen, f.seen) AS age
  FROM flight AS f$$);
SELECT daas.create_model('filtered', $$SELECT id, carrier FROM flight WHERE dest = ANY ('{EWR,JFK}') AND carrier LIKE 'U%' AND NOT on_time$$);
-- Names of any kind; a key of two columns.
SELECT daas.create_model('odd', 'SELECT "q", "select", "Key |" FROM "Odd schema"."Odd ""table" q');
SELECT daas.create_model('renamed', 'SELECT a, b FROM flight AS f (a, b)');
-- A partitioned table stands for its partitions.
SELECT daas.create_model('part', 'SELECT * FROM part');
SELECT format(E'%s: %s by %s\n%s\n%s', name, kind, key, load_query, fetch_query) FROM daas.model ORDER BY revision;
SELECT name, c ->> 'name', c ->> 'type', c ->> 'value', c ->> 'twin', c ->> 'source'
  FROM daas.model, jsonb_array_elements(columns) c WHERE name IN ('native', 'wrapped', 'odd', 'renamed') ORDER BY revision;
SELECT model, relation, columns FROM daas.delta ORDER BY model COLLATE "C";

-- The query keeps its meaning under any search_path.
CREATE SCHEMA other;
CREATE TABLE other.flight (id bigint PRIMARY KEY, v int);
SET search_path = other, public;
SELECT daas.create_model('by_path', 'SELECT id, v FROM flight');
SET search_path = public, other;
SELECT daas.reload_model('by_path');
SELECT load_query FROM daas.model WHERE name = 'by_path';

-- Nor does any other setting of the session change it, when it is defined or reloaded.
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET timezone = 'America/New_York';
SET standard_conforming_strings = off;
SET quote_all_identifiers = on;
SET search_path = public;
SELECT daas.create_model('settings', E'SELECT id, carrier || \'a\\\\b\' AS c FROM flight WHERE at > \'02/01/2013\' AND seen - at < \'-1 2:00:00\' AND ratio > 0.1');
SELECT query FROM daas.model WHERE name = 'settings';
SET intervalstyle = 'iso_8601';
SELECT daas.reload_model('settings');
SELECT query FROM daas.model WHERE name = 'settings';
RESET ALL;
SET client_min_messages = error;

-- Documents are fetched through the key's index.
INSERT INTO flight (id, small, carrier, number) SELECT i, 1, 'UA', i FROM generate_series(1, 3000) i;
INSERT INTO "Odd schema"."Odd ""table" SELECT i, i::text, i FROM generate_series(1, 3000) i;
ANALYZE flight, "Odd schema"."Odd ""table";
CREATE FUNCTION plan(of text, VARIADIC keys text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  query text := (SELECT fetch_query FROM daas.model WHERE name = of);
BEGIN
  FOR i IN 1 .. cardinality(keys) LOOP query := replace(query, '$' || i, quote_literal(keys[i])); END LOOP;
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line ~ 'Scan' THEN RETURN NEXT trim(line); END IF;
  END LOOP;
END $$;
SELECT plan('native', '{7,8}');
SELECT plan('filtered', '{7,8}');
SELECT plan('odd', '{7,8}', '{7,8}');

DROP FUNCTION plan;
DROP EXTENSION daas;
DROP PUBLICATION daas;
DROP TABLE flight, part, other.flight;
DROP SCHEMA "Odd schema" CASCADE;
DROP SCHEMA other;
