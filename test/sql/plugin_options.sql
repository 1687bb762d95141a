-- What the plugin refuses, with what to do about it.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
CREATE FUNCTION ask(VARIADIC options text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; detail text; hint text;
BEGIN
  PERFORM pg_logical_slot_peek_binary_changes('plugin_options', NULL, NULL, VARIADIC options);
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
                          hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n', state || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END
$$;
\pset format unaligned
\t on
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_options', 'daas');
SELECT ask('proto_version', '1', 'publication', 'p');
SELECT ask('proto_version', '1', 'publication', 'p', 'format', 'binary');
SELECT ask('publication', 'p');
SELECT ask('proto_version', '1');
SELECT ask('proto_version', '2', 'publication', 'p');
SELECT ask('proto_version', '', 'publication', 'p');
SELECT ask('proto_version', '1', 'publication', '');
SELECT ask('proto_version', '1', 'publication', 'p', 'format', 'xml');
SELECT ask('proto_version', '1', 'publication', 'p', 'streaming', 'on');
SELECT ask('proto_version', '1', 'publication', 'p', 'publication', 'q');
-- JSON has options of its own; its fields say what they are, so a version need not be told.
SELECT ask('format', 'json', 'publication', 'p');
SELECT ask('format', 'json', 'publication', 'p', 'proto_version', '1', 'include_transactions', 'on', 'include_types', 'off',
           'message_prefix', 'outbox');
SELECT ask('format', 'json');
SELECT ask('format', 'json', 'publication', 'p', 'proto_version', '2');
SELECT ask('format', 'json', 'publication', 'p', 'include_transactions', 'maybe');
SELECT ask('format', 'json', 'publication', 'p', 'pretty-print', '1');
SELECT ask('proto_version', '1', 'publication', 'p', 'include_types', 'on');
-- After an error the session goes on, and so does the slot.
SELECT ask('proto_version', '1', 'publication', 'p');
-- It is binary, and says so.
SELECT 'text' FROM pg_logical_slot_peek_changes('plugin_options', NULL, NULL, 'proto_version', '1', 'publication', 'p');
-- JSON is text.
SELECT count(*) FROM pg_logical_slot_peek_changes('plugin_options', NULL, NULL, 'format', 'json', 'publication', 'p');
SELECT pg_drop_replication_slot('plugin_options');
DROP FUNCTION ask;

-- Texts are sent as stored: the database must be in UTF8.
CREATE DATABASE plugin_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
\set main :DBNAME
\c plugin_latin1
\set VERBOSITY terse
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_options', 'daas');
\c :main
DROP DATABASE plugin_latin1;
