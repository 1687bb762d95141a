-- Random changes of all tables, several in a transaction: every document that changed is among those
-- that the deltas of its model name.
\getenv test PG_ABS_SRCDIR
\set exactness :test /sql/include/exactness.sql
\pset format unaligned
\pset tuples_only on
-- A database of its own, to be dropped as a whole.
CREATE DATABASE regress_daas_exact;
\c regress_daas_exact
SET client_min_messages = error;
CREATE EXTENSION daas;
\i :exactness
CREATE EXTENSION citext;
CREATE SCHEMA "Other";
CREATE TYPE "Other".size AS ENUM ('s', 'm', 'l');
CREATE DOMAIN "Other".code AS varchar(5) CHECK (value <> 'x');
CREATE TABLE f (id int PRIMARY KEY, a int, b int, c int NOT NULL, n text, tags int[], kind char(3) NOT NULL, "Mixed ""one""" numeric(4, 2));
CREATE TABLE a (gone int, id int PRIMARY KEY, b int, n text, ci citext);
ALTER TABLE a DROP COLUMN gone;
CREATE TABLE b (id int PRIMARY KEY, a int, n int);
CREATE TABLE c (id int PRIMARY KEY, f int, a int, v int, kind char(5));
CREATE TABLE "Other"."Part y" (k1 int, k2 "Other".code, f int, size "Other".size, PRIMARY KEY (k1, k2)) PARTITION BY LIST (k1);
CREATE TABLE part_1 PARTITION OF "Other"."Part y" FOR VALUES IN (1, 2, 3);
CREATE TABLE part_2 (size "Other".size, more int, f int, k2 "Other".code NOT NULL, k1 int NOT NULL);
ALTER TABLE part_2 DROP COLUMN more;
ALTER TABLE "Other"."Part y" ATTACH PARTITION part_2 DEFAULT;
SELECT watch('{f,a,b,c,part_1,part_2}');

CREATE VIEW fa AS SELECT f.id, f.c, f.n, a.id AS a_id, a.n AS a_n FROM f LEFT JOIN a ON a.id = f.a;
CREATE VIEW fab AS SELECT fa.*, b.n AS b_n FROM fa JOIN b ON b.id = fa.c;

