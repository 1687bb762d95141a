-- No statement of an application fails because a model reads its table.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE ROLE regress_daas_app;
GRANT CREATE, USAGE ON SCHEMA public TO regress_daas_app;
CREATE TABLE t (id int PRIMARY KEY, v text, n int, big text, gone int);
CREATE TABLE p (id int, day int, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (10);
ALTER TABLE t OWNER TO regress_daas_app;
ALTER TABLE p OWNER TO regress_daas_app;
ALTER TABLE p_1 OWNER TO regress_daas_app;
SELECT daas.create_model('t', 'SELECT id, v, n, gone FROM t WHERE n > 0');
SELECT daas.create_model('p', 'SELECT * FROM p');
SELECT daas.create_api('t', scope => '{"v": "v"}');
SET client_min_messages = warning;

-- An application's role has no rights in daas. Nothing below may raise an error or a warning.
SET ROLE regress_daas_app;
INSERT INTO t VALUES (1, 'a', 1, 'x', 1), (2, 'b', 2, 'y', 2), (3, 'c', 3, 'z', 3);
ALTER TABLE t REPLICA IDENTITY FULL;
UPDATE t SET v = v || '!', id = id + 10;
DELETE FROM t WHERE id = 11;
ALTER TABLE t REPLICA IDENTITY NOTHING;
UPDATE t SET v = 'nothing';
DELETE FROM t WHERE id = 12;
ALTER TABLE t REPLICA IDENTITY DEFAULT;
ALTER TABLE t DROP CONSTRAINT t_pkey;
UPDATE t SET v = 'no key';
DELETE FROM t;
INSERT INTO t VALUES (1, '1', 1, 'x', 1);
ALTER TABLE t ALTER v TYPE int USING v::int;
ALTER TABLE t ALTER id TYPE bigint;
ALTER TABLE t DROP COLUMN gone CASCADE;
ALTER TABLE t RENAME COLUMN n TO number;
ALTER TABLE t ADD COLUMN more text DEFAULT 'x';
ALTER TABLE t ALTER id DROP NOT NULL;
CREATE INDEX CONCURRENTLY t_v ON t (v);
DROP INDEX CONCURRENTLY t_v;
ALTER TABLE t ADD PRIMARY KEY (id);
CLUSTER t USING t_pkey;
VACUUM FULL t;
TRUNCATE t;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
ALTER TABLE t DISABLE ROW LEVEL SECURITY;
ALTER TABLE t RENAME TO t_renamed;
ALTER TABLE t_renamed RENAME TO t;
CREATE TABLE heir () INHERITS (t);
DROP TABLE heir;

CREATE TABLE p_2 (v text, day int NOT NULL, id int NOT NULL);
INSERT INTO p_2 VALUES ('a', 11, 1);
ALTER TABLE p ATTACH PARTITION p_2 FOR VALUES FROM (10) TO (20);
ALTER TABLE p_2 REPLICA IDENTITY NOTHING;
INSERT INTO p VALUES (1, 1, 'a'), (2, 12, 'b');
UPDATE p SET day = 2 WHERE day = 12;
DELETE FROM p WHERE day = 2;
CREATE TABLE p_3 PARTITION OF p FOR VALUES FROM (20) TO (30) PARTITION BY LIST (id);
CREATE TABLE p_3_1 PARTITION OF p_3 FOR VALUES IN (1);
ALTER TABLE p ALTER v TYPE varchar(50);
ALTER TABLE p DETACH PARTITION p_2;
ALTER TABLE p DETACH PARTITION p_1 CONCURRENTLY;
BEGIN;
CREATE TABLE p_4 PARTITION OF p FOR VALUES FROM (40) TO (50);
INSERT INTO p VALUES (1, 41, 'a');
DROP TABLE p_4;
DROP TABLE p_3 CASCADE;
COMMIT;

-- Of a role that owns no source, and of one that can't use any schema.
CREATE TABLE own (id int PRIMARY KEY);
ALTER TABLE own ADD v int;
CREATE TABLE own_2 AS SELECT * FROM own;
CREATE TEMPORARY TABLE scratch (id int);
ALTER TABLE scratch ADD v int;
DROP TABLE own, own_2, scratch;
CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;
DROP FUNCTION f;
SET search_path = '';
DROP TABLE public.p, public.p_1, public.p_2;
DROP TABLE public.t;
RESET search_path;
RESET ROLE;
-- The event trigger's own failure is a warning.
ALTER TABLE daas.source RENAME COLUMN relation TO relation_;
CREATE TABLE own (id int PRIMARY KEY);
\set VERBOSITY terse
DROP TABLE own;
\set VERBOSITY default
ALTER TABLE daas.source RENAME COLUMN relation_ TO relation;

-- What the sources were is gone; the models can still be dropped.
SELECT model, to_regclass(relation::text) IS NULL FROM daas.source ORDER BY model COLLATE "C";
SELECT said($$SELECT daas.reload_model('t')$$);
SET client_min_messages = error;
SELECT daas.drop_model('t', cascade => true);
SELECT daas.drop_model('p');
SELECT count(*) FROM daas.source;
DROP EXTENSION daas;
DROP PUBLICATION daas;
REVOKE ALL ON SCHEMA public FROM regress_daas_app;
DROP ROLE regress_daas_app;
