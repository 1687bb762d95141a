-- Makes plugin_stream.hex, what the real plugin sends: one message a line, in hexadecimal.
--   psql -XAtq -f make_plugin_stream.sql > plugin_stream.hex
-- in an empty database of a cluster with wal_level = logical and the plugin installed.
\o /dev/null
CREATE TABLE flight (id int PRIMARY KEY, carrier text, price numeric, at timestamptz, note text, pair int4range);
ALTER TABLE flight ALTER note SET STORAGE EXTERNAL;
CREATE PUBLICATION sample FOR TABLE flight WITH (publish = 'insert');
SELECT pg_create_logical_replication_slot('sample', 'daas');
INSERT INTO flight VALUES (1, 'UA', 1.50, '2013-01-01 10:00Z', repeat('n', 3000), '[1,2)'),
                          (-2, 'é', NULL, 'infinity', NULL, NULL);
UPDATE flight SET carrier = 'AA' WHERE id = 1;
UPDATE flight SET id = 3 WHERE id = -2;
DELETE FROM flight WHERE id = 3;
SELECT pg_logical_emit_message(true, 'daas.heartbeat', 'beat');
BEGIN;
INSERT INTO flight (id) SELECT generate_series(10, 12);
TRUNCATE flight;
COMMIT;
\o
SELECT encode(data, 'hex') FROM pg_logical_slot_peek_binary_changes('sample', NULL, NULL, 'proto_version', '1', 'publication', 'sample');
\o /dev/null
SELECT pg_drop_replication_slot('sample');
DROP PUBLICATION sample;
DROP TABLE flight;