-- Every query is called by its number.
CREATE TABLE query (number int GENERATED ALWAYS AS IDENTITY, query text, key text, hard boolean DEFAULT false);
INSERT INTO query (query, key) VALUES
  -- joins
  ('SELECT f.id, f.n, a.n AS an FROM f JOIN a ON a.id = f.a', '{id}'),
  ('SELECT f.id, a.n AS an, b.n AS bn FROM f LEFT JOIN a ON a.id = f.a LEFT JOIN b ON b.id = a.b', '{id}'),
  ('SELECT id, x.n AS xn, y.n AS yn FROM f JOIN a AS x USING (id) LEFT JOIN b AS y USING (id)', '{id}'),
  ('SELECT f.id, x.n AS xn, y.n AS yn FROM f LEFT JOIN a x ON x.id = f.a LEFT JOIN a y ON y.id = f.b', '{id}'),
  ('SELECT f.id, a.n AS an FROM b RIGHT JOIN a ON a.b = b.id RIGHT JOIN f ON f.a = a.id WHERE b.n IS NULL OR b.n > 2', '{id}'),
  ('SELECT f.id, b.n AS bn FROM f LEFT JOIN a ON a.id = f.a LEFT JOIN b ON b.id = coalesce(a.b, 1)', '{id}'),
  ('SELECT f.id, b.n AS bn FROM f LEFT JOIN a ON a.id = f.a JOIN b ON b.id = a.b', '{id}'),
  ('SELECT f.id, s.an, s.bn FROM f LEFT JOIN (SELECT a.id, a.n AS an, b.n AS bn FROM a JOIN b ON b.id = a.b) s ON s.id = f.a AND s.bn > 1', '{id}'),
  ('SELECT f.id, s.x FROM f LEFT JOIN (SELECT a.id, coalesce(a.b, 0) AS x FROM a) s ON s.id = f.a WHERE s.x = f.b OR f.b IS NULL', '{id}'),
  ('SELECT a.id, b.n FROM a JOIN b ON b.id = a.id AND a.n = ''n2''', '{id}'),
  ('SELECT p.k1, p.k2, p.size, f.n FROM "Other"."Part y" p JOIN f ON f.id = p.f', '{k1,k2}'),
  ('SELECT p.k2, p.k1, f."Mixed ""one""" AS m FROM "Other"."Part y" p LEFT JOIN f ON f.c = p.k1 AND f.id = p.f', '{k2,k1}'),
  ('SELECT f.id, q.ids FROM f LEFT JOIN (SELECT a.b, array_agg(a.id ORDER BY a.id) AS ids FROM a GROUP BY a.b) q ON q.b = f.b', '{id}'),
  ('SELECT f.id, a.n FROM f JOIN a ON a.ci = f.n', '{id}'),
  ('SELECT f.id, x.id AS other FROM f LEFT JOIN f x ON x.id = f.a', '{id}'),
  ('SELECT f.id, f.kind, c.kind AS ck FROM f LEFT JOIN c ON c.kind = f.kind AND c.id = f.c', '{id}'),
  ('SELECT f.id FROM f JOIN a ON a.id BETWEEN f.a AND f.b AND a.n = f.n', '{id}'),
  ('SELECT f.id, w.n FROM f CROSS JOIN b w WHERE w.id = 1', '{id}'),
  -- keys that another table's columns are equal to
  ('SELECT f.id, a.id AS aid FROM f JOIN a ON a.id = f.c JOIN b ON b.id = a.b', '{id,aid}'),
  ('SELECT a.id, f.n, f.kind FROM f JOIN a ON a.id = f.id', '{id}'),
  -- full joins
  ('SELECT id, f.n, a.n AS an FROM f FULL JOIN a USING (id)', '{id}'),
  ('SELECT id, f.n, x.n AS an, b.n AS bn FROM f FULL JOIN (SELECT a.id, a.n, a.b FROM a JOIN b ON b.id = a.b) x USING (id) LEFT JOIN b USING (id)', '{id}'),
  ('SELECT f.id, a.n AS an, b.n AS bn FROM f FULL JOIN a ON a.id = f.a AND a.b > 1 LEFT JOIN b ON b.id = a.b WHERE f.id > 1', '{id}'),
  ('SELECT f.id, a.id AS aid FROM f FULL JOIN a ON a.b = f.b WHERE f.id = a.id', '{id}'),
  ('SELECT id, count(*) AS n, max(x.n) AS m FROM f FULL JOIN (SELECT a.id, b.n FROM a LEFT JOIN b ON b.a = a.id) x USING (id) GROUP BY id', NULL),
  -- views and CTEs
  ('SELECT * FROM fa', NULL), ('SELECT id, a_n, b_n FROM fab WHERE n IS NOT NULL', '{id}'),
  ('WITH w AS (SELECT id, n FROM a WHERE b > 1) SELECT f.id, x.n, y.n AS yn FROM f LEFT JOIN w x ON x.id = f.a LEFT JOIN w y ON y.id = f.b', '{id}'),
  ('WITH w AS (SELECT f, count(*) AS n FROM c GROUP BY f), v AS (SELECT * FROM w WHERE n > 1) SELECT f.id, v.n FROM f JOIN v ON v.f = f.id', '{id}'),
  -- sublinks
  ('SELECT id FROM f WHERE EXISTS (SELECT FROM a WHERE a.id = f.a AND a.b > 1)', '{id}'),
  ('SELECT id FROM f WHERE NOT EXISTS (SELECT FROM a JOIN b ON b.a = a.id WHERE b.n = f.b)', '{id}'),
  ('SELECT id FROM f WHERE a IN (SELECT b FROM a WHERE a.n = f.n)', '{id}'),
  ('SELECT id, b IN (SELECT a.b FROM a JOIN b ON b.a = a.id) AS t FROM f', '{id}'),
  ('SELECT id FROM f WHERE b > ALL (SELECT b.n FROM b WHERE b.a = f.a)', '{id}'),
  ('SELECT id FROM f WHERE (a, b) IN (SELECT a.b, b.n FROM a JOIN b USING (id))', '{id}'),
  ('SELECT id, (SELECT max(c.v) FROM c WHERE c.f = f.id) AS m, (SELECT count(*) FROM c WHERE c.f = f.id) AS n FROM f', '{id}'),
  ('SELECT id, ARRAY(SELECT c.v FROM c WHERE c.f = f.id ORDER BY c.id) AS m FROM f', '{id}'),
  ('SELECT id, (SELECT json_agg(json_build_object(''v'', c.v, ''a'', (SELECT a.n FROM a WHERE a.id = c.a)) ORDER BY c.id) FROM c WHERE c.f = f.id) AS cs FROM f', '{id}'),
  ('SELECT id, (SELECT json_agg(s) FROM (SELECT c.id, c.v, a.n FROM c LEFT JOIN a ON a.id = c.a WHERE c.f = f.id ORDER BY c.id) s) AS cs FROM f', '{id}'),
  ('SELECT id, (SELECT v FROM c WHERE c.f = f.id ORDER BY c.id DESC LIMIT 1) AS last FROM f', '{id}'),
  ('SELECT id, (SELECT count(*) + coalesce((SELECT max(a.b) FROM a WHERE a.id = f.a), 0) FROM c WHERE c.f = f.id) AS s FROM f', '{id}'),
  ('SELECT f.id FROM f LEFT JOIN a ON a.id = f.a AND EXISTS (SELECT FROM b WHERE b.a = a.id AND b.n = f.b) WHERE a.id IS NULL', '{id}'),
  -- lateral
  ('SELECT f.id, l.n, l.v FROM f CROSS JOIN LATERAL (SELECT count(*) AS n, max(c.v) AS v FROM c WHERE c.f = f.id) l', '{id}'),
  ('SELECT f.id, l.v FROM f LEFT JOIN LATERAL (SELECT c.v FROM c WHERE c.f = f.id ORDER BY c.id LIMIT 1) l ON true', '{id}'),
  ('SELECT f.id, l.v, a.n FROM f CROSS JOIN LATERAL (SELECT c.v, c.a FROM c WHERE c.f = f.id ORDER BY c.id LIMIT 1) l LEFT JOIN a ON a.id = l.a', '{id}'),
  ('SELECT f.id, string_agg(a.n, '','' ORDER BY a.id) AS ns FROM f, unnest(f.tags) t (tag), a WHERE a.id = t.tag GROUP BY f.id', NULL),
  ('SELECT f.id, (SELECT string_agg(a.n, '','' ORDER BY a.id) FROM a WHERE a.id = ANY (f.tags)) AS ns FROM f', '{id}'),
  -- aggregates
  ('SELECT f.c, count(*) AS n, sum(f.b) AS s FROM f JOIN a ON a.id = f.a GROUP BY f.c', NULL),
  ('SELECT f.c, f.kind, max(a.n) AS m FROM f LEFT JOIN a ON a.id = f.a GROUP BY f.c, f.kind HAVING count(*) > 1', NULL),
  ('SELECT f.id, f.n, count(c.id) AS cs FROM f LEFT JOIN c ON c.f = f.id GROUP BY f.id', NULL),
  ('SELECT f.c * 2 AS twice, count(*) AS n FROM f JOIN a ON a.id = f.a GROUP BY f.c * 2', NULL),
  ('SELECT DISTINCT f.c, f.kind FROM f JOIN c ON c.f = f.id', '{c,kind}'),
  ('SELECT a.id, a.n, (SELECT sum(x.s) FROM (SELECT f.b, sum(c.v) AS s FROM f JOIN c ON c.f = f.id WHERE f.a = a.id GROUP BY f.b) x) AS total FROM a', '{id}'),
  ('SELECT f.id, x.id AS o FROM f JOIN c x ON x.f = f.id AND x.v = (SELECT max(c.v) FROM c WHERE c.f = f.id)', '{id,o}'),
  ('SELECT DISTINCT ON (f.c) f.c, f.id AS first, a.n FROM f LEFT JOIN a ON a.id = f.a ORDER BY f.c, f.id', '{c}'),
  ('SELECT s.id, s.r, a.n FROM (SELECT f.id, f.a, rank() OVER (PARTITION BY f.id ORDER BY c.v, c.id) AS r, c.v FROM f JOIN c ON c.f = f.id) s JOIN a ON a.id = s.v WHERE s.r = 1', '{id}'),
  -- loaded anew
  ('SELECT f.id, (SELECT count(*) FROM b) AS n FROM f', '{id}'), ('SELECT f.id, k.n FROM f LEFT JOIN (SELECT max(b.n) AS n FROM b) k ON true', '{id}'),
  ('SELECT f.id, s.b FROM f JOIN (SELECT a.n, max(a.b) AS b FROM a GROUP BY a.n) s ON s.b = f.b AND s.n = f.n', '{id}'),
  -- types that the change stream does not carry
  ('SELECT f.id, a.n FROM f JOIN a ON a.ci = f.n AND a.id = f.a', '{id}'), ('SELECT lower(a.ci)::text AS k, count(*) AS n FROM a JOIN b ON b.id = a.b WHERE a.ci IS NOT NULL GROUP BY lower(a.ci)', '{k}'),
  -- set operations
  ('SELECT id, n FROM f WHERE n IS NOT NULL UNION SELECT id, n FROM a WHERE id > 4 AND n IS NOT NULL', '{id,n}'),
  ('SELECT f.id FROM f JOIN a ON a.id = f.a EXCEPT SELECT c.f FROM c WHERE c.f IS NOT NULL', '{id}'),
  ('SELECT f.id FROM f INTERSECT ALL SELECT a.id FROM a JOIN b ON b.a = a.id', '{id}');
