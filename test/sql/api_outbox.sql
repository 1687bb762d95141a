-- capture: notify. What triggers write to the outbox, and that no statement fails because of them.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
-- Since the last look, but for DDL, which comes alone in its own order.
CREATE VIEW written AS
  SELECT o.seq - min(o.seq) OVER () AS nr, o.relation::regclass, o.kind, o.columns,
         (SELECT jsonb_agg(i ORDER BY i) FROM jsonb_array_elements(to_jsonb(o.images)) i) AS images
    FROM daas.outbox o WHERE o.kind <> 'D' ORDER BY o.seq;
CREATE VIEW triggers AS
  SELECT t.tgrelid::regclass, string_agg(substr(t.tgname, 13) || ':' || t.tgenabled::text, ' ' ORDER BY t.tgname) FROM pg_trigger t
   WHERE t.tgname LIKE 'daas%' GROUP BY 1 ORDER BY t.tgrelid::regclass::text;
CREATE TABLE plane (id int PRIMARY KEY, name text);
CREATE TABLE flight (id int, plane int, note text, big text, PRIMARY KEY (id));
SELECT daas.create_model('flights', 'SELECT id, note FROM flight', options => '{"capture": "pigeon"}');
SELECT daas.create_model('flights', 'SELECT id, note FROM flight', options => '{"capture": "notify"}');
-- No replica identity is needed.
ALTER TABLE plane REPLICA IDENTITY NOTHING;
SELECT daas.create_model('planes', 'SELECT p.id, count(f.id) AS n FROM plane p LEFT JOIN flight f ON f.plane = p.id GROUP BY p.id',
                         options => '{"capture": "notify"}');
