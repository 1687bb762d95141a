-- What explain_model says of a model: needs, identities, indexes that are missing.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset null -
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE TABLE f (id int PRIMARY KEY, a int, n text, b int, tags int[]);
CREATE TABLE a (id int PRIMARY KEY, n text, a int);
CREATE TABLE "C" (id int, f int NOT NULL, v int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE c_1 PARTITION OF "C" FOR VALUES FROM (1) TO (10);
CREATE TABLE c_2 PARTITION OF "C" DEFAULT;
ALTER TABLE c_1 REPLICA IDENTITY FULL;
ALTER TABLE c_2 REPLICA IDENTITY FULL;
CREATE VIEW explained AS SELECT e.number, e.relation, e.reference, e.mode, e.columns, e.identity_needed AS needed, e.identity_present AS present, e.missing_indexes, e.note
  FROM daas.model m, daas.explain_model(m.name) e WHERE m.name = current_setting('test.model');
SELECT daas.create_model('joined', 'SELECT f.id, f.n, a.n AS an, (SELECT json_agg(c.v ORDER BY c.id) FROM "C" c WHERE c.f = f.id) AS cs FROM f LEFT JOIN a ON a.id = f.a');
SET test.model = joined;
SELECT * FROM explained;
CREATE INDEX ON "C" (f);
CREATE INDEX ON f (a, b);
SELECT * FROM explained;
-- Scans that no index mends.
ALTER TABLE a REPLICA IDENTITY FULL;
SELECT daas.create_model('scans', $$WITH w AS (SELECT * FROM a) SELECT f.id, g.n, x.n AS xn, y.n AS yn, (SELECT count(*) FROM a WHERE a.n < f.n) AS less
  FROM f LEFT JOIN (SELECT f, count(*) AS n FROM "C" GROUP BY f) g ON g.f = f.id LEFT JOIN w x ON x.id = ANY (f.tags) LEFT JOIN w y ON y.id = f.a$$, '{id}');
SET test.model = scans;
SELECT * FROM explained;
SELECT daas.create_model('anew', 'SELECT f.id, k.n FROM f CROSS JOIN a k WHERE k.id = 1');
SET test.model = anew;
SELECT * FROM explained;
SELECT query FROM daas.explain_model('joined') WHERE number IN (0, 2);
SELECT said($$SELECT * FROM daas.explain_model('missing')$$);
SELECT said($$SELECT * FROM daas.explain_model(NULL)$$);
-- On a large table a definition says it by itself.
\set VERBOSITY terse
SET client_min_messages = warning;
INSERT INTO daas.daemon (system_identifier, epoch, reported_at) SELECT system_identifier, 1, now() + interval '1 hour' FROM pg_control_system();
INSERT INTO f SELECT i, i, i, i FROM generate_series(1, 12000) i;
ANALYZE f;
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT daas.create_model('large', 'SELECT a.id, (SELECT max(f.n) FROM f WHERE f.b = a.id) AS m FROM a');
ALTER TABLE f REPLICA IDENTITY FULL;
SELECT daas.create_model('large', 'SELECT a.id, (SELECT max(f.n) FROM f WHERE f.b = a.id) AS m FROM a');
SELECT daas.alter_model('large', 'SELECT a.id, k.n FROM a LEFT JOIN (SELECT max(n) AS n FROM f) k ON true');
-- What gathers in no order says so; a subquery that is sorted and all that there is gives it one.
SELECT daas.create_model('heap', $$SELECT a.id, array_agg(f.id) AS ids, array_agg(DISTINCT f.n) AS ns, count(f.id) AS n,
  (SELECT string_agg(c.v::text, ',') FROM "C" c WHERE c.f = a.id) AS cs,
  (SELECT json_agg(s) FROM (SELECT c.v FROM "C" c WHERE c.f = a.id ORDER BY c.id) s) AS sorted
  FROM a LEFT JOIN f ON f.a = a.id GROUP BY a.id$$);
DROP VIEW explained;
DROP EXTENSION daas;
DROP PUBLICATION daas;
DROP TABLE f, a, "C";
