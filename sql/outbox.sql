-- The outbox: how models with the option "capture": "notify" hear of changes. Statement triggers write
-- the values that their deltas need, as they were and as they are, in the application's own transaction;
-- daas-indexer takes them by snapshot and deletes them when Solr has them on disk. NOTIFY is the wake-up only.
-- Invariant: no statement of an application fails because of what is here. So a trigger's function
--   * names only columns that are there: DDL has it written anew in its own transaction (daas._capture_ddl), or
--     catches the error where nothing tells of DDL;
--   * converts a value to text only where that can't fail, else within a block that catches it (and costs a subtransaction);
--   * sends no NOTIFY where PREPARE TRANSACTION is possible, which refuses a transaction with one, nor under a lock_timeout,
--     since all commits with one wait for each other.

CREATE SEQUENCE daas.outbox_seq CACHE 1;
COMMENT ON SEQUENCE daas.outbox_seq IS 'Source of daas.outbox.seq.';

CREATE TABLE daas.outbox (
  xid       xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seq       bigint NOT NULL DEFAULT nextval('daas.outbox_seq'),
  relation  oid NOT NULL,
  kind      "char" NOT NULL CHECK (kind IN ('C', 'L', 'T', 'D')),
  columns   text[] NOT NULL DEFAULT '{}',
  images    text[],
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (xid, seq)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_threshold = -1);
COMMENT ON TABLE  daas.outbox IS 'Changes that daas-indexer has not yet made durable in Solr, of tables of models with the option "capture": "notify".';
COMMENT ON COLUMN daas.outbox.xid IS 'The transaction, as pg_snapshot knows it: which rows are new is a question of snapshots, since transactions don''t commit in the order of their ids.';
COMMENT ON COLUMN daas.outbox.seq IS 'Order within the transaction.';
COMMENT ON COLUMN daas.outbox.relation IS 'The table (of a partition its root), by number: it may be gone.';
COMMENT ON COLUMN daas.outbox.kind IS 'C: rows changed. L: rows changed, with values too long to stand here. T: the table was truncated. D: a message about DDL (sql/capture.sql) is the one image.';
COMMENT ON COLUMN daas.outbox.columns IS 'C: the columns whose values an image holds; none when any change means the same.';
COMMENT ON COLUMN daas.outbox.images IS 'C: text[][] of the rows as they were and as they are, each once, a value per column.';
COMMENT ON COLUMN daas.outbox.at IS 'When the statement was done.';

CREATE TABLE daas.outbox_reader ();
COMMENT ON TABLE daas.outbox_reader IS 'Is empty. Who reads the outbox holds a lock on it, in a transaction without a snapshot.';

CREATE TABLE daas.outbox_bell (hung_out_at timestamptz NOT NULL DEFAULT now());
COMMENT ON TABLE daas.outbox_bell IS 'Has a row while daas-indexer sleeps: only then the triggers notify it. Each NOTIFY takes a lock at commit that all others wait for.';
COMMENT ON COLUMN daas.outbox_bell.hung_out_at IS 'Since when.';

CREATE FUNCTION daas._told_of_ddl() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) = 3 FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid
   WHERE p.pronamespace = 'daas'::regnamespace AND p.proname = '_capture_ddl' AND e.evtenabled IN ('A', 'O')
$$;
COMMENT ON FUNCTION daas._told_of_ddl() IS 'Internal: whether event triggers tell of DDL. Without them daas-indexer looks at the catalogs with each batch.';

CREATE TABLE daas.outbox_ddl (relation oid NOT NULL);
COMMENT ON TABLE daas.outbox_ddl IS 'Is empty. Holds a table while daas._sync_outbox alters it, in that transaction: by this event triggers in plain SQL know the command for daas''s own.';
COMMENT ON COLUMN daas.outbox_ddl.relation IS 'The table.';

CREATE FUNCTION daas._base_type(type oid) RETURNS oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE base (oid) AS (
    SELECT _base_type.type UNION ALL SELECT t.typbasetype FROM base b JOIN pg_type t ON t.oid = b.oid WHERE t.typtype = 'd')
  SELECT b.oid FROM base b JOIN pg_type t ON t.oid = b.oid WHERE t.typtype <> 'd'
$$;
COMMENT ON FUNCTION daas._base_type(oid) IS 'Internal: the type itself, or what a domain is over.';

