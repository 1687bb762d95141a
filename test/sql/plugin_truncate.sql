-- TRUNCATE is told once for each member that lost rows.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
CREATE PUBLICATION plugin FOR TABLE a, b, p WITH (publish = 'insert', publish_via_partition_root = true);
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_truncate', 'daas');

TRUNCATE a, other CASCADE;
TRUNCATE other;
TRUNCATE p;
TRUNCATE p2;
BEGIN;
INSERT INTO p VALUES (1);
TRUNCATE p1, p2 RESTART IDENTITY;
INSERT INTO p VALUES (2);
COMMIT;
BEGIN;
TRUNCATE p;
ROLLBACK;
SELECT * FROM read_changes('plugin_truncate');

SELECT pg_drop_replication_slot('plugin_truncate');
DROP PUBLICATION plugin;
DROP TABLE a, b, other, p;
