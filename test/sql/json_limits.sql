-- Values that are not in the WAL, and those too large for a line, are named; nothing stored ever
-- raises an error, which decoding would not get past.
CREATE TABLE doc (id int PRIMARY KEY, body text, extra jsonb, n int);
ALTER TABLE doc ALTER body SET STORAGE EXTERNAL, ALTER extra SET STORAGE EXTERNAL;
CREATE PUBLICATION plugin FOR TABLE doc WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('json_limits', 'daas');
CREATE FUNCTION told() RETURNS TABLE (event text, names text, mb numeric, unchanged text, omitted text) LANGUAGE sql AS $$
  SELECT line->>'event', (SELECT string_agg(k, ' ') FROM json_object_keys(line->'after') k), round(length(data) / 1e6, 1),
         (line->'unchanged')::text, (line->'omitted')::text
    FROM pg_logical_slot_get_changes('json_limits', NULL, NULL, 'format', 'json', 'publication', 'plugin') c,
         LATERAL (SELECT c.data::json) j (line)
$$;

-- TOAST that the statement didn't touch.
INSERT INTO doc VALUES (1, repeat('0123456789', 500), to_jsonb(repeat('j', 5000)), 0);
UPDATE doc SET n = 1;
UPDATE doc SET body = repeat('9876543210', 500);
UPDATE doc SET body = NULL;
UPDATE doc SET extra = NULL;
-- A full old image brings them all.
UPDATE doc SET body = repeat('0123456789', 500);
ALTER TABLE doc REPLICA IDENTITY FULL;
UPDATE doc SET n = 2;
ALTER TABLE doc REPLICA IDENTITY DEFAULT;
SELECT * FROM told();

-- Compressed ones, and a megabyte of jsonb.
ALTER TABLE doc ALTER body SET STORAGE EXTENDED;
UPDATE doc SET body = repeat('c', 1000000), extra = jsonb_build_array(repeat('j', 999998));
SELECT * FROM told();
-- A line is at most 64 MB long, after escaping. What follows the value is sent.
UPDATE doc SET extra = NULL, body = repeat(E'\x01', 12000000);
SELECT * FROM told();

-- The texts of these few bytes would pass the limit, two of them a gigabyte.
CREATE TABLE wide (id int PRIMARY KEY, many numeric[], deep jsonb, ranges nummultirange, bytes bytea, bits varbit);
ALTER PUBLICATION plugin ADD TABLE wide;
INSERT INTO wide SELECT 1, array_agg(1e131071) FROM generate_series(1, 8200);
INSERT INTO wide SELECT 2, NULL, to_jsonb(array_agg(1e131071)) FROM generate_series(1, 513);
INSERT INTO wide SELECT 3, NULL, NULL, range_agg(numrange(i * 1e131067, i * 1e131067 + 5e131066)) FROM generate_series(1, 4000) i;
INSERT INTO wide SELECT 4, NULL, NULL, NULL, '\x', repeat('1', 1000000)::varbit;
INSERT INTO wide SELECT 5, NULL, (repeat('[', 3000) || repeat(']', 3000))::jsonb;
SELECT * FROM told();

SELECT pg_drop_replication_slot('json_limits');
DROP PUBLICATION plugin;
DROP FUNCTION told;
DROP TABLE doc, wide;
