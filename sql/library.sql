-- What needs the extension's library: the functions that are written in C++. plain_library.sql has them for
-- servers that can't load it.

CREATE FUNCTION daas.version() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT e.extversion FROM pg_extension e WHERE e.extname = 'daas'
$$;
COMMENT ON FUNCTION daas.version() IS 'The version of daas in this database, which daas-indexer''s must be.';

CREATE FUNCTION daas._define_model(caller regrole, search_path text, query text, key text[], by_outbox boolean) RETURNS jsonb
LANGUAGE c AS 'MODULE_PATHNAME', 'define_model';
COMMENT ON FUNCTION daas._define_model(regrole, text, text, text[], boolean) IS
  'Internal: parses, checks, plans and probes a query with the caller''s rights; returns what daas.model and daas.source hold. Unless by_outbox, old images come from the WAL: the replica identity must cover what is needed of them.';

CREATE FUNCTION daas._dropped_partition_root(relation oid) RETURNS oid
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'dropped_partition_root';
COMMENT ON FUNCTION daas._dropped_partition_root(oid) IS
  'Internal: the topmost partitioned table of a table that this transaction dropped, or NULL.';

CREATE FUNCTION daas._dropped_partition_roots() RETURNS SETOF oid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT daas._dropped_partition_root(d.objid) FROM pg_event_trigger_dropped_objects() d
   WHERE d.classid = 'pg_class'::regclass AND d.object_type = 'table'
$$;
COMMENT ON FUNCTION daas._dropped_partition_roots() IS 'Internal: the topmost partitioned tables of those that a command dropped.';

CREATE FUNCTION daas._enables_outbox_triggers(command pg_ddl_command) RETURNS boolean
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'enables_outbox_triggers';
COMMENT ON FUNCTION daas._enables_outbox_triggers(pg_ddl_command) IS
  'Internal: whether a command is daas._sync_outbox''s own, or that of a dump that is being restored.';

CREATE FUNCTION daas._moves_rows(command pg_ddl_command) RETURNS boolean
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'moves_rows';
COMMENT ON FUNCTION daas._moves_rows(pg_ddl_command) IS
  'Internal: whether a command attaches or detaches a partition that isn''t empty.';

CREATE FUNCTION daas._changes_values(command pg_ddl_command) RETURNS boolean
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'changes_values';
COMMENT ON FUNCTION daas._changes_values(pg_ddl_command) IS
  'Internal: whether a command may change what stored values of the altered type print.';

CREATE FUNCTION daas._changes_columns(command pg_ddl_command) RETURNS boolean
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'changes_columns';
COMMENT ON FUNCTION daas._changes_columns(pg_ddl_command) IS
  'Internal: whether a command gave a column another type, dropped one, or lets one be null.';

CREATE FUNCTION daas._renamed(command pg_ddl_command) RETURNS text[]
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'renamed';
COMMENT ON FUNCTION daas._renamed(pg_ddl_command) IS
  'Internal: what a command renamed: {column|relation|schema, old name, new name}, {moved} to another schema, or NULL.';

CREATE FUNCTION daas._ddl_commands() RETURNS SETOF daas.ddl_command
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT d.classid, d.objid, daas._enables_outbox_triggers(d.command),
         -- This takes locks on partitions.
         CASE WHEN d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM daas._sources_of(d.objid)) THEN daas._moves_rows(d.command) END,
         daas._changes_values(d.command), daas._changes_columns(d.command), daas._renamed(d.command)
    FROM pg_event_trigger_ddl_commands() d
$$;
COMMENT ON FUNCTION daas._ddl_commands() IS 'Internal: the commands of an event trigger, with what only their parse trees say.';

CREATE FUNCTION daas._with_present_names(query text, relation oid, kind text, old_name text, new_name text) RETURNS text
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'with_present_names';
COMMENT ON FUNCTION daas._with_present_names(text, oid, text, text, text) IS
  'Internal: a stored query after a rename of (a column of) a table or view, or of a schema.';

CREATE FUNCTION daas._hash_password(password text) RETURNS text
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'hash_password';
COMMENT ON FUNCTION daas._hash_password(text) IS 'Internal: a new yescrypt hash (crypt_gensalt, crypt_r).';

CREATE FUNCTION daas._verify_password(password text, hash text) RETURNS boolean
LANGUAGE c AS 'MODULE_PATHNAME', 'verify_password';
COMMENT ON FUNCTION daas._verify_password(text, text) IS
  'Internal: whether the password has this hash. Takes as long when there is none.';

CREATE FUNCTION daas._password_hash_format(hash text) RETURNS text
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'password_hash_format';
COMMENT ON FUNCTION daas._password_hash_format(text) IS 'Internal: good, weak or unknown.';
