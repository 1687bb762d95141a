-- Transactional logical messages with a prefix of ours stand in their place; others are left out.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE TABLE a (id int PRIMARY KEY);
CREATE PUBLICATION plugin FOR TABLE a WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_messages', 'daas');

-- Alone in its transaction, without content too.
SELECT 'sent' FROM pg_logical_emit_message(true, 'daas.heartbeat', '');
BEGIN;
INSERT INTO a VALUES (1);
SELECT 'sent' FROM pg_logical_emit_message(true, 'daas.ddl', '{"é": 1}');
INSERT INTO a VALUES (2);
COMMIT;
-- Of others, or like nothing that we write.
SELECT 'sent' FROM pg_logical_emit_message(true, 'other', 'x');
SELECT 'sent' FROM pg_logical_emit_message(true, 'daas', 'x');
SELECT 'sent' FROM pg_logical_emit_message(true, 'daas.' || repeat('x', 70000), 'x');
SELECT 'sent' FROM pg_logical_emit_message(true, 'daas.ddl', repeat('x', 65537));
-- Non-transactional ones come from rolled-back transactions too.
SELECT 'sent' FROM pg_logical_emit_message(false, 'daas.ddl', 'x');
BEGIN;
SELECT 'sent' FROM pg_logical_emit_message(true, 'daas.ddl', 'rolled back');
ROLLBACK;
SELECT * FROM read_changes('plugin_messages');

SELECT pg_drop_replication_slot('plugin_messages');
DROP PUBLICATION plugin;
DROP TABLE a;
