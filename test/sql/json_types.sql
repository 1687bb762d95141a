-- The images of format 'json' are, byte for byte, row_to_json(row) under the pinned settings, whatever
-- the reader's settings are. Only the line breaks of a json value are blanks.
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
CREATE TYPE pair AS (a int, "the ""b""" text);
CREATE TYPE nest AS (p pair, ps pair[], d date, n numeric);
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE DOMAIN moods AS mood[];
CREATE DOMAIN pairs AS pair;
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TYPE trap;
CREATE FUNCTION trap_in(cstring) RETURNS trap LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION trap_out(trap) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4div';
CREATE TYPE trap (INPUT = trap_in, OUTPUT = trap_out);

CREATE TABLE plain (id int PRIMARY KEY, gone text, b bool, i2 int2, i4 int4, i8 int8, o oid, f4 float4, f8 float8,
  n numeric, nn numeric(40,20), m money, t text, vc varchar(9), c char(5), q "char", nm name, u uuid, by bytea,
  bi bit(3), vb varbit, ip inet, cd cidr, ma macaddr, m8 macaddr8, x xml, rc regclass, ls pg_lsn, x8 xid8,
  g int GENERATED ALWAYS AS (id * 2) STORED, a bigint GENERATED ALWAYS AS IDENTITY);
ALTER TABLE plain DROP gone;
CREATE TABLE moment (id int PRIMARY KEY, d date, ts timestamp, tz timestamptz, tm time, tt timetz, iv interval);
CREATE TABLE made (id int PRIMARY KEY, j json, jb jsonb, e mood, ia int[], ta text[], fa float8[], tza timestamptz[],
  ja json[], jba jsonb[], dom small, doms moods, p pair, ps pair[], nst nest, dp pairs, r int4range, nr numrange, tr tstzrange,
  sr span, mr nummultirange, iv int2vector, ov oidvector, ci citext, cia citext[], pt point, bx box, po polygon, pa path,
  ci2 circle, ln line, tsv tsvector, tsq tsquery, jp jsonpath);
CREATE PUBLICATION plugin FOR TABLE plain, moment, made WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('json_types', 'daas');

INSERT INTO plain VALUES (1, true, -2, -3, -4, 4294967295, 1.5, '-0', 1.50, 1, 12.5, E'é\U0001F600\u2028 "\\/\b\f\n\r\t\x01\x1f\x7f', 'vc', 'c', 'x', 'nm',
   'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', decode(repeat('00ff5c', 4000), 'hex'), '101', '1', '10.0.0.1/8', '10/8', '08:00:2b:01:02:03',
   '08:00:2b:01:02:03:04:05', '<a b="1">x</a>', 'plain', 'AB/CD', '18446744073709551615');
INSERT INTO plain VALUES (2, false, 32767, 2147483647, 9223372036854775807, 0, 'NaN', '-Infinity', 'NaN', 'NaN', '-1', '', '', '', '', '',
   '00000000-0000-0000-0000-000000000000', '', '000', '', '::1', '::/0', NULL, NULL, '<?xml version="1.0"?><a/>');
INSERT INTO plain VALUES (3, NULL, -32768, -2147483648, -9223372036854775808, 1, 'Infinity', 1e300, '-Infinity', '12345678901234567890.12345678901234567890');
INSERT INTO plain VALUES (4, NULL, 0, 0, 0, 1, '-0', 4.9e-324, 'Infinity', '-0.00000000000000000001');
INSERT INTO plain VALUES (5, NULL, 0, 0, 0, 1, 3.4e38, 1.7976931348623157e308, repeat('9', 200)::numeric, 0);
INSERT INTO plain VALUES (6, NULL, 0, 0, 0, 1, 1e-45, 0.1, 1e131071, 0);
INSERT INTO plain VALUES (7, NULL, 0, 0, 0, 1, 1e6, 1e21, 1e-16383, 0);
INSERT INTO plain (id, i8, f4, f8, n, u, by, t)
  SELECT 1000 + i, (random() - 0.5) * 1.8e19, (random() - 0.5) * 10 ^ (random() * 70 - 35), (random() - 0.5) * 10 ^ (random() * 600 - 300),
         (random()::numeric - 0.5) * 10 ^ (i % 50 - 25), gen_random_uuid(), decode(md5(i::text), 'hex'),
         (SELECT string_agg(chr(1 + ((i * 7919 + k * 104729) % 700)), '') FROM generate_series(1, 20) k)
    FROM generate_series(1, 1000) i;
