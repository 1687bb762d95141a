-- DDL of a source and of its partitions is told in the WAL, in order; other DDL is not.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE p (id int, day int, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (10);
CREATE SCHEMA s;
CREATE TABLE s.u (id int PRIMARY KEY);
CREATE TABLE other (id int PRIMARY KEY);
SELECT daas.create_model('t', 'SELECT * FROM t');
SELECT daas.create_model('p', 'SELECT * FROM p');
SELECT daas.create_model('u', 'SELECT * FROM s.u');
SELECT 'ready' FROM pg_create_logical_replication_slot('api_ddl', 'test_decoding');
CREATE FUNCTION messages() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT format('%s %s %s', m ->> 'command', m ->> 'event',
                (SELECT string_agg(format('%s %s%s', o ->> 'type', o ->> 'identity',
                                          CASE WHEN (SELECT relation::oid::bigint FROM daas.source WHERE relation::oid::bigint = (o ->> 'oid')::bigint LIMIT 1) IS NULL THEN ' (no source)' END), ', ')
                   FROM jsonb_array_elements(m -> 'objects') o))
    FROM pg_logical_slot_get_changes('api_ddl', NULL, NULL), LATERAL (SELECT substring(data FROM 'content:(.*)$')::jsonb AS m) x
   WHERE data LIKE '%prefix: daas.ddl%'
$$;
ALTER TABLE other ADD v int;
DROP TABLE other;
CREATE INDEX ON t (v);
COMMENT ON TABLE t IS 'a table';
GRANT SELECT ON t TO PUBLIC;
ANALYZE t;
SELECT messages();
ALTER TABLE t ADD n int;
SELECT messages();
ALTER TABLE t ALTER n TYPE bigint;
SELECT messages();
ALTER TABLE t RENAME n TO number;
SELECT messages();
ALTER TABLE t DROP number;
SELECT messages();
ALTER TABLE t REPLICA IDENTITY FULL;
SELECT messages();
BEGIN;
ALTER TABLE t ADD x int;
ROLLBACK;
SELECT messages();
-- Before the first row of the new shape, also when it follows at once.
BEGIN;
INSERT INTO t VALUES (1);
ALTER TABLE t ADD x int;
INSERT INTO t VALUES (2);
COMMIT;
-- (Of this transaction: what the server does by itself shows as empty ones.)
SELECT concat_ws(' ', substring(data FROM '^[a-zA-Z]+'), substring(data FROM 'id\[integer\]:\d'))
  FROM (SELECT data, n, bool_or(data LIKE 'table %') OVER (PARTITION BY xid::text) AS ours
          FROM pg_logical_slot_get_changes('api_ddl', NULL, NULL, 'include-xids', 'off') WITH ORDINALITY c (lsn, xid, data, n)) c
 WHERE ours AND data NOT LIKE '%prefix: daas.after%' ORDER BY n;
-- Partitions.
CREATE TABLE p_2 (id int NOT NULL, day int NOT NULL, v text);
ALTER TABLE p ATTACH PARTITION p_2 FOR VALUES FROM (10) TO (20);
SELECT messages();
ALTER TABLE p DETACH PARTITION p_2;
SELECT messages();
INSERT INTO p_2 VALUES (1, 11, 'a');
ALTER TABLE p ATTACH PARTITION p_2 FOR VALUES FROM (10) TO (20);
SELECT messages();
ALTER TABLE p DETACH PARTITION p_2 CONCURRENTLY;
SELECT messages();
DROP TABLE p_2;
SELECT messages();
CREATE TABLE p_3 PARTITION OF p FOR VALUES FROM (20) TO (30) PARTITION BY LIST (id);
CREATE TABLE p_3_1 PARTITION OF p_3 DEFAULT;
SELECT messages();
ALTER TABLE p ALTER v TYPE varchar(10);
SELECT messages();
DROP TABLE p_3_1;
SELECT messages();
DROP TABLE p_3;
SELECT messages();
-- An index may be the one that makes a key unique.
CREATE UNIQUE INDEX t_v ON t (v);
DROP INDEX t_v;
SELECT messages();
-- With the schema.
ALTER SCHEMA s RENAME TO s2;
SELECT messages();
DROP SCHEMA s2 CASCADE;
SELECT messages();
DROP TABLE p;
SELECT messages();
-- Of types: what changes the text of stored values, and no more.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (m mood, n int);
CREATE DOMAIN moods AS mood[];
CREATE TYPE unrelated AS ENUM ('sad');
CREATE TABLE nested (id int PRIMARY KEY, v pair[]);
CREATE TABLE listed (id int PRIMARY KEY, v moods);
SELECT daas.create_model('nested', 'SELECT * FROM nested'), daas.create_model('listed', 'SELECT * FROM listed');
ALTER TYPE mood ADD VALUE 'fine' BEFORE 'ok';
ALTER TYPE mood RENAME TO feeling;
ALTER TYPE unrelated RENAME VALUE 'sad' TO 'blue';
SELECT messages();
ALTER TYPE feeling RENAME VALUE 'sad' TO 'blue';
SELECT messages();
ALTER TYPE pair ADD ATTRIBUTE o int;
SELECT messages();
ALTER TYPE pair RENAME ATTRIBUTE n TO number;
SELECT messages();
ALTER TYPE pair DROP ATTRIBUTE o;
SELECT messages();
DROP TABLE nested, listed;
DROP TYPE pair, unrelated;
DROP DOMAIN moods;
DROP TYPE feeling;
SELECT 'dropped' FROM pg_drop_replication_slot('api_ddl');
DROP FUNCTION messages;
DROP EXTENSION daas;
DROP PUBLICATION daas;
DROP TABLE t;
