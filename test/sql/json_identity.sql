-- "before" is what the replica identity has of the row, "key" names the columns that tell rows apart.
\getenv test PG_ABS_SRCDIR
\set json_changes :test /sql/include/json_changes.sql
\set ECHO none
\i :json_changes
\set ECHO all
\pset format unaligned
\t on
CREATE TABLE a (x int, y text, z int NOT NULL, PRIMARY KEY (y, x));
CREATE UNIQUE INDEX a_z ON a (z);
CREATE TABLE loose (v text);
CREATE PUBLICATION plugin FOR TABLE a, loose WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('json_identity', 'daas');
CREATE FUNCTION images() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' ', line->>'event', 'key', line->'key', 'before', line->'before', 'after', line->'after')
    FROM json_changes('json_identity') l, LATERAL (SELECT l::json) j (line)
$$;

-- The primary key. A key that an UPDATE didn't change is that of the new row.
INSERT INTO a VALUES (1, 'one', 10);
UPDATE a SET z = 11;
UPDATE a SET x = 2;
DELETE FROM a;
SELECT * FROM images();
-- An index.
ALTER TABLE a REPLICA IDENTITY USING INDEX a_z;
INSERT INTO a VALUES (1, 'one', 10);
UPDATE a SET x = 2;
UPDATE a SET z = 11;
DELETE FROM a;
SELECT * FROM images();
-- The whole row; the primary key still tells rows apart.
ALTER TABLE a REPLICA IDENTITY FULL;
INSERT INTO a VALUES (1, 'one', 10);
UPDATE a SET x = 2;
DELETE FROM a;
SELECT * FROM images();
-- Nothing: which row it was is not in the WAL.
ALTER TABLE a REPLICA IDENTITY NOTHING;
INSERT INTO a VALUES (1, 'one', 10);
UPDATE a SET x = 2;
DELETE FROM a;
INSERT INTO loose VALUES ('x');
UPDATE loose SET v = 'y';
DELETE FROM loose;
SELECT * FROM images();

-- A partition's row is sent as its root's, in the root's order of columns.
CREATE TABLE part (id int, region text, note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE part_eu (note text, junk int, region text NOT NULL, id int NOT NULL);
ALTER TABLE part_eu DROP junk;
ALTER TABLE part ATTACH PARTITION part_eu FOR VALUES IN ('eu');
CREATE TABLE part_us PARTITION OF part FOR VALUES IN ('us');
ALTER PUBLICATION plugin ADD TABLE part;
INSERT INTO part VALUES (1, 'eu', 'a');
UPDATE part SET note = 'b';
UPDATE part SET region = 'us';
TRUNCATE part;
SELECT line::json->>'table', concat_ws(' ', line::json->>'event', line::json->'key', line::json->'before', line::json->'after')
  FROM json_changes('json_identity') line;

SELECT pg_drop_replication_slot('json_identity');
DROP PUBLICATION plugin;
DROP FUNCTION images;
DROP TABLE a, loose, part;
