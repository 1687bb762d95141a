-- Queries that a model can't have: the construct is named, and what to do.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE TABLE t (id int PRIMARY KEY, v int, n text, at timestamptz);
CREATE TABLE u (id int PRIMARY KEY, v int);
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (10);
CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY);
CREATE TEMPORARY TABLE temporary (id int PRIMARY KEY);
CREATE TABLE secured (id int PRIMARY KEY);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE VIEW view AS SELECT * FROM t;
CREATE MATERIALIZED VIEW matview AS SELECT * FROM t;
CREATE SEQUENCE sequence;
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER server FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE remote (id int) SERVER server;
CREATE FUNCTION stable(int) RETURNS int LANGUAGE sql STABLE RETURN $1;
CREATE FUNCTION volatile(int) RETURNS int LANGUAGE sql VOLATILE RETURN $1;
CREATE TYPE pg_temp.mood AS ENUM ('sad');
CREATE FUNCTION pg_temp.session(int) RETURNS int LANGUAGE sql IMMUTABLE RETURN $1;
CREATE FUNCTION sets(int) RETURNS SETOF int LANGUAGE sql IMMUTABLE RETURN $1;
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
CREATE FUNCTION stable_plus(int, int) RETURNS int LANGUAGE sql STABLE RETURN $1 + $2;
CREATE OPERATOR #+# (LEFTARG = int, RIGHTARG = int, FUNCTION = stable_plus);

CREATE TABLE refused (number int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO refused (query) VALUES
  (''), ('-- nothing'), ('SELECT 1; SELECT 2'), ('SELEC id FROM t'), ('SELECT id FROM missing'), ('SELECT missing FROM t'),
  ('INSERT INTO t VALUES (1)'), ('DELETE FROM t RETURNING id'), ('CREATE TABLE x ()'), ('TABLE t; DROP TABLE t'), ('EXPLAIN SELECT id FROM t'),
  ('SELECT t.id FROM t, u'), ('WITH d AS (DELETE FROM u RETURNING *) SELECT id FROM t'),
  ('SELECT count(*) AS id FROM t'), ('SELECT max(id) AS id FROM t HAVING true'), ('SELECT max(id) AS id FROM t'),
  ('SELECT DISTINCT ON (v) id FROM t'), ('SELECT id, row_number() OVER () AS n FROM t'),
  ('SELECT id FROM t UNION SELECT id FROM u'), ('SELECT id FROM t EXCEPT ALL SELECT id FROM u'), ('VALUES (1)'), ('SELECT 1 AS id'),
  ('SELECT id FROM t LIMIT 5'), ('SELECT id FROM t OFFSET 5'), ('SELECT id FROM t ORDER BY id'), ('SELECT id FROM t FOR UPDATE'),
  ('SELECT id INTO x FROM t'), ('SELECT id FROM t TABLESAMPLE SYSTEM (5)'), ('SELECT id FROM generate_series(1, 2) id'),
  ('SELECT id, generate_series(1, 2) AS g FROM t'), ('SELECT id, sets(v) AS s FROM t'), ('SELECT id FROM ONLY t'), ('SELECT id FROM ONLY part'),
  ('SELECT id, ctid FROM t'), ('SELECT id FROM t WHERE xmin = ''5'''), ('SELECT id, t FROM t'), ('SELECT id FROM t WHERE v = $1'),
  ('SELECT id, v + 1 FROM t'), ('SELECT id, v, n AS v FROM t'), ('SELECT FROM t'),
  ('SELECT id FROM parent'), ('SELECT id FROM part_1'), ('SELECT id FROM matview'), ('SELECT last_value AS id FROM sequence'),
  ('SELECT id FROM remote'), ('SELECT id FROM unlogged'), ('SELECT id FROM temporary'), ('SELECT id FROM secured'),
  ('SELECT oid FROM pg_class'), ('SELECT table_name FROM information_schema.tables'),
  ('SELECT id, now() AS x FROM t'), ('SELECT id, CURRENT_DATE AS x FROM t'), ('SELECT id, LOCALTIMESTAMP AS x FROM t'), ('SELECT id, CURRENT_USER AS x FROM t'),
  ('SELECT id FROM t WHERE at > ''today'''), ('SELECT id, at - timestamptz '' NOW '' AS x FROM t'), ('SELECT id, ''yesterday 12:00''::timestamp AS x FROM t'),
  ('SELECT id, n::pg_temp.mood AS m FROM t'), ('SELECT id, age(at) AS x FROM t'), ('SELECT id, statement_timestamp() AS x FROM t'), ('SELECT id, clock_timestamp() AS x FROM t'),
  ('SELECT id FROM t WHERE at > now() - interval ''1 day'''), ('SELECT id, random() AS x FROM t'), ('SELECT id, nextval(''sequence'') AS x FROM t'),
  ('SELECT id, current_setting(n) AS x FROM t'), ('SELECT id, current_database() AS x FROM t'), ('SELECT id, session_user AS x FROM t'),
  ('SELECT id, has_table_privilege(n, ''SELECT'') AS x FROM t'), ('SELECT id, pg_backend_pid() AS x FROM t'), ('SELECT id, n::regclass AS x FROM t'),
  ('SELECT id, to_regclass(n) AS x FROM t'), ('SELECT id, query_to_xml(n, true, true, '''') AS x FROM t'), ('SELECT id, pg_sleep(1) AS x FROM t'),
  ('SELECT id, stable(v) AS x FROM t'), ('SELECT id, volatile(v) AS x FROM t'), ('SELECT id, pg_temp.session(v) AS x FROM t'),
  ('SELECT id, v #+# 1 AS x FROM t'), ('SELECT id, coalesce(nullif(CASE WHEN true THEN stable(v) END, 1), 2) AS x FROM t');
CREATE FUNCTION refusal(query text, key text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text := said(format('SELECT daas.create_model(%L, %L, %L)', 'm', query, key));
BEGIN
  PERFORM daas.drop_model('m', if_exists => true);
  RETURN answer;
END $$;
SELECT format(E'%s\n  %s', query, refusal(query)) FROM refused ORDER BY number;
-- A user's operator of an IMMUTABLE function is none of these.
SELECT said($$SELECT daas.create_model('m', 'SELECT id, v ### 1 AS x FROM t')$$);
-- Nor is a text that only looks like a time.
SELECT said($$SELECT daas.alter_model('m', 'SELECT id, ''today'' AS x FROM t WHERE n <> ''now''')$$);

