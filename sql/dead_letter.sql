-- Dead letters: documents that Solr refused. They hang on a generation: what is thrown away, replaced,
-- dropped, or of another cluster takes its letters along. Nothing here is dumped.

-- Values of rows, of every model: the daemon's own. People read daas.dead_letter.
CREATE TABLE daas.refused_document (
  model       text NOT NULL,
  generation  int NOT NULL,
  key         text NOT NULL,
  key_values  text[] NOT NULL,
  version     bigint NOT NULL,
  position    pg_lsn NOT NULL,
  attempts    int NOT NULL DEFAULT 1,
  error       text NOT NULL,
  document    text,
  first_at    timestamptz NOT NULL DEFAULT now(),
  last_at     timestamptz NOT NULL DEFAULT now(),
  retry       boolean NOT NULL DEFAULT false,
  FOREIGN KEY (model, generation) REFERENCES daas.generation ON DELETE CASCADE
);
-- Keys may be longer than an index takes.
CREATE UNIQUE INDEX refused_document_key ON daas.refused_document (model, generation, hashtextextended(key, 0));
CREATE INDEX refused_document_retry ON daas.refused_document (model) WHERE retry;
COMMENT ON TABLE  daas.refused_document IS 'Documents that Solr refused and that are not in their collection. daas.dead_letter shows them to people.';
COMMENT ON COLUMN daas.refused_document.model IS 'The model.';
COMMENT ON COLUMN daas.refused_document.generation IS 'The generation that lacks the document.';
COMMENT ON COLUMN daas.refused_document.key IS 'The document''s id in Solr: the key''s text.';
COMMENT ON COLUMN daas.refused_document.key_values IS 'Texts of the key columns, in the order of daas.model.key: what fetch_query takes.';
COMMENT ON COLUMN daas.refused_document.version IS 'Version of the refused document and of the tombstone in its place: epoch << 40 | batch.';
COMMENT ON COLUMN daas.refused_document.position IS 'Insert LSN when the batch or load began that it was refused in.';
COMMENT ON COLUMN daas.refused_document.attempts IS 'How often Solr refused a document of this key.';
COMMENT ON COLUMN daas.refused_document.error IS 'Solr''s words, the last time. They may quote values.';
COMMENT ON COLUMN daas.refused_document.document IS 'The document that was refused last, as readers would have seen it. NULL when it is longer than 1 MB.';
COMMENT ON COLUMN daas.refused_document.first_at IS 'When it was refused first.';
COMMENT ON COLUMN daas.refused_document.last_at IS 'When it was refused last.';
COMMENT ON COLUMN daas.refused_document.retry IS 'Whether retry_dead_letters asked for another try that has not been made yet.';

-- A restored owner that does not exist leaves the model to superusers, as in _owned_model.
CREATE VIEW daas.dead_letter WITH (security_barrier) AS
  SELECT r.model, r.generation, r.key, r.position, r.attempts, r.error, r.document, r.first_at, r.last_at, r.retry
    FROM daas.refused_document r
    JOIN daas.model m ON m.name = r.model
    JOIN daas.generation g ON g.model = r.model AND g.number = r.generation
   WHERE g.system_identifier = (SELECT c.system_identifier FROM pg_control_system() c)
     AND pg_has_role(coalesce(to_regrole(quote_ident(m.owner)), to_regrole('pg_database_owner')), 'USAGE');
COMMENT ON VIEW daas.dead_letter IS
  'Documents that Solr refused, of the models that you own (or whose owner you are a member of). They are in no collection until a later version of the row is accepted, the row is deleted, or daas.retry_dead_letters succeeds.';
COMMENT ON COLUMN daas.dead_letter.model IS 'The model.';
COMMENT ON COLUMN daas.dead_letter.generation IS 'The generation that lacks the document: the one that is served, or one that is being loaded.';
COMMENT ON COLUMN daas.dead_letter.key IS 'The document''s id: the text of the key; several key columns are joined by |.';
COMMENT ON COLUMN daas.dead_letter.position IS 'Insert LSN when the batch or load began that it was refused in.';
COMMENT ON COLUMN daas.dead_letter.attempts IS 'How often Solr refused a document of this key.';
COMMENT ON COLUMN daas.dead_letter.error IS 'Solr''s words, the last time.';
COMMENT ON COLUMN daas.dead_letter.document IS 'The document that was refused last. NULL when it is longer than 1 MB.';
COMMENT ON COLUMN daas.dead_letter.first_at IS 'When it was refused first.';
COMMENT ON COLUMN daas.dead_letter.last_at IS 'When it was refused last.';
COMMENT ON COLUMN daas.dead_letter.retry IS 'Whether another try was asked for and has not been made yet.';

CREATE FUNCTION daas._retry_dead_letters(caller regrole, search_path text, model_name text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wanted daas.model;
  asked bigint;
BEGIN
  wanted := daas._owned_model(caller, model_name);
  IF wanted.paused OR EXISTS (SELECT FROM daas.progress p WHERE p.model = model_name AND p.state = 'stopped'
                               AND p.revision = wanted.revision) THEN
    RAISE EXCEPTION 'model "%" is %', model_name, CASE WHEN wanted.paused THEN 'paused' ELSE 'stopped' END
      USING ERRCODE = '55000',
            HINT = format('Its documents are tried again by a load: SELECT daas.%s_model(%L).',
                          CASE WHEN wanted.paused THEN 'resume' ELSE 'reload' END, model_name);
  END IF;
  WITH marked AS (
    UPDATE daas.refused_document r SET retry = true
      FROM daas.generation g
     WHERE r.model = model_name AND g.model = r.model AND g.number = r.generation
       AND g.system_identifier = (SELECT c.system_identifier FROM pg_control_system() c)
    RETURNING r.key)
  SELECT count(DISTINCT m.key) INTO asked FROM marked m;
  IF asked > 0 THEN
    PERFORM pg_notify('daas', 'refused_document');
    PERFORM daas._warn_without_daemon();
  END IF;
  RETURN asked;
END $$;
COMMENT ON FUNCTION daas._retry_dead_letters(regrole, text, text) IS
  'Internal: retry_dead_letters, as the extension''s owner.';

CREATE FUNCTION daas.retry_dead_letters(model text) RETURNS bigint
LANGUAGE c AS 'MODULE_PATHNAME', 'run_as_owner';
COMMENT ON FUNCTION daas.retry_dead_letters(text) IS
'Sends the documents of a model that Solr refused again, as their rows are now, and returns how many. Whatever is accepted leaves daas.dead_letter; what is refused again stays, with one attempt more.
Only the model''s owner may. Refused (55000) while the model is paused or stopped: then a load tries them.';
