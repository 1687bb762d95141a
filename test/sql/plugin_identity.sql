-- Old images are those of the replica identity; its loss is told, and never an error.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE TABLE part (id int PRIMARY KEY, code text NOT NULL, note text);
CREATE UNIQUE INDEX part_code ON part (code);
CREATE PUBLICATION plugin FOR TABLE part WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_identity', 'daas');

INSERT INTO part VALUES (1, 'a', 'x');
ALTER TABLE part REPLICA IDENTITY FULL;
UPDATE part SET note = NULL;
ALTER TABLE part REPLICA IDENTITY USING INDEX part_code;
UPDATE part SET note = 'y';
UPDATE part SET code = 'b';
-- The index is gone: the identity points to nothing.
DROP INDEX part_code;
UPDATE part SET code = 'c';
ALTER TABLE part REPLICA IDENTITY NOTHING;
UPDATE part SET id = 2;
DELETE FROM part;
ALTER TABLE part REPLICA IDENTITY DEFAULT;
INSERT INTO part VALUES (3, 'c', 'z');
UPDATE part SET id = 4;
-- In the middle of a transaction.
BEGIN;
DELETE FROM part;
INSERT INTO part VALUES (5, 'e', 'e');
ALTER TABLE part DROP CONSTRAINT part_pkey;
UPDATE part SET id = 6;
DELETE FROM part;
COMMIT;
-- A deferrable key is no identity.
ALTER TABLE part ADD PRIMARY KEY (id) DEFERRABLE;
INSERT INTO part VALUES (7, 'g', 'g');
SELECT * FROM read_changes('plugin_identity');

SELECT pg_drop_replication_slot('plugin_identity');
DROP PUBLICATION plugin;
DROP TABLE part;
