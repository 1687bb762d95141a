-- Writes through APIs: which models allow them, and what the writing role may do for them. Invariant: a
-- writer has on a table exactly what the APIs over it need, column by column, and loses it with them.

CREATE FUNCTION daas._check_writes(caller regrole, writes text[], public boolean, model daas.model, fields text[],
                                   scope jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  computed text;
  source record;
BEGIN
  IF NOT writes <@ '{insert,update,delete}' OR array_position(writes, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'writes are insert, update and delete, not %', writes
      USING ERRCODE = '22023', HINT = 'For example writes => ''{insert,update}''.';
  ELSIF writes = '{}' THEN
    RETURN;
  ELSIF public THEN
    RAISE EXCEPTION 'a public API can''t allow writes'
      USING ERRCODE = '22023', HINT = 'Give it a scope: scope => ''{}'' lets any valid token write.';
  ELSIF NOT model.whole_table THEN
    RAISE EXCEPTION 'model "%" can''t be written through', model.name
      USING ERRCODE = '0A000', DETAIL = 'Its documents are not simply the rows of one table.',
            HINT = 'Writes need a model that selects columns of one table, without WHERE, joins and views.';
  END IF;
  SELECT c.oid::regclass AS relation, pg_has_role(caller::oid, c.relowner, 'USAGE') AS owned INTO source
    FROM daas.source s JOIN pg_class c ON c.oid = s.relation WHERE s.model = model.name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the table of model "%" is gone', model.name USING ERRCODE = '42P01';
  ELSIF NOT source.owned THEN
    RAISE EXCEPTION 'must be owner of table %', source.relation USING ERRCODE = '42501';
  END IF;
  SELECT string_agg(n.name, ', ' ORDER BY n.name) INTO computed FROM daas._computed_columns(model.columns, fields, scope) n (name);
  IF computed IS NOT NULL THEN
    RAISE EXCEPTION 'an API that allows writes can''t have columns that are computed: %', computed
      USING ERRCODE = '0A000', DETAIL = 'Fields and scope columns must be columns of the table.',
            HINT = 'Leave them out of fields, and serve them by an API of their own.';
  END IF;
  IF NOT EXISTS (SELECT FROM daas.role_member r JOIN pg_roles p ON p.rolname = r.member WHERE r.role = 'writer') THEN
    RAISE WARNING 'no role can write for daas-indexer yet'
      USING HINT = 'Run SELECT daas.grant_role(''writer'', role) and start daas-indexer with --pg-writer.';
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_writes(regrole, text[], boolean, daas.model, text[], jsonb) IS
  'Internal: refuses writes through an API whose rows are not those of one table of the caller''s.';

CREATE FUNCTION daas._computed_columns(columns jsonb, fields text[], scope jsonb) RETURNS SETOF text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.name FROM (SELECT unnest(fields) UNION SELECT jsonb_object_keys(coalesce(scope, '{}'))) u (name)
   WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(columns) c WHERE c ->> 'name' = u.name AND c ->> 'source' IS NOT NULL)
$$;
COMMENT ON FUNCTION daas._computed_columns(jsonb, text[], jsonb) IS
  'Internal: those fields and scope columns that copy no column of the table.';

CREATE FUNCTION daas._check_writing_apis_of(model_name text, definition jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  broken text;
BEGIN
  SELECT string_agg(format('API "%s" allows writes.', a.path), E'\n' ORDER BY a.path) INTO broken
    FROM daas.api a
   WHERE a.model = model_name AND a.writes <> '{}'
     AND ((definition -> 'whole_table')::boolean IS NOT TRUE
          OR EXISTS (SELECT FROM daas._computed_columns(definition -> 'columns', a.fields, a.scope)));
  IF broken IS NOT NULL THEN
    RAISE EXCEPTION 'cannot redefine model "%" because APIs write through it', model_name
      USING ERRCODE = '2BP01', DETAIL = broken,
            HINT = 'Their columns must stay columns of one table, without WHERE; or redefine these APIs without writes first.';
  END IF;
END $$;
COMMENT ON FUNCTION daas._check_writing_apis_of(text, jsonb) IS
  'Internal: refuses a definition of a model that its writing APIs can''t live with.';

-- Every privilege that the APIs over a table need; column NULL: of the whole table.
CREATE FUNCTION daas._writer_needs(relation regclass, OUT privilege text, OUT column_name name) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  WITH api AS (
    SELECT a.*, m.columns, m.key FROM daas.api a JOIN daas.model m ON m.name = a.model JOIN daas.source s ON s.model = m.name
     WHERE s.relation = _writer_needs.relation AND a.published AND a.writes <> '{}'
  ), used AS (
    SELECT a.writes, c ->> 'name' = ANY (a.fields) AS field, t.attname, t.attgenerated = '' AND t.attidentity <> 'a' AS writable
      FROM api a, jsonb_array_elements(a.columns) c
      JOIN pg_attribute t ON t.attrelid = relation AND t.attname = c ->> 'source' AND NOT t.attisdropped
     WHERE c ->> 'name' = ANY (a.fields || a.key) OR a.scope ? (c ->> 'name')
  )
  SELECT 'SELECT', u.attname FROM used u
  -- A conflict is about the primary key, unless the request says something else.
  UNION SELECT 'SELECT', t.attname FROM pg_index i JOIN pg_attribute t ON t.attrelid = i.indrelid AND t.attnum = ANY (i.indkey)
         WHERE i.indrelid = relation AND i.indisprimary AND EXISTS (SELECT FROM api a WHERE 'insert' = ANY (a.writes))
  UNION SELECT upper(w.name), u.attname FROM used u, unnest(u.writes) w (name) WHERE w.name <> 'delete' AND u.field AND u.writable
  UNION SELECT 'DELETE', NULL FROM used u WHERE 'delete' = ANY (u.writes)
$$;
COMMENT ON FUNCTION daas._writer_needs(regclass) IS
  'Internal: the privileges on a table without which its APIs could not write.';

CREATE FUNCTION daas._sync_writers(caller regrole, relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  writer name;
  needed record;
  serial regclass;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = relation) THEN RETURN; END IF;
  FOR writer IN
    SELECT m.member FROM daas.role_member m JOIN pg_roles r ON r.rolname = m.member WHERE m.role = 'writer' ORDER BY 1
  LOOP
    EXECUTE format('REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLE %s FROM %I', relation, writer);
    IF EXISTS (SELECT FROM daas.role_member m WHERE (m.role, m.member) = ('reader', writer))
       AND EXISTS (SELECT FROM daas.source s WHERE s.relation = _sync_writers.relation) THEN
      EXECUTE format('GRANT SELECT ON TABLE %s TO %I', relation, writer);
    END IF;
    FOR needed IN
      SELECT n.privilege, string_agg(quote_ident(n.column_name), ', ' ORDER BY n.column_name) AS columns
        FROM daas._writer_needs(relation) n GROUP BY n.privilege ORDER BY n.privilege
    LOOP
      EXECUTE format('GRANT %s%s ON TABLE %s TO %I', needed.privilege, ' (' || needed.columns || ')', relation, writer);
    END LOOP;
    -- nextval() of a serial column is called with the rights of whoever inserts; identity columns need none.
    FOR serial IN
      SELECT d.objid::regclass FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
       WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation AND d.deptype = 'a'
       ORDER BY 1
    LOOP
      IF EXISTS (SELECT FROM daas._writer_needs(relation) n WHERE n.privilege = 'INSERT') THEN
        EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %I', serial, writer);
      ELSE
        EXECUTE format('REVOKE USAGE ON SEQUENCE %s FROM %I', serial, writer);
      END IF;
    END LOOP;
    PERFORM daas._let_use_schema(caller, relation, writer, 'write') WHERE EXISTS (SELECT FROM daas._writer_needs(relation));
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._sync_writers(regrole, regclass) IS
  'Internal: gives every writer what the APIs over a table need, and takes the rest back.';

CREATE FUNCTION daas._sync_writers_of(caller regrole, model_name text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT daas._sync_writers(caller, s.relation) FROM daas.source s WHERE s.model = model_name
$$;
COMMENT ON FUNCTION daas._sync_writers_of(regrole, text) IS 'Internal: _sync_writers of a model''s tables.';
