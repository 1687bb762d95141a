-- Of daas--sql-only.sql: the public functions, which the extension has in C, and what only this script has.

-- Within a SECURITY DEFINER function nobody can tell who called it: session_user is the superuser where autovacuum runs the function
-- of an index. So these run as who calls them, and only the owner of the schema, with the members of that role, can do what they do:
-- there is no role admin. daas.NAME(…) runs daas._NAME(owner, search_path, …): models are the owner's, whichever member defines them.
-- No query is parsed behind it, so the path is nobody's.
DO $do$
DECLARE
  gate record;
BEGIN
  FOR gate IN
    SELECT p.proname AS name, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
           (SELECT string_agg(', $' || n, '' ORDER BY n) FROM generate_series(1, p.pronargs) n) AS passed
      FROM pg_proc p WHERE p.pronamespace = 'daas'::regnamespace AND p.prosrc = '<<run_as_owner>> BEGIN END'
  LOOP
    EXECUTE format('CREATE OR REPLACE FUNCTION daas.%I(%s) RETURNS %s LANGUAGE sql SET search_path = pg_catalog, pg_temp AS %L',
                   gate.name, gate.arguments, gate.result,
                   format('SELECT daas.%I(daas._owner(), ''pg_catalog, pg_temp''%s)', '_' || gate.name, gate.passed));
  END LOOP;
END $do$;

-- Its grammar is that of export_model.sql. It is believed, but what is no definition must not come as far as the daemon.
CREATE FUNCTION daas._check_definition(definition jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wrong text;
BEGIN
  wrong := CASE
    WHEN EXISTS (SELECT FROM unnest('{kind,query,load_query,fetch_query}'::text[]) n WHERE jsonb_typeof(definition -> n) IS DISTINCT FROM 'string')
      OR definition ->> 'kind' NOT IN ('projection', 'query') OR jsonb_typeof(definition -> 'whole_table') IS DISTINCT FROM 'boolean'
      THEN 'kind, query, load_query, fetch_query, whole_table'
    WHEN EXISTS (SELECT FROM unnest('{columns,key,functions,views,tables,deltas}'::text[]) n WHERE jsonb_typeof(definition -> n) IS DISTINCT FROM 'array')
      OR '[]' IN (definition -> 'key', definition -> 'tables', definition -> 'deltas')
      THEN 'columns, key, functions, views, tables, deltas'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(definition -> 'columns') c
                  WHERE jsonb_typeof(c -> 'name') IS DISTINCT FROM 'string' OR jsonb_typeof(c -> 'type') IS DISTINCT FROM 'string'
                     OR (jsonb_typeof(c -> 'value') IN ('string', 'null')) IS NOT TRUE OR (jsonb_typeof(c -> 'source') IN ('string', 'null')) IS NOT TRUE
                     OR NOT c ? 'twin' OR coalesce(c ->> 'twin', 'order') NOT IN ('order', 'equality')) THEN 'columns'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(definition -> 'key') k
                  WHERE k NOT IN (SELECT c -> 'name' FROM jsonb_array_elements(definition -> 'columns') c)) THEN 'key'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(definition -> 'functions') f WHERE jsonb_typeof(f) <> 'string') THEN 'functions'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(definition -> 'views') v WHERE v ->> 'view' IS NULL OR v ->> 'definition' IS NULL) THEN 'views'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(definition -> 'tables') t
                  WHERE jsonb_typeof(t -> 'table') IS DISTINCT FROM 'string' OR (t ->> 'kind' IN ('r', 'p')) IS NOT TRUE
                     OR jsonb_typeof(t -> 'columns') IS DISTINCT FROM 'object' OR jsonb_typeof(t -> 'unique') IS DISTINCT FROM 'array') THEN 'tables'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(definition -> 'tables') t, jsonb_each(t -> 'columns') c
                  WHERE jsonb_typeof(c.value -> 'not_null') IS DISTINCT FROM 'boolean') THEN 'tables'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(definition -> 'deltas') d
                  WHERE NOT d ? 'relation' OR d -> 'relation' NOT IN (SELECT t -> 'table' FROM jsonb_array_elements(definition -> 'tables') t)
                     OR jsonb_typeof(d -> 'reference') IS DISTINCT FROM 'string' OR (d ->> 'mode' IN ('key', 'query', 'refresh')) IS NOT TRUE
                     OR jsonb_typeof(d -> 'columns') IS DISTINCT FROM 'array' OR (d ->> 'query' IS NOT NULL) <> (d ->> 'mode' = 'query')) THEN 'deltas'
    WHEN EXISTS (SELECT FROM jsonb_array_elements(definition -> 'deltas') d, jsonb_array_elements(d -> 'columns') c WHERE jsonb_typeof(c) <> 'string') THEN 'deltas'
  END;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'this is not the definition of a model: %', wrong
      USING ERRCODE = '22023', HINT = 'It is what SELECT daas.export_model(name) gives in a database that has the extension.';
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_definition(jsonb) IS 'Internal: refuses what export_model can''t have given.';

