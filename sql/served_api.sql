-- What the serving role may know.

CREATE VIEW daas.served_api AS
  SELECT a.path, a.model, a.fields, a.filters, a.scope, a.public, a.max_rows,
         g.collection, g.columns, g.number AS generation
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
