-- Models for servers that can't load the extension's library (plain_library.sql): what a model means is derived
-- where it can be, over the same tables, and taken there as JSON:
--
--   {…, "deltas": [{"relation": "public.flights", …}], …,
--    "tables": [{"table": "public.flights", "kind": "r", "columns": {"id": {"type": "integer", "base": "integer",
--                "not_null": true, "generated": false, "deterministic": true}}, "unique": [["id"]]}],
--    "results": {"public.f(integer)": "text"}}
--
-- This is what daas._define_model returns, with names in the place of oids, and what it relied on: a table there
-- must have these columns, which the query names, may have more, and these unique indexes; functions return these types.

CREATE FUNCTION daas._unique_columns(relation regclass) RETURNS SETOF jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT (SELECT jsonb_agg(a.attname ORDER BY a.attname COLLATE "C") FROM pg_attribute a
                    WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0 : i.indnkeyatts - 1]))
    FROM pg_index i
   WHERE i.indrelid = relation AND i.indisunique AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
$$;
COMMENT ON FUNCTION daas._unique_columns(regclass) IS 'Internal: of each index that proves rows unique, its columns.';

CREATE FUNCTION daas._table_columns(relation regclass, query text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_object_agg(a.attname, jsonb_build_object(
           'type', format_type(a.atttypid, a.atttypmod), 'base', format_type(daas._base_type(a.atttypid), NULL), 'not_null', a.attnotnull, 'generated', a.attgenerated <> '',
           'deterministic', coalesce(l.collisdeterministic, true)))
    FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
   WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND daas._may_name(query, a.attname)
$$;
COMMENT ON FUNCTION daas._table_columns(regclass, text) IS 'Internal: of the columns that a query names, {column: {"type", "base", "not_null", "generated", "deterministic"}}.';

CREATE FUNCTION daas._exported(definition jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT definition - '{deltas,explanation}'::text[] || jsonb_build_object(
    'deltas', (SELECT jsonb_agg(d.value || jsonb_build_object('relation', (d.value ->> 'relation')::oid::regclass::text) ORDER BY d.number)
                 FROM jsonb_array_elements(definition -> 'deltas') WITH ORDINALITY d (value, number)),
    -- Which indexes are missing is a question of the other server's.
    'explanation', (SELECT jsonb_agg(e.value || '{"indexes": []}' ORDER BY e.number)
                      FROM jsonb_array_elements(definition -> 'explanation') WITH ORDINALITY e (value, number)),
    'results', (SELECT coalesce(jsonb_object_agg(f, format_type(p.prorettype, NULL)), '{}')
                  FROM jsonb_array_elements_text(definition -> 'functions') f JOIN pg_proc p ON p.oid = to_regprocedure(f)),
    'tables', (SELECT jsonb_agg(jsonb_build_object('table', c.oid::regclass::text, 'kind', c.relkind, 'columns', coalesce(daas._table_columns(c.oid, definition ->> 'load_query'), '{}'),
                                                   'unique', (SELECT coalesce(jsonb_agg(u ORDER BY u), '[]') FROM daas._unique_columns(c.oid) u))
                                ORDER BY c.oid::regclass::text COLLATE "C")
                 FROM pg_class c WHERE c.oid IN (SELECT (d ->> 'relation')::oid FROM jsonb_array_elements(definition -> 'deltas') d)))
$$;
COMMENT ON FUNCTION daas._exported(jsonb) IS 'Internal: what daas._define_model returned, as another server can take it.';

CREATE FUNCTION daas._export_model(caller regrole, search_path text, model_name text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on SET datestyle = 'ISO, YMD'
SET intervalstyle = postgres SET timezone = 'UTC' SET client_min_messages = error SET quote_all_identifiers = off AS $$
DECLARE
  stored CONSTANT daas.model := daas._owned_model(caller, model_name);
BEGIN
  RETURN format('SELECT daas.import_model(%L, %L, %L);', stored.name,
                daas._exported(daas._define_model(to_regrole(quote_ident(stored.owner)), 'pg_catalog, pg_temp', stored.query, stored.key, stored.by_outbox)),
                stored.options);
END $$;
COMMENT ON FUNCTION daas._export_model(regrole, text, text) IS 'Internal: export_model, as the extension''s owner.';

CREATE FUNCTION daas.export_model(name text) RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.export_model(text) IS
'The statement that defines the model in a database with the same tables in which daas is installed as plain SQL, without the extension''s library: SELECT daas.import_model(…). Only for the model''s owner.';
