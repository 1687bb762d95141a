-- Format 'json': one line for each change, in order, and nothing of what was rolled back.
\getenv test PG_ABS_SRCDIR
\set json_changes :test /sql/include/json_changes.sql
\set ECHO none
\i :json_changes
\set ECHO all
\pset format unaligned
\t on
CREATE SCHEMA "Air ""1""";
CREATE TABLE "Air ""1""".flight (id int PRIMARY KEY, "the ""Carrier""" text, delay int);
CREATE PUBLICATION plugin FOR TABLE "Air ""1""".flight WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('json_changes', 'daas');
SET search_path = "Air ""1""", public;

INSERT INTO flight VALUES (1, 'UA', 5), (2, E'é "\\\n\t\x01\x7f', NULL);
UPDATE flight SET delay = 6 WHERE id = 1;
UPDATE flight SET id = 3 WHERE id = 2;
DELETE FROM flight WHERE id = 1;
TRUNCATE flight;
-- Changes of subtransactions come in their order, rolled back ones not at all.
BEGIN;
INSERT INTO flight VALUES (10);
SAVEPOINT a;
INSERT INTO flight VALUES (11);
ROLLBACK TO a;
SAVEPOINT b;
INSERT INTO flight VALUES (12);
RELEASE b;
INSERT INTO flight VALUES (13);
COMMIT;
BEGIN;
INSERT INTO flight VALUES (14);
ROLLBACK;
SELECT * FROM json_changes('json_changes');

-- With the transactions' bounds and the columns' types. One in which nothing was captured is not sent.
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO other VALUES (1);
ALTER TABLE flight ADD price numeric(40,20), ADD tags varchar(9)[];
BEGIN;
INSERT INTO flight (id) VALUES (20);
DELETE FROM flight WHERE id = 20;
COMMIT;
SELECT * FROM json_changes('json_changes', 'include_transactions', 'on', 'include_types', 'on');

-- Positions. Only the last line of a transaction is sent behind its commit.
INSERT INTO flight VALUES (30), (31), (32);
CREATE TEMP TABLE sent AS
  SELECT lsn, data::jsonb AS line FROM pg_logical_slot_peek_changes('json_changes', NULL, NULL, 'format', 'json', 'publication', 'plugin');
SELECT line->'seq', line->'after'->'id', lsn >= (line->>'lsn')::pg_lsn AS not_before_the_change,
       lsn > (line->>'commit_lsn')::pg_lsn AS behind_the_commit FROM sent;
SELECT count(DISTINCT line->>'commit_lsn'), bool_and((line->>'time')::timestamptz BETWEEN now() - interval '1 minute' AND clock_timestamp()),
       bool_and((line->>'xid')::xid8 < pg_current_xact_id()) FROM sent;
-- Peeking took nothing, and shows the same again.
SELECT count(*) FROM pg_logical_slot_peek_changes('json_changes', NULL, NULL, 'format', 'json', 'publication', 'plugin') p
  JOIN sent ON sent.line = p.data::jsonb;
SELECT count(*) FROM json_changes('json_changes');

-- Who replicates says where a transaction came from.
SELECT 'made' FROM pg_replication_origin_create('far away');
SELECT 'set up' FROM pg_replication_origin_session_setup('far away');
BEGIN;
SELECT 'set up' FROM pg_replication_origin_xact_setup('AB/CDEF0123', '2013-01-01 10:00:00.5+02');
INSERT INTO flight VALUES (40);
COMMIT;
SELECT 'reset' FROM pg_replication_origin_session_reset();
SELECT data::jsonb->'origin', data::jsonb->'time'
  FROM pg_logical_slot_peek_changes('json_changes', NULL, NULL, 'format', 'json', 'publication', 'plugin');
SELECT 'dropped' FROM pg_replication_origin_drop('far away');
INSERT INTO flight VALUES (41);
SELECT data::jsonb->'origin' FROM pg_logical_slot_get_changes('json_changes', NULL, NULL, 'format', 'json', 'publication', 'plugin');

SELECT pg_drop_replication_slot('json_changes');
DROP PUBLICATION plugin;
SET client_min_messages = warning;
DROP SCHEMA "Air ""1""" CASCADE;
RESET search_path;
