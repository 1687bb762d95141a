-- Values that are not in the WAL, and those too large for an event, are marked.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE TABLE doc (id int PRIMARY KEY, body text, extra jsonb, n int);
ALTER TABLE doc ALTER body SET STORAGE EXTERNAL, ALTER extra SET STORAGE EXTERNAL;
CREATE PUBLICATION plugin FOR TABLE doc WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_toast', 'daas');

INSERT INTO doc VALUES (1, repeat('0123456789', 500), to_jsonb(repeat('j', 5000)), 0);
UPDATE doc SET n = 1;
UPDATE doc SET body = repeat('9876543210', 500);
UPDATE doc SET id = 2;
-- A full old image brings them all.
ALTER TABLE doc REPLICA IDENTITY FULL;
UPDATE doc SET n = 2;
ALTER TABLE doc REPLICA IDENTITY DEFAULT;
-- Compressed.
ALTER TABLE doc ALTER body SET STORAGE EXTENDED;
UPDATE doc SET body = repeat('c', 1000000);
-- Text is sent as it is; a converted value of over 64 KB is left to be read from the table.
UPDATE doc SET extra = to_jsonb(repeat('j', 65500));
UPDATE doc SET extra = to_jsonb(repeat('j', 65536));
-- So is what would make a record longer than 64 MB.
UPDATE doc SET extra = NULL, body = repeat('m', 67200000);
-- The text of this small array would pass 1 GB.
CREATE TABLE wide (id int PRIMARY KEY, many numeric[]);
ALTER PUBLICATION plugin ADD TABLE wide;
INSERT INTO wide SELECT 1, array_agg(1e131071) FROM generate_series(1, 8200);
SELECT * FROM read_changes('plugin_toast');

-- A long key column stays in the old image.
CREATE TABLE named (name text PRIMARY KEY, n int);
ALTER TABLE named ALTER name SET STORAGE EXTERNAL;
ALTER PUBLICATION plugin ADD TABLE named;
INSERT INTO named VALUES (repeat('k', 2200), 1);
UPDATE named SET n = 2;
DELETE FROM named;
SELECT * FROM read_changes('plugin_toast');

SELECT pg_drop_replication_slot('plugin_toast');
DROP PUBLICATION plugin;
DROP TABLE doc, wide, named;
