-- Makes row_to_json.tsv: what PostgreSQL says of values of every column type. One line for each:
--   type, native encoding (hexadecimal; empty where there is none), text output, row_to_json, rank
-- in COPY's text format; the rank is the value's place in the type's order.
--   psql -XAtq -v ON_ERROR_STOP=1 -f make_row_to_json.sql > row_to_json.tsv
-- in a database with encoding UTF8 and collation C; -v random=N sets how many random values are added.
\if :{?random} \else \set random 25 \endif
SET timezone = 'UTC';
SET intervalstyle = postgres;
SET datestyle = 'ISO, YMD';
SET bytea_output = hex;
SET extra_float_digits = 1;
\o /dev/null
SELECT setseed(0.5), set_config('daas.random', :'random', false);
\o
CREATE TEMP TABLE result (type text, native text, output text, json text, rank bigint);

CREATE FUNCTION pg_temp.add(type text, send text, literals text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format(
    'INSERT INTO result SELECT %L, %s, format(''%%s'', r.v), row_to_json(r)::text, %s'
    '  FROM (SELECT l::%s AS v FROM unnest($1) l) r',
    type, CASE WHEN send IS NULL THEN '''''' ELSE format('encode(%s(r.v), ''hex'')', send) END,
    CASE WHEN type IN ('json', 'xml', 'point', 'lseg', 'path', 'box', 'polygon', 'line', 'circle') THEN '0' ELSE 'dense_rank() OVER (ORDER BY r.v)' END, type) USING literals;
END $$;

CREATE FUNCTION pg_temp.random_list(expression text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  list text[];
BEGIN
  EXECUTE format('SELECT coalesce(array_agg((%s)::text), ''{}'') FROM generate_series(1, current_setting(''daas.random'')::int) i',
                 expression) INTO list;
  RETURN list;
END $$;

SELECT pg_temp.add('boolean', 'boolsend', '{t,f}') \g /dev/null

SELECT pg_temp.add('smallint', 'int2send',
  '{0,1,-1,9,10,-10,99,100,127,128,-128,-129,255,256,999,1000,-1000,9999,10000,32766,32767,-32767,-32768}'
  || pg_temp.random_list('(random() * 65535)::int - 32768')) \g /dev/null
SELECT pg_temp.add('integer', 'int4send',
  '{0,1,-1,9,10,-10,127,128,-128,32767,32768,-32768,-32769,65535,65536,99999,100000,16777216,2147483646,2147483647,-2147483647,-2147483648}'
  || pg_temp.random_list('(random() * 4294967295)::bigint - 2147483648')) \g /dev/null
SELECT pg_temp.add('bigint', 'int8send',
  '{0,1,-1,9,10,-10,2147483647,2147483648,-2147483649,4294967295,4294967296,9007199254740991,9007199254740992,9007199254740993,999999999999999999,1000000000000000000,9223372036854775806,9223372036854775807,-9223372036854775807,-9223372036854775808}'
  || pg_temp.random_list('(random() * 9e18)::bigint * CASE WHEN random() < 0.5 THEN 1 ELSE -1 END')) \g /dev/null

-- Powers of two, numbers that are half way between two floats in decimal, and the ends of each range.
SELECT pg_temp.add('real', 'float4send',
  '{0,-0,1,-1,0.1,-0.1,0.5,1.5,3.4028235e38,-3.4028235e38,1.17549435e-38,1e-45,2.8e-45,1e-44,9.99999e-5,0.0001,0.001,0.00012345,1e-5,99999,100000,123456,999999,1000000,1234567,9999999,16777216,16777217,33554432,8388608.5,1e10,1e30,NaN,Infinity,-Infinity,3.1415927,2.7182817,0.3,1e37,9.5367432e-07,8.5899346e9,1.4e-45}'
  || (SELECT array_agg(power(2::float8, k)::float4::text) FROM generate_series(-149, 127, 3) k)
  || pg_temp.random_list('((random() - 0.5) * 2 * power(10::float8, (random() * 74)::int - 36))::float4')
  || pg_temp.random_list('((random() - 0.5) * 2 * power(10::float8, (random() * 14)::int - 7))::float4')
  || pg_temp.random_list('((random() * 1e9)::bigint * 5)::float4')) \g /dev/null
SELECT pg_temp.add('double precision', 'float8send',
  '{0,-0,1,-1,0.1,-0.1,0.2,0.3,0.30000000000000004,1.5,123456.789,1e14,1e15,1e16,123456789012345,999999999999999,1234567890123456,9007199254740992,9007199254740993,9007199254740994,1e22,1e23,5e-324,1e-323,2.2250738585072014e-308,2.225073858507201e-308,1.7976931348623157e308,-1.7976931348623157e308,1e300,1e-300,0.0001,0.00012345,0.00001,1e-5,1e-7,NaN,Infinity,-Infinity,3.141592653589793,2.718281828459045,4.35,0.000035,9.5e-7,5e-5,8.41e21,2.98023223876953125e-8,9223372036854775807,9223372036854775808,1e17,1.2345e20}'
  || (SELECT array_agg(power(2::float8, k)::text) FROM generate_series(-1074, 1023, 17) k)
  || pg_temp.random_list('(random() - 0.5) * 2 * power(10::float8, (random() * 600)::int - 300)')
  || pg_temp.random_list('(random() - 0.5) * 2 * power(10::float8, (random() * 30)::int - 15)')
  || pg_temp.random_list('round((random() * 1e9)::numeric, 2)::float8')
  || pg_temp.random_list('((random() * 9e17)::bigint * 5)::float8 * power(2::float8, (random() * 8)::int)')) \g /dev/null

SELECT pg_temp.add('numeric', NULL,
  '{0,-0,0.0,0.000,1,1.0,1.00,-1,-1.0,-1.5,-1.50,1.5,10,100,-10,-100,0.1,-0.1,0.01,-0.01,0.10,9,9.9,9.99,-9,-9.9,-9.99,99,101,1e10,1e-10,-1e10,-1e-10,1e1000,-1e1000,1e-1000,-1e-1000,1e3000,-1e3000,1e-2000,-1e-2000,123456789012345678901234567890.123456789012345678901234567890,-123456789012345678901234567890.123456789012345678901234567890,0.00012345,12345.6789,NaN,Infinity,-Infinity,9223372036854775807,9223372036854775808,0.30000000000000004,1e300,1e-300,5e-324,1000000,999999.999999,-999999.999999}'
  || pg_temp.random_list('round((random() - 0.5)::numeric * (10::numeric ^ (random() * 40)::int), (random() * 20)::int)')
  || pg_temp.random_list('(random() - 0.5)::numeric * (10::numeric ^ ((random() * 20)::int - 30))')
  || pg_temp.random_list('(random() * 20 - 10)::int::numeric / 4')
  || pg_temp.random_list('round((random() * 20 - 10)::numeric, (random() * 2)::int)')) \g /dev/null

SELECT pg_temp.add('text', 'textsend', ARRAY[
  '', ' ', '  two ', 'a', 'A', 'b', 'abc', 'abd', '"', '\', '\\', '\"', '/', '</script>', '{}', '[1,2]', 'null', 'NULL', '\N', 'true', '0',
  E'\x01', E'\x02\x1f', E'a\tb', E'a\nb', E'a\rb', E'a\bb', E'a\fb', E'\x0b', E'\x1b[0m', E'\x7f', 'é', 'É', 'ß', 'ﬀ', 'e' || U&'\0301', '漢字', '🎉', '👩‍👩‍👧', U&'\2028', U&'\2029',
  U&'\FEFF', U&'\FFFD', U&'\FFFE', U&'\FFFF', U&'\E000', U&'\+10FFFF', U&'\0085', U&'\00A0', U&'\200B', U&'\202E', 'a|b', 'a\|b', '\u0000', '${x}', '{!term}', '*:*', 'a b+c%20&d=e#f', '\x41', '%s %d', E'tab\t"quote"\\back', repeat('x', 300), repeat('"', 50), repeat(E'\\', 33),
  repeat('é', 100)]) \g /dev/null
SELECT pg_temp.add('character varying', 'varcharsend', ARRAY['', 'v', E'"\\\n', 'é', 'UA  ']) \g /dev/null
SELECT pg_temp.add('uuid', 'uuid_send',
  '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,00000000-0000-0000-0000-000000000001,80000000-0000-0000-0000-000000000000,7fffffff-ffff-ffff-ffff-ffffffffffff}'
  || pg_temp.random_list('md5(random()::text)::uuid')) \g /dev/null

SELECT pg_temp.add('date', 'date_send',
  '{2000-01-01,1999-12-31,2000-01-02,1970-01-01,1969-12-31,2000-02-28,2000-02-29,2000-03-01,1900-02-28,1900-03-01,2100-02-28,2100-03-01,2024-02-29,2023-12-31,0001-01-01,0001-01-01 BC,0001-12-31 BC,0002-12-31 BC,0004-02-29,0005-02-28 BC,0005-02-28 BC,0044-03-15 BC,4713-01-01 BC,4714-11-24 BC,9999-12-31,10000-01-01,12345-06-07,99999-12-31,294276-12-31,294277-01-01,5874897-12-31,infinity,-infinity,0100-03-01,0400-02-29,1582-10-04,1582-10-15,2013-01-01,2013-12-31,0099-01-01,0999-12-31,1000-01-01}'
  || pg_temp.random_list('date ''2000-01-01'' + ((random() - 0.5) * 4000000)::int')
  || pg_temp.random_list('date ''2000-01-01'' + ((random() - 0.5) * 40000)::int')
  || pg_temp.random_list('date ''4714-11-24 BC'' + (random() * 2147483493)::int')) \g /dev/null
SELECT pg_temp.add(t.type, t.send,
  '{2000-01-01 00:00:00,1999-12-31 23:59:59.999999,2000-01-01 00:00:00.000001,1970-01-01 00:00:00,1969-12-31 23:59:59.5,2013-01-01 10:00:00,2013-01-01 10:00:00.1,2013-01-01 10:00:00.10,2013-01-01 10:00:00.123,2013-01-01 10:00:00.123456,2013-01-01 10:00:00.100001,2013-01-01 10:00:00.000010,2013-01-01 00:00:00.5,2024-02-29 12:34:56,0001-01-01 00:00:00,0001-12-31 23:59:59.999999 BC,0001-01-01 00:00:00 BC,0044-03-15 12:00:00 BC,0005-02-28 23:59:59.25 BC,4713-01-01 00:00:00 BC,4714-11-24 00:00:00 BC,4714-11-24 00:00:00.000001 BC,9999-12-31 23:59:59.999999,10000-01-01 00:00:00,12345-06-07 08:09:10.111213,99999-12-31 23:59:59,294276-12-31 23:59:59.999999,294276-01-01 00:00:00,infinity,-infinity,1582-10-04 00:00:00,1900-03-01 01:02:03,2000-02-29 23:00:00,1999-12-31 00:00:00,1999-12-30 23:59:59.999999,2038-01-19 03:14:07,2038-01-19 03:14:08,1901-12-13 20:45:52,0099-05-05 05:05:05.05,0999-12-31 23:59:59,2016-12-31 23:59:60,2013-03-10 02:30:00}'
  || pg_temp.random_list('timestamp ''2000-01-01'' + (random() - 0.5) * interval ''4000 years''')
  || pg_temp.random_list('timestamp ''2000-01-01'' + (random() - 0.5) * interval ''40 years''')
  || pg_temp.random_list('date_trunc(''milliseconds'', timestamp ''2000-01-01'' + (random() - 0.5) * interval ''40 years'')')
  || pg_temp.random_list('timestamp ''4714-11-24 BC'' + random() * interval ''290000 years'''))
  FROM (VALUES ('timestamp', 'timestamp_send'), ('timestamptz', 'timestamptz_send')) t (type, send) \g /dev/null
UPDATE result SET type = CASE type WHEN 'timestamp' THEN 'timestamp without time zone' ELSE 'timestamp with time zone' END
 WHERE type IN ('timestamp', 'timestamptz');

SELECT pg_temp.add('jsonb', NULL, ARRAY[
  '{}', '[]', 'null', 'true', '0', '-0', '1.50', '1e3', '1e300', '"s"', '""', '"\u0001\n\"\\"', '"\ud83c\udf89"', '{"b": 1, "a": 2, "b": 3}', '{"a": [1, {"c": null}], "": false}', '[1, [2, [3, []]]]', '{"é": "漢"}', '{"a\tb": "\/"}']) \g /dev/null
SELECT pg_temp.add('json', NULL, ARRAY[
  '{}', '[]', 'null', ' true ', '0', '-0', '1.50', '1E3', '1e300', '"s"', '""', '"\u0001\n\"\\"', '{ "b" : 1, "a":2,  "b": 3 }', '[1 , [2, [3, []]]]', '{"é": "漢"}', '{"a\tb": "\/"}']) \g /dev/null

SELECT pg_temp.add('bpchar', NULL, ARRAY['', ' ', '   ', 'a', 'a ', 'a  ', ' a', 'A', 'ab', 'ab ', 'b', 'é', 'é ', '漢字 ', '"', '\ ', E'a\t', E'\x01', 'a b', 'a b ']) \g /dev/null
UPDATE result SET type = 'character' WHERE type = 'bpchar';
SELECT pg_temp.add('name', NULL, ARRAY['', ' ', 'a', 'A', 'a ', 'ab', 'b', '"', '\', 'é', '漢', repeat('n', 63), repeat('é', 31), 'pg_class', '_', '-', '10', '9']) \g /dev/null
SELECT pg_temp.add('time without time zone', NULL,
  '{00:00,00:00:00.000001,00:00:00.1,00:00:01,00:01,01:00,04:05:06.789,09:59:59.999999,10:00,12:00,12:34:56.123456,23:59:59,23:59:59.9,23:59:59.999999,24:00:00}'
  || pg_temp.random_list('time ''00:00'' + random() * interval ''1 day''')) \g /dev/null
SELECT pg_temp.add('interval', NULL,
  '{0,1 day,24 hours,-1 day,-24 hours,1 mon,30 days,720 hours,30 days 1 microsecond,1 year,12 mons,360 days,365 days,1 year 2 mons -3 days 04:05:06.000007,-1 year +1 day,00:00:00.000001,-00:00:00.000001,1 day -24:00:00,178000000 years,-178000000 years,2147483647 days,-2147483648 days,2562047788:00:54.775807,-2562047788:00:54.775807,178956970 years 7 mons 2147483647 days 2562047788:00:54.775807,-178956970 years -8 mons -2147483648 days -2562047788:00:54.775807,P1Y2M3DT4H5M6.5S,1 day ago,00:59:59.9,00:01:00.1,-1 mon 29 days 24:00:00}'
  || pg_temp.random_list('make_interval(months => (random() * 40)::int - 20, days => (random() * 600)::int - 300, secs => (random() - 0.5) * 1e6)')
  || pg_temp.random_list('make_interval(days => (random() * 3)::int - 1, hours => (random() * 48)::int - 24)')) \g /dev/null
SELECT pg_temp.add('bytea', NULL, ARRAY['', '\x00', '\x0000', '\x01', '\x7f', '\x80', '\xff', '\xFF00', '\x5c', 'abc', 'a\\b', 'a\000b', 'é', '\x 61 62', '\x616263', '\x6162', '\x09', '\x0a', '\xa0']
  || pg_temp.random_list('decode(md5(random()::text), ''hex'')')) \g /dev/null
SELECT pg_temp.add(t, NULL,
  '{0.0.0.0/0,0.0.0.0,10.0.0.0/8,10.0.0.0/9,10.0.0.0/16,10.128.0.0/9,10.0.0.0,10.0.0.1,10.0.0.255,127.0.0.1,128.0.0.0/1,192.168.0.0/24,192.168.1.0/24,255.255.255.255,::/0,::,::1,::ffff:1.2.3.4,::1.2.3.4,2001:db8::/32,2001:db8::/33,2001:db8::1,fe80::/10,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,1:2:3:4:5:6:7:8}'
  || CASE t WHEN 'inet' THEN '{10.1.2.3/8,10.0.0.1/8,10.0.0.1/9,10.0.0.1/31,10.0.0.1/0,0.0.0.1/0,2001:db8::1/32,::1/0,fe80::1/64,10/8,10.1/16}'
       || pg_temp.random_list('(''10.''||(random()*3)::int||''.''||(random()*255)::int||''.1/''||(random()*32)::int)::inet') ELSE '{}' END)
  FROM unnest('{inet,cidr}'::text[]) t \g /dev/null
SELECT pg_temp.add('macaddr', NULL, '{00:00:00:00:00:00,00:00:00:00:00:01,08:00:2b:01:02:03,08-00-2B-01-02-04,08002b:010205,08002b-010206,0800.2b01.0207,0800-2b01-0208,08002b010209,7f:ff:ff:ff:ff:ff,80:00:00:00:00:00,ff:ff:ff:ff:ff:ff,00:00:01:00:00:00,00:01:00:00:00:00,01:00:00:00:00:00}') \g /dev/null
SELECT pg_temp.add('macaddr8', NULL, '{00:00:00:00:00:00:00:00,00:00:00:00:00:00:00:01,08:00:2b:01:02:03:04:05,08:00:2b:01:02:03,08-00-2B-01-02-03-04-06,08002b:0102030407,08002b-0102030408,0800.2b01.0203.0409,0800-2b01-0203-040a,08002b010203040b,7f:ff:ff:ff:ff:ff:ff:ff,80:00:00:00:00:00:00:00,ff:ff:ff:ff:ff:ff:ff:ff,00:00:00:01:00:00:00:00,08002b010209,0800.2b01.0207}') \g /dev/null
SELECT pg_temp.add('bit varying', NULL, ARRAY['', '0', '1', '00', '01', '10', '11', '000', '0101', '01010', '1000000', '10000000', '100000000', '1000000000', '11111111', '111111111', 'x1F', 'XFf', 'b101']
  || pg_temp.random_list('((random() * 1000)::int::bit(10))')) \g /dev/null
SELECT pg_temp.add('oid', NULL, '{0,1,9,10,99,100,1000,16384,65535,65536,2147483647,2147483648,3000000000,4294967294,4294967295}') \g /dev/null
CREATE TYPE pg_temp.enum AS ENUM ('zero', 'one', 'two', 'three', '', ' ', 'ü', '"', '\', 'a,b', '*', 'NULL', 'null', 'Zero', 'x y');
SELECT pg_temp.add('enum', NULL, enum_range(NULL::pg_temp.enum)::text[]) \g /dev/null
SELECT pg_temp.add(t.type, NULL, t.literals) FROM (VALUES
  ('time with time zone', '{00:00+00,24:00-15:59,12:34:56.5+05:30}'::text[]),
  ('xml', ARRAY['<a>"&amp;</a>', 'text é']),
  ('tsvector', ARRAY['', 'a:1 ''b c'':2A', 'x']),
  ('tsquery', ARRAY['a & !''b "c'':*A', '']),
  ('point', ARRAY['(1,2)', '(-0,NaN)', '(1e300,Infinity)']), ('lseg', ARRAY['(1,2),(3,4)']), ('path', ARRAY['[(1,2)]', '((1,2))']),
  ('box', ARRAY['(1,2),(3,4)']), ('polygon', ARRAY['(1,2),(3,4)']), ('line', ARRAY['{1,2,3}']), ('circle', ARRAY['<(1,2),0.1>']),
  ('pg_lsn', ARRAY['0/0', 'FFFFFFFF/FFFFFFFF']), ('xid8', ARRAY['0', '18446744073709551615'])) t (type, literals) \g /dev/null
\copy result TO STDOUT