INSERT INTO moment VALUES (1, '1999-12-31', '1999-12-31 23:59:59.999999', '2013-01-01 10:00:00+05:30', '10:00', '10:00:00.000001+05:30', '1 year -2 mons 3 days -04:05:06.7');
INSERT INTO moment VALUES (2, 'infinity', 'infinity', 'infinity', '24:00', '00:00-15:59:59', '0');
INSERT INTO moment VALUES (3, '-infinity', '-infinity', '-infinity');
INSERT INTO moment VALUES (4, '4713-01-01 BC', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '00:00:00.1', '23:59:59.9Z', '-178000000 years');
INSERT INTO moment VALUES (5, '5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', NULL, NULL, '178000000 years 999 days');
INSERT INTO moment VALUES (6, '0001-01-01', '0001-12-31 23:59:59 BC', '0001-01-01 00:00:00.000001+00');
INSERT INTO moment SELECT 100 + i, date '1500-01-01' + i * 367, timestamp '1500-01-01' + i * interval '367 days 1.000001 s',
         timestamptz '1700-01-01 00:00Z' + i * interval '200 days 3.14 s' FROM generate_series(1, 1000) i;
INSERT INTO made VALUES (1, E'{"b" :1,\r\n "a":[ 1e2 ],"b":"x"}', '{"b":1.10, "a":[1,[],{},{"k":null,"s":"é\"\\u0007"}], "c":true}', 'it''s "ok"',
   '{1,NULL,3}', '{a,"b \"c\\",NULL,""}', '{NaN,Infinity,-0,1e300}', '{2013-01-01 10:00+02,infinity}', ARRAY['[1]', E'{"a":\n1}']::json[],
   '{"1","\"x\"","{}"}', 7, '{sad,"it''s \"ok\""}', (1, 'x"y'), ARRAY[(1, 'a'), NULL, (NULL, NULL)]::pair[],
   ((1, 'a'), ARRAY[(2, 'b')]::pair[], '2013-01-01', 'NaN'), (5, 'five'), '[1,5)', '[1.5,2.50]', '["2013-01-01 10:00+02",)',
   '[1,2]', '{[1,2),[3.5,4]}', '1 2 3', '4 5', 'CiText', '{A,b}', '(1,2)', '((0,0),(1,1))', '((0,0),(1,1),(2,0))', '[(0,0),(1,1)]',
   '<(1,2),3>', '{1,2,3}', 'a:1A fat:2B,4C ''q''''s'' b', 'a & (b:*A | !c)', '$.a[*] ? (@ > 1)');
INSERT INTO made VALUES (2, 'null', 'null', 'sad', '{}', '{}', '{}', '{}', '{}', '{}', NULL, '{}', (NULL, NULL), '{}', NULL, NULL, 'empty', '(,)', 'empty',
   'empty', '{}', '', '', '', '{}');
INSERT INTO made VALUES (3, ' [ ] ', '"é"', NULL, '{{1,2},{3,4}}', '{{{a},{b}},{{c},{NULL}}}', '[-1:1]={1,2,3}', '[0:0][2:3]={{2013-01-01,2014-01-01}}');
INSERT INTO made VALUES (4, '1', '1e30', NULL, '{{{1}}}');
INSERT INTO made VALUES (5, '"x"', 'false');
INSERT INTO made VALUES (6, '[]', '[]');
INSERT INTO made VALUES (7, '{}', '{}');
INSERT INTO made VALUES (8, '12', '[1,"a",[[]]]');
SET DateStyle = 'German'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'Asia/Tokyo';
SET bytea_output = 'escape'; SET extra_float_digits = -5;
CREATE TEMP TABLE sent AS SELECT data FROM pg_logical_slot_get_changes('json_types', NULL, NULL, 'format', 'json', 'publication', 'plugin');
SHOW DateStyle;
SHOW search_path;
RESET DateStyle; RESET IntervalStyle; RESET TimeZone; RESET bytea_output; RESET extra_float_digits;

CREATE FUNCTION differ(tab regclass) RETURNS TABLE (id int, sent text, is text) LANGUAGE plpgsql
SET DateStyle = 'ISO' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET bytea_output = 'hex' SET extra_float_digits = 1
SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    SELECT (s.data::json->'after'->>'id')::int, (s.data::json->'after')::text, translate(row_to_json(stored)::text, E'\n\r', '  ')
      FROM %s stored FULL JOIN (SELECT * FROM pg_temp.sent WHERE data::json->>'table' = %L) s
        ON (s.data::json->'after'->>'id')::int = stored.id
     WHERE (s.data::json->'after')::text IS DISTINCT FROM translate(row_to_json(stored)::text, E'\n\r', '  ')$q$,
    tab, (SELECT relname FROM pg_class WHERE oid = tab));
END $$;
SELECT data::json->>'table' AS table, count(*), count(*) FILTER (WHERE data LIKE '%"omitted"%' OR data LIKE '%"unchanged"%') AS parts
  FROM sent GROUP BY 1 ORDER BY 1;
SELECT id, left(sent, 300) AS sent, left("is", 300) AS is FROM differ('plain');
SELECT id, sent, "is" FROM differ('moment');
SELECT id, sent, "is" FROM differ('made');

-- A row type may grow and shrink while a column has it.
ALTER TYPE pair ADD ATTRIBUTE c timestamptz;
ALTER TYPE pair DROP ATTRIBUTE a;
INSERT INTO made (id, p, ps) VALUES (9, ('b', '2013-01-01'), ARRAY[('b', 'infinity')]::pair[]);
ALTER TYPE mood ADD VALUE 'new';
INSERT INTO made (id, e, doms) VALUES (10, 'new', '{new,NULL}');

INSERT INTO sent SELECT data FROM pg_logical_slot_get_changes('json_types', NULL, NULL, 'format', 'json', 'publication', 'plugin');
SELECT data::json->'after'->'p' AS p, data::json->'after'->'ps' AS ps, data::json->'after'->'e' AS e, data::json->'after'->'doms' AS doms
  FROM sent WHERE data::json->'after'->>'id' IN ('9', '10') AND data::json->>'table' = 'made';
-- Rows that were sent before had the shape of their time.
SELECT id FROM differ('made') ORDER BY 1;
-- The comparison sees a difference.
UPDATE plain SET f8 = 0.1 + 1e-17 + 1e-16 WHERE id = 6;
UPDATE moment SET tz = tz + interval '1 us' WHERE id = 6;
DELETE FROM plain WHERE id = 1;
SELECT id FROM differ('plain') UNION ALL SELECT id FROM differ('moment') ORDER BY 1;

-- What only somebody else's function could show is left out, by name.
CREATE TABLE strange (id int PRIMARY KEY, x trap, xs trap[], h hstore, ok int, n text, r trap[]);
ALTER PUBLICATION plugin ADD TABLE strange;
CREATE TYPE holds AS (a int, x trap);
ALTER TABLE strange ADD c holds;
ALTER TABLE strange REPLICA IDENTITY FULL;
SELECT count(*) >= 0 AS read FROM pg_logical_slot_get_changes('json_types', NULL, NULL, 'format', 'json', 'publication', 'plugin');
INSERT INTO strange VALUES (1, 'boom', ARRAY['boom']::trap[], 'a=>1', 5, NULL, NULL, (1, 'boom'));
DELETE FROM strange;
SELECT (data::json->'before')::text AS before, (data::json->'after')::text AS after, (data::json->'omitted')::text AS omitted
  FROM pg_logical_slot_get_changes('json_types', NULL, NULL, 'format', 'json', 'publication', 'plugin');

SELECT pg_drop_replication_slot('json_types');
DROP PUBLICATION plugin;
DROP FUNCTION differ;
DROP TABLE plain, moment, made, strange;
DROP TYPE holds, span, nest, pairs, pair, moods, small, mood;
SET client_min_messages = warning;
DROP TYPE trap CASCADE;
DROP EXTENSION citext, hstore;
