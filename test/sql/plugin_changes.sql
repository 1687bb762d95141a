-- Every change of a member is sent, whatever the publication's list of actions says.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE TABLE flight (id int PRIMARY KEY, carrier text, delay int);
CREATE PUBLICATION plugin FOR TABLE flight WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_changes', 'daas');

INSERT INTO flight VALUES (1, 'UA', 5), (2, 'é', NULL);
-- Without an old image the key is that of the new one.
UPDATE flight SET delay = 6 WHERE id = 1;
UPDATE flight SET id = 3 WHERE id = 2;
DELETE FROM flight WHERE id = 1;
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
-- Nothing captured: not sent.
CREATE TABLE other (id int PRIMARY KEY);
INSERT INTO other VALUES (1);
SELECT * FROM read_changes('plugin_changes');

-- An upsert is what it did.
INSERT INTO flight VALUES (3, 'AA') ON CONFLICT (id) DO UPDATE SET carrier = excluded.carrier;
INSERT INTO flight VALUES (4, 'AA') ON CONFLICT (id) DO UPDATE SET carrier = excluded.carrier;
SELECT * FROM read_changes('plugin_changes');

-- Records gather into messages of up to 64 KB.
INSERT INTO flight SELECT n, repeat('x', 500), n FROM generate_series(1000, 1999) n;
SELECT count(*) AS messages, max(length(data)) <= 65536 AS within,
       sum(length(data)) / 1000 AS bytes_a_row
  FROM pg_logical_slot_peek_binary_changes('plugin_changes', NULL, NULL, 'proto_version', '1', 'publication', 'plugin');
SELECT split_part(line, ' ', 1) AS record, count(*) FROM read_changes('plugin_changes') line GROUP BY 1 ORDER BY 1;

-- Positions: the commit record lies between the slot's answers, and the time is the commit's.
INSERT INTO flight VALUES (5);
SELECT change_event.number(data, 13, 8) < change_event.number(data, 21, 8) AS commit_before_end,
       ('0/0'::pg_lsn + change_event.number(data, 21, 8)) = lsn AS end_is_what_to_confirm,
       timestamptz '2000-01-01 00:00Z' + make_interval(secs => change_event.number(data, 29, 8) / 1e6)
         BETWEEN now() - interval '1 minute' AND now() AS committed_now
  FROM pg_logical_slot_get_binary_changes('plugin_changes', NULL, NULL, 'proto_version', '1', 'publication', 'plugin');

SELECT pg_drop_replication_slot('plugin_changes');
DROP PUBLICATION plugin;
DROP TABLE flight, other;
