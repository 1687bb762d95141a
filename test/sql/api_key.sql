-- The key: unique, not null, and in the WAL with every UPDATE and DELETE.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE EXTENSION daas;
CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, maybe int UNIQUE, plain int NOT NULL, late int NOT NULL UNIQUE DEFERRABLE,
  part int NOT NULL, expr text NOT NULL, made int NOT NULL GENERATED ALWAYS AS (1) STORED UNIQUE, fixed char(3) NOT NULL UNIQUE,
  doc jsonb NOT NULL UNIQUE, included int NOT NULL);
CREATE UNIQUE INDEX ON t (part) WHERE part > 0;
CREATE UNIQUE INDEX ON t (lower(expr));
CREATE UNIQUE INDEX t_plain ON t (plain, code) INCLUDE (included);
CREATE TABLE none (id int NOT NULL, v int);
CREATE FUNCTION key(columns text, key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text := said(format('SELECT daas.create_model(%L, %L, %L)', 'k', format('SELECT %s FROM t', columns), key));
BEGIN
  PERFORM daas.drop_model('k', if_exists => true);
  RETURN answer;
END $$;

-- By default the primary key.
SELECT daas.create_model('pk', 'SELECT * FROM t');
SELECT key FROM daas.model WHERE name = 'pk';
SELECT said($$SELECT daas.create_model('x', 'SELECT code FROM t')$$);
SELECT said($$SELECT daas.create_model('x', 'SELECT id FROM none')$$);
SELECT key('id', '{}');
SELECT key('id', '{NULL}');
SELECT key('id', '{{id}}');
SELECT key('id', '{nothing}');
SELECT key('id', '{id,id}');
SELECT key('id, id AS again', '{id,again}');
SELECT key('id + 1 AS id', '{id}');
SELECT key('maybe', '{maybe}');
SELECT key('included', '{included}');
SELECT key('plain', '{plain}');
SELECT key('late', '{late}');
SELECT key('part', '{part}');
SELECT key('expr', '{expr}');
SELECT key('made', '{made}');
SELECT key('fixed', '{fixed}');
SELECT key('doc', '{doc}');
-- More than a unique index is unique as well.
SELECT key('id AS number, code', '{number,code}');

-- Unique is not enough: the replica identity must hold it, and the hint says how.
SELECT key('code', '{code}');
SELECT key('code, plain', '{code,plain}');
ALTER TABLE t REPLICA IDENTITY USING INDEX t_plain;
SELECT key('code, plain', '{plain,code}');
SELECT key('code', '{code}');
SELECT key('id', '{id}');
ALTER TABLE t REPLICA IDENTITY NOTHING;
SELECT key('id', '{id}');
SELECT key('code', '{code}');
ALTER TABLE t REPLICA IDENTITY FULL;
SELECT key('code', '{code}');
-- Without any usable index, whole rows.
ALTER TABLE none ADD UNIQUE (id) DEFERRABLE;
CREATE UNIQUE INDEX none_id ON none (id);
SELECT said($$SELECT daas.create_model('none', 'SELECT id FROM none', '{id}')$$);
ALTER TABLE none REPLICA IDENTITY USING INDEX none_id;
SELECT said($$SELECT daas.create_model('none', 'SELECT id FROM none', '{id}')$$);

-- Partitions are looked at one by one, by name.
CREATE TABLE p (id int NOT NULL, day int NOT NULL, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (10);
CREATE TABLE "P 2" (gone int, v text, day int NOT NULL, id int NOT NULL);
ALTER TABLE "P 2" DROP COLUMN gone;
ALTER TABLE p ATTACH PARTITION "P 2" FOR VALUES FROM (10) TO (20);
ALTER TABLE "P 2" REPLICA IDENTITY NOTHING;
SELECT said($$SELECT daas.create_model('p', 'SELECT id, day FROM p')$$);
ALTER TABLE "P 2" REPLICA IDENTITY DEFAULT;
SELECT said($$SELECT daas.create_model('p', 'SELECT id, day FROM p')$$);

-- Keys of wrapped types: the id is the column's text, which comes last in the daemon's queries.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN small AS int;
CREATE TABLE w (feels mood, code char(3), size small, paid "char", v text, PRIMARY KEY (feels, code, size, paid));
SELECT said($$SELECT daas.create_model('w', 'SELECT v, feels, code, size, paid FROM w')$$);
SELECT load_query, fetch_query FROM daas.model WHERE name = 'w' \gx
-- A change event does not carry the text of a range.
CREATE TABLE r (during int4range PRIMARY KEY);
SELECT said($$SELECT daas.create_model('r', 'SELECT during FROM r')$$);

-- A document is named by its key's text: equal values must have one text, in every session.
CREATE EXTENSION citext;
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN any_numeric AS numeric;
CREATE DOMAIN price AS numeric(9, 2);
CREATE DOMAIN ratio AS float8;
CREATE DOMAIN padded AS char(3);
CREATE DOMAIN unpadded AS bpchar;
CREATE DOMAIN span AS interval;
CREATE DOMAIN loud AS text COLLATE folded;
CREATE FUNCTION key_type(type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  EXECUTE format('CREATE TABLE typed (k %s PRIMARY KEY)', type);
  answer := said($q$SELECT daas.create_model('typed', 'SELECT k FROM typed')$q$);
  PERFORM daas.drop_model('typed', if_exists => true);
  DROP TABLE typed;
  RETURN format('%s: %s', type, answer);
END $$;
SELECT key_type(t) FROM unnest('{boolean,smallint,integer,bigint,real,double precision,numeric,"numeric(9,2)",text,text COLLATE \"C\",varchar(5),name,
  \"char\",char(3),bytea,uuid,date,time,timetz,timestamp,timestamptz(3),inet,cidr,macaddr,macaddr8,bit(3),varbit,oid,xid8,pg_lsn,mood,small,
  price,padded}'::text[]) t;
SELECT key_type(t) FROM unnest('{bpchar,interval,interval(3),money,regclass,regtype,int[],text[],tsvector,jsonb,citext,any_numeric,ratio,unpadded,
  span,loud,text COLLATE folded}'::text[]) t;

DROP EXTENSION daas;
DROP PUBLICATION daas;
DROP FUNCTION key;
DROP TABLE t, none, p, w, r;
DROP TYPE mood;
DROP DOMAIN small, any_numeric, price, ratio, padded, unpadded, span, loud;
DROP COLLATION folded;
DROP EXTENSION citext;
DROP FUNCTION key_type;
