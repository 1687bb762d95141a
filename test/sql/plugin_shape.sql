-- A table is described anew when its shape changes, before the first row of the new shape.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE TABLE a (id int PRIMARY KEY, x text, twice int GENERATED ALWAYS AS (id * 2) STORED);
CREATE PUBLICATION plugin FOR TABLE a WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_shape', 'daas');

INSERT INTO a VALUES (1, 'one');
ALTER TABLE a ADD COLUMN later int DEFAULT 7;
-- The rows of before lack the column on disk.
ALTER TABLE a REPLICA IDENTITY FULL;
UPDATE a SET x = 'eins';
ALTER TABLE a REPLICA IDENTITY DEFAULT;
ALTER TABLE a DROP COLUMN x;
UPDATE a SET later = 8;
ALTER TABLE a RENAME later TO sooner;
ALTER TABLE a ALTER sooner TYPE varchar(5);
UPDATE a SET sooner = 'nine';
BEGIN;
INSERT INTO a VALUES (2);
ALTER TABLE a ADD COLUMN back text;
INSERT INTO a VALUES (3);
ROLLBACK;
BEGIN;
INSERT INTO a VALUES (4);
SAVEPOINT s;
ALTER TABLE a ADD COLUMN back text;
INSERT INTO a VALUES (5);
ROLLBACK TO s;
INSERT INTO a VALUES (6);
ALTER TABLE a ADD COLUMN stays text;
INSERT INTO a VALUES (7);
COMMIT;
-- No rows are sent for a rewrite.
VACUUM FULL a;
ALTER TABLE a ALTER sooner TYPE text USING sooner || '!';
INSERT INTO a VALUES (8);
SELECT * FROM read_changes('plugin_shape');

-- A table that is gone when its changes are read.
INSERT INTO a VALUES (9);
DROP TABLE a;
SELECT * FROM read_changes('plugin_shape');

-- No columns at all.
CREATE TABLE nothing ();
ALTER PUBLICATION plugin ADD TABLE nothing;
INSERT INTO nothing DEFAULT VALUES;
SELECT * FROM read_changes('plugin_shape');

SELECT pg_drop_replication_slot('plugin_shape');
DROP PUBLICATION plugin;
DROP TABLE nothing;
