-- uninstall() takes away what DROP EXTENSION leaves behind.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_daas_gone;
CREATE EXTENSION daas;
CREATE TABLE t (id int PRIMARY KEY);
SELECT daas.grant_role('reader', 'regress_daas_gone');
SELECT daas.create_model('t', 'SELECT id FROM t');
SELECT daas.create_api('t', public => true);
SELECT 'made' FROM pg_create_logical_replication_slot('api_uninstall', 'daas');
SELECT has_table_privilege('regress_daas_gone', 't', 'SELECT');
SET client_min_messages = notice;
SELECT daas.uninstall();
SELECT has_table_privilege('regress_daas_gone', 't', 'SELECT');
SELECT count(*) FROM pg_publication WHERE pubname = 'daas';
SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'api_uninstall';
DROP EXTENSION daas;
DROP ROLE regress_daas_gone;
-- Without any model, and twice.
CREATE EXTENSION daas;
SELECT daas.uninstall();
SELECT daas.uninstall();
DROP EXTENSION daas;
DROP TABLE t;
