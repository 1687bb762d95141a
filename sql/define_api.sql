-- Defining APIs; see define_model.sql for how public functions and their _ parts relate.

-- One row per column of a model, with what an API may do with it.
CREATE FUNCTION daas._api_columns(columns jsonb, OUT name text, OUT type text, OUT filterable boolean, OUT scopable boolean)
RETURNS SETOF record LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT c ->> 'name', c ->> 'type',
         c ->> 'twin' IS NOT NULL,
         coalesce(c ->> 'value', '') IN ('text', 'character varying', 'smallint', 'integer', 'bigint', 'uuid', 'boolean')
    FROM jsonb_array_elements(columns) WITH ORDINALITY e (c, position)
   ORDER BY position
$$;
COMMENT ON FUNCTION daas._api_columns(jsonb) IS
  'Internal: the columns of daas.model.columns, and whether an API may filter by them or be scoped by them.';

CREATE FUNCTION daas._check_apis_of(model_name text, columns jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  broken text;
BEGIN
  WITH used AS (
    SELECT a.path, f AS name, 'field' AS as_ FROM daas.api a, unnest(a.fields) f WHERE a.model = model_name
    UNION ALL
    SELECT a.path, f, 'filter' FROM daas.api a, unnest(a.filters) f WHERE a.model = model_name
    UNION ALL
    SELECT a.path, f, 'scope' FROM daas.api a, jsonb_object_keys(a.scope) f WHERE a.model = model_name
  ), unfit AS (
    -- A column that is gone is named once, one of another type with the use that it no longer allows.
    SELECT DISTINCT u.path, u.name || CASE WHEN c.name IS NOT NULL THEN format(' (as %s)', u.as_) ELSE '' END AS name
      FROM used u LEFT JOIN daas._api_columns(columns) c ON c.name = u.name
     WHERE CASE u.as_ WHEN 'field' THEN c.name IS NULL WHEN 'filter' THEN c.filterable IS NOT TRUE ELSE c.scopable IS NOT TRUE END
  )
  SELECT string_agg(format('API "%s" needs %s.', p.path, p.names), E'\n' ORDER BY p.path) INTO broken
    FROM (SELECT path, string_agg(name, ', ' ORDER BY name) AS names FROM unfit GROUP BY path) p;
  IF broken IS NOT NULL THEN
    RAISE EXCEPTION 'cannot redefine model "%" because APIs depend on its columns', model_name
      USING ERRCODE = '2BP01', DETAIL = broken,
            HINT = 'Redefine these APIs with daas.create_api(…, or_replace => true), or drop them, first.';
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_apis_of(text, jsonb) IS
  'Internal: refuses new columns of a model that an API can''t live with.';

CREATE FUNCTION daas._check_path(path text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF path IS NULL THEN
    RAISE EXCEPTION 'path must not be null' USING ERRCODE = '22004';
  ELSIF path !~ '^[a-z_][a-z0-9_]*$' OR length(path) > 100 THEN
    RAISE EXCEPTION 'invalid API path "%"', path
      USING ERRCODE = '42602', HINT = 'A path has lower-case letters, digits and underscores and does not start with a digit.';
  ELSIF path IN ('auth', 'healthz', 'readyz', 'metrics', 'status', 'docs', 'rpc', 'stage', 'openapi.json') THEN
    RAISE EXCEPTION 'API path "%" is reserved', path
      USING ERRCODE = '42939', HINT = 'Choose another path: create_api(path, model).';
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_path(text) IS 'Internal: refuses bad and reserved paths.';

CREATE FUNCTION daas._check_scope(scope jsonb, public boolean, columns jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pair record;
  wanted record;
BEGIN
  IF scope IS NULL AND NOT public THEN
    RAISE EXCEPTION 'the API has no scope and is not public'
      USING ERRCODE = '22023',
            HINT = 'Give scope => ''{"column": "claim"}'', scope => ''{}'' for any valid token, or public => true.';
  ELSIF scope IS NULL THEN
    RETURN;
  ELSIF public THEN
    RAISE EXCEPTION 'a public API can''t have a scope'
      USING ERRCODE = '22023', HINT = 'Without a token there is no claim: leave out one of the two.';
  ELSIF jsonb_typeof(scope) <> 'object' THEN
    RAISE EXCEPTION 'scope must be a JSON object of column -> claim'
      USING ERRCODE = '22023', HINT = 'For example scope => ''{"origin": "airports"}''.';
  END IF;
  FOR pair IN SELECT e.key AS name, e.value AS claim FROM jsonb_each(scope) e LOOP
    IF jsonb_typeof(pair.claim) <> 'string' OR pair.claim #>> '{}' = '' THEN
      RAISE EXCEPTION 'the claim of scope column "%" must be a string, not %', pair.name, pair.claim
        USING ERRCODE = '22023';
    END IF;
    SELECT c.* INTO wanted FROM daas._api_columns(columns) c WHERE c.name = pair.name;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'scope column "%" is not a column of the model', pair.name USING ERRCODE = '42703';
    ELSIF NOT wanted.scopable THEN
      RAISE EXCEPTION 'scope column "%" is of type %, which is not supported in a scope', pair.name, wanted.type
        USING ERRCODE = '0A000',
              HINT = 'Scope columns are text, character varying, smallint, integer, bigint, uuid or boolean.';
    END IF;
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._check_scope(jsonb, boolean, jsonb) IS
  'Internal: refuses an API without scope that is not public, and scope columns that can''t be one.';

CREATE FUNCTION daas._check_api_columns(what text, names text[], columns jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  unfit record;
BEGIN
  -- In one go: a table may have 1,600 columns.
  SELECT n.name, c.name IS NULL AS unknown, c.type INTO unfit
    FROM unnest(names) WITH ORDINALITY n (name, position) LEFT JOIN daas._api_columns(columns) c ON c.name = n.name
   WHERE c.name IS NULL OR (what = 'filter' AND NOT c.filterable)
   ORDER BY n.position LIMIT 1;
  IF unfit.unknown THEN
    RAISE EXCEPTION '% column "%" is not a column of the model', what, unfit.name
      USING ERRCODE = '42703',
            HINT = (SELECT format('Columns are: %s.', string_agg(c.name, ', ')) FROM daas._api_columns(columns) c);
  ELSIF FOUND THEN
    RAISE EXCEPTION 'filter column "%" is of type %, which can''t be filtered by', unfit.name, unfit.type
      USING ERRCODE = '0A000', HINT = 'It can be read: leave it in fields, and out of filters.';
  END IF;
  IF EXISTS (SELECT FROM unnest(names) n GROUP BY n HAVING count(*) > 1) THEN
    RAISE EXCEPTION '% columns occur twice', what USING ERRCODE = '42701';
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_api_columns(text, text[], jsonb) IS
  'Internal: refuses fields and filters that the model doesn''t have or can''t filter by.';

CREATE FUNCTION daas._create_api(caller regrole, search_path text, path text, model_name text, fields text[],
                                 filters text[], scope jsonb, public boolean, max_rows int, or_replace boolean,
                                 writes text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  model daas.model;
  taken daas.api;
  reserved text;
BEGIN
  PERFORM daas._check_path(path);
  public := coalesce(public, false);
  -- Against a redefinition of the model that is under way.
  LOCK TABLE daas.model IN SHARE ROW EXCLUSIVE MODE;
  model := daas._owned_model(caller, coalesce(model_name, path));
  SELECT a.* INTO taken FROM daas.api a WHERE a.path = _create_api.path;
  IF FOUND THEN
    IF NOT coalesce(or_replace, false) THEN
      RAISE EXCEPTION 'API "%" already exists', path
        USING ERRCODE = '42710', HINT = 'Use or_replace => true to redefine it.';
    END IF;
    PERFORM daas._owned_model(caller, taken.model);
  END IF;
  fields := coalesce(fields, ARRAY(SELECT c.name FROM daas._api_columns(model.columns) c));
  IF cardinality(fields) = 0 THEN
    RAISE EXCEPTION 'an API needs at least one field' USING ERRCODE = '22023';
  END IF;
  filters := coalesce(filters, ARRAY(SELECT c.name FROM daas._api_columns(model.columns) c
                                      WHERE c.filterable AND c.name = ANY (fields)));
  PERFORM daas._check_api_columns('field', fields, model.columns);
  PERFORM daas._check_api_columns('filter', filters, model.columns);
  PERFORM daas._check_scope(scope, public, model.columns);
  IF NOT filters <@ fields THEN
    RAISE EXCEPTION 'filter columns must be among the fields'
      USING ERRCODE = '22023', HINT = 'Whoever can filter by a column can find out its values.';
  END IF;
  IF max_rows IS NULL OR max_rows NOT BETWEEN 1 AND 10000 THEN
    RAISE EXCEPTION 'max_rows must be from 1 to 10000' USING ERRCODE = '22023';
  END IF;
  writes := coalesce(writes, '{}');
  PERFORM daas._check_writes(caller, writes, public, model, fields, scope);
  FOREACH reserved IN ARRAY '{select,order,limit,offset,and,or,not,not.and,not.or,columns,on_conflict}'::text[] LOOP
    IF reserved = ANY (filters) THEN
      RAISE WARNING 'column "%" can be selected but not filtered by without quotes', reserved
        USING DETAIL = 'The query parameter of this name has another meaning.',
              HINT = format('Readers write "%s"=… with the quotes; or give the column another name in the model''s query.', reserved);
    END IF;
  END LOOP;
  DELETE FROM daas.api a WHERE a.path = _create_api.path;
  INSERT INTO daas.api (path, model, fields, filters, scope, public, max_rows, published, created_at, writes)
    VALUES (path, model.name, fields, filters, scope, public, max_rows,
            coalesce(taken.published, true), coalesce(taken.created_at, now()), writes);
  IF taken.writes <> '{}' AND taken.model <> model.name THEN
    PERFORM daas._sync_writers_of(caller, taken.model);
  END IF;
  IF writes <> '{}' OR taken.writes <> '{}' THEN
    PERFORM daas._sync_writers_of(caller, model.name);
  END IF;
  PERFORM daas._warn_without_daemon();
END $$;
COMMENT ON FUNCTION daas._create_api(regrole, text, text, text, text[], text[], jsonb, boolean, int, boolean, text[]) IS
  'Internal: create_api, as the extension''s owner.';

CREATE FUNCTION daas.create_api(path text, model text DEFAULT NULL, fields text[] DEFAULT NULL,
                                filters text[] DEFAULT NULL, scope jsonb DEFAULT NULL, public boolean DEFAULT false,
                                max_rows int DEFAULT 1000, or_replace boolean DEFAULT false,
                                writes text[] DEFAULT '{}') RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.create_api(text, text, text[], text[], jsonb, boolean, int, boolean, text[]) IS
'Serves a model as GET /path.
model: by default the one named as the path. fields: columns that may be read; by default all, frozen now. filters: columns that may be filtered and ordered by; by default all fields of a type that can.
scope: {"column": "claim"}: a token sees the rows whose column is (in) its claim; {} lets any valid token see all rows. public: no token needed. One of the two is required.
max_rows: most rows of one answer, 1 to 10000. or_replace: redefines an existing API.
writes: of insert (POST), update (PATCH) and delete (DELETE), what tokens may do within their scope; nothing by default. Only for models that select columns of one table, without WHERE, and never of a public API.';

CREATE FUNCTION daas._set_published(caller regrole, path text, published boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  api daas.api;
BEGIN
  SELECT a.* INTO api FROM daas.api a WHERE a.path = _set_published.path;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'API "%" does not exist', path USING ERRCODE = '42704';
  END IF;
  PERFORM daas._owned_model(caller, api.model);
  UPDATE daas.api a SET published = _set_published.published WHERE a.path = _set_published.path;
  IF api.writes <> '{}' THEN PERFORM daas._sync_writers_of(caller, api.model); END IF;
  PERFORM daas._warn_without_daemon();
END $$;
COMMENT ON FUNCTION daas._set_published(regrole, text, boolean) IS 'Internal: publish_api and unpublish_api.';

CREATE FUNCTION daas._publish_api(caller regrole, search_path text, path text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT daas._set_published(caller, path, true) $$;
COMMENT ON FUNCTION daas._publish_api(regrole, text, text) IS 'Internal: publish_api, as the extension''s owner.';

CREATE FUNCTION daas.publish_api(path text) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.publish_api(text) IS 'Serves an API that was unpublished. New APIs are published.';

CREATE FUNCTION daas._unpublish_api(caller regrole, search_path text, path text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$ SELECT daas._set_published(caller, path, false) $$;
COMMENT ON FUNCTION daas._unpublish_api(regrole, text, text) IS 'Internal: unpublish_api, as the extension''s owner.';

CREATE FUNCTION daas.unpublish_api(path text) RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.unpublish_api(text) IS 'Makes an API answer 404 and keeps its definition.';

CREATE FUNCTION daas._drop_api(caller regrole, search_path text, path text, if_exists boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  api daas.api;
BEGIN
  SELECT a.* INTO api FROM daas.api a WHERE a.path = _drop_api.path;
  IF NOT FOUND THEN
    IF if_exists THEN
      RAISE NOTICE 'API "%" does not exist, skipping', path;
      RETURN;
    END IF;
    RAISE EXCEPTION 'API "%" does not exist', path USING ERRCODE = '42704';
  END IF;
  PERFORM daas._owned_model(caller, api.model);
  DELETE FROM daas.api a WHERE a.path = _drop_api.path;
  IF api.writes <> '{}' THEN PERFORM daas._sync_writers_of(caller, api.model); END IF;
  PERFORM daas._warn_without_daemon();
END $$;
COMMENT ON FUNCTION daas._drop_api(regrole, text, text, boolean) IS 'Internal: drop_api, as the extension''s owner.';

CREATE FUNCTION daas.drop_api(path text, if_exists boolean DEFAULT false) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.drop_api(text, boolean) IS
'Removes an API; its model stays. if_exists: a NOTICE instead of an error (42704).';
