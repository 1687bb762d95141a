-- What a model's definition comes to, for a person.

CREATE FUNCTION daas._identity_of(relation regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT string_agg(DISTINCT CASE c.relreplident
           WHEN 'd' THEN CASE WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) THEN 'DEFAULT' ELSE 'NOTHING' END
           WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
           ELSE (SELECT format('USING INDEX %s', x.oid::regclass) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                  WHERE i.indrelid = c.oid AND i.indisreplident) END, ', ')
    FROM pg_class c
   WHERE c.relkind = 'r' AND (c.oid = relation OR c.oid IN (SELECT t.relid FROM pg_partition_tree(relation) t))
$$;
COMMENT ON FUNCTION daas._identity_of(regclass) IS 'Internal: the replica identity of a table, or those of its partitions.';

CREATE FUNCTION daas._model_explanation(caller regrole, search_path text, model_name text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on SET datestyle = 'ISO, YMD'
SET intervalstyle = postgres SET timezone = 'UTC' SET client_min_messages = error AS $$
DECLARE
  stored CONSTANT daas.model := daas._owned_model(caller, model_name);
  definition jsonb;
BEGIN
  -- What is stored, beside what a definition of now finds missing.
  definition := daas._define_model(to_regrole(quote_ident(stored.owner)), 'pg_catalog, pg_temp', stored.query, stored.key, stored.by_outbox);
  RETURN (
    SELECT jsonb_agg(jsonb_build_object(
             'number', d.number, 'relation', d.relation, 'reference', d.reference, 'mode', d.mode, 'columns', d.columns,
             'identity_needed', e ->> 'identity', 'identity_present', CASE WHEN d.mode <> 'refresh' THEN daas._identity_of(d.relation) END,
             'query', d.query,
             'missing_indexes', (SELECT jsonb_agg(i ->> 'statement') FROM jsonb_array_elements(e -> 'indexes') i),
             'note', concat_ws('; ',
               CASE d.mode WHEN 'key' THEN 'the columns are the key'
                           WHEN 'fetch' THEN 'the documents of affected keys'
                           WHEN 'refresh' THEN 'no condition leads from its rows to the key: any change loads the model anew'
                           ELSE nullif('finds the key over ' || (SELECT string_agg(o, ', ' ORDER BY n) FROM jsonb_array_elements_text(e -> 'over') WITH ORDINALITY u (o, n)),
                                       'finds the key over ') END,
               (SELECT string_agg(n, '; ') FROM jsonb_array_elements_text(e -> 'notes') n))) ORDER BY d.number)
      FROM (SELECT d.number, d.relation, d.reference, d.mode, d.columns, d.query FROM daas.delta d WHERE d.model = stored.name
            UNION ALL SELECT 0, NULL, NULL, 'fetch', to_jsonb(stored.key), stored.fetch_query) d
      LEFT JOIN jsonb_array_elements(definition -> 'explanation') e ON (e ->> 'delta')::int = d.number);
END $$;
COMMENT ON FUNCTION daas._model_explanation(regrole, text, text) IS
  'Internal: model_explanation, as the extension''s owner.';

CREATE FUNCTION daas.model_explanation(name text) RETURNS jsonb
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.model_explanation(text) IS 'The rows of explain_model as JSON.';

CREATE FUNCTION daas.explain_model(name text, OUT number int, OUT relation regclass, OUT reference text, OUT mode text,
                                   OUT columns text[], OUT identity_needed text, OUT identity_present text, OUT missing_indexes text[],
                                   OUT note text, OUT query text) RETURNS SETOF record
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.* FROM jsonb_to_recordset(daas.model_explanation(name))
           AS r (number int, relation regclass, reference text, mode text, columns text[], identity_needed text, identity_present text,
                 missing_indexes text[], note text, query text)
$$;
COMMENT ON FUNCTION daas.explain_model(text) IS
'How a model follows changes: one row for each place in which its query reads a table, and number 0 for the fetch of documents by key.
reference: where that is in the query. mode: key (the changed row has the key), query (the query finds the affected keys), refresh (any change loads the model anew).
columns: what is needed of old rows; identity_needed: the cheapest replica identity that has it; identity_present: what the table has.
missing_indexes: without these the query scans a table. note: over which references the key is found, and what to know. Only for the model''s owner.';

-- Definitions succeed without them, so a small table needs no warning.
CREATE FUNCTION daas._warn_of_missing_indexes(definition jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  missing record;
BEGIN
  FOR missing IN
    SELECT c.oid::regclass AS relation, i ->> 'statement' AS statement
      FROM jsonb_array_elements(definition -> 'explanation') e, jsonb_array_elements(e -> 'indexes') i
      JOIN pg_class c ON c.oid = (i ->> 'relation')::oid
     GROUP BY c.oid, 2
    HAVING (SELECT sum(greatest(p.reltuples, 0)) FROM pg_class p
             WHERE p.relkind = 'r' AND (p.oid = c.oid OR p.oid IN (SELECT t.relid FROM pg_partition_tree(c.oid) t))) > 10000
  LOOP
    RAISE WARNING 'no index of % serves the model: its changes or its documents are found by scans', missing.relation
      USING HINT = format('Run %s.', missing.statement);
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._warn_of_missing_indexes(jsonb) IS
  'Internal: a WARNING for each index that a definition misses on a table of more than 10,000 rows.';
