-- What is sent is decided by membership of the publication, at the change's own position.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE SCHEMA shop;
CREATE TABLE a (id int PRIMARY KEY, x text);
CREATE TABLE shop.b (id int PRIMARY KEY, x text);
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_membership', 'daas');

-- A publication that does not exist yet captures nothing and is no error.
INSERT INTO a VALUES (1);
CREATE PUBLICATION plugin FOR TABLE a;
INSERT INTO a VALUES (2);
INSERT INTO shop.b VALUES (2);
SELECT * FROM read_changes('plugin_membership');

-- Members come and go in the middle of a transaction.
BEGIN;
INSERT INTO shop.b VALUES (3);
ALTER PUBLICATION plugin ADD TABLE shop.b;
INSERT INTO shop.b VALUES (4);
ALTER PUBLICATION plugin DROP TABLE shop.b;
INSERT INTO shop.b VALUES (5);
COMMIT;
SELECT * FROM read_changes('plugin_membership');

-- Column lists and row filters are not obeyed.
ALTER PUBLICATION plugin SET TABLE a (id) WHERE (id > 100);
INSERT INTO a VALUES (6, 'sent');
SELECT * FROM read_changes('plugin_membership');

-- By schema, and after a move between schemas.
ALTER PUBLICATION plugin SET TABLES IN SCHEMA shop;
INSERT INTO a VALUES (7);
INSERT INTO shop.b VALUES (7);
ALTER TABLE a SET SCHEMA shop;
INSERT INTO shop.a VALUES (8);
SELECT * FROM read_changes('plugin_membership');

-- A renamed schema or table is described anew.
ALTER SCHEMA shop RENAME TO store;
INSERT INTO store.b VALUES (9);
ALTER TABLE store.b RENAME TO c;
INSERT INTO store.c VALUES (10);
SELECT * FROM read_changes('plugin_membership');

-- All tables; unlogged ones have no changes to send.
DROP PUBLICATION plugin;
CREATE PUBLICATION plugin FOR ALL TABLES;
CREATE UNLOGGED TABLE scratch (id int);
INSERT INTO scratch VALUES (1);
INSERT INTO store.a VALUES (11);
SELECT * FROM read_changes('plugin_membership');

-- A dropped publication, and one of the same name after it.
DROP PUBLICATION plugin;
INSERT INTO store.a VALUES (12);
CREATE PUBLICATION plugin FOR TABLE store.c;
INSERT INTO store.a VALUES (13);
INSERT INTO store.c VALUES (13);
SELECT * FROM read_changes('plugin_membership');

SELECT pg_drop_replication_slot('plugin_membership');
DROP PUBLICATION plugin;
DROP TABLE scratch, store.a, store.c;
DROP SCHEMA store;
