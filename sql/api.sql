-- APIs: which columns of a model are served, to whom. Invariant: an API has a scope, or is public;
-- fields are frozen at creation, so that redefining a model never widens an API.

CREATE TABLE daas.api (
  path        text PRIMARY KEY CHECK (path ~ '^[a-z_][a-z0-9_]*$'),
  model       text NOT NULL REFERENCES daas.model,
  fields      text[] NOT NULL CHECK (cardinality(fields) > 0),
  filters     text[] NOT NULL,
  scope       jsonb,
  public      boolean NOT NULL DEFAULT false,
  max_rows    int NOT NULL DEFAULT 1000 CHECK (max_rows BETWEEN 1 AND 10000),
  published   boolean NOT NULL DEFAULT true,
  created_at  timestamptz NOT NULL DEFAULT now(),
  writes      text[] NOT NULL DEFAULT '{}' CHECK (writes <@ '{insert,update,delete}'),
  CHECK (public OR scope IS NOT NULL),
  CHECK (NOT public OR writes = '{}')
);
COMMENT ON TABLE  daas.api IS 'One row per REST resource GET /{path}.';
COMMENT ON COLUMN daas.api.path IS 'The resource''s path: ^[a-z_][a-z0-9_]*$, not a reserved word.';
COMMENT ON COLUMN daas.api.model IS 'The model that it reads.';
COMMENT ON COLUMN daas.api.fields IS 'Columns that may be read; no other column leaves the API, not even in an error.';
COMMENT ON COLUMN daas.api.filters IS 'Columns that may be filtered and ordered by.';
COMMENT ON COLUMN daas.api.scope IS 'Document field -> token claim, one filter per pair. {} says: any valid token. NULL only if public.';
COMMENT ON COLUMN daas.api.public IS 'Served without a token.';
COMMENT ON COLUMN daas.api.max_rows IS 'Most rows that one answer holds.';
COMMENT ON COLUMN daas.api.published IS 'False: the path answers 404.';
COMMENT ON COLUMN daas.api.created_at IS 'When it was created; or_replace keeps it.';
COMMENT ON COLUMN daas.api.writes IS 'What may be written through it: insert (POST), update (PATCH), delete (DELETE). Never of a public API.';

SELECT pg_catalog.pg_extension_config_dump('daas.api', '');