CREATE FUNCTION daas.import_model(name text, definition jsonb, options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  key text[];
  known boolean;
  statement text;
BEGIN
  IF name IS NULL THEN
    RAISE EXCEPTION 'name must not be null' USING ERRCODE = '22004';
  END IF;
  PERFORM daas._check_definition(definition);
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  known := EXISTS (SELECT FROM daas.model m WHERE m.name = import_model.name);
  IF known AND EXISTS (SELECT FROM daas.imported_model i JOIN daas.model m ON m.name = i.name
                        WHERE i.name = import_model.name AND i.definition = import_model.definition AND m.options = import_model.options)
     AND NOT EXISTS (SELECT FROM daas.progress p WHERE p.model = import_model.name AND p.state = 'stopped')
     AND NOT EXISTS (SELECT FROM daas.source s WHERE s.model = import_model.name AND to_regclass(s.name) IS DISTINCT FROM s.relation) THEN
    RAISE NOTICE 'model "%" is defined so already, skipping', name;
    RETURN;
  END IF;
  SET CONSTRAINTS daas.imported_model_name_fkey DEFERRED;
  INSERT INTO daas.imported_model AS i (name, definition) VALUES (name, definition)
    ON CONFLICT ON CONSTRAINT imported_model_pkey DO UPDATE SET definition = excluded.definition, imported_at = now();
  key := ARRAY(SELECT jsonb_array_elements_text(definition -> 'key'));
  IF known THEN
    PERFORM daas._alter_model(daas._owner(), 'pg_catalog, pg_temp', name, definition ->> 'query', key, options);
  ELSE
    PERFORM daas._create_model(daas._owner(), 'pg_catalog, pg_temp', name, definition ->> 'query', key, options, false);
  END IF;
  -- Whatever the tables are: what the daemon runs must be one query each that runs here.
  FOR statement IN
    SELECT m.load_query FROM daas.model m WHERE m.name = import_model.name UNION ALL SELECT m.fetch_query FROM daas.model m WHERE m.name = import_model.name
    UNION ALL SELECT d.query FROM daas.delta d WHERE d.model = import_model.name AND d.query IS NOT NULL
  LOOP
    EXECUTE format(E'PREPARE daas_imported AS SELECT FROM (%s\n) q', statement);
    DEALLOCATE daas_imported;
  END LOOP;
END $$;
COMMENT ON FUNCTION daas.import_model(text, jsonb, jsonb) IS
'Defines a model, or redefines it, by what SELECT daas.export_model(name) gave in a database with the same tables that has the extension: run that statement as it is.
Refused (55000) unless these tables have the columns and unique indexes that the derivation relied on there. options: as of create_model. For the role that installed daas, which must be (a member of) the tables'' owner: the definition is believed.';

-- pgoutput is the only output plugin here, and a slot must not be older than its publication.
DO $do$ BEGIN PERFORM daas.use_decoder('pgoutput'); END $do$;