-- The columns whose values the deltas need, as they are now, and how those become text. plain: in a way that can't fail and is short.
-- long: it may be longer than a row of the outbox should hold. risky: the output function may fail, or the text be far longer than
-- the value. styled: settings say how.
CREATE FUNCTION daas._outbox_columns(source regclass) RETURNS TABLE (name text, type regtype, form text, styled boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.attname, a.atttypid,
         CASE WHEN t.typtype = 'e' THEN 'plain'
              WHEN t.oid IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'bytea'::regtype) THEN 'long'
              WHEN t.oid IN ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype,
                             'numeric'::regtype, 'oid'::regtype, 'date'::regtype, 'time'::regtype, 'timetz'::regtype, 'timestamp'::regtype,
                             'timestamptz'::regtype, 'interval'::regtype, 'uuid'::regtype, 'inet'::regtype, 'cidr'::regtype,
                             'macaddr'::regtype, 'macaddr8'::regtype, 'name'::regtype, '"char"'::regtype) THEN 'plain'
              ELSE 'risky' END,
         NOT (t.typtype = 'e' OR t.typcategory IN ('B', 'N', 'S', 'I') AND t.oid NOT IN ('float4'::regtype, 'float8'::regtype, 'money'::regtype)
              OR t.oid = 'uuid'::regtype)
    FROM pg_attribute a JOIN pg_type t ON t.oid = daas._base_type(a.atttypid)
   WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped
     AND a.attname IN (SELECT c FROM daas.delta d JOIN daas.model m ON m.name = d.model, jsonb_array_elements_text(d.columns) c
                        WHERE d.relation = source AND d.mode <> 'refresh' AND m.by_outbox)
   ORDER BY a.attnum
$$;
COMMENT ON FUNCTION daas._outbox_columns(regclass) IS 'Internal: the columns of a source that its images in the outbox have.';

-- A statement's images go in rows of so many values, each of at most so many bytes: far from the 1 GB of a value.
CREATE FUNCTION daas._outbox_body(source regclass) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  longest CONSTANT int := 262144;
  together CONSTANT int := 256;
  -- A partition's rows are its root's, also when it is none any more by the time that somebody looks.
  root CONSTANT text := CASE WHEN (SELECT c.relkind = 'p' OR c.relispartition FROM pg_class c WHERE c.oid = source)
                             THEN 'coalesce(pg_partition_root(tg_relid)::oid, tg_relid)' ELSE 'tg_relid' END;
  names text[];
  -- Nobody would take a column that is dropped out of a function.
  risky boolean := NOT daas._told_of_ddl();
  picked record;
  values_list text := '';
  passed text[] := '{}';
  too_long text := 'false';
  body text := '';
  statement text;
  measure text;
  event text;
