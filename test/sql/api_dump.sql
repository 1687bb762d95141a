-- pg_dump carries the definitions into another database; progress stays behind.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_daas_dump;
CREATE ROLE regress_daas_dump_admin;
CREATE EXTENSION daas;
CREATE SCHEMA "Late";
CREATE TABLE "Late"."T" (id int PRIMARY KEY, v text);
CREATE TABLE p (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (10);
CREATE TABLE gone (id int PRIMARY KEY);
CREATE TABLE told (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE told_1 PARTITION OF told FOR VALUES FROM (1) TO (10);
INSERT INTO "Late"."T" VALUES (1, 'a');
SELECT daas.grant_role('reader', 'regress_daas_dump');
SELECT daas.grant_role('admin', 'regress_daas_dump_admin');
SELECT daas.create_model('t', 'SELECT * FROM "Late"."T"');
SELECT daas.create_model('p', 'SELECT id, v + 1 AS w FROM p', options => '{"shards": 2}');
SELECT daas.create_model('gone', 'SELECT id FROM gone');
SELECT daas.create_model('told', 'SELECT id, v FROM told', options => '{"capture": "notify"}');
INSERT INTO told VALUES (1, 'not dumped');
CREATE VIEW "Late".view AS SELECT t.id, t.v, p.v AS w FROM "Late"."T" t LEFT JOIN p USING (id);
SELECT daas.create_model('several', 'SELECT x.id, x.w, count(y.id) AS n FROM "Late".view x LEFT JOIN "Late"."T" y ON y.id = x.id GROUP BY x.id, x.w', '{id}');
SELECT daas.create_api('t', scope => '{"v": "claim"}');
SELECT daas.create_account('a', 'b', '{"claim": "a"}');
INSERT INTO daas.daemon (system_identifier, epoch) VALUES (1, 1);
INSERT INTO daas.progress (model, system_identifier, state) VALUES ('t', 1, 'running');
DROP TABLE gone;
CREATE DATABASE regress_daas_copy;
\! pg_dump --no-comments contrib_regression > /dev/null && pg_dump contrib_regression | psql -X -q -v ON_ERROR_STOP=1 -d regress_daas_copy > /dev/null && echo restored
\c regress_daas_copy
SET client_min_messages = error;
SELECT name, kind, key, options, revision, owner = current_user FROM daas.model ORDER BY name COLLATE "C";
SELECT s.model, s.relation, columns FROM daas.source s JOIN daas.delta d USING (model, relation) ORDER BY s.model COLLATE "C", number;
SELECT path, model, fields, scope FROM daas.api;
SELECT name, claims, daas.login(name, 'b') FROM daas.account;
SELECT role, member FROM daas.role_member ORDER BY role;
SELECT count(*) FROM daas.daemon;
SELECT count(*) FROM daas.progress;
SELECT pubname, schemaname, tablename FROM pg_publication_tables ORDER BY tablename COLLATE "C";
SELECT has_table_privilege('regress_daas_dump', '"Late"."T"', 'SELECT'), has_function_privilege('regress_daas_dump_admin', 'daas.reload_model(text)', 'EXECUTE');
SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'daas%' AND evtenabled = 'A';
-- Its triggers came with the tables.
SELECT t.tgrelid::regclass, string_agg(substr(t.tgname, 13) || ':' || t.tgenabled::text, ' ' ORDER BY t.tgname), count(DISTINCT tgfoid) FROM pg_trigger t
 WHERE t.tgname LIKE 'daas%' GROUP BY 1 ORDER BY 1;
DELETE FROM daas.outbox WHERE kind = 'D';
SELECT count(*) FROM daas.outbox;
INSERT INTO told_1 VALUES (2, 'copied');
ALTER TABLE told RENAME id TO number;
UPDATE told SET number = 3 WHERE number = 2;
SELECT relation::regclass, columns, cardinality(images) FROM daas.outbox WHERE kind = 'C' ORDER BY seq;
SELECT count(*) FROM daas._outbox_functions();
-- The copy goes on: revisions, publication, a model without its table.
SELECT daas.reload_model('t');
SELECT name, revision FROM daas.model WHERE name = 't';
SELECT daas.drop_model('gone');
SELECT views FROM daas.model WHERE name = 'several';
SELECT relation, reference, mode, columns FROM daas.delta WHERE model = 'several' ORDER BY number;
SELECT revision AS before FROM daas.model WHERE name = 'several' \gset
SELECT daas.reload_model('several');
SELECT revision > :before, defined = :before FROM daas.model WHERE name = 'several';
ALTER TABLE "Late"."T" ADD n int;
SELECT daas.uninstall();
DROP EXTENSION daas;
\c contrib_regression
SET client_min_messages = error;
DROP DATABASE regress_daas_copy;
SELECT daas.uninstall();
DROP EXTENSION daas;
DROP TABLE p, told, "Late"."T" CASCADE;
DROP SCHEMA "Late";
DROP ROLE regress_daas_dump, regress_daas_dump_admin;