-- A refused definition leaves nothing.
SELECT said($$SELECT daas.create_model('n', 'SELECT id FROM t LIMIT 1')$$) IS NOT NULL, count(*) FROM daas.model;
SELECT daas.drop_model('m');

-- Joins and subqueries have rules of their own.
CREATE TABLE nested (number int GENERATED ALWAYS AS IDENTITY, query text, key text);
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM t;
CREATE TEMPORARY VIEW brief AS SELECT * FROM t;
CREATE VIEW sampled AS SELECT * FROM t TABLESAMPLE SYSTEM (5);
CREATE VIEW catalog AS SELECT oid::int AS id FROM pg_class;
CREATE VIEW clock AS SELECT id, now() AS n FROM t;
CREATE VIEW recursive AS WITH RECURSIVE r AS (SELECT id FROM t UNION SELECT id + 1 FROM r WHERE id < 5) SELECT id FROM r;
INSERT INTO nested (query, key) VALUES
  ('SELECT t.id, u.v FROM t JOIN (SELECT * FROM u LIMIT 5) u USING (id) ORDER BY 1', '{id}'),
  ('SELECT t.id FROM t JOIN u USING (id) LIMIT 1', '{id}'), ('SELECT t.id FROM t JOIN ONLY u USING (id)', '{id}'),
  ('SELECT t.id FROM t WHERE EXISTS (SELECT FROM u TABLESAMPLE SYSTEM (5) WHERE u.id = t.id)', '{id}'),
  ('SELECT t.id FROM t WHERE EXISTS (SELECT FROM u WHERE u.id = t.id FOR UPDATE)', '{id}'),
  ('WITH RECURSIVE r AS (SELECT id FROM t UNION SELECT id + 1 FROM r WHERE id < 5) SELECT id FROM r', '{id}'),
  ('WITH d AS (DELETE FROM u RETURNING *) SELECT id FROM d', '{id}'),
  ('SELECT v, count(*) AS c FROM t GROUP BY ROLLUP (v)', '{v}'), ('SELECT id, (SELECT count(*) FROM u GROUP BY CUBE (v) LIMIT 1) AS c FROM t', '{id}'),
  ('SELECT t.id, now() AS n FROM t JOIN u USING (id)', '{id}'), ('SELECT id, (SELECT max(u.v) FROM u WHERE u.id = t.id AND random() > 0.5) AS m FROM t', '{id}'),
  ('SELECT id, (SELECT row_to_json(u) FROM u WHERE u.id = t.id) AS j FROM t', '{id}'), ('SELECT id, (SELECT max(u.ctid) FROM u WHERE u.id = t.id) AS j FROM t', '{id}'),
  ('SELECT t.id FROM t JOIN pg_class c ON c.oid = t.id', '{id}'), ('SELECT t.id FROM t WHERE EXISTS (SELECT FROM secured s WHERE s.id = t.id)', '{id}'),
  ('SELECT t.id FROM t WHERE EXISTS (SELECT FROM unlogged s WHERE s.id = t.id)', '{id}'), ('SELECT t.id FROM t JOIN remote USING (id)', '{id}'),
  ('SELECT t.id FROM t JOIN matview USING (id)', '{id}'), ('SELECT t.id FROM t JOIN part_1 USING (id)', '{id}'), ('SELECT t.id FROM t JOIN parent USING (id)', '{id}'),
  ('SELECT id FROM barrier', '{id}'), ('SELECT id FROM sampled', '{id}'), ('SELECT id FROM brief', '{id}'), ('SELECT id FROM catalog', '{id}'), ('SELECT id FROM clock', '{id}'), ('SELECT id FROM recursive', '{id}'),
  ('SELECT x.id FROM generate_series(1, 3) x (id)', '{id}'), ('SELECT x.id FROM (VALUES (1)) x (id)', '{id}'),
  -- keys
  ('SELECT t.n, u.v FROM t JOIN u USING (v)', NULL), ('SELECT t.id, u.id AS uid FROM t JOIN u USING (v)', NULL), ('SELECT v, count(*) AS c FROM t GROUP BY v, n', NULL),
  ('SELECT t.id, u.v, count(*) AS c FROM t LEFT JOIN u USING (id) GROUP BY t.id, u.v', NULL), ('SELECT t.id, u.v, count(*) AS c FROM t LEFT JOIN u ON u.v = t.v GROUP BY t.id, u.v', NULL),
  ('SELECT u.id FROM t LEFT JOIN u ON u.id = t.v', '{id}'), ('SELECT id FROM t FULL JOIN u USING (id)', '{id}'), ('SELECT t.id FROM t FULL JOIN u USING (id)', '{id}'),
  ('SELECT t.id, u.id AS uid FROM t JOIN u ON u.v = t.v', '{id,uid}'), ('SELECT t.id, u.id AS uid FROM t CROSS JOIN u', '{id,uid}'),
  ('SELECT max(t.id) AS id, t.v FROM t GROUP BY t.v', '{id}'), ('SELECT count(*) AS id FROM t JOIN u USING (id)', '{id}'),
  ('SELECT (SELECT max(u.id) FROM u WHERE u.v = t.v) AS id, t.n FROM t', '{id}'), ('SELECT t.id, row_number() OVER (ORDER BY t.v) AS r FROM t JOIN u USING (id)', '{id}'),
  ('SELECT t.id, row_number() OVER (PARTITION BY t.v) AS r FROM t JOIN u USING (id)', '{id}'), ('SELECT t.id, row_number() OVER (PARTITION BY t.v) AS r FROM t JOIN u USING (id)', '{r}'),
  ('SELECT DISTINCT ON (t.v) t.id, u.v FROM t JOIN u USING (id)', '{id}'), ('SELECT x.id FROM (SELECT * FROM t ORDER BY v LIMIT 5) x', '{id}'),
  ('SELECT t.id, x.tag FROM t, unnest(string_to_array(t.n, '','')) x (tag)', '{id,tag}'), ('SELECT t.v, count(*) AS c FROM t GROUP BY t.v', '{v}'),
  ('SELECT upper(t.n) AS n, count(*) AS c FROM t GROUP BY upper(t.n)', '{n}'), ('SELECT t.id, t.v FROM t JOIN u USING (id)', '{id,id}'), ('SELECT t.id, t.v FROM t JOIN u USING (id)', '{x}'),
  ('SELECT t.at - t.at AS i, count(*) AS c FROM t GROUP BY 1', '{i}'), ('SELECT id FROM t UNION SELECT id FROM u LIMIT 5', '{id}'),
  ('SELECT t.id, u.v FROM t JOIN u ON u.v = t.v WHERE u.v IS NOT NULL', '{id,v}');
SELECT format(E'%s %s\n  %s', query, key, refusal(query, key)) FROM nested ORDER BY number;
\set SHOW_CONTEXT never

-- The client sees where it is, in the model's query, counted in characters.
SELECT daas.create_model('m', 'SELECT id, ''äöü'' || n AS x,
  random() AS y FROM t');
SELECT daas.create_model('m', 'SELECT id FROM t WHERE 1 / 0');
SELECT daas.create_model('m', 'SELECT t.id FROM t JOIN u USING (id) LIMIT 5');
SELECT daas.create_model('m', 'SELECT id FROM t WHERE');

DROP EXTENSION daas;
DROP FUNCTION refusal;
DROP TABLE refused, nested, t, u, parent, child, part, unlogged, temporary, secured CASCADE;
DROP SEQUENCE sequence;
DROP FOREIGN DATA WRAPPER wrapper CASCADE;
DROP OPERATOR ### (int, int);
DROP OPERATOR #+# (int, int);
DROP FUNCTION stable, volatile, sets, stable_plus;
DROP PUBLICATION daas;
