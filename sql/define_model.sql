-- Defining models. The public functions are C and only pass on: daas.NAME runs daas._NAME as the
-- extension's owner, with the caller's role and search_path in front (extension/owner_gate.hpp).

CREATE FUNCTION daas._warn_without_daemon() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last timestamptz;
BEGIN
  SELECT d.reported_at INTO last FROM daas.daemon d
   WHERE d.system_identifier = (SELECT c.system_identifier FROM pg_control_system() c);
  IF last IS NULL OR last < clock_timestamp() - interval '10 seconds' THEN
    RAISE WARNING 'no daas-indexer has reported %',
                  CASE WHEN last IS NULL THEN 'for this database' ELSE 'for 10 seconds' END
      USING HINT = 'The definition is stored; it takes effect when daas-indexer runs.';
  END IF;
END $$;
COMMENT ON FUNCTION daas._warn_without_daemon() IS
  'Internal: raises a WARNING when no daemon has reported for 10 seconds.';

CREATE FUNCTION daas._warn_without_wal(options jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('wal_level') <> 'logical' AND NOT daas._captures_by_outbox(options) THEN
    RAISE WARNING 'wal_level is %, so that changes can''t be decoded', current_setting('wal_level')
      USING HINT = 'Set it to logical and restart PostgreSQL, or give the model options => ''{"capture": "notify"}''.';
  END IF;
END $$;
COMMENT ON FUNCTION daas._warn_without_wal(jsonb) IS
  'Internal: raises a WARNING when a model needs what the server''s WAL does not have.';

-- Each has a field type in Solr's schema: indexer/core/text_language.hpp, solr/configset/managed-schema.xml.
CREATE FUNCTION daas._text_languages() RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT '{simple,danish,dutch,english,finnish,french,german,hungarian,italian,norwegian,portuguese,russian,spanish,swedish}'::text[]
$$;
COMMENT ON FUNCTION daas._text_languages() IS 'Internal: languages that texts can be searched in.';

CREATE FUNCTION daas._check_text_option(value jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  text_column record;
BEGIN
  IF jsonb_typeof(value) <> 'object' THEN
    RAISE EXCEPTION 'option "text" must be a JSON object of column -> language, not %', value
      USING ERRCODE = '22023', HINT = 'For example options => ''{"text": {"title": "english"}}''.';
  END IF;
  FOR text_column IN SELECT e.key AS name, e.value AS language FROM jsonb_each(value) e LOOP
    IF jsonb_typeof(text_column.language) <> 'string' OR text_column.language #>> '{}' <> ALL (daas._text_languages()) THEN
      RAISE EXCEPTION 'column "%" can''t be searched in the language %', text_column.name, text_column.language
        USING ERRCODE = '22023', HINT = format('Languages are: %s.', array_to_string(daas._text_languages(), ', '));
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._check_text_option(jsonb) IS 'Internal: refuses what is no object of column -> language.';

CREATE FUNCTION daas._with_text(definition jsonb, options jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  unfit text;
BEGIN
  IF NOT options ? 'text' THEN
    RETURN definition;
  END IF;
  SELECT o.key INTO unfit FROM jsonb_each(options -> 'text') o
   WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(definition -> 'columns') c
                      WHERE c ->> 'name' = o.key AND c ->> 'value' IN ('text', 'character varying', 'character'))
   ORDER BY o.key LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'option "text" names column "%", which is no text column of the model', unfit
      USING ERRCODE = '42703', HINT = 'Give the query a column of this name and type text.';
  END IF;
  RETURN jsonb_set(definition, '{columns}', (
    SELECT jsonb_agg(CASE WHEN options -> 'text' ? (c.value ->> 'name')
                          THEN c.value || jsonb_build_object('language', options -> 'text' -> (c.value ->> 'name')) ELSE c.value END ORDER BY c.position)
      FROM jsonb_array_elements(definition -> 'columns') WITH ORDINALITY c (value, position)));
END $$;
COMMENT ON FUNCTION daas._with_text(jsonb, jsonb) IS
  'Internal: a definition whose columns know the languages that the option "text" gives them.';

CREATE FUNCTION daas._check_options(options jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  allowed CONSTANT text[] := '{shards,replicas,max_dead_letters,text,capture}';
  option record;
BEGIN
  IF options IS NULL OR jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION 'options must be a JSON object'
      USING ERRCODE = '22023', HINT = 'For example options => ''{"shards": 2}''.';
  END IF;
  FOR option IN SELECT o.key, o.value FROM jsonb_each(options) o LOOP
    IF option.key <> ALL (allowed) THEN
      RAISE EXCEPTION 'unknown option "%"', option.key
        USING ERRCODE = '22023', HINT = format('Options are: %s.', array_to_string(allowed, ', '));
    END IF;
    IF option.key = 'text' THEN
      PERFORM daas._check_text_option(option.value);
    ELSIF option.key = 'capture' THEN
      IF option.value NOT IN ('"logical"', '"notify"') THEN
        RAISE EXCEPTION 'option "capture" must be "logical" or "notify", not %', option.value
          USING ERRCODE = '22023';
      END IF;
    ELSIF option.key = 'max_dead_letters' THEN
      IF option.value::text !~ '^(0|[1-9][0-9]{0,5}|1000000)$' THEN
        RAISE EXCEPTION 'option "%" must be an integer from 0 to 1000000, not %', option.key, option.value
          USING ERRCODE = '22023';
      END IF;
    ELSIF option.value::text !~ '^[1-9][0-9]?$|^100$' THEN
      RAISE EXCEPTION 'option "%" must be an integer from 1 to 100, not %', option.key, option.value
        USING ERRCODE = '22023';
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._check_options(jsonb) IS 'Internal: refuses unknown options and bad values.';

CREATE FUNCTION daas._owned_model(caller regrole, model_name text) RETURNS daas.model
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_model daas.model;
BEGIN
  SELECT m.* INTO found_model FROM daas.model m WHERE m.name = model_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'model "%" does not exist', model_name USING ERRCODE = '42704';
  END IF;
  -- An owner that a restored copy lacks leaves the model to superusers.
  IF NOT pg_has_role(caller::oid,
                     coalesce(to_regrole(quote_ident(found_model.owner)), 'pg_database_owner'::regrole)::oid, 'USAGE') THEN
    RAISE EXCEPTION 'must be owner of model "%"', model_name
      USING ERRCODE = '42501', DETAIL = format('Its owner is %I.', found_model.owner);
  END IF;
  RETURN found_model;
END $$;
COMMENT ON FUNCTION daas._owned_model(regrole, text) IS
  'Internal: the model, if it exists and the caller is (a member of) its owner.';

-- Makes sources, publication and the readers' grants those of a definition.
CREATE FUNCTION daas._store_sources(caller regrole, model_name text, definition jsonb, prune boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  relation regclass;
BEGIN
  DELETE FROM daas.source s WHERE s.model = model_name;
  DELETE FROM daas.delta d WHERE d.model = model_name;
  INSERT INTO daas.delta (model, number, relation, reference, mode, columns, query)
    SELECT model_name, d.number, (d.value ->> 'relation')::oid::regclass, d.value ->> 'reference', d.value ->> 'mode',
           d.value -> 'columns', d.value ->> 'query'
      FROM jsonb_array_elements(definition -> 'deltas') WITH ORDINALITY d (value, number);
  INSERT INTO daas.source (model, relation, name)
    SELECT DISTINCT model_name, d.relation, format('%I.%I', n.nspname, c.relname)
      FROM daas.delta d JOIN pg_class c ON c.oid = d.relation JOIN pg_namespace n ON n.oid = c.relnamespace WHERE d.model = model_name;
  PERFORM daas._sync_publication();
  PERFORM daas._sync_outbox(prune => prune);
  FOR relation IN SELECT s.relation FROM daas.source s WHERE s.model = model_name LOOP
    PERFORM daas._grant_to_readers(caller, relation);
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._store_sources(regrole, text, jsonb, boolean) IS
  'Internal: replaces a model''s deltas and sources; publication and grants follow.';

CREATE FUNCTION daas._create_model(caller regrole, search_path text, model_name text, query text, key text[],
                                   options jsonb, if_not_exists boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  definition jsonb;
BEGIN
  IF model_name IS NULL OR query IS NULL THEN
    RAISE EXCEPTION 'name and query must not be null' USING ERRCODE = '22004';
  END IF;
  IF model_name !~ '^[a-z][a-z0-9_]{0,47}$' THEN
    RAISE EXCEPTION 'invalid model name "%"', model_name
      USING ERRCODE = '42602',
            HINT = 'A name has up to 48 lower-case letters, digits and underscores and starts with a letter.';
  END IF;
  PERFORM daas._check_options(options);
  -- Definitions come one after the other; readers and the daemon go on.
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM daas.model m WHERE m.name = model_name) THEN
    IF if_not_exists THEN
      RAISE NOTICE 'model "%" already exists, skipping', model_name USING ERRCODE = '42710';
      RETURN;
    END IF;
    RAISE EXCEPTION 'model "%" already exists', model_name
      USING ERRCODE = '42710', HINT = 'Redefine it with daas.alter_model, or remove it with daas.drop_model.';
  END IF;
  definition := daas._with_text(daas._define_model(caller, search_path, query, key, daas._captures_by_outbox(options)), options);
  BEGIN
    INSERT INTO daas.model (name, query, key, kind, columns, load_query, fetch_query, functions, views, whole_table, options, owner)
      VALUES (model_name, definition ->> 'query', ARRAY(SELECT jsonb_array_elements_text(definition -> 'key')),
              definition ->> 'kind', definition -> 'columns', definition ->> 'load_query',
              definition ->> 'fetch_query', ARRAY(SELECT jsonb_array_elements_text(definition -> 'functions')),
              definition -> 'views', (definition -> 'whole_table')::boolean, options, pg_get_userbyid(caller));
  EXCEPTION WHEN unique_violation THEN  -- by a transaction that our snapshot does not see
    RAISE EXCEPTION 'model "%" already exists', model_name USING ERRCODE = '42710';
  END;
  PERFORM daas._store_sources(caller, model_name, definition);
  PERFORM daas._warn_of_missing_indexes(definition);
  PERFORM daas._warn_without_wal(options);
  PERFORM daas._warn_without_daemon();
END $$;
COMMENT ON FUNCTION daas._create_model(regrole, text, text, text, text[], jsonb, boolean) IS
  'Internal: create_model, as the extension''s owner.';

CREATE FUNCTION daas.create_model(name text, query text, key text[] DEFAULT NULL, options jsonb DEFAULT '{}',
                                  if_not_exists boolean DEFAULT false) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.create_model(text, text, text[], jsonb, boolean) IS
'Defines a model: a SELECT, each of whose rows becomes one document, which follows every change of every table that it reads.
name: lower-case letters, digits, underscores. query: joins, subqueries, views, aggregates, IMMUTABLE and built-in STABLE functions; you must own its tables and views.
key: output columns that are unique and not null; by default the primary key of the table whose rows the documents are, or what the query groups by.
options: shards, replicas (1 to 100); max_dead_letters (0 to 1000000, by default 1000): above it the model stops; text: {"column": "english"}, the columns to search by words, with their languages; capture: "logical" (by default: logical decoding) or "notify" (triggers on the tables, for servers with wal_level < logical or without the right of replication). if_not_exists: a NOTICE instead of an error (42710).
Takes effect at commit.';

-- A definition as the next revision of a model.
CREATE FUNCTION daas._store_definition(caller regrole, model_name text, definition jsonb, options jsonb, prune boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before regclass[];
  dropped regclass;
BEGIN
  PERFORM daas._check_apis_of(model_name, definition -> 'columns');
  PERFORM daas._check_writing_apis_of(model_name, definition);
  SELECT array_agg(s.relation) INTO before FROM daas.source s WHERE s.model = model_name;
  UPDATE daas.model m
     SET query = definition ->> 'query',
         key = ARRAY(SELECT jsonb_array_elements_text(definition -> 'key')),
         kind = definition ->> 'kind',
         columns = definition -> 'columns',
         load_query = definition ->> 'load_query',
         fetch_query = definition ->> 'fetch_query',
         functions = ARRAY(SELECT jsonb_array_elements_text(definition -> 'functions')),
         views = definition -> 'views',
         whole_table = (definition -> 'whole_table')::boolean,
         options = _store_definition.options,
         revision = nextval('daas.revision_seq'),
         defined = currval('daas.revision_seq')
   WHERE m.name = model_name;
  PERFORM daas._store_sources(caller, model_name, definition, prune);
  FOREACH dropped IN ARRAY coalesce(before, '{}') LOOP
    PERFORM daas._revoke_from_readers(dropped)
      WHERE NOT EXISTS (SELECT FROM daas.source s WHERE s.relation = dropped);
  END LOOP;
  IF EXISTS (SELECT FROM daas.api a WHERE a.model = model_name AND a.writes <> '{}') THEN
    PERFORM daas._sync_writers(caller, w.relation)
       FROM (SELECT unnest(before) UNION SELECT s.relation FROM daas.source s WHERE s.model = model_name) w (relation);
  END IF;
  PERFORM daas._warn_of_missing_indexes(definition);
  PERFORM daas._warn_without_wal(options);
  PERFORM daas._warn_without_daemon();
END $$;
COMMENT ON FUNCTION daas._store_definition(regrole, text, jsonb, jsonb, boolean) IS
  'Internal: stores what daas._define_model derived as the next revision of a model.';

CREATE FUNCTION daas._redefine(caller regrole, search_path text, model_name text, query text, key text[],
                               options jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT daas._store_definition(caller, model_name,
                                daas._with_text(daas._define_model(caller, search_path, query, key, daas._captures_by_outbox(options)), options), options)
$$;
COMMENT ON FUNCTION daas._redefine(regrole, text, text, text, text[], jsonb) IS
  'Internal: derives a model''s definition anew and stores it as the next revision.';

-- Settings decide what literals mean; the stored text was written under these.
CREATE FUNCTION daas._redefine_stored(caller regrole, stored daas.model, key text[], options jsonb) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on SET datestyle = 'ISO, YMD'
SET intervalstyle = postgres SET timezone = 'UTC' AS $$
  SELECT daas._redefine(caller, 'pg_catalog, pg_temp', stored.name, stored.query, key, options)
$$;
COMMENT ON FUNCTION daas._redefine_stored(regrole, daas.model, text[], jsonb) IS
  'Internal: _redefine with the stored query.';

-- What a model is derived from has changed: the same query may mean something else now.
CREATE FUNCTION daas._follow(stored daas.model) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on SET datestyle = 'ISO, YMD'
SET intervalstyle = postgres SET timezone = 'UTC' SET client_min_messages = error AS $$
DECLARE
  owner CONSTANT regrole := to_regrole(quote_ident(stored.owner));
  definition jsonb;
BEGIN
  IF owner IS NULL THEN RETURN; END IF;
  definition := daas._with_text(daas._define_model(owner, 'pg_catalog, pg_temp', stored.query, stored.key, stored.by_outbox),
                                stored.options);
  IF EXISTS (SELECT FROM daas.model m
              WHERE m.name = stored.name
                AND (m.query, m.kind, m.columns, m.load_query, m.fetch_query, m.views)
                  = (definition ->> 'query', definition ->> 'kind', definition -> 'columns', definition ->> 'load_query',
                     definition ->> 'fetch_query', definition -> 'views')
                AND definition -> 'deltas'
                  = (SELECT jsonb_agg(jsonb_build_object('relation', d.relation::oid::bigint, 'reference', d.reference, 'mode', d.mode,
                                                         'columns', d.columns, 'query', d.query) ORDER BY d.number)
                       FROM daas.delta d WHERE d.model = m.name)) THEN
    RETURN;
  END IF;
  PERFORM daas._store_definition(owner, stored.name, definition, stored.options, prune => false);
END $$;
COMMENT ON FUNCTION daas._follow(daas.model) IS
  'Internal: derives a definition anew, as its owner, and stores it if it has become another.';

CREATE FUNCTION daas._alter_model(caller regrole, search_path text, model_name text, query text, key text[],
                                  options jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old daas.model;
BEGIN
  IF options IS NOT NULL THEN PERFORM daas._check_options(options); END IF;
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  old := daas._owned_model(caller, model_name);
  IF query IS NULL THEN
    PERFORM daas._redefine_stored(caller, old, coalesce(key, old.key), coalesce(options, old.options));
  ELSE
    PERFORM daas._redefine(caller, search_path, model_name, query, coalesce(key, old.key), coalesce(options, old.options));
  END IF;
END $$;
COMMENT ON FUNCTION daas._alter_model(regrole, text, text, text, text[], jsonb) IS
  'Internal: alter_model, as the extension''s owner.';

CREATE FUNCTION daas.alter_model(name text, query text DEFAULT NULL, key text[] DEFAULT NULL,
                                 options jsonb DEFAULT NULL) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.alter_model(text, text, text[], jsonb) IS
'Redefines a model. What is NULL stays. Its documents are loaded anew; readers see the old ones until that is done.
Columns that an API uses must stay (2BP01). Only the model''s owner may, who must own the tables.';

CREATE FUNCTION daas._reload_model(caller regrole, search_path text, model_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old daas.model;
  deltas daas.delta[];
BEGIN
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  old := daas._owned_model(caller, model_name);
  deltas := ARRAY(SELECT d FROM daas.delta d WHERE d.model = model_name ORDER BY d.number);
  PERFORM daas._redefine_stored(caller, old, old.key, old.options);
  -- What is served goes on following the changes, if it is still what the definition says.
  UPDATE daas.model m SET defined = old.defined
   WHERE m.name = model_name
     AND (m.query, m.key, m.kind, m.columns, m.load_query, m.fetch_query)
       = (old.query, old.key, old.kind, old.columns, old.load_query, old.fetch_query)
     AND ARRAY(SELECT d FROM daas.delta d WHERE d.model = model_name ORDER BY d.number) = deltas;
END $$;
COMMENT ON FUNCTION daas._reload_model(regrole, text, text) IS
  'Internal: reload_model, as the extension''s owner.';

CREATE FUNCTION daas.reload_model(name text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.reload_model(text) IS
'Loads all documents of a model anew, behind the ones that are served, which go on following the changes. Column types are looked up again: this is how a model that stopped after ALTER TABLE goes on.';

CREATE FUNCTION daas._pause_model(caller regrole, search_path text, model_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  PERFORM daas._owned_model(caller, model_name);
  UPDATE daas.model m SET paused = true WHERE m.name = model_name AND NOT m.paused;
END $$;
COMMENT ON FUNCTION daas._pause_model(regrole, text, text) IS 'Internal: pause_model, as the extension''s owner.';

CREATE FUNCTION daas.pause_model(name text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.pause_model(text) IS
'Stops following changes: readers keep the documents as they are, and the model no longer holds the replication slot. resume_model loads it anew.';

CREATE FUNCTION daas._resume_model(caller regrole, search_path text, model_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  old daas.model;
BEGIN
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  old := daas._owned_model(caller, model_name);
  IF NOT old.paused THEN RETURN; END IF;
  -- What it missed is unknown: a new revision, which is a load behind the documents that are served.
  PERFORM daas._redefine_stored(caller, old, old.key, old.options);
  UPDATE daas.model m SET paused = false WHERE m.name = model_name;
END $$;
COMMENT ON FUNCTION daas._resume_model(regrole, text, text) IS 'Internal: resume_model, as the extension''s owner.';

CREATE FUNCTION daas.resume_model(name text) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.resume_model(text) IS
'Ends a pause: all documents are loaded anew, behind the ones that are served. Does nothing when the model is not paused.';

CREATE FUNCTION daas._drop_model(caller regrole, search_path text, model_name text, if_exists boolean,
                                 cascade_ boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  apis text;
  before regclass[];
  dropped regclass;
  written boolean;
BEGIN
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  IF if_exists AND NOT EXISTS (SELECT FROM daas.model m WHERE m.name = model_name) THEN
    RAISE NOTICE 'model "%" does not exist, skipping', model_name;
    RETURN;
  END IF;
  PERFORM daas._owned_model(caller, model_name);
  SELECT string_agg(format('"%s"', a.path), ', ' ORDER BY a.path) INTO apis FROM daas.api a WHERE a.model = model_name;
  IF apis IS NOT NULL AND NOT coalesce(cascade_, false) THEN
    RAISE EXCEPTION 'cannot drop model "%" because APIs read it', model_name
      USING ERRCODE = '2BP01', DETAIL = format('APIs: %s.', apis),
            HINT = 'Use cascade => true to drop them too.';
  ELSIF apis IS NOT NULL THEN
    RAISE NOTICE 'drop cascades to API %', apis;
    written := EXISTS (SELECT FROM daas.api a WHERE a.model = model_name AND a.writes <> '{}');
    DELETE FROM daas.api a WHERE a.model = model_name;
  END IF;
  SELECT array_agg(s.relation) INTO before FROM daas.source s WHERE s.model = model_name;
  DELETE FROM daas.model m WHERE m.name = model_name;
  PERFORM daas._sync_publication();
  PERFORM daas._sync_outbox();
  FOREACH dropped IN ARRAY coalesce(before, '{}') LOOP
    PERFORM daas._revoke_from_readers(dropped)
      WHERE NOT EXISTS (SELECT FROM daas.source s WHERE s.relation = dropped);
  END LOOP;
  IF written THEN
    PERFORM daas._sync_writers(caller, w.relation) FROM unnest(before) w (relation);
  END IF;
  PERFORM daas._warn_without_daemon();
END $$;
COMMENT ON FUNCTION daas._drop_model(regrole, text, text, boolean, boolean) IS
  'Internal: drop_model, as the extension''s owner.';

CREATE FUNCTION daas.drop_model(name text, if_exists boolean DEFAULT false, cascade boolean DEFAULT false)
RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.drop_model(text, boolean, boolean) IS
'Removes a model and its documents. Refused (2BP01) while an API reads it, unless cascade. if_exists: a NOTICE instead of an error (42704).';
