-- Progress: what the daemon reports. Invariant: nothing here is dumped, and every row is bound to
-- the cluster by system_identifier, so that a restored copy starts anew. It is a report, not a truth:
-- the daemon never trusts a position of an earlier epoch.

CREATE TABLE daas.daemon (
  singleton          boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  system_identifier  bigint NOT NULL,
  epoch              bigint NOT NULL,
  beat               bigint NOT NULL DEFAULT 0,
  obstacle           text,
  obstacle_hint      text,
  namespace          text,
  slot               text,
  pid                int,
  host               text,
  started_at         timestamptz,
  reported_at        timestamptz
);
COMMENT ON TABLE  daas.daemon IS 'The indexing daemon: its epoch and its last sign of life.';
COMMENT ON COLUMN daas.daemon.singleton IS 'Makes sure that there is one row.';
COMMENT ON COLUMN daas.daemon.system_identifier IS 'Cluster that this row speaks of (pg_control_system()).';
COMMENT ON COLUMN daas.daemon.epoch IS 'Grows at each start of the daemon, before its first write; part of every document''s version.';
COMMENT ON COLUMN daas.daemon.beat IS 'Grows every few seconds, here first and then in Solr: a database with less than Solr knows is a copy of an earlier state.';
COMMENT ON COLUMN daas.daemon.obstacle IS 'What keeps the daemon from following the changes, or NULL.';
COMMENT ON COLUMN daas.daemon.obstacle_hint IS 'The statement that mends it.';
COMMENT ON COLUMN daas.daemon.namespace IS 'Prefix of everything that the daemon owns in Solr.';
COMMENT ON COLUMN daas.daemon.slot IS 'The replication slot.';
COMMENT ON COLUMN daas.daemon.pid IS 'Its process.';
COMMENT ON COLUMN daas.daemon.host IS 'The machine that it runs on.';
COMMENT ON COLUMN daas.daemon.started_at IS 'When it started.';
COMMENT ON COLUMN daas.daemon.reported_at IS 'Its last sign of life; older than 10 seconds: it is taken for gone.';

CREATE TABLE daas.progress (
  model              text PRIMARY KEY REFERENCES daas.model ON DELETE CASCADE,
  system_identifier  bigint NOT NULL,
  state              text NOT NULL CHECK (state IN ('waiting', 'loading', 'running', 'paused', 'stopped')),
  reason             text,
  hint               text,
  captured_lsn       pg_lsn,
  visible_lsn        pg_lsn,
  durable_lsn        pg_lsn,
  visible_at         timestamptz,
  loaded             bigint,
  documents          bigint,
  revision           bigint,
  updated_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  daas.progress IS 'The daemon''s report on each model.';
COMMENT ON COLUMN daas.progress.model IS 'The model.';
COMMENT ON COLUMN daas.progress.system_identifier IS 'Cluster that this row speaks of.';
COMMENT ON COLUMN daas.progress.state IS 'waiting: for a snapshot that the load may be born at. loading: first generation being filled. running: follows the changes. paused: by pause_model. stopped: see reason and hint.';
COMMENT ON COLUMN daas.progress.reason IS 'One sentence: why it is in this state.';
COMMENT ON COLUMN daas.progress.hint IS 'The statement that mends it.';
COMMENT ON COLUMN daas.progress.captured_lsn IS 'WAL decoded up to here.';
COMMENT ON COLUMN daas.progress.visible_lsn IS 'Every commit finished before the insert LSN was here is visible to readers (design: P3).';
COMMENT ON COLUMN daas.progress.durable_lsn IS 'What the daemon confirmed to the slot on behalf of this model.';
COMMENT ON COLUMN daas.progress.visible_at IS 'When visible_lsn was last found to be true.';
COMMENT ON COLUMN daas.progress.loaded IS 'Documents that a running load has sent.';
COMMENT ON COLUMN daas.progress.documents IS 'Documents in the live generation, counted at the last switch or check.';
COMMENT ON COLUMN daas.progress.revision IS 'Revision of the definition that the state speaks of.';
COMMENT ON COLUMN daas.progress.updated_at IS 'When this row was reported.';

CREATE SEQUENCE daas.generation_seq AS integer;
COMMENT ON SEQUENCE daas.generation_seq IS
  'Source of daas.generation.number. A number never comes back, also not that of a load that was thrown away: requests of the past may still land.';

CREATE TABLE daas.collection (
  name               text PRIMARY KEY,
  model              text NOT NULL,
  system_identifier  bigint NOT NULL,
  durable_version    bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE  daas.collection IS 'Every Solr collection that the daemon asked for and that may still exist. Also of models that were dropped: the daemon removes what is named here.';
COMMENT ON COLUMN daas.collection.name IS 'Name of the collection in Solr.';
COMMENT ON COLUMN daas.collection.model IS 'The model that it was made for.';
COMMENT ON COLUMN daas.collection.system_identifier IS 'Cluster that this row speaks of.';
COMMENT ON COLUMN daas.collection.durable_version IS 'Document version of the last hard commit, which a mark in the collection carries, too: one that holds an older mark lost what was on disk, and is loaded anew.';

CREATE TABLE daas.generation (
  model              text NOT NULL REFERENCES daas.model ON DELETE CASCADE,
  number             int NOT NULL,
  system_identifier  bigint NOT NULL,
  collection         text NOT NULL,
  revision           bigint NOT NULL,
  columns            jsonb NOT NULL,
  key                text[] NOT NULL,
  version            bigint NOT NULL,
  snapshot           pg_snapshot NOT NULL,
  shards             int NOT NULL DEFAULT 1,
  tables             text NOT NULL DEFAULT '',
  loaded             boolean NOT NULL DEFAULT false,
  live               boolean NOT NULL DEFAULT false,
  created_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model, number)
);
CREATE UNIQUE INDEX generation_live ON daas.generation (model) WHERE live;
COMMENT ON TABLE  daas.generation IS 'One physical collection of a model. The Solr alias is the truth for which one is live; this is its report.';
COMMENT ON COLUMN daas.generation.model IS 'The model.';
COMMENT ON COLUMN daas.generation.number IS 'Number of the generation; never used again.';
COMMENT ON COLUMN daas.generation.system_identifier IS 'Cluster that this row speaks of.';
COMMENT ON COLUMN daas.generation.collection IS 'Name of the collection in Solr.';
COMMENT ON COLUMN daas.generation.revision IS 'Revision of the definition that it was loaded from.';
COMMENT ON COLUMN daas.generation.shards IS 'Shards of the collection: answers of several are not given again from memory.';
COMMENT ON COLUMN daas.generation.tables IS 'The sources as of its birth, "oid:relfilenode:column=attnum/type/collation,…; …" with the columns that the queries may name: where nobody tells all of DDL, other ones mean other values without row events.';
COMMENT ON COLUMN daas.generation.key IS 'daas.model.key as of its birth.';
COMMENT ON COLUMN daas.generation.loaded IS 'Whether its load is whole: only then may the alias point at it.';
COMMENT ON COLUMN daas.generation.live IS 'Whether readers are served from it.';
COMMENT ON COLUMN daas.generation.created_at IS 'When it was born.';
COMMENT ON COLUMN daas.generation.columns IS 'daas.model.columns as of its birth: the fields that this collection really has.';
COMMENT ON COLUMN daas.generation.version IS 'Document version of the load: epoch << 40 | batch.';
COMMENT ON COLUMN daas.generation.snapshot IS 'Birth snapshot: the generation never gets a commit that this snapshot sees.';
