-- use_decoder(): a publication of every change, for pgoutput, of tables that bear it.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE VIEW published AS
  SELECT p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot,
         (SELECT string_agg(r.prrelid::regclass::text, ' ' ORDER BY 1) FROM pg_publication_rel r WHERE r.prpubid = p.oid)
    FROM pg_publication p WHERE p.pubname = 'daas';
SELECT daas.use_decoder('test_decoding');
SELECT daas.use_decoder(NULL);
-- Before the first model, since a slot must not be older than its publication.
SELECT daas.use_decoder('pgoutput');
SELECT * FROM published;
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE bare (id int NOT NULL UNIQUE, v int);
CREATE TABLE parts (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);
SELECT daas.create_model('t', 'SELECT id FROM t');
-- A TRUNCATE of one partition would be lost.
SELECT daas.create_model('parts', 'SELECT id, v FROM parts');
-- No statement of the application fails because of a model that is refused.
SELECT daas.create_model('sums', 'SELECT t.id, (SELECT sum(b.v) FROM bare b) AS s FROM t', key => ARRAY['id']);
UPDATE bare SET v = 1;
ALTER TABLE bare REPLICA IDENTITY FULL;
SELECT daas.create_model('sums', 'SELECT t.id, (SELECT sum(b.v) FROM bare b) AS s FROM t', key => ARRAY['id']);
SELECT * FROM published;
INSERT INTO bare VALUES (1, 1);
UPDATE bare SET v = 2;
INSERT INTO parts VALUES (1, 1);
UPDATE parts SET v = 2;
DELETE FROM parts;
-- What a source loses stands in nothing's way but its own.
ALTER TABLE bare REPLICA IDENTITY NOTHING;
UPDATE bare SET v = 3;
CREATE TABLE other (id int PRIMARY KEY);
SELECT daas.create_model('other', 'SELECT id FROM other');
SELECT daas.drop_model('other');
SELECT daas.use_decoder('plugin');
UPDATE bare SET v = 3;
ALTER TABLE bare REPLICA IDENTITY FULL;
SELECT daas.use_decoder('pgoutput');
-- There and back.
SELECT daas.use_decoder('plugin');
SELECT * FROM published;
ALTER TABLE bare REPLICA IDENTITY NOTHING;
SELECT daas.use_decoder('pgoutput');
ALTER TABLE bare REPLICA IDENTITY FULL;
SELECT daas.create_model('parts', 'SELECT id, v FROM parts');
SELECT daas.use_decoder('pgoutput');
SELECT daas.drop_model('parts');
SELECT daas.use_decoder('pgoutput');
SELECT daas.use_decoder('pgoutput');
SELECT * FROM published;
-- Halfway between the two it is not one that daas made.
ALTER PUBLICATION daas SET (publish = 'insert, update');
SELECT daas.use_decoder('plugin');
ALTER PUBLICATION daas SET (publish = 'insert');
SELECT daas.uninstall();
SELECT count(*) FROM published;
DROP VIEW published;
DROP EXTENSION daas;
DROP TABLE t, bare, parts, other;