BEGIN
  FOR picked IN SELECT * FROM daas._outbox_columns(source) LOOP
    names := names || picked.name;
    risky := risky OR picked.form = 'risky';
    -- In one order of bytes, for UNION: another one might take values for equal that the query tells apart.
    -- Not a cast: of boolean, character and inet it is not what PostgreSQL prints.
    statement := CASE WHEN picked.type IN ('int2', 'int4', 'int8', 'uuid', 'text', 'varchar', 'numeric') THEN format('r.%I::text', picked.name)
                      ELSE format('CASE WHEN r.%I IS NOT NULL THEN format(''%%s'', r.%1$I) END', picked.name) END;
    IF picked.form <> 'plain' THEN
      measure := format(CASE picked.form WHEN 'long' THEN 'octet_length(r.%I)' ELSE 'octet_length(format(''%%s'', r.%I))' END, picked.name);
      too_long := too_long || format(' OR coalesce(%s > %s, false)', measure, longest);
      statement := format('CASE WHEN %s <= %s THEN %s END', measure, longest, statement);
    END IF;
    values_list := values_list || format('(%s) COLLATE "C" AS v%s, ', statement, cardinality(names));
    passed := passed || format('i.v%s', cardinality(names));
  END LOOP;
  FOREACH event IN ARRAY '{INSERT,UPDATE,DELETE}'::text[] LOOP
    IF names IS NULL THEN
      statement := format('INSERT INTO daas.outbox (relation, kind) SELECT %s, ''C'' WHERE EXISTS (SELECT FROM %s)',
                          root, CASE event WHEN 'DELETE' THEN 'old_rows' ELSE 'new_rows' END);
    ELSE
      statement := CASE event
        WHEN 'INSERT' THEN format('SELECT %s%s AS l FROM new_rows r', values_list, too_long)
        WHEN 'DELETE' THEN format('SELECT %s%s AS l FROM old_rows r', values_list, too_long)
        ELSE format('SELECT %s%s AS l FROM new_rows r UNION SELECT %1$s%2$s FROM old_rows r', values_list, too_long) END;
      statement := format(
        'INSERT INTO daas.outbox (relation, kind, columns, images) '
        'SELECT %s, CASE WHEN bool_or(c.l) THEN ''L'' ELSE ''C'' END, %L, array_agg(c.v) '
        'FROM (SELECT ARRAY[%s] AS v, i.l, (row_number() OVER () - 1) / %s AS part FROM (%s) i) c GROUP BY c.part',
        root, names, array_to_string(passed, ', '), greatest(together / cardinality(names), 1), statement);
    END IF;
    body := body || format('  %s tg_op = %L THEN%s', CASE event WHEN 'INSERT' THEN 'IF' ELSE 'ELSIF' END, event, E'\n    ' || statement || E';\n');
  END LOOP;
  body := body || format(E'  ELSE\n    INSERT INTO daas.outbox (relation, kind) VALUES (%s, ''T'');\n  END IF;\n', root);
  IF risky THEN
    body := format(E'  BEGIN\n%s  EXCEPTION WHEN OTHERS THEN\n    INSERT INTO daas.outbox (relation, kind) VALUES (%s, ''L'');\n  END;\n', body, root);
  END IF;
  RETURN format(E'\nBEGIN\n%s  IF FOUND AND current_setting(''max_prepared_transactions'') = ''0'' AND current_setting(''lock_timeout'') = ''0''\n'
                || E'     AND EXISTS (SELECT FROM daas.outbox_bell) THEN\n'
                || E'    PERFORM pg_notify(''daas_outbox'', '''');\n  END IF;\n  RETURN NULL;\nEND ', body);
END $$;
COMMENT ON FUNCTION daas._outbox_body(regclass) IS
  'Internal: the trigger function of a source, for the columns that it has now and that the deltas of models need.';

-- Without locks, other than pg_partition_tree.
CREATE FUNCTION daas._partitions_of(source oid) RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE tree (oid) AS (
    SELECT source
    UNION ALL
    SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
  )
  SELECT t.oid FROM tree t
$$;
COMMENT ON FUNCTION daas._partitions_of(oid) IS 'Internal: a table and its partitions, however deep.';

CREATE FUNCTION daas._outbox_functions() RETURNS TABLE (function oid, relation oid, trigger name)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.oid, t.tgrelid, t.tgname
    FROM pg_proc p LEFT JOIN pg_trigger t ON t.tgfoid = p.oid AND NOT t.tgisinternal
   WHERE p.pronamespace = 'daas'::regnamespace AND p.proname ~ '^_outbox_[0-9]+$' AND p.prorettype = 'trigger'::regtype
$$;
COMMENT ON FUNCTION daas._outbox_functions() IS 'Internal: the trigger functions of the outbox with their triggers, whatever those are called.';

-- A command may change the columns of others than it names: of what inherits from a table, of what is made of a type.
CREATE FUNCTION daas._outbox_sources_near(changed oid[]) RETURNS oid[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH RECURSIVE above (oid) AS (
    SELECT unnest(changed) UNION SELECT i.inhparent FROM above a JOIN pg_inherits i ON i.inhrelid = a.oid
  ), below (oid) AS (
    SELECT unnest(changed) UNION SELECT i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid
  )
  SELECT array_agg(c.oid)
    FROM pg_class c
   WHERE c.oid IN (SELECT daas._captured_sources(by_outbox => true))
     AND (c.oid IN (SELECT a.oid FROM above a UNION SELECT b.oid FROM below b) OR c.reloftype <> 0)
$$;
COMMENT ON FUNCTION daas._outbox_sources_near(oid[]) IS 'Internal: the sources by the outbox that DDL of these tables may concern, or NULL.';

CREATE FUNCTION daas._check_notify(source regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  subscription name;
BEGIN
  SELECT s.subname INTO subscription FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid
   WHERE r.srrelid IN (SELECT daas._partitions_of(source)) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'table % gets changes of the subscription "%", which fire no statement triggers', source, subscription
      USING ERRCODE = '0A000', HINT = 'Such a table needs "capture": "logical", or a model in the database that publishes it.';
  ELSIF EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = source) THEN
    RAISE EXCEPTION 'table % inherits from %, whose statements change it without its triggers', source,
                    (SELECT min(i.inhparent::regclass::text) FROM pg_inherits i WHERE i.inhrelid = source)
      USING ERRCODE = '0A000', HINT = 'Such a table needs "capture": "logical", or a model over its parent.';
  ELSIF NOT daas._told_of_ddl() AND EXISTS (SELECT FROM pg_class c WHERE c.oid = source AND c.relkind = 'p') THEN
    RAISE EXCEPTION 'table % is partitioned, and no event triggers tell when its partitions come and go', source
      USING ERRCODE = '0A000', HINT = 'Have a role that can make event triggers install daas, or enable those of daas.';
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_notify(regclass) IS 'Internal: refuses a source whose changes its triggers would not see.';

CREATE FUNCTION daas._set_outbox_function(name text, styled boolean, body text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format(
    'CREATE OR REPLACE FUNCTION daas.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp%s AS %L', name,
    -- Each takes its time at every call.
    CASE WHEN styled THEN ' SET datestyle = ''ISO, YMD'' SET intervalstyle = postgres SET timezone = ''UTC'' SET bytea_output = hex'
                          ' SET extra_float_digits = 1' ELSE '' END, body);
  EXECUTE format('COMMENT ON FUNCTION daas.%I() IS %L', name, 'Internal: writes changes to daas.outbox; maintained by daas._sync_outbox.');
  EXECUTE format('REVOKE ALL ON FUNCTION daas.%I() FROM PUBLIC', name);
  -- Of a member of the owner's role, in plain SQL, it would be hers, and fail when she is no member any more.
  EXECUTE format('ALTER FUNCTION daas.%I() OWNER TO %s', name, daas._owner());
END $$;
COMMENT ON FUNCTION daas._set_outbox_function(text, boolean, text) IS 'Internal: makes or replaces a trigger function, which takes no lock on a table.';

-- Statement triggers are not inherited by partitions, and a statement fires those of the table that it names. ENABLE ALWAYS: also
-- under session_replication_role = replica. Definitions make triggers, and drop those that nobody needs any more. DDL of the
-- application only keeps up what is there, since each lock that it takes lasts until its transaction ends, and since a dump is
-- restored by DDL: what nobody needs any more becomes a function that does nothing.
CREATE FUNCTION daas._sync_outbox(sources oid[] DEFAULT NULL, make boolean DEFAULT true, prune boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET client_min_messages = error AS $$
DECLARE
  wanted CONSTANT oid[] := ARRAY(SELECT daas._captured_sources(by_outbox => true));
  members CONSTANT oid[] := ARRAY(SELECT daas._partitions_of(w) FROM unnest(wanted) w);
  source oid;
  part oid;
  stale record;
  event text;
  trigger pg_trigger;
  function pg_proc;
  body text;
  styled boolean;
BEGIN
  FOR stale IN
    SELECT f.*, p.proname, EXISTS (SELECT FROM daas._outbox_functions() o WHERE o.function = f.function AND o.relation = ANY (members)) AS shared
      FROM daas._outbox_functions() f JOIN pg_proc p ON p.oid = f.function
     WHERE f.relation IS NOT NULL AND f.relation <> ALL (members)
  LOOP
    IF prune OR stale.shared THEN  -- a partition that is just being detached, and locked for it
      EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', stale.trigger, stale.relation::regclass);
    ELSE
      PERFORM daas._set_outbox_function(stale.proname, false, E'\nBEGIN\n  RETURN NULL;\nEND ');
    END IF;
  END LOOP;
  FOREACH source IN ARRAY wanted LOOP
    CONTINUE WHEN source <> ALL (sources);
    SELECT p.* INTO function FROM pg_proc p
     WHERE p.oid = (SELECT f.function FROM daas._outbox_functions() f WHERE f.relation = source ORDER BY 1 LIMIT 1);
    IF NOT FOUND THEN
      CONTINUE WHEN NOT make;
      PERFORM daas._check_notify(source);
    END IF;
    body := daas._outbox_body(source);
    styled := coalesce((SELECT bool_or(c.styled) FROM daas._outbox_columns(source) c), false);
    IF function.oid IS NULL OR function.prosrc <> body OR (cardinality(function.proconfig) > 1) <> styled THEN
      function.proname := coalesce(function.proname, '_outbox_' || nextval('daas.revision_seq'));
      PERFORM daas._set_outbox_function(function.proname, styled, body);
      function.oid := format('daas.%I()', function.proname)::regprocedure;
    END IF;
    FOR part IN SELECT p FROM daas._partitions_of(source) p JOIN pg_class c ON c.oid = p AND c.relkind IN ('r', 'p') LOOP
      FOREACH event IN ARRAY '{insert,update,delete,truncate}'::text[] LOOP
        SELECT t.* INTO trigger FROM pg_trigger t WHERE t.tgrelid = part AND t.tgname = 'daas_outbox_' || event;
        -- Of a foreign table no transition table can be had: a statement that reaches one would fail.
        IF event <> 'truncate' AND EXISTS (SELECT FROM daas._partitions_of(part) p JOIN pg_class c ON c.oid = p AND c.relkind = 'f') THEN
          EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', 'daas_outbox_' || event, part::regclass);
          CONTINUE;
        END IF;
        IF trigger.oid IS NULL OR trigger.tgfoid <> function.oid THEN
          EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION daas.%I()',
                         'daas_outbox_' || event, event, part::regclass,
                         CASE event WHEN 'insert' THEN 'REFERENCING NEW TABLE AS new_rows'
                                    WHEN 'update' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                                    WHEN 'delete' THEN 'REFERENCING OLD TABLE AS old_rows' ELSE '' END,
                         function.proname);
          trigger.tgenabled := 'O';
        END IF;
        IF trigger.tgenabled <> 'A' THEN
          INSERT INTO daas.outbox_ddl VALUES (part);
          EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', part::regclass, 'daas_outbox_' || event);
          DELETE FROM daas.outbox_ddl;
        END IF;
      END LOOP;
    END LOOP;
  END LOOP;
  IF NOT prune THEN RETURN; END IF;
  FOR stale IN
    SELECT DISTINCT f.function FROM daas._outbox_functions() f WHERE f.relation IS NULL
  LOOP
    EXECUTE format('DROP FUNCTION %s', stale.function::regprocedure);
  END LOOP;
  -- Nobody will take what is left. Else it stays: rows of a partition that is detached, say, are of its root.
  IF cardinality(wanted) = 0 THEN
    DELETE FROM daas.outbox;
  END IF;
END $$;
COMMENT ON FUNCTION daas._sync_outbox(oid[], boolean, boolean) IS
  'Internal: makes triggers and their functions what the models with "capture": "notify" need, of these sources or of all. make: also first ones. prune: drops what nobody needs.';

CREATE FUNCTION daas._keep_outbox(changed oid[], make boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
  sources CONSTANT oid[] := daas._outbox_sources_near(changed);
  function record;
BEGIN
  IF sources IS NULL AND NOT EXISTS (SELECT FROM daas._outbox_functions()) THEN RETURN; END IF;
  BEGIN
    PERFORM daas._sync_outbox(coalesce(sources, '{}'), make, prune => false);
  EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'daas could not follow this with its triggers: %', SQLERRM
      USING HINT = 'Models over the table are loaded anew with each change of it, until daas.reload_model is run for one of them.';
    -- A function that names a column that is gone would fail the next statement: these name none.
    FOR function IN
      SELECT DISTINCT p.proname FROM daas._outbox_functions() f JOIN pg_proc p ON p.oid = f.function
       WHERE f.relation IN (SELECT daas._partitions_of(s) FROM unnest(sources || changed) s)
    LOOP
      PERFORM daas._set_outbox_function(function.proname, false, E'\nBEGIN\n  INSERT INTO daas.outbox (relation, kind)'
        || ' VALUES (coalesce(pg_partition_root(tg_relid)::oid, tg_relid), CASE tg_op WHEN ''TRUNCATE'' THEN ''T'' ELSE ''L'' END);'
        || E'\n  RETURN NULL;\nEND ');
    END LOOP;
  END;
END $$;
COMMENT ON FUNCTION daas._keep_outbox(oid[], boolean) IS
  'Internal: after DDL of these tables the triggers'' functions name only columns that are there.';