-- Where a simpler rule would miss a document now and then: these are checked more often.
INSERT INTO query (hard, query, key) VALUES
  (true, 'SELECT f.id, count(c.id) AS n, max(a.n) AS m FROM f JOIN c ON c.f = f.id LEFT JOIN a ON a.id = c.a AND c.v = f.b GROUP BY f.id', NULL),
  (true, 'SELECT f.id, count(c.id) AS n FROM f JOIN c ON c.f = f.id LEFT JOIN a ON a.id = c.a WHERE coalesce(a.b, 0) <> c.v GROUP BY f.id', NULL),
  (true, 'SELECT f.id, l.v FROM f JOIN LATERAL (SELECT c.v FROM c WHERE c.kind = f.kind ORDER BY c.id LIMIT 1) l ON l.v = f.b', '{id}'),
  (true, 'SELECT f.id, l.s FROM f LEFT JOIN a ON a.id = f.a CROSS JOIN LATERAL (SELECT count(*) + coalesce((SELECT max(b.n) FROM b WHERE b.a IS NOT DISTINCT FROM a.id), 0) AS s FROM c WHERE c.a = a.id) l', '{id}'),
  (true, 'SELECT c.kind, f.c, count(*) AS n FROM c JOIN f ON f.kind = c.kind GROUP BY c.kind, f.c', NULL),
  (true, 'SELECT f.id, a.n AS an FROM f LEFT JOIN a ON a.id = f.a WHERE a.b IS DISTINCT FROM f.b', '{id}'),
  (true, 'SELECT id FROM f WHERE a NOT IN (SELECT a.b FROM a WHERE a.n = f.n)', '{id}'),
  (true, 'SELECT id FROM f WHERE (a, b) NOT IN (SELECT a.b, b.n FROM a JOIN b USING (id))', '{id}'),
  (true, 'SELECT b.id, s.c FROM b CROSS JOIN a k CROSS JOIN LATERAL (SELECT count(*) AS c FROM c WHERE c.f = b.id AND c.v = k.b) s WHERE k.id = 1', '{id}'),
  (true, 'SELECT s.id, s.v FROM (SELECT f.id, c.v, rank() OVER (PARTITION BY f.id ORDER BY c.v, c.id) AS r, c.a FROM f JOIN c ON c.f = f.id) s JOIN a ON a.id = s.a AND a.b = s.r', '{id}');
