-- read_changes(slot): what the plugin sends, one line for each record, read by the grammar of
-- docs/change_event.md. Values of floats are shown as hexadecimal bytes.
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS change_event;

CREATE OR REPLACE FUNCTION change_event.number(data bytea, at int, bytes int) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT ('x' || lpad(encode(substr($1, $2 + 1, $3), 'hex'), 16, '0'))::bit(64)::bigint
$$;

CREATE OR REPLACE FUNCTION change_event.name(data bytea, at int) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT convert_from(substr($1, $2 + 3, change_event.number($1, $2, 2)::int), 'UTF8')
$$;

CREATE OR REPLACE FUNCTION change_event.value(type oid, native boolean, bytes bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  wide bigint := CASE WHEN length(bytes) IN (1, 2, 4, 8) THEN change_event.number(bytes, 0, length(bytes)) END;
BEGIN
  IF NOT native OR type IN ('text'::regtype, 'varchar'::regtype) THEN
    -- Long values by their length and fingerprint.
    IF length(bytes) > 100 THEN
      RETURN format('<%s bytes %s>', length(bytes), left(md5(bytes), 8));
    END IF;
    RETURN quote_literal(convert_from(bytes, 'UTF8'));
  END IF;
  RETURN CASE type
    WHEN 'bool'::regtype THEN CASE wide WHEN 1 THEN 'true' WHEN 0 THEN 'false' END
    WHEN 'int2'::regtype THEN (CASE WHEN wide < 32768 THEN wide ELSE wide - 65536 END)::text
    WHEN 'int4'::regtype THEN (wide::bit(32)::int)::text
    WHEN 'int8'::regtype THEN wide::text
    WHEN 'uuid'::regtype THEN encode(bytes, 'hex')::uuid::text
    WHEN 'date'::regtype THEN
      CASE wide::bit(32)::int WHEN 2147483647 THEN 'infinity' WHEN -2147483648 THEN '-infinity'
           ELSE (date '2000-01-01' + wide::bit(32)::int)::text END
    WHEN 'timestamp'::regtype THEN
      CASE wide WHEN 9223372036854775807 THEN 'infinity' WHEN -9223372036854775808 THEN '-infinity'
           ELSE (timestamp '2000-01-01' + make_interval(secs => wide / 1e6))::text END
    WHEN 'timestamptz'::regtype THEN
      CASE wide WHEN 9223372036854775807 THEN 'infinity' WHEN -9223372036854775808 THEN '-infinity'
           ELSE (timestamp '2000-01-01' + make_interval(secs => wide / 1e6))::text || 'Z' END
    ELSE encode(bytes, 'hex') END;
END
$$;

CREATE OR REPLACE FUNCTION change_event.image(columns jsonb, data bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  at int := 0;
  shown text := '';
  col jsonb;
  tag int;
  size int;
BEGIN
  IF length(data) = 0 THEN RETURN '(none)'; END IF;
  FOR col IN SELECT * FROM jsonb_array_elements(columns) LOOP
    tag := get_byte(data, at);
    at := at + 1;
    shown := shown || ' ' || (col->>'name') || '=';
    IF tag = 255 THEN shown := shown || 'NULL';
    ELSIF tag = 254 THEN shown := shown || '<unchanged>';
    ELSIF tag = 253 THEN shown := shown || '<omitted>';
    ELSE
      size := tag;
      IF tag = 252 THEN
        size := change_event.number(data, at, 4);
        at := at + 4;
      END IF;
      shown := shown || change_event.value((col->>'type')::oid, (col->>'native')::boolean,
                                           substr(data, at + 1, size));
      at := at + size;
    END IF;
  END LOOP;
  IF at <> length(data) THEN
    RAISE 'image of % bytes, read %', length(data), at;
  END IF;
  RETURN ltrim(shown);
END
$$;

-- Description of a relation record: {"table", "columns": [{"name", "type", "native"}], "text"}.
CREATE OR REPLACE FUNCTION change_event.relation(data bytea, at int) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  identity text := chr(get_byte(data, at + 4));
  shown text;
  label text;
  columns jsonb := '[]';
  flags int;
  type oid;
  typmod int;
BEGIN
  at := at + 5;
  label := change_event.name(data, at);
  at := at + 2 + change_event.number(data, at, 2);
  label := label || '.' || change_event.name(data, at);
  at := at + 2 + change_event.number(data, at, 2);
  shown := format('relation %s, identity %s:', label,
                  CASE identity WHEN 'n' THEN 'nothing' WHEN 'k' THEN 'key' WHEN 'f' THEN 'full' END);
  at := at + 2;
  FOR i IN 1 .. change_event.number(data, at - 2, 2) LOOP
    flags := get_byte(data, at);
    type := change_event.number(data, at + 1, 4);
    typmod := change_event.number(data, at + 5, 4)::bit(32)::int;
    columns := columns || jsonb_build_object('name', change_event.name(data, at + 9), 'type', type,
                                             'native', flags & 2 <> 0);
    shown := shown || format(' %s%s %s%s%s', CASE WHEN i > 1 THEN '| ' END, change_event.name(data, at + 9),
                             format_type(type, typmod), CASE WHEN flags & 1 <> 0 THEN ' *' END,
                             CASE WHEN flags & 2 <> 0 THEN '' ELSE ' as text' END);
    at := at + 11 + change_event.number(data, at + 9, 2);
  END LOOP;
  RETURN jsonb_build_object('table', label, 'columns', columns, 'text', shown, 'end', at);
END
$$;

CREATE OR REPLACE FUNCTION read_changes(slot name, publication text DEFAULT 'plugin')
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  message record;
  data bytea;
  at int;
  stop int;
  old_size int;
  kind text;
  relations jsonb := '{}';
  relation jsonb;
  begun bytea;
BEGIN
  FOR message IN SELECT * FROM pg_logical_slot_get_binary_changes(slot, NULL, NULL,
                                 'proto_version', '1', 'publication', publication) LOOP
    data := message.data;
    at := 0;
    WHILE at < length(data) LOOP
      kind := chr(get_byte(data, at));
      stop := at + 5 + change_event.number(data, at + 1, 4);
      at := at + 5;
      IF stop > length(data) THEN RAISE 'record % ends at % of %', kind, stop, length(data); END IF;
      IF begun IS NULL AND kind <> 'B' THEN RAISE 'record % outside of transactions', kind; END IF;
      relation := relations -> change_event.number(data, at, 4)::text;
      CASE kind
        WHEN 'B' THEN
          begun := substr(data, at + 1, stop - at);
          IF change_event.number(data, at + 4, 4) <> message.xid::text::bigint THEN
            RAISE 'xid % of transaction %', change_event.number(data, at, 8), message.xid;
          END IF;
          RETURN NEXT 'begin';
        WHEN 'C' THEN
          IF begun IS DISTINCT FROM substr(data, at + 1, stop - at) OR stop <> length(data) THEN
            RAISE 'commit record does not close its transaction and message';
          END IF;
          begun := NULL;
          RETURN NEXT 'commit';
        WHEN 'R' THEN
          relation := change_event.relation(data, at);
          IF (relation->>'end')::int <> stop THEN RAISE 'relation record of another length'; END IF;
          relations := jsonb_set(relations, ARRAY[change_event.number(data, at, 4)::text], relation);
          RETURN NEXT relation->>'text';
        WHEN 'I' THEN
          RETURN NEXT format('insert %s: %s', relation->>'table',
                             change_event.image(relation->'columns', substr(data, at + 5, stop - at - 4)));
        WHEN 'U' THEN
          old_size := change_event.number(data, at + 4, 4);
          RETURN NEXT format('update %s: %s -> %s', relation->>'table',
            change_event.image(relation->'columns', substr(data, at + 9, old_size)),
            change_event.image(relation->'columns', substr(data, at + 9 + old_size, stop - at - 8 - old_size)));
        WHEN 'D' THEN
          RETURN NEXT format('delete %s: %s', relation->>'table',
                             change_event.image(relation->'columns', substr(data, at + 5, stop - at - 4)));
        WHEN 'T' THEN
          RETURN NEXT format('truncate %s', relation->>'table');
        WHEN 'M' THEN
          old_size := change_event.number(data, at, 2);
          RETURN NEXT format('message %s: %s', change_event.name(data, at),
                             convert_from(substr(data, at + 3 + old_size, stop - at - 2 - old_size), 'UTF8'));
        ELSE RAISE 'unknown record %', kind;
      END CASE;
      IF kind IN ('I', 'U', 'D', 'T') AND relation IS NULL THEN
        RAISE 'change of a table that was not described';
      END IF;
      at := stop;
    END LOOP;
  END LOOP;
  IF begun IS NOT NULL THEN RAISE 'transaction without a commit record'; END IF;
END
$$;
RESET client_min_messages;
