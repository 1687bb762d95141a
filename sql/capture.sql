-- Capture: what the daemon and the serving role read, and the wake-up of the daemon.

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