SELECT * FROM triggers;
SELECT count(*) FROM pg_publication;
DELETE FROM daas.outbox;
-- Each image once: as it was, as it is.
INSERT INTO flight VALUES (1, 1, 'a'), (2, NULL, 'b');
INSERT INTO flight SELECT 1 WHERE false;
UPDATE flight SET note = 'c';
UPDATE flight SET plane = 2, id = 3 WHERE id = 1;
INSERT INTO flight VALUES (3, 2, 'd'), (4, 2, 'd') ON CONFLICT (id) DO UPDATE SET plane = 7;
MERGE INTO flight f USING (VALUES (4), (5)) v (id) ON v.id = f.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (v.id, 8, 'm');
COPY flight (id, plane) FROM stdin (DELIMITER ',');
6,1
\.
DELETE FROM flight WHERE id = 6;
TRUNCATE flight, plane;
SELECT nr, relation, kind, columns, images FROM written;
-- In parts.
DELETE FROM daas.outbox;
INSERT INTO flight (id) SELECT i FROM generate_series(1, 1000) i;
SELECT o.kind, array_length(o.images, 1) FROM daas.outbox o ORDER BY 2;
-- What is rolled back leaves nothing.
DELETE FROM daas.outbox;
BEGIN;
INSERT INTO flight VALUES (2001);
SAVEPOINT s;
INSERT INTO flight VALUES (2002);
ROLLBACK TO s;
INSERT INTO flight VALUES (2003);
COMMIT;
SELECT images FROM written;
SELECT count(DISTINCT xid) FROM daas.outbox;
-- A prepared transaction is possible.
DELETE FROM daas.outbox;
BEGIN;
INSERT INTO flight VALUES (2004);
PREPARE TRANSACTION 'outbox';
COMMIT PREPARED 'outbox';
SELECT images FROM written;
-- DDL: the functions follow, in the same transaction.
DELETE FROM daas.outbox;
BEGIN;
ALTER TABLE flight RENAME plane TO aircraft;
UPDATE flight SET aircraft = 5 WHERE id = 1;
COMMIT;
ALTER TABLE flight RENAME TO trip;
UPDATE trip SET aircraft = 6 WHERE id = 1;
ALTER TABLE trip ALTER aircraft TYPE bigint;
UPDATE trip SET aircraft = 7 WHERE id = 1;
SELECT relation, columns, images FROM written;
DELETE FROM daas.outbox;
ALTER TABLE trip DROP aircraft;
UPDATE trip SET note = 'dropped' WHERE id = 1;
ALTER TABLE trip ADD aircraft int;
UPDATE trip SET note = 'added' WHERE id = 1;
SELECT relation, columns, images FROM written;
SELECT o.images[1]::jsonb ->> 'event' FROM daas.outbox o WHERE o.kind = 'D' GROUP BY 1 ORDER BY 1;
-- Whoever disables or drops a trigger does not stay long without.
ALTER TABLE trip DISABLE TRIGGER ALL;
ALTER TABLE trip ENABLE REPLICA TRIGGER daas_outbox_update;
DROP TRIGGER daas_outbox_insert ON trip;
SELECT * FROM triggers;
SET session_replication_role = replica;
DELETE FROM daas.outbox;
UPDATE trip SET note = 'replica' WHERE id = 1;
SELECT images FROM written;
RESET session_replication_role;
SELECT daas.drop_model('planes');
SELECT daas.drop_model('flights');
SELECT * FROM triggers;
SELECT count(*) FROM daas.outbox;
SELECT proname FROM pg_proc WHERE proname ~ '^_outbox_[0-9]+$';
-- Partitions, also those that come and go.
CREATE TABLE parts (id int, zone int, v text, PRIMARY KEY (id, zone)) PARTITION BY LIST (zone);
CREATE TABLE rest PARTITION OF parts DEFAULT;
SELECT daas.create_model('parts', 'SELECT id, zone, v FROM parts', options => '{"capture": "notify"}');
CREATE TABLE part_1 (v text, id int NOT NULL, zone int NOT NULL);
ALTER TABLE parts ATTACH PARTITION part_1 FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2) PARTITION BY RANGE (id);
CREATE TABLE part_2_all PARTITION OF part_2 DEFAULT;
SELECT * FROM triggers;
DELETE FROM daas.outbox;
INSERT INTO parts VALUES (1, 1), (2, 2), (3, 3);
UPDATE parts SET zone = zone % 3 + 1;
UPDATE part_1 SET v = 'leaf';
DELETE FROM part_2;
TRUNCATE rest;
SELECT relation, kind, columns, images FROM written;
DELETE FROM daas.outbox;
TRUNCATE part_1;
ALTER TABLE parts DETACH PARTITION part_1;
SELECT relation, kind FROM written;
SELECT * FROM triggers;
-- There and back.
SELECT daas.alter_model('parts', options => '{}');
SELECT * FROM triggers;
SELECT tablename FROM pg_publication_tables;
SELECT daas.alter_model('parts', options => '{"capture": "notify"}');
SELECT count(*) FROM triggers;
SELECT tablename FROM pg_publication_tables;
SELECT daas.drop_model('parts');
-- A key of any length, and of any type: what can't stand in the outbox says so.
CREATE TABLE deed (text text PRIMARY KEY, v int);
SELECT daas.create_model('deeds', 'SELECT text, v FROM deed', options => '{"capture": "notify"}');
CREATE TABLE stamp (at timestamptz, flag boolean, code char(4), of date, PRIMARY KEY (at, flag, code));
SELECT daas.create_model('stamps', 'SELECT at, flag, code, of FROM stamp', options => '{"capture": "notify"}');
CREATE TABLE box (id int PRIMARY KEY, label text, tags jsonb);
CREATE TABLE tag (name text, tags jsonb, colour text);
SELECT daas.create_model('boxes', 'SELECT b.id, (SELECT max(t.colour) FROM tag t WHERE t.name = b.label) AS c FROM box b', options => '{"capture": "notify"}');
SELECT daas.create_model('tagged', 'SELECT b.id, (SELECT max(t.colour) FROM tag t WHERE t.tags = b.tags) AS c FROM box b', options => '{"capture": "notify"}');
DELETE FROM daas.outbox;
SET datestyle = 'German, DMY';
SET timezone = 'America/New_York';
INSERT INTO stamp VALUES ('2020-02-03 04:05:06+00', true, 'ab', '2020-02-03');
RESET datestyle;
RESET timezone;
INSERT INTO deed VALUES (repeat('long', 500));
INSERT INTO tag VALUES ('a', '[1]', 'red'), (NULL, NULL, 'red');
INSERT INTO tag VALUES ('b', '[]', 'red'), (repeat('x', 300000), '{}', 'blue');
-- Of 300 numbers that take 8 bytes each and have 131,072 digits.
INSERT INTO tag VALUES ('c', ('[' || repeat('1e131071,', 300) || '1]')::jsonb, 'red');
SELECT relation, kind, columns, left(images::text, 60) FROM written;
-- Columns that change with those of another table, of a type, or by a command of another kind.
CREATE TABLE parent (id int NOT NULL, v text);
CREATE TABLE child (id int PRIMARY KEY, v text);
CREATE TYPE shape AS (id int, v text);
CREATE TABLE typed OF shape (PRIMARY KEY (id));
CREATE TABLE plain (id int PRIMARY KEY, v text);
SELECT daas.create_model('children', 'SELECT id, v FROM child', options => '{"capture": "notify"}');
SELECT daas.create_model('typed', 'SELECT id, v FROM typed', options => '{"capture": "notify"}');
-- Statements over a parent change a child without its triggers: refused; of one that gets a parent later the daemon stops the model.
CREATE TABLE grandchild (PRIMARY KEY (id)) INHERITS (parent);
SELECT daas.create_model('grandchildren', 'SELECT id, v FROM grandchild', options => '{"capture": "notify"}');
ALTER TABLE child INHERIT parent;
ALTER TABLE parent RENAME id TO number;
INSERT INTO child VALUES (1, 'a');
ALTER TABLE parent ALTER number TYPE bigint;
UPDATE child SET v = 'b';
CREATE VIEW both_of AS SELECT c.number AS id, c.v, p.v AS w FROM child c LEFT JOIN plain p ON p.id = c.number;
SELECT daas.create_model('viewed', 'SELECT id, v, w FROM both_of', options => '{"capture": "notify"}');
ALTER TYPE shape RENAME ATTRIBUTE id TO number CASCADE;
INSERT INTO typed VALUES (1, 'a');
ALTER FOREIGN TABLE plain RENAME COLUMN id TO number;
INSERT INTO plain VALUES (1, 'a');
ALTER MATERIALIZED VIEW plain RENAME COLUMN v TO w;
UPDATE plain SET w = 'b';
-- What is no source any more has triggers until the next definition, which do nothing.
CREATE OR REPLACE VIEW both_of AS SELECT c.number AS id, c.v, NULL::text AS w FROM child c;
DELETE FROM daas.outbox;
ALTER TABLE plain DROP number;
INSERT INTO plain VALUES ('c');
SELECT relation, kind FROM written;
SELECT * FROM triggers WHERE tgrelid = 'plain'::regclass;
SELECT daas.reload_model('viewed');
SELECT * FROM triggers WHERE tgrelid = 'plain'::regclass;
-- A foreign partition: no statement fails, and the model learns that it misses changes.
CREATE TABLE spread (id int, zone int, PRIMARY KEY (id, zone)) PARTITION BY LIST (zone);
CREATE TABLE near PARTITION OF spread FOR VALUES IN (1);
SELECT daas.create_model('spread', 'SELECT id, zone FROM spread', options => '{"capture": "notify"}');
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
ALTER TABLE spread DROP CONSTRAINT spread_pkey;
CREATE FOREIGN TABLE far PARTITION OF spread FOR VALUES IN (2) SERVER nowhere;
SELECT * FROM triggers WHERE tgrelid IN ('spread'::regclass, 'near'::regclass, 'far'::regclass);
INSERT INTO spread VALUES (1, 1);
DROP FOREIGN DATA WRAPPER nowhere CASCADE;
-- The last model of all, after its table.
SELECT daas.drop_model(name) FROM daas.model WHERE name <> 'spread';
DROP TABLE spread;
SELECT daas.drop_model('spread');
SELECT count(*) AS functions_left FROM pg_proc WHERE proname ~ '^_outbox_[0-9]';
SELECT daas.uninstall();
SELECT * FROM triggers;
DROP VIEW written, triggers;
DROP EXTENSION daas;
DROP VIEW both_of;
DROP TABLE plane, trip, parts, part_1, deed, stamp, box, tag, parent, child, grandchild, typed, plain;
DROP TYPE shape;
