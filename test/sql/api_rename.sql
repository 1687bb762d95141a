-- A model follows a rename of its table, schema or columns; its documents keep their fields.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE SCHEMA s;
CREATE TABLE "A b" (id int PRIMARY KEY, "x ""y""" text, n int, "select" int, c text COLLATE "C");
CREATE FUNCTION n(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n';
SELECT daas.create_model('m', $$SELECT id, "x ""y""", n, n + 1 AS m, n(n => n) AS f, upper("x ""y""") AS up, 'n, id'::text AS lit, "select", c || E'\\n''n' AS c
  FROM "A b" WHERE n > 5 AND "x ""y""" <> 'n' AND (n IS NOT NULL OR CASE WHEN n = 1 THEN id > 3 END)$$);
CREATE FUNCTION shown() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT line FROM daas.model m JOIN daas.delta s ON s.model = m.name, unnest(ARRAY[
    m.query, (SELECT string_agg(coalesce(c ->> 'source', '-'), ' ') FROM jsonb_array_elements(m.columns) c), s.columns::text, s.relation::text,
    m.functions::text]) line $$;
SELECT shown();
ALTER TABLE "A b" RENAME n TO "N";
SELECT shown();
ALTER TABLE "A b" RENAME "x ""y""" TO plain;
ALTER TABLE "A b" RENAME id TO "the key";
ALTER TABLE "A b" RENAME TO "select";
ALTER TABLE "select" SET SCHEMA s;
ALTER SCHEMA s RENAME TO "S ""2""";
SELECT shown();
-- Back, and in one transaction that is given up.
BEGIN;
ALTER TABLE "S ""2"""."select" RENAME "N" TO n;
ALTER TABLE "S ""2"""."select" RENAME n TO "select 2";
SELECT shown();
ROLLBACK;
-- What nobody reads changes nothing.
ALTER TABLE "S ""2"""."select" ADD more int;
SELECT revision AS before FROM daas.model \gset
ALTER TABLE "S ""2"""."select" RENAME more TO less;
SELECT revision = :before FROM daas.model;
SELECT daas.reload_model('m');
DROP EXTENSION daas CASCADE;
DROP PUBLICATION daas;
DROP SCHEMA "S ""2""" CASCADE;
DROP FUNCTION shown, n;
