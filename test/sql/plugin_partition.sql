-- Rows of partitions are sent as rows of the member above them.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE TABLE flight (id int, day date, carrier text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE flight_2013 PARTITION OF flight FOR VALUES FROM ('2013-01-01') TO ('2014-01-01');
-- Its columns are in another order, and one was dropped.
CREATE TABLE flight_2014 (gone int, carrier text, day date NOT NULL, id int NOT NULL);
ALTER TABLE flight_2014 DROP COLUMN gone;
ALTER TABLE flight_2014 ADD PRIMARY KEY (id, day);
CREATE PUBLICATION plugin FOR TABLE flight WITH (publish = 'insert', publish_via_partition_root = true);
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_partition', 'daas');

INSERT INTO flight VALUES (1, '2013-05-05', 'UA');
INSERT INTO flight_2014 VALUES ('AA', '2014-05-05', 2);  -- not a partition yet
ALTER TABLE flight ATTACH PARTITION flight_2014 FOR VALUES FROM ('2014-01-01') TO ('2015-01-01');
INSERT INTO flight VALUES (3, '2014-05-06', 'DL');
UPDATE flight SET carrier = 'B6' WHERE id = 2;
-- A row that moves to another partition is a delete and an insert.
UPDATE flight SET day = '2014-05-05' WHERE id = 1;
ALTER TABLE flight DETACH PARTITION flight_2014;
DELETE FROM flight_2014;
SELECT * FROM read_changes('plugin_partition');

-- An identity of its own: the record of the shared member is repeated when it does not fit.
CREATE TABLE flight_2015 PARTITION OF flight FOR VALUES FROM ('2015-01-01') TO ('2016-01-01');
ALTER TABLE flight_2015 REPLICA IDENTITY FULL;
BEGIN;
INSERT INTO flight VALUES (5, '2013-01-01', 'x'), (6, '2015-01-01', 'x'), (7, '2015-01-01', 'x'), (8, '2013-01-01', 'x');
DELETE FROM flight WHERE id IN (5, 6);
COMMIT;
SELECT * FROM read_changes('plugin_partition');

-- Below two levels, attached after the leaf was seen.
CREATE TABLE late (id int, day date, carrier text, PRIMARY KEY (id, day)) PARTITION BY RANGE (id);
CREATE TABLE late_1 PARTITION OF late FOR VALUES FROM (0) TO (1000);
INSERT INTO late VALUES (9, '2016-01-01', 'not a member');
ALTER TABLE flight ATTACH PARTITION late FOR VALUES FROM ('2016-01-01') TO ('2017-01-01');
INSERT INTO flight VALUES (10, '2016-01-01', 'x');
SELECT * FROM read_changes('plugin_partition');

-- Sent once for each member in the line, whatever publish_via_partition_root says.
ALTER PUBLICATION plugin ADD TABLE late_1;
ALTER PUBLICATION plugin SET (publish_via_partition_root = false);
INSERT INTO flight VALUES (11, '2016-01-01', 'x');
SELECT * FROM read_changes('plugin_partition');

SELECT pg_drop_replication_slot('plugin_partition');
DROP PUBLICATION plugin;
DROP TABLE flight, flight_2014;
