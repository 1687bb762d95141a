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
  ('SELECT t.id FROM t JOIN u USING (id)'), ('SELECT t.id FROM t, u'), ('SELECT t.id FROM t LEFT JOIN u ON u.id = t.id'),
  ('SELECT id FROM (SELECT * FROM t) s'), ('SELECT id, (SELECT max(v) FROM u) AS m FROM t'), ('SELECT id FROM t WHERE EXISTS (SELECT FROM u)'),
  ('SELECT id, ARRAY(SELECT 1) AS a FROM t'), ('SELECT id FROM t WHERE v IN (SELECT v FROM u)'),
  ('WITH w AS (SELECT 1) SELECT id FROM t'), ('WITH d AS (DELETE FROM u RETURNING *) SELECT id FROM t'),
  ('SELECT count(*) AS id FROM t'), ('SELECT id FROM t GROUP BY id'), ('SELECT max(id) AS id FROM t HAVING true'), ('SELECT max(id) AS id FROM t'),
  ('SELECT DISTINCT id FROM t'), ('SELECT DISTINCT ON (v) id FROM t'), ('SELECT id, row_number() OVER () AS n FROM t'),
  ('SELECT id FROM t WINDOW w AS (PARTITION BY v)'),
  ('SELECT id FROM t UNION SELECT id FROM u'), ('SELECT id FROM t EXCEPT ALL SELECT id FROM u'), ('VALUES (1)'), ('SELECT 1 AS id'),
  ('SELECT id FROM t LIMIT 5'), ('SELECT id FROM t OFFSET 5'), ('SELECT id FROM t ORDER BY id'), ('SELECT id FROM t FOR UPDATE'),
  ('SELECT id INTO x FROM t'), ('SELECT id FROM t TABLESAMPLE SYSTEM (5)'), ('SELECT id FROM generate_series(1, 2) id'),
  ('SELECT id, generate_series(1, 2) AS g FROM t'), ('SELECT id, sets(v) AS s FROM t'), ('SELECT id FROM ONLY t'), ('SELECT id FROM ONLY part'),
  ('SELECT id, ctid FROM t'), ('SELECT id FROM t WHERE xmin = ''5'''), ('SELECT id, t FROM t'), ('SELECT id FROM t WHERE v = $1'),
  ('SELECT id, v + 1 FROM t'), ('SELECT id, v, n AS v FROM t'), ('SELECT FROM t'),
  ('SELECT id FROM parent'), ('SELECT id FROM part_1'), ('SELECT id FROM view'), ('SELECT id FROM matview'), ('SELECT last_value AS id FROM sequence'),
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
SELECT format(E'%s\n  %s', query, said(format('SELECT daas.create_model(%L, %L)', 'm', query))) FROM refused ORDER BY number;
-- A user's operator of an IMMUTABLE function is none of these.
SELECT said($$SELECT daas.create_model('m', 'SELECT id, v ### 1 AS x FROM t')$$);
-- Nor is a text that only looks like a time.
SELECT said($$SELECT daas.alter_model('m', 'SELECT id, ''today'' AS x FROM t WHERE n <> ''now''')$$);
-- A refused definition leaves nothing.
SELECT said($$SELECT daas.create_model('n', 'SELECT id FROM t LIMIT 1')$$) IS NOT NULL, count(*) FROM daas.model;
SELECT daas.drop_model('m');
\set SHOW_CONTEXT never

-- The client sees where it is, in the model's query, counted in characters.
SELECT daas.create_model('m', 'SELECT id, ''äöü'' || n AS x,
  random() AS y FROM t');
SELECT daas.create_model('m', 'SELECT id FROM t WHERE 1 / 0');
SELECT daas.create_model('m', 'SELECT id FROM t, u');
SELECT daas.create_model('m', 'SELECT id FROM t WHERE');

DROP EXTENSION daas;
DROP TABLE refused, t, u, parent, child, part, unlogged, temporary, secured CASCADE;
DROP SEQUENCE sequence;
DROP FOREIGN DATA WRAPPER wrapper CASCADE;
DROP OPERATOR ### (int, int);
DROP OPERATOR #+# (int, int);
DROP FUNCTION stable, volatile, sets, stable_plus;
DROP PUBLICATION daas;
