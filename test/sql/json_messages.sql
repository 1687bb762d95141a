-- DDL of models' sources comes in its place among the changes. Anybody may write logical messages:
-- those that were asked for by their prefix are sent, whatever they contain.
\getenv test PG_ABS_SRCDIR
\set json_changes :test /sql/include/json_changes.sql
\set ECHO none
\i :json_changes
\set ECHO all
\pset format unaligned
\t on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE TABLE a (id int PRIMARY KEY, v int);
SELECT 'made' FROM daas.create_model('a', 'SELECT id, v FROM a');
ALTER PUBLICATION daas RENAME TO plugin;
SELECT 'ready' FROM pg_create_logical_replication_slot('json_messages', 'daas');

BEGIN;
INSERT INTO a VALUES (1, 1);
ALTER TABLE a ADD w text;
INSERT INTO a VALUES (2, 2, 'w');
COMMIT;
ALTER TABLE a ALTER v TYPE bigint;
BEGIN;
ALTER TABLE a DROP v;
ROLLBACK;
BEGIN;
TRUNCATE a;
DROP TABLE a CASCADE;
COMMIT;
SELECT * FROM json_changes('json_messages');

-- What looks like DDL and isn't JSON is not sent, nor are the daemon's heartbeats.
SELECT 'written' FROM pg_logical_emit_message(true, 'daas.ddl', '{"é": 1}');
SELECT count(pg_logical_emit_message(true, 'daas.ddl', c))
  FROM unnest(ARRAY['', '{', '[]', '{"a":1}}', '{"a":1,}', 'x']) c;
SELECT 'written' FROM pg_logical_emit_message(true, 'daas.ddl', '\x7b22ff223a317d'::bytea);
SELECT 'written' FROM pg_logical_emit_message(true, 'daas.ddl', '{"a":' || repeat('[', 30000) || repeat(']', 30000) || '}');
SELECT 'written' FROM pg_logical_emit_message(true, 'daas.ddl', '{"a": "' || repeat('x', 65536) || '"}');
SELECT 'written' FROM pg_logical_emit_message(true, 'daas.heartbeat', '');
SELECT * FROM json_changes('json_messages', 'include_transactions', 'on');

-- An outbox.
SELECT 'written' FROM pg_logical_emit_message(true, 'outbox', E'{"order":\n1}');
SELECT 'written' FROM pg_logical_emit_message(true, 'outbox.orders', '');
SELECT 'written' FROM pg_logical_emit_message(true, 'outbox', '\x00ff'::bytea);
SELECT 'written' FROM pg_logical_emit_message(true, 'outbox', repeat(E'\x01', 12000000));
SELECT 'written' FROM pg_logical_emit_message(true, 'outbox' || repeat('x', 250), '');
SELECT 'written' FROM pg_logical_emit_message(true, 'other', 'x');
SELECT 'written' FROM pg_logical_emit_message(false, 'outbox', 'not of a transaction');
SELECT * FROM json_changes('json_messages', 'message_prefix', 'outbox');

SELECT pg_drop_replication_slot('json_messages');
DROP PUBLICATION plugin;
DROP EXTENSION daas;
