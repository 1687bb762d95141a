-- Models: what is served. Invariant: everything here is definition, carried by pg_dump, and
-- holds names and regclass only, never an oid or attnum, so that it is true in a restored copy.

CREATE SEQUENCE daas.revision_seq;
COMMENT ON SEQUENCE daas.revision_seq IS
  'Source of daas.model.revision: every definition, redefinition and reload takes the next value.';

CREATE FUNCTION daas._captures_by_outbox(options jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(options ->> 'capture', 'logical') = 'notify'
$$;
COMMENT ON FUNCTION daas._captures_by_outbox(jsonb) IS 'Internal: whether a model hears of changes by the outbox.';

CREATE TABLE daas.model (
  name         text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,47}$'),
  query        text NOT NULL,
  key          text[] NOT NULL CHECK (cardinality(key) > 0),
  kind         text NOT NULL CHECK (kind IN ('projection', 'query')),
  columns      jsonb NOT NULL,
  load_query   text NOT NULL,
  fetch_query  text NOT NULL,
  functions    text[] NOT NULL DEFAULT '{}',
  views        jsonb NOT NULL DEFAULT '[]',
  whole_table  boolean NOT NULL DEFAULT false,
  options      jsonb NOT NULL DEFAULT '{}',
  by_outbox    boolean NOT NULL GENERATED ALWAYS AS (daas._captures_by_outbox(options)) STORED,
  owner        name NOT NULL,
  revision     bigint NOT NULL DEFAULT nextval('daas.revision_seq'),
  defined      bigint NOT NULL DEFAULT currval('daas.revision_seq'),
  paused       boolean NOT NULL DEFAULT false,
  created_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  daas.model IS 'One row per model: a named query, each of whose rows is one document.';
COMMENT ON COLUMN daas.model.name IS 'Name of the model: ^[a-z][a-z0-9_]{0,47}$.';
COMMENT ON COLUMN daas.model.query IS 'The query, deparsed with every name qualified, so that no search_path can change its meaning.';
COMMENT ON COLUMN daas.model.key IS 'Output columns that identify a document: unique and not null.';
COMMENT ON COLUMN daas.model.kind IS 'projection: documents are built straight from change events. query: changed keys are fetched from the query.';
COMMENT ON COLUMN daas.model.columns IS 'Output columns in order: [{"name", "type" (format_type without typmod), "value" (built-in type that the values are of, seen through domains; "enum"; null: fetched as to_json), "twin" (what can be asked of it: "order", "equality", null), "source" (column of the base table that it copies, or null)}].';
COMMENT ON COLUMN daas.model.load_query IS 'SELECT of all documents: the columns in order, as to_json(col) where "value" is null, then the text of each such key column; of ONLY the tables themselves, unless they are partitioned; views expanded.';
COMMENT ON COLUMN daas.model.fetch_query IS 'load_query for the keys in $1, $2, …: one text[] parameter per key column, cast by the query; the arrays have equal length.';
COMMENT ON COLUMN daas.model.functions IS 'Functions that the query calls and that are not built in, as {"public.f(integer)"}: when one is replaced, the model is loaded anew.';
COMMENT ON COLUMN daas.model.views IS 'Views that the query names, with the query of each as of now: [{"view": "public.v", "definition": pg_get_viewdef()}]. load_query and the deltas hold these; when one is replaced, the model is defined and loaded anew.';
COMMENT ON COLUMN daas.model.whole_table IS 'Every row of one table is a document: no join, no WHERE. Only such a model can be written through.';
COMMENT ON COLUMN daas.model.options IS 'Options of create_model.';
COMMENT ON COLUMN daas.model.by_outbox IS 'Whether it hears of changes by the outbox (its option "capture" is "notify"), not by decoding.';
COMMENT ON COLUMN daas.model.owner IS 'Role that defined the model.';
COMMENT ON COLUMN daas.model.revision IS 'Grows with each redefinition or reload: a live generation of another revision is rebuilt.';
COMMENT ON COLUMN daas.model.defined IS 'The revision since which the documents are the same: a generation of this or a later one follows the changes while a new one is loaded.';
COMMENT ON COLUMN daas.model.paused IS 'Paused models take no batches and do not hold the slot.';
COMMENT ON COLUMN daas.model.created_at IS 'When it was created.';

CREATE TABLE daas.source (
  model     text NOT NULL REFERENCES daas.model ON DELETE CASCADE,
  relation  regclass NOT NULL,
  name      text NOT NULL,
  PRIMARY KEY (model, relation)
);
COMMENT ON TABLE  daas.source IS 'The base tables that a model reads (a partitioned table stands for its partitions).';
COMMENT ON COLUMN daas.source.model IS 'The model.';
COMMENT ON COLUMN daas.source.relation IS 'The table; shown and dumped by name.';
COMMENT ON COLUMN daas.source.name IS 'What the model''s queries call it: schema.table, quoted where needed.';

CREATE FUNCTION daas._captured_sources(by_outbox boolean) RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT c.oid FROM daas.source s JOIN daas.model m ON m.name = s.model JOIN pg_class c ON c.oid = s.relation
   WHERE m.by_outbox = _captured_sources.by_outbox ORDER BY 1
$$;
COMMENT ON FUNCTION daas._captured_sources(boolean) IS 'Internal: the sources that are there, of models that hear of changes by the outbox, or by decoding.';

-- In deparsed text, where a name stands alone, quoted only where it must be. That it is another table's column, or an alias, does no harm.
CREATE FUNCTION daas._may_name(query text, column_name name) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
  SELECT query ~ concat('(?<![[:alnum:]_$"])', regexp_replace(quote_ident(column_name), '(\W)', '\\\1', 'g'), '(?![[:alnum:]_$"])')
$$;
COMMENT ON FUNCTION daas._may_name(text, name) IS 'Internal: whether a model''s query may name a column.';

CREATE TABLE daas.delta (
  model      text NOT NULL REFERENCES daas.model ON DELETE CASCADE,
  number     int NOT NULL CHECK (number > 0),
  relation   regclass NOT NULL,
  reference  text NOT NULL,
  mode       text NOT NULL CHECK (mode IN ('key', 'query', 'refresh')),
  columns    jsonb NOT NULL,
  query      text CHECK ((query IS NOT NULL) = (mode = 'query')),
  PRIMARY KEY (model, number)
);
COMMENT ON TABLE  daas.delta IS 'What a change of a base table means for the documents of a model: one row for each place in which the query reads a base table.';
COMMENT ON COLUMN daas.delta.model IS 'The model.';
COMMENT ON COLUMN daas.delta.number IS 'Counts the places from 1.';
COMMENT ON COLUMN daas.delta.relation IS 'The table that is read there; shown and dumped by name.';
COMMENT ON COLUMN daas.delta.reference IS 'Where that is in the query: the alias, for a person.';
COMMENT ON COLUMN daas.delta.mode IS 'key: the values of "columns" in an old or new row image are the affected key. query: "query" finds the affected keys. refresh: any change makes the model load anew.';
COMMENT ON COLUMN daas.delta.columns IS 'Columns of the table whose values are needed: ["id", …]. Under mode key in the order of daas.model.key.';
COMMENT ON COLUMN daas.delta.query IS 'Gives the affected keys as texts, one column per key column: its parameters $1, $2, … are a text[] per needed column, of equal length, with an element for each old or new row image.';

-- Only the definition is dumped; a source that was dropped has only a number left for a name, which
-- must not become another table's in the copy.
SELECT pg_catalog.pg_extension_config_dump('daas.model', '');
SELECT pg_catalog.pg_extension_config_dump('daas.source', 'WHERE relation IN (SELECT oid FROM pg_catalog.pg_class)');
SELECT pg_catalog.pg_extension_config_dump('daas.delta', 'WHERE relation IN (SELECT oid FROM pg_catalog.pg_class)');
SELECT pg_catalog.pg_extension_config_dump('daas.revision_seq', '');
