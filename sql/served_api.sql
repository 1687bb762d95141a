-- What the serving role may know.

CREATE VIEW daas.served_api AS
  SELECT a.path, a.model, a.fields, a.filters, a.scope, a.public, a.max_rows,
         g.collection, g.columns, g.number AS generation, g.shards,
         CASE WHEN a.writes <> '{}' THEN (
           SELECT jsonb_build_object(
                    'writes', a.writes,
                    'relation', format('%I.%I', n.nspname, t.relname), 'partitioned', t.relkind = 'p',
                    'columns', (SELECT jsonb_agg(jsonb_build_object(
                                         'name', c ->> 'name', 'source', s.attname, 'type', pg_catalog.format_type(s.atttypid, s.atttypmod),
                                         'field', c ->> 'name' = ANY (a.fields),
                                         'writable', s.attgenerated = '' AND s.attidentity <> 'a',
                                         'deterministic', coalesce(l.collisdeterministic, true)))
                                  FROM jsonb_array_elements(m.columns) c
                                  JOIN pg_attribute s ON s.attrelid = t.oid AND s.attname = c ->> 'source' AND NOT s.attisdropped
                                  LEFT JOIN pg_collation l ON l.oid = s.attcollation
                                 WHERE c ->> 'name' = ANY (a.fields || m.key) OR a.scope ? (c ->> 'name')),
                    'key', (SELECT jsonb_agg(s.attname ORDER BY k.position)
                              FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (number, position)
                              JOIN pg_attribute s ON s.attnum = k.number
                             WHERE i.indrelid = t.oid AND i.indisprimary AND s.attrelid = t.oid))
             FROM daas.model m JOIN daas.source o ON o.model = m.name JOIN pg_class t ON t.oid = o.relation
             JOIN pg_namespace n ON n.oid = t.relnamespace
            WHERE m.name = a.model AND m.whole_table) END AS target
    FROM daas.api a
    LEFT JOIN daas.generation g
           ON g.model = a.model AND g.live
          AND g.system_identifier = (SELECT system_identifier FROM pg_catalog.pg_control_system())
   WHERE a.published;
COMMENT ON VIEW daas.served_api IS
  'What the serving role may know: every published API with the live collection and its columns (NULL until the first load is done).';
COMMENT ON COLUMN daas.served_api.path IS 'See daas.api.';
COMMENT ON COLUMN daas.served_api.model IS 'See daas.api.';
COMMENT ON COLUMN daas.served_api.fields IS 'See daas.api.';
COMMENT ON COLUMN daas.served_api.filters IS 'See daas.api.';
COMMENT ON COLUMN daas.served_api.scope IS 'See daas.api.';
COMMENT ON COLUMN daas.served_api.public IS 'See daas.api.';
COMMENT ON COLUMN daas.served_api.max_rows IS 'See daas.api.';
COMMENT ON COLUMN daas.served_api.collection IS 'Live collection in Solr; NULL until the first load is done.';
COMMENT ON COLUMN daas.served_api.columns IS 'Columns that the live collection really has; see daas.generation.';
COMMENT ON COLUMN daas.served_api.generation IS 'Number of the live generation.';
COMMENT ON COLUMN daas.served_api.shards IS 'Shards of the live collection.';
COMMENT ON COLUMN daas.served_api.target IS 'Where writes go; NULL if there are none: {"writes": […], "relation": quoted name, "partitioned", "columns": [{"name", "source" (column of the table), "type", "field" (of the API), "writable", "deterministic" (its collation)}], "key": the primary key''s columns of the table, or null}.';
