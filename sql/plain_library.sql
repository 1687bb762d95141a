-- Of daas--sql-only.sql, in the place of library.sql: what can be done without the extension's library, for servers
-- that can't load it. What a query means is not derived here but imported (export_model.sql), and believed as long as
-- the tables are what they were there. Of DDL event triggers tell less: what they can't rule out loads a model anew.

CREATE FUNCTION daas.version() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT '@EXTVERSION@' $$;
COMMENT ON FUNCTION daas.version() IS 'The version of daas in this database, which daas-indexer''s must be.';

CREATE FUNCTION daas._ddl_commands() RETURNS SETOF daas.ddl_command
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT d.classid, d.objid, EXISTS (SELECT FROM daas.outbox_ddl o WHERE o.relation = d.objid),
         d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind = 'p'),
         d.command_tag IN ('ALTER TYPE', 'ALTER TABLE'), true, NULL::text[]
    FROM pg_event_trigger_ddl_commands() d
$$;
COMMENT ON FUNCTION daas._ddl_commands() IS 'Internal: the commands of an event trigger; any may change values and columns, and any of a partitioned table move rows.';

CREATE FUNCTION daas._dropped_partition_roots() RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c.oid FROM daas._captured_sources(by_outbox => true) s JOIN pg_class c ON c.oid = s
   WHERE c.relkind = 'p'
     AND EXISTS (SELECT FROM pg_event_trigger_dropped_objects() d JOIN pg_event_trigger_dropped_objects() t ON t.address_names[1:2] = d.address_names[1:2]
                  WHERE d.object_type = 'table' AND t.object_type = 'trigger' AND t.address_names[3] LIKE 'daas\_outbox\_%'
                    AND NOT EXISTS (SELECT FROM daas.source o WHERE o.relation = d.objid))
$$;
COMMENT ON FUNCTION daas._dropped_partition_roots() IS 'Internal: every partitioned source, if a table with triggers of the outbox was dropped.';

CREATE TABLE daas.imported_model (
  name         text PRIMARY KEY REFERENCES daas.model ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  definition   jsonb NOT NULL,
  imported_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  daas.imported_model IS 'What models mean, as it was derived on a server that has the extension''s library.';
COMMENT ON COLUMN daas.imported_model.name IS 'The model.';
COMMENT ON COLUMN daas.imported_model.definition IS 'See sql/export_model.sql: what daas.export_model gave.';
COMMENT ON COLUMN daas.imported_model.imported_at IS 'When it was imported.';

-- What the derivation relied on, and what the daemon needs.
CREATE FUNCTION daas._misfit(definition jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wanted jsonb;
  present pg_class;
  column_name text;
  missing jsonb;
  called text;
  view jsonb;
BEGIN
  FOR wanted IN SELECT t FROM jsonb_array_elements(definition -> 'tables') t LOOP
    SELECT c.* INTO present FROM pg_class c WHERE c.oid = to_regclass(wanted ->> 'table');
    IF NOT FOUND THEN
      RETURN format('there is no table %s', wanted ->> 'table');
    ELSIF present.relkind <> (wanted ->> 'kind')::"char" OR present.relispartition THEN
      RETURN format('table %s is of another kind', wanted ->> 'table');
    ELSIF EXISTS (SELECT FROM daas._partitions_of(present.oid) p JOIN pg_class c ON c.oid = p WHERE c.relpersistence <> 'p' OR c.relkind = 'f') THEN
      RETURN format('table %s or a partition of it is foreign, unlogged or temporary', wanted ->> 'table');
    ELSIF present.relrowsecurity THEN
      RETURN format('table %s has row level security', wanted ->> 'table');
    ELSIF present.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = present.oid) THEN
      RETURN format('table %s has inheriting tables', wanted ->> 'table');
    END IF;
    SELECT w.key INTO column_name
      FROM jsonb_each(wanted -> 'columns') w
      LEFT JOIN jsonb_each(daas._table_columns(present.oid, definition ->> 'load_query')) h ON h.key = w.key
     WHERE h.key IS NULL OR h.value - 'not_null' <> w.value - 'not_null' OR (w.value -> 'not_null')::boolean AND NOT (h.value -> 'not_null')::boolean
     ORDER BY w.key LIMIT 1;
    IF FOUND THEN
      RETURN format('column "%s" of table %s is %s there and %s here', column_name, wanted ->> 'table', wanted -> 'columns' -> column_name,
                    coalesce((daas._table_columns(present.oid, definition ->> 'load_query') -> column_name)::text, 'not'));
    END IF;
    SELECT u INTO missing FROM jsonb_array_elements(wanted -> 'unique') u
     WHERE u NOT IN (SELECT daas._unique_columns(present.oid)) LIMIT 1;
    IF FOUND THEN
      RETURN format('table %s has no unique index of %s', wanted ->> 'table', missing);
    END IF;
  END LOOP;
  SELECT f INTO called FROM jsonb_array_elements_text(definition -> 'functions') f
   WHERE NOT EXISTS (SELECT FROM pg_proc p
                      WHERE p.oid = to_regprocedure(f) AND p.provolatile = 'i'
                        AND format_type(p.prorettype, NULL) IS NOT DISTINCT FROM definition -> 'results' ->> f) LIMIT 1;
  IF FOUND THEN
    RETURN format('there is no IMMUTABLE function %s that returns %s', called, definition -> 'results' ->> called);
  END IF;
  SELECT v INTO view FROM jsonb_array_elements(definition -> 'views') v
   WHERE pg_get_viewdef(to_regclass(v ->> 'view')) IS DISTINCT FROM v ->> 'definition' LIMIT 1;
  IF FOUND THEN
    RETURN format('view %s is another one', view ->> 'view');
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION daas._misfit(jsonb) IS 'Internal: why an imported definition is not true here, or NULL.';

CREATE FUNCTION daas._check_imported_identity(definition jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  uncovered record;
BEGIN
  SELECT c.oid::regclass AS relation, string_agg(DISTINCT quote_ident(n), ', ') AS columns INTO uncovered
    FROM jsonb_array_elements(definition -> 'deltas') d, jsonb_array_elements_text(d -> 'columns') n,
         daas._partitions_of((d ->> 'relation')::regclass) p JOIN pg_class c ON c.oid = p AND c.relkind = 'r' AND c.relreplident <> 'f'
   WHERE d ->> 'mode' <> 'refresh'
     AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0 : i.indnkeyatts - 1])
                      WHERE i.indrelid = c.oid AND a.attname = n
                        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary AND i.indimmediate WHEN 'i' THEN i.indisreplident ELSE false END)
   GROUP BY c.oid ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the replica identity of % does not cover the columns (%)', uncovered.relation, uncovered.columns
      USING ERRCODE = '55000', DETAIL = 'Without them an UPDATE or DELETE does not say which documents it concerns.',
            HINT = format('Run ALTER TABLE %s REPLICA IDENTITY FULL.', uncovered.relation);
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_imported_identity(jsonb) IS 'Internal: refuses tables whose changes would not say what the deltas need.';

