-- Of daas--sql-only.sql: the public functions, which the extension has in C, and what only this script has.

CREATE FUNCTION daas._caller() RETURNS regrole
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  -- Within SECURITY DEFINER functions, where current_user is their owner. SET ROLE checked the right to be who this says.
  SELECT quote_ident(CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END)::regrole
$$;
COMMENT ON FUNCTION daas._caller() IS 'Internal: who called a public function.';

-- daas.NAME(…) runs daas._NAME(caller, search_path, …) as the owner. No query is parsed behind it, so the path is nobody's.
DO $do$
DECLARE
  gate record;
BEGIN
  FOR gate IN
    SELECT p.proname AS name, pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result,
           (SELECT string_agg(', $' || n, '' ORDER BY n) FROM generate_series(1, p.pronargs) n) AS passed
      FROM pg_proc p WHERE p.pronamespace = 'daas'::regnamespace AND p.prosrc = '<<run_as_owner>> BEGIN END'
  LOOP
    EXECUTE format('CREATE OR REPLACE FUNCTION daas.%I(%s) RETURNS %s LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %L',
                   gate.name, gate.arguments, gate.result,
                   format('SELECT daas.%I(daas._caller(), ''pg_catalog, pg_temp''%s)', '_' || gate.name, gate.passed));
  END LOOP;
END $do$;

CREATE FUNCTION daas.import_model(name text, definition jsonb, options jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  key text[];
  known boolean;
BEGIN
  IF name IS NULL OR definition IS NULL THEN
    RAISE EXCEPTION 'name and definition must not be null' USING ERRCODE = '22004';
  ELSIF NOT coalesce(definition ?& '{query,key,kind,columns,load_query,fetch_query,functions,views,whole_table,deltas,tables}'
                     AND jsonb_typeof(definition -> 'deltas') = 'array' AND jsonb_typeof(definition -> 'tables') = 'array', false) THEN
    RAISE EXCEPTION 'this is not the definition of a model'
      USING ERRCODE = '22023', HINT = 'It is what SELECT daas.export_model(name) gives in a database that has the extension.';
  END IF;
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  known := EXISTS (SELECT FROM daas.model m WHERE m.name = import_model.name);
  IF known AND EXISTS (SELECT FROM daas.imported_model i JOIN daas.model m ON m.name = i.name
                        WHERE i.name = import_model.name AND i.definition = import_model.definition AND m.options = import_model.options) THEN
    RAISE NOTICE 'model "%" is defined so already, skipping', name;
    RETURN;
  END IF;
  INSERT INTO daas.imported_model AS i (name, definition) VALUES (name, definition)
    ON CONFLICT ON CONSTRAINT imported_model_pkey DO UPDATE SET definition = excluded.definition, imported_at = now();
  key := ARRAY(SELECT jsonb_array_elements_text(definition -> 'key'));
  IF known THEN
    PERFORM daas._alter_model(quote_ident(current_user)::regrole, 'pg_catalog, pg_temp', name, definition ->> 'query', key, options);
  ELSE
    PERFORM daas._create_model(quote_ident(current_user)::regrole, 'pg_catalog, pg_temp', name, definition ->> 'query', key, options, false);
  END IF;
END $$;
COMMENT ON FUNCTION daas.import_model(text, jsonb, jsonb) IS
'Defines a model, or redefines it, by what SELECT daas.export_model(name) gave in a database with the same tables that has the extension: run that statement as it is.
Refused (55000) unless these tables have the columns and unique indexes that the derivation relied on there. options: as of create_model. For the role that installed daas, which must be (a member of) the tables'' owner: the definition is believed.';

-- pgoutput is the only output plugin here, and a slot must not be older than its publication.
DO $do$ BEGIN PERFORM daas.use_decoder('pgoutput'); END $do$;
