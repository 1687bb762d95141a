-- Capture: which tables' changes are captured, and the messages about their DDL. Invariant: no
-- statement of an application fails because of what is here.

-- What pgoutput can't serve: it takes the publication's word for what is published.
CREATE FUNCTION daas._check_pgoutput(relations regclass[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source pg_class;
BEGIN
  SELECT c.* INTO source FROM pg_class c WHERE c.oid = ANY (relations::oid[]) AND c.relkind = 'p' LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'table % is partitioned, which pgoutput can''t serve', source.oid::regclass
      USING ERRCODE = '0A000',
            DETAIL = 'Of a TRUNCATE of one partition of a table that is published as a whole it says nothing.',
            HINT = 'Partitioned tables need the extension''s own output plugin.';
  END IF;
  SELECT c.* INTO source FROM pg_class c
   WHERE c.oid = ANY (relations::oid[])
     AND CASE c.relreplident
           WHEN 'f' THEN false
           WHEN 'n' THEN true
           ELSE NOT EXISTS (SELECT FROM pg_index i
                             WHERE i.indrelid = c.oid
                               AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary AND i.indimmediate END)
         END
   LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'table % has no replica identity', source.oid::regclass
      USING ERRCODE = '55000',
            DETAIL = 'pgoutput needs a publication of every change, and PostgreSQL refuses UPDATE and DELETE of a table in it that has none.',
            HINT = format('Give it a primary key, or run ALTER TABLE %s REPLICA IDENTITY FULL.', source.oid::regclass);
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_pgoutput(regclass[]) IS
  'Internal: refuses sources of which pgoutput would not send every change, or whose UPDATE and DELETE would fail.';

-- The publication says which tables the slot's plugin captures. It is made by the first create_model:
-- one made here would be dumped as well, and the dump would fail to restore. Its publish list stays
-- 'insert', without column lists or row filters, since wider ones make UPDATE, ALTER TYPE and DROP
-- COLUMN of an application fail; the plugin takes it as a list of tables and captures every change.
-- Only pgoutput, which takes its word, has daas.use_decoder widen the list.
CREATE FUNCTION daas._sync_publication(even_empty boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  publication pg_publication;
  wanted CONSTANT regclass[] := ARRAY(SELECT daas._captured_sources(by_outbox => false));
  member regclass;
BEGIN
  SELECT p.* INTO publication FROM pg_publication p WHERE p.pubname = 'daas';
  IF NOT FOUND THEN
    IF cardinality(wanted) = 0 AND NOT even_empty THEN RETURN; END IF;
    CREATE PUBLICATION daas WITH (publish = 'insert', publish_via_partition_root = true);
    COMMENT ON PUBLICATION daas IS
      'Tables that daas captures; maintained by daas.create_model and its neighbours. Not for subscriptions.';
  ELSIF publication.puballtables OR NOT publication.pubinsert OR publication.pubupdate <> publication.pubdelete
     OR publication.pubupdate <> publication.pubtruncate OR NOT publication.pubviaroot
     OR EXISTS (SELECT FROM pg_publication_namespace n WHERE n.pnpubid = publication.oid)
     OR EXISTS (SELECT FROM pg_publication_rel r WHERE r.prpubid = publication.oid
                   AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL)) THEN
    RAISE EXCEPTION 'publication "daas" is not one that daas made'
      USING ERRCODE = '42710',
            DETAIL = 'It must publish tables only, with publish = ''insert'' (for pgoutput ''insert, update, delete, truncate'') and publish_via_partition_root, without row filters and column lists.',
            HINT = 'If nothing uses it, run DROP PUBLICATION daas; else ALTER PUBLICATION daas RENAME TO ….';
  END IF;
  FOR member IN
    SELECT w FROM unnest(wanted) w
     WHERE NOT EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
                        WHERE p.pubname = 'daas' AND r.prrelid = w)
  LOOP
    -- Only what joins: what a member has lost since must not stand in the way of everything else.
    IF publication.pubupdate THEN PERFORM daas._check_pgoutput(ARRAY[member]); END IF;
    EXECUTE format('ALTER PUBLICATION daas ADD TABLE ONLY %s', member);
  END LOOP;
  FOR member IN
    SELECT r.prrelid FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
     WHERE p.pubname = 'daas' AND r.prrelid <> ALL (wanted)
  LOOP
    EXECUTE format('ALTER PUBLICATION daas DROP TABLE ONLY %s', member);
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._sync_publication(boolean) IS
  'Internal: makes the tables of publication "daas" the sources of all models; makes the publication when it is first needed, or even_empty.';

CREATE FUNCTION daas.use_decoder(decoder text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sources CONSTANT regclass[] := ARRAY(SELECT daas._captured_sources(by_outbox => false));
BEGIN
  IF decoder IS NULL OR decoder NOT IN ('plugin', 'pgoutput') THEN
    RAISE EXCEPTION 'there is no decoder "%"', decoder
      USING ERRCODE = '22023', HINT = 'It is plugin, the extension''s own output plugin, or pgoutput.';
  END IF;
  -- Which checks that it is ours. A slot of pgoutput must not be older than its publication: it could never get past a change before that.
  PERFORM daas._sync_publication(even_empty => decoder = 'pgoutput');
  IF decoder = 'plugin' THEN
    IF EXISTS (SELECT FROM pg_publication p WHERE p.pubname = 'daas') THEN
      ALTER PUBLICATION daas SET (publish = 'insert');
    END IF;
    RETURN;
  END IF;
  PERFORM daas._check_pgoutput(sources);
  IF NOT (SELECT p.pubupdate FROM pg_publication p WHERE p.pubname = 'daas') THEN
    ALTER PUBLICATION daas SET (publish = 'insert, update, delete, truncate');
    -- Of what was changed until now a slot of pgoutput, if there is one, has seen the inserts only.
    PERFORM daas._emit_ddl('ALTER PUBLICATION', 'table_rewrite', daas._source_objects(sources::oid[]));
  END IF;
END $$;
COMMENT ON FUNCTION daas.use_decoder(text) IS
'Prepares the publication for daas-indexer --decoder: plugin (as it is from the start) or pgoutput, PostgreSQL''s own output plugin, for servers that can''t load ours. pgoutput needs every change published, and then PostgreSQL itself refuses UPDATE and DELETE of a source that loses its replica identity. Refuses with 55000 while a source has none, with 0A000 while one is partitioned. For superusers and the extension''s owner; restart daas-indexer with the same decoder afterwards.';

CREATE TYPE daas.ddl_command AS (
  classid          oid,
  objid            oid,
  own              boolean,
  moves_rows       boolean,
  changes_values   boolean,
  changes_columns  boolean,
  renamed          text[]
);
COMMENT ON TYPE daas.ddl_command IS
  'What daas._ddl_commands tells of a command that has just run. classid, objid: of the object, as pg_event_trigger_ddl_commands() says it. own: it is daas._sync_outbox''s, or like it. moves_rows: it attached or detached a partition that may have rows. changes_values: values of the altered type may print otherwise now. changes_columns: a column got another type, was dropped, or may be null now. renamed: {column|relation|schema, old name, new name}, {moved} to another schema, or NULL.';

CREATE FUNCTION daas._sources_of(relation oid) RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT s.relation::oid FROM daas.source s
   WHERE s.relation = _sources_of.relation
      OR s.relation IN (SELECT a.relid FROM pg_partition_ancestors(_sources_of.relation) a)
$$;
COMMENT ON FUNCTION daas._sources_of(oid) IS 'Internal: the sources that a table is, or is a partition of.';

-- Documents hold the labels of enums and the attributes' names of composite types, however deep.
CREATE FUNCTION daas._sources_with_values_of(class oid, altered oid) RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE types (oid) AS (
    SELECT t.oid FROM pg_type t
     WHERE CASE WHEN class = 'pg_type'::regclass THEN t.oid = altered
                WHEN class = 'pg_class'::regclass THEN t.typrelid = altered ELSE false END
    UNION
    SELECT d.oid FROM types, LATERAL (
      SELECT t.oid FROM pg_type t WHERE t.typbasetype = types.oid OR t.typelem = types.oid
      UNION ALL
      SELECT unnest(ARRAY[r.rngtypid, r.rngmultitypid]) FROM pg_range r WHERE r.rngsubtype = types.oid
      UNION ALL
      SELECT c.reltype FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE a.atttypid = types.oid AND NOT a.attisdropped AND c.reltype <> 0) d (oid)
  )
  , holders (relation) AS MATERIALIZED (  -- or the planner asks for the sources of every table
    SELECT DISTINCT a.attrelid FROM types JOIN pg_attribute a ON a.atttypid = types.oid AND NOT a.attisdropped)
  SELECT DISTINCT s FROM holders, daas._sources_of(holders.relation) s
$$;
COMMENT ON FUNCTION daas._sources_with_values_of(oid, oid) IS
  'Internal: sources with a column of the type (a row type is named by its relation), or of a type that is made of it.';

-- DDL of a source leaves a message in the WAL, in order before the first row of the new shape:
--
--   {"command": "ALTER TABLE", "event": E, "objects": [{"oid": 16455, "identity": "public.flights", "type": "table"}]}
--
-- Objects are sources (a partition stands as its root). The event is
--   ddl_command_end  the source's definition may have changed
--   sql_drop         the source itself (type table) or one of its columns (type table column) was dropped
--   table_rewrite    rows changed without row changes in the WAL: a rewrite, a partition that came or
--                    went with its rows, a type of its values that prints them otherwise now, a function of
--                    a model that was replaced, or changes that were lost because it left the publication
--
-- With "models": ["flights"] it concerns these only. After DROP INDEX, which does not say of what table, every source may have changed.
CREATE FUNCTION daas._ddl_message(command text, event text, objects jsonb, models jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (jsonb_build_object('command', command, 'event', event, 'objects', objects)
          || CASE WHEN models IS NULL THEN '{}' ELSE jsonb_build_object('models', models) END)::text
$$;
COMMENT ON FUNCTION daas._ddl_message(text, text, jsonb, jsonb) IS 'Internal: the text of a message about DDL.';

CREATE FUNCTION daas._emit_ddl(command text, event text, objects jsonb, models jsonb DEFAULT NULL) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT pg_logical_emit_message(true, 'daas.ddl', daas._ddl_message(command, event, objects, models)) WHERE objects IS NOT NULL;
  -- Decoding knows a message by the end of its record, a row by the start of its own, and sorts the
  -- changes of subtransactions (the trigger's EXCEPTION block is one) by these. A row that follows at
  -- once would be level with the message and could come before it: so something stands between.
  SELECT pg_logical_emit_message(false, 'daas.after', '') WHERE objects IS NOT NULL;
  INSERT INTO daas.outbox (relation, kind, images)
    SELECT 0, 'D', ARRAY[daas._ddl_message(command, event, objects, models)]
     WHERE objects IS NOT NULL AND EXISTS (SELECT FROM daas.model m WHERE m.by_outbox)
$$;
COMMENT ON FUNCTION daas._emit_ddl(text, text, jsonb, jsonb) IS 'Internal: the logical message about DDL of sources, and the same in the outbox.';

CREATE FUNCTION daas._source_objects(sources oid[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_agg(jsonb_build_object('oid', s::bigint, 'identity', s::regclass::text, 'type', 'table') ORDER BY s)
    FROM (SELECT DISTINCT unnest(sources)) d (s)
$$;
COMMENT ON FUNCTION daas._source_objects(oid[]) IS 'Internal: sources as the objects of a message, or NULL.';

-- Models whose query names one of these views, or one that is no longer there under its name.
CREATE FUNCTION daas._models_of_views(changed oid[]) RETURNS SETOF daas.model
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.* FROM daas.model m
   WHERE EXISTS (SELECT FROM jsonb_array_elements(m.views) v
                  WHERE to_regclass(v ->> 'view') IS NULL OR to_regclass(v ->> 'view')::oid = ANY (changed))
$$;
COMMENT ON FUNCTION daas._models_of_views(oid[]) IS 'Internal: models that hold the query of a view.';

CREATE FUNCTION daas._emit_view_ddl(command text, models text[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT daas._emit_ddl(command, 'ddl_command_end', daas._source_objects(array_agg(s.relation::oid)), to_jsonb(models))
    FROM daas.source s JOIN pg_class c ON c.oid = s.relation
   WHERE s.model = ANY (models)
$$;
COMMENT ON FUNCTION daas._emit_view_ddl(text, text[]) IS
  'Internal: the logical message about DDL of views that models hold.';

-- Models that call one of these functions, or one that is no longer there under its name.
CREATE FUNCTION daas._emit_function_ddl(command text, event text, replaced oid[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT daas._emit_ddl(command, event, daas._source_objects(array_agg(s.relation::oid)), jsonb_agg(DISTINCT s.model))
    FROM daas.source s JOIN pg_class c ON c.oid = s.relation JOIN daas.model m ON m.name = s.model
   WHERE EXISTS (SELECT FROM unnest(m.functions) f
                  WHERE to_regprocedure(f) IS NULL OR to_regprocedure(f)::oid = ANY (replaced))
$$;
COMMENT ON FUNCTION daas._emit_function_ddl(text, text, oid[]) IS
  'Internal: the logical message about DDL of functions that models call.';

-- The meaning of a rename is clear: the model goes on under the new name, and its documents keep their
-- fields. They are loaded anew, since rows of both shapes are on their way.
CREATE FUNCTION daas._follow_renames(class oid, object oid, renamed text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  stored daas.model;
  present text;
BEGIN
  FOR stored IN
    SELECT m.* FROM daas.model m
     WHERE EXISTS (SELECT FROM daas.source s JOIN pg_class c ON c.oid = s.relation
                    WHERE s.model = m.name
                      AND object = CASE class WHEN 'pg_class'::regclass THEN c.oid WHEN 'pg_namespace'::regclass THEN c.relnamespace END)
        OR m.name IN (SELECT v.name FROM daas._models_of_views(ARRAY[object]) v)
  LOOP
    present := daas._with_present_names(stored.query, object, renamed[1], renamed[2], renamed[3]);
    CONTINUE WHEN present = stored.query AND stored.views = '[]';
    stored.query := present;
    PERFORM daas._follow(stored);
  END LOOP;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'daas could not follow the rename: %', SQLERRM
    USING HINT = 'The models of the table stop; daas.status() says what to run.';
END $$;
COMMENT ON FUNCTION daas._follow_renames(oid, oid, text[]) IS
  'Internal: redefines the models of a table or view that was renamed or moved, or whose column was renamed; never fails the statement.';

-- A view that is replaced, a column that is given another type: what is derived from them is another.
-- A model of one table needs no more than to be told: it looks at its columns itself.
CREATE FUNCTION daas._follow_changes(relations oid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  stored daas.model;
BEGIN
  FOR stored IN
    SELECT m.* FROM daas.model m
     WHERE EXISTS (SELECT FROM jsonb_array_elements(m.views) v WHERE to_regclass(v ->> 'view')::oid = ANY (relations))
        OR EXISTS (SELECT FROM daas.delta d WHERE d.model = m.name AND d.relation::oid = ANY (relations))
       AND (m.views <> '[]' OR EXISTS (SELECT FROM daas.delta d WHERE d.model = m.name AND d.mode <> 'key'))
  LOOP
    PERFORM daas._follow(stored);
  END LOOP;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'daas could not define model "%" anew: %', stored.name, SQLERRM
    USING HINT = 'The model stops; daas.status() says what to run.';
END $$;
COMMENT ON FUNCTION daas._follow_changes(oid[]) IS
  'Internal: redefines the models of several tables and of views that a command changed; never fails the statement.';

-- Without JIT: PostgreSQL takes the queries for expensive, and would compile half a second for each DDL.
CREATE FUNCTION daas._capture_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
  commands daas.ddl_command[];
BEGIN
  IF NOT EXISTS (SELECT FROM daas.source) THEN RETURN; END IF;
  CASE tg_event
    WHEN 'ddl_command_end' THEN
      commands := ARRAY(SELECT d FROM daas._ddl_commands() d);
      IF tg_tag = 'ALTER TABLE' AND (SELECT bool_and(d.own) FROM unnest(commands) d) THEN
        RETURN;
      END IF;
      IF tg_tag IN ('CREATE FUNCTION', 'ALTER FUNCTION', 'ALTER ROUTINE', 'CREATE AGGREGATE', 'ALTER AGGREGATE') THEN
        PERFORM daas._emit_function_ddl(tg_tag, 'table_rewrite', ARRAY(
          SELECT d.objid FROM unnest(commands) d WHERE d.classid = 'pg_proc'::regclass));
        RETURN;
      ELSIF tg_tag = 'ALTER PUBLICATION' THEN
        PERFORM daas._emit_ddl(tg_tag, tg_event, daas._source_objects(ARRAY(
          SELECT s.relation::oid FROM daas.source s JOIN pg_class c ON c.oid = s.relation
           WHERE EXISTS (SELECT FROM unnest(commands) d WHERE d.classid = 'pg_publication'::regclass))));
        RETURN;
      END IF;
      PERFORM daas._emit_view_ddl(tg_tag, array_agg(m.name))
         FROM daas._models_of_views(ARRAY(SELECT d.objid FROM unnest(commands) d WHERE d.classid = 'pg_class'::regclass)) m
        WHERE tg_tag IN ('CREATE VIEW', 'ALTER VIEW', 'ALTER TABLE', 'ALTER SCHEMA');
      PERFORM daas._emit_ddl(tg_tag, tg_event, daas._source_objects(ARRAY(
        SELECT s FROM unnest(commands) d, daas._sources_of(d.objid) s
         WHERE d.classid = 'pg_class'::regclass
        UNION
        SELECT s.relation FROM unnest(commands) d JOIN pg_class c ON c.relnamespace = d.objid
          JOIN daas.source s ON s.relation = c.oid
         WHERE d.classid = 'pg_namespace'::regclass)));
      PERFORM daas._emit_ddl(tg_tag, 'table_rewrite', daas._source_objects(ARRAY(
        SELECT s FROM unnest(commands) d, daas._sources_of(d.objid) s
         WHERE d.classid = 'pg_class'::regclass AND d.moves_rows
        UNION
        SELECT s FROM unnest(commands) d, daas._sources_with_values_of(d.classid, d.objid) s
         WHERE d.classid IN ('pg_class'::regclass, 'pg_type'::regclass) AND d.changes_values)));
      PERFORM daas._follow_renames(d.classid, d.objid, d.renamed)
         FROM unnest(commands) d
        WHERE d.classid IN ('pg_class'::regclass, 'pg_namespace'::regclass) AND d.renamed IS NOT NULL;
      -- After the models were redefined: what their deltas need may have another name now.
      PERFORM daas._keep_outbox(array_agg(d.objid)) FROM unnest(commands) d WHERE d.classid IN ('pg_class'::regclass, 'pg_type'::regclass);
      PERFORM daas._follow_changes(array_agg(d.objid))
         FROM unnest(commands) d
        WHERE d.classid = 'pg_class'::regclass
          AND CASE tg_tag WHEN 'ALTER TABLE' THEN d.changes_columns ELSE tg_tag = 'CREATE VIEW' END
       HAVING count(*) > 0;
    WHEN 'sql_drop' THEN
      IF tg_tag = 'DROP INDEX' THEN
        PERFORM daas._emit_ddl(tg_tag, 'ddl_command_end', daas._source_objects(ARRAY(
          SELECT s.relation::oid FROM daas.source s JOIN pg_class c ON c.oid = s.relation)));
      END IF;
      PERFORM daas._emit_ddl(tg_tag, tg_event, (
        SELECT jsonb_agg(DISTINCT jsonb_build_object('oid', d.objid::bigint, 'identity', d.object_identity, 'type', d.object_type))
          FROM pg_event_trigger_dropped_objects() d JOIN daas.source s ON s.relation = d.objid
         WHERE d.classid = 'pg_class'::regclass));
      PERFORM daas._emit_ddl(tg_tag, 'table_rewrite', daas._source_objects(ARRAY(
        SELECT s.relation FROM daas.source s JOIN pg_class c ON c.oid = s.relation
         WHERE c.relkind = 'p' AND s.relation::oid IN (SELECT daas._dropped_partition_roots())
        UNION
        -- What follows is not captured, even if the table is a member again soon.
        SELECT s.relation FROM pg_event_trigger_dropped_objects() d
          JOIN daas.source s ON s.relation = to_regclass(format('%I.%I', d.address_names[1], d.address_names[2]))
         WHERE d.classid = 'pg_publication_rel'::regclass AND d.address_args[1] = 'daas')));
      -- One of the same name may follow, or have come with the same statement, whose values are others, without a rewrite.
      PERFORM daas._emit_ddl(tg_tag, 'table_rewrite', daas._source_objects(ARRAY[c.relation]), c.models)
         FROM (SELECT d.objid AS relation, jsonb_agg(DISTINCT m.name) AS models
                 FROM pg_event_trigger_dropped_objects() d JOIN daas.source s ON s.relation = d.objid JOIN daas.model m ON m.name = s.model
                WHERE d.object_type = 'table column' AND daas._may_name(m.load_query, d.address_names[3])
                GROUP BY d.objid) c;
      IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() d WHERE d.classid = 'pg_class'::regclass AND d.object_type = 'view') THEN
        PERFORM daas._emit_view_ddl(tg_tag, array_agg(m.name)) FROM daas._models_of_views('{}') m;
      END IF;
      PERFORM daas._keep_outbox(array_agg(d.objid)) FROM pg_event_trigger_dropped_objects() d WHERE d.object_type = 'table column' HAVING count(*) > 0;
      -- A trigger that is dropped comes back, unless its model went before.
      PERFORM daas._keep_outbox(array_agg(t.relation::oid), make => true)
         FROM (SELECT to_regclass(format('%I.%I', d.address_names[1], d.address_names[2])) AS relation FROM pg_event_trigger_dropped_objects() d
                WHERE d.object_type = 'trigger' AND d.address_names[3] LIKE 'daas\_outbox\_%') t
        WHERE daas._outbox_sources_near(ARRAY[t.relation::oid]) IS NOT NULL
       HAVING count(*) > 0;
      IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() d WHERE d.classid = 'pg_proc'::regclass) THEN
        PERFORM daas._emit_function_ddl(tg_tag, 'ddl_command_end', '{}');
      END IF;
    WHEN 'table_rewrite' THEN
      PERFORM daas._emit_ddl(tg_tag, tg_event, daas._source_objects(ARRAY(
        SELECT daas._sources_of(pg_event_trigger_table_rewrite_oid()))));
  END CASE;
EXCEPTION WHEN OTHERS THEN
  RAISE WARNING 'daas could not record % for its models: %', tg_tag, SQLERRM
    USING HINT = 'If it changed a table of a model, run daas.reload_model for that model.';
END $$;
COMMENT ON FUNCTION daas._capture_ddl() IS
  'Internal: tells WAL and outbox about DDL of sources and their partitions; never fails the statement.';

-- A server without superusers may not let an install script of plain SQL make them: see daas._told_of_ddl().
DO $do$ BEGIN
  CREATE EVENT TRIGGER daas_ddl_command_end ON ddl_command_end
    WHEN TAG IN ('ALTER TABLE', 'ALTER TYPE', 'ALTER SCHEMA', 'CREATE SCHEMA', 'CREATE TABLE', 'CREATE FOREIGN TABLE', 'CREATE VIEW', 'ALTER VIEW',
                 'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE', 'CREATE FUNCTION', 'ALTER FUNCTION', 'ALTER ROUTINE', 'CREATE AGGREGATE',
                 'ALTER AGGREGATE', 'ALTER PUBLICATION')
    EXECUTE FUNCTION daas._capture_ddl();
  COMMENT ON EVENT TRIGGER daas_ddl_command_end IS 'Tells daas-indexer about DDL of captured tables.';
  ALTER EVENT TRIGGER daas_ddl_command_end ENABLE ALWAYS;

  CREATE EVENT TRIGGER daas_sql_drop ON sql_drop EXECUTE FUNCTION daas._capture_ddl();
  COMMENT ON EVENT TRIGGER daas_sql_drop IS 'Tells daas-indexer that a captured table, partition or column was dropped.';
  ALTER EVENT TRIGGER daas_sql_drop ENABLE ALWAYS;

  CREATE EVENT TRIGGER daas_table_rewrite ON table_rewrite EXECUTE FUNCTION daas._capture_ddl();
  COMMENT ON EVENT TRIGGER daas_table_rewrite IS 'Tells daas-indexer that a captured table is rewritten, which emits no row changes.';
  ALTER EVENT TRIGGER daas_table_rewrite ENABLE ALWAYS;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'role "%" can''t make event triggers, so daas is not told of DDL', current_user
    USING DETAIL = 'Tables, triggers and views are looked at with each batch, and every few seconds, instead. Not seen are ALTER TYPE … RENAME VALUE or ATTRIBUTE, and a function that is replaced.',
          HINT = 'Run SELECT daas.reload_model(name) after such a statement.';
END $do$;