CREATE FUNCTION define() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  q query;
BEGIN
  FOR q IN SELECT * FROM query ORDER BY number LOOP
    BEGIN
      PERFORM daas.create_model(CASE WHEN q.hard THEN 'hard' ELSE 'q' END || q.number, q.query, q.key::text[]);
    EXCEPTION WHEN OTHERS THEN
      RETURN NEXT format('%s %s: %s', q.number, q.query, SQLERRM);
    END;
  END LOOP;
END $$;
SELECT define();
SELECT format('%s %s: %s', model, string_agg(format('%s %s', reference, mode), ', ' ORDER BY d.number), q.query)
  FROM daas.delta d JOIN query q ON q.number::text = ltrim(model, 'hardq') GROUP BY model, q.number, q.query ORDER BY q.number;

-- Small numbers, so that rows meet.
CREATE FUNCTION r(top int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT 1 + floor(random() * top)::int $$;
CREATE FUNCTION maybe(top int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT CASE WHEN random() > 0.15 THEN r(top) END $$;
CREATE FUNCTION some_change() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one CONSTANT int := r(6);
  two CONSTANT int := r(6);
BEGIN
  CASE r(20)
    WHEN 1, 2 THEN INSERT INTO f VALUES (one, maybe(6), maybe(4), r(4), 'n' || r(3), ARRAY[r(6), maybe(6)], 'k' || r(2), r(99) / 7.0) ON CONFLICT DO NOTHING;
    WHEN 3 THEN UPDATE f SET a = maybe(6), b = maybe(4) WHERE id = one;
    WHEN 4 THEN UPDATE f SET c = r(4), n = nullif('n' || r(4), 'n4'), kind = 'k' || r(2) WHERE id = one;
    WHEN 5 THEN UPDATE f SET tags = ARRAY[r(6), r(6), maybe(6)] WHERE id = one;
    WHEN 6 THEN DELETE FROM f WHERE id = one;
    WHEN 7 THEN UPDATE f SET id = CASE id WHEN one THEN -1 ELSE one END WHERE id = two AND NOT EXISTS (SELECT FROM f WHERE id = one);
    WHEN 8, 9 THEN INSERT INTO a VALUES (one, maybe(4), 'n' || r(3), 'N' || r(3)) ON CONFLICT DO NOTHING;
    WHEN 10 THEN UPDATE a SET b = maybe(4), n = 'n' || r(3), ci = 'n' || r(3) WHERE id = one;
    WHEN 11 THEN UPDATE a SET id = two WHERE id = one AND NOT EXISTS (SELECT FROM a x WHERE x.id = two);
    WHEN 12 THEN DELETE FROM a WHERE id = one;
    WHEN 13 THEN INSERT INTO b VALUES (one, maybe(6), maybe(4)) ON CONFLICT (id) DO UPDATE SET n = maybe(4);
    WHEN 14 THEN UPDATE b SET a = maybe(6), n = maybe(4) WHERE id = one;
    WHEN 15 THEN DELETE FROM b WHERE id = one;
    WHEN 16, 17 THEN INSERT INTO c VALUES (one, maybe(6), maybe(6), maybe(4), 'k' || r(2)) ON CONFLICT (id) DO UPDATE SET f = maybe(6), a = maybe(6);
    WHEN 18 THEN UPDATE c SET v = maybe(4), kind = 'k' || r(3) WHERE id = one;
    WHEN 19 THEN DELETE FROM c WHERE id = one;
    ELSE
      INSERT INTO "Other"."Part y" VALUES (one, 'c' || two, maybe(6), 'm') ON CONFLICT DO NOTHING;
      UPDATE "Other"."Part y" SET k1 = r(6), size = 'l', f = maybe(6) WHERE k1 = r(6) AND k2 = 'c' || r(6)
         AND NOT EXISTS (SELECT FROM "Other"."Part y" p WHERE p.k2 = "Part y".k2 AND p.k1 <> "Part y".k1);
      DELETE FROM "Other"."Part y" WHERE k1 = two AND k2 = 'c' || r(6);
  END CASE;
END $$;
-- More of them:  psql -v transactions=1000 -v seed=0.1 -f …
\if :{?transactions}
\else
\set transactions 20
\set seed 0.5
\endif
CALL check_changes(:transactions, :seed, '%');
CALL check_changes(:transactions * 8, :seed, 'hard%');
SELECT d.model, d.key, d.what, q.query FROM missed d JOIN query q ON q.number::text = ltrim(d.model, 'hardq');
\c contrib_regression
DROP DATABASE regress_daas_exact;
