-- Values: native, as text of built-in functions, or omitted; never by a user's output function.
\getenv test PG_ABS_SRCDIR
\set read_changes :test /sql/include/read_changes.sql
\set ECHO none
\i :read_changes
\set ECHO all
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE DOMAIN moods AS mood[];
-- A base type whose output function always fails.
CREATE TYPE trap;
CREATE FUNCTION trap_in(cstring) RETURNS trap LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION trap_out(trap) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4div';
CREATE TYPE trap (INPUT = trap_in, OUTPUT = trap_out);

CREATE TABLE v (id int PRIMARY KEY,
  b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, t text, vc varchar(9), c char(3),
  u uuid, d date, ts timestamp, tz timestamptz, tm time, iv interval, j json, jb jsonb, by bytea,
  e mood, a int[], af float8[], dom small, doms moods, ip inet, tags text[]);
CREATE TABLE w (id int PRIMARY KEY, p pair, ps pair[], r int4range, x trap, xs trap[]);
CREATE PUBLICATION plugin FOR TABLE v, w WITH (publish = 'insert');
SELECT 'ready' FROM pg_create_logical_replication_slot('plugin_types', 'daas');

INSERT INTO v VALUES (1, true, -2, -3, -4, 1.5, '-0', 1.50, 'é', 'vc', 'c',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '1999-12-31', '1999-12-31 23:59:59.999999',
  '2013-01-01 10:00:00+02', '10:00', '1 day 2 hours', '{"b" :1}', '{"b":1, "a":2}', '\x00ff',
  'ok', '{1,NULL}', '{0.1,1e300}', 7, '{sad,ok}', '10.0.0.1/8', '{"a b",c}');
INSERT INTO v VALUES (2, false, 32767, 2147483647, 9223372036854775807, 'NaN', '-Infinity', 'NaN', '', '', '',
  '00000000-0000-0000-0000-000000000000', 'infinity', 'infinity', '-infinity');
INSERT INTO v VALUES (3, NULL, -32768, -2147483648, -9223372036854775808, NULL, 1e300, '-Infinity', NULL, NULL, NULL,
  NULL, '-infinity', '4713-01-01 BC', '294276-12-31 23:59:59+00');
INSERT INTO w VALUES (1, (1, 'a'), ARRAY[(1, 'a')::pair], '[1,2)', NULL, NULL);
INSERT INTO w VALUES (2, NULL, NULL, NULL, 'boom', ARRAY['boom']::trap[]);

-- The reader's settings do not show in the values, and are as before afterwards.
SET DateStyle = 'German'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'Asia/Tokyo';
SET bytea_output = 'escape'; SET extra_float_digits = -5;
CREATE TEMP TABLE sent AS SELECT ordinality AS n, line FROM read_changes('plugin_types') WITH ORDINALITY AS r(line, ordinality);
SHOW DateStyle;
SHOW IntervalStyle;
SHOW TimeZone;
SHOW bytea_output;
SHOW extra_float_digits;
RESET DateStyle; RESET IntervalStyle; RESET TimeZone; RESET bytea_output; RESET extra_float_digits;
\pset format unaligned
SELECT regexp_replace(line, ' ([a-z0-9]+=)', E'\n  \\1', 'g') AS line FROM sent ORDER BY n;
\pset format aligned

-- Native values are the bytes of PostgreSQL's own send functions.
INSERT INTO v (id, f4, f8, d, ts, tz, u, i8, b)
  SELECT 100 + g, random() * 10 ^ g, -random() * 10 ^ (g * 7 - 40), date '1980-01-01' + g * 1000,
         timestamp '1980-01-01' + random() * g * interval '9 years', now() - random() * g * interval '5 years',
         gen_random_uuid(), -g * 1234567890123, g % 2 = 0
    FROM generate_series(1, 20) g;
SELECT count(*) AS inserted,
       count(*) FILTER (WHERE position(int4send(id) || '\x01'::bytea || boolsend(b) || '\xffff08'::bytea || int8send(i8)
         || '\x04'::bytea || float4send(f4) || '\x08'::bytea || float8send(f8) || '\xffffffff10'::bytea || uuid_send(u)
         || '\x04'::bytea || date_send(d) || '\x08'::bytea || timestamp_send(ts) || '\x08'::bytea || timestamptz_send(tz)
         IN data) > 0) AS found
  FROM v, LATERAL (SELECT string_agg(m.data, '' ORDER BY ordinality) AS data
                     FROM pg_logical_slot_peek_binary_changes('plugin_types', NULL, NULL, 'proto_version', '1', 'publication', 'plugin')
                          WITH ORDINALITY m) sent
 WHERE id > 100;

SELECT pg_drop_replication_slot('plugin_types');
DROP PUBLICATION plugin;
DROP TABLE v, w;
DROP TYPE pair;
DROP DOMAIN small, moods;
DROP TYPE mood;
DROP TYPE trap CASCADE;