CREATE FUNCTION daas._define_model(caller regrole, search_path text, query text, key text[], by_outbox boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  found_model record;
  unowned regclass;
BEGIN
  SELECT i.name, i.definition, daas._misfit(i.definition) AS misfit INTO found_model FROM daas.imported_model i
   WHERE i.definition ->> 'query' = query AND i.definition -> 'key' = to_jsonb(key)
   ORDER BY 3 NULLS FIRST, i.imported_at DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'what a query means can''t be derived here, without the extension''s library'
      USING ERRCODE = '0A000',
            HINT = 'Define the model in a database that has the extension, with the same tables, and run here the statement that SELECT daas.export_model(name) gives there.';
  ELSIF found_model.misfit IS NOT NULL THEN
    RAISE EXCEPTION 'model "%" was derived over other tables: %', found_model.name, found_model.misfit
      USING ERRCODE = '55000',
            HINT = 'Make it as it is there; or define the model anew there, with the tables as they are here, and import it again.';
  END IF;
  SELECT c.oid::regclass INTO unowned FROM pg_class c
   WHERE c.oid IN (SELECT (d ->> 'relation')::regclass::oid FROM jsonb_array_elements(found_model.definition -> 'deltas') d)
     AND NOT pg_has_role(caller::oid, c.relowner, 'USAGE') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'must be owner of table %', unowned
      USING ERRCODE = '42501', HINT = 'A model publishes its table: its owner, or a member of that role, defines it.';
  END IF;
  IF NOT by_outbox THEN PERFORM daas._check_imported_identity(found_model.definition); END IF;
  RETURN found_model.definition || jsonb_build_object('deltas', (
    SELECT jsonb_agg(d.value || jsonb_build_object('relation', (d.value ->> 'relation')::regclass::oid::bigint) ORDER BY d.number)
      FROM jsonb_array_elements(found_model.definition -> 'deltas') WITH ORDINALITY d (value, number)));
END $$;
COMMENT ON FUNCTION daas._define_model(regrole, text, text, text[], boolean) IS
  'Internal: what was imported for a query, if it is true here. Unless by_outbox, the replica identity must cover what is needed of old images.';

CREATE FUNCTION daas._hash_password(password text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'passwords need the extension''s library'
    USING ERRCODE = '0A000', HINT = 'Have tokens issued elsewhere: daas-indexer takes their keys by --jwks or --jwt-public-key.';
END $$;
COMMENT ON FUNCTION daas._hash_password(text) IS 'Internal: refuses.';

CREATE FUNCTION daas._verify_password(password text, hash text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT false $$;
COMMENT ON FUNCTION daas._verify_password(text, text) IS 'Internal: no, since there are no passwords.';

CREATE FUNCTION daas._password_hash_format(hash text) RETURNS text
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT daas._hash_password(hash) $$;
COMMENT ON FUNCTION daas._password_hash_format(text) IS 'Internal: refuses.';
