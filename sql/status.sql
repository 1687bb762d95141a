-- Status: what the daemon reported, read with care: a report of a daemon that is gone, of another
-- cluster, or of an older definition is not the state.

CREATE FUNCTION daas.status(INOUT model text DEFAULT NULL, OUT state text, OUT reason text, OUT hint text,
                            OUT generation int, OUT documents bigint, OUT captured_lsn pg_lsn,
                            OUT visible_lsn pg_lsn, OUT durable_lsn pg_lsn, OUT lag_bytes bigint,
                            OUT lag interval, OUT dead_letters bigint)
RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  wanted CONSTANT text := $1;
  cluster CONSTANT bigint := (SELECT c.system_identifier FROM pg_control_system() c);
  current_position CONSTANT pg_lsn := CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                                           ELSE pg_current_wal_insert_lsn() END;
  heard timestamptz;
  silent boolean;
  obstacle text;
  obstacle_hint text;
BEGIN
  IF wanted IS NOT NULL AND NOT EXISTS (SELECT FROM daas.model m WHERE m.name = wanted) THEN
    RAISE EXCEPTION 'model "%" does not exist', wanted USING ERRCODE = '42704';
  END IF;
  SELECT d.reported_at, d.obstacle, d.obstacle_hint INTO heard, obstacle, obstacle_hint FROM daas.daemon d WHERE d.system_identifier = cluster;
  silent := heard IS NULL OR heard < clock_timestamp() - interval '10 seconds';
  RETURN QUERY
    SELECT m.name,
           CASE WHEN m.paused THEN 'paused'
                WHEN p.revision IS DISTINCT FROM m.revision THEN 'waiting'
                ELSE p.state END,
           nullif(concat_ws('; ',
             'daas-indexer ' || obstacle,
             CASE WHEN m.paused OR silent AND p.model IS NULL THEN NULL
                  WHEN p.model IS NULL THEN 'daas-indexer has not taken it up yet'
                  WHEN p.revision IS DISTINCT FROM m.revision
                    THEN format('it was redefined and daas-indexer has not taken that up yet (before: %s)', p.state)
                  ELSE p.reason END,
             CASE WHEN NOT silent THEN NULL
                  WHEN heard IS NULL THEN 'no daas-indexer has reported for this database'
                  ELSE format('no daas-indexer has reported since %s', to_char(heard, 'YYYY-MM-DD HH24:MI:SSOF')) END,
             CASE l.letters WHEN 0 THEN NULL WHEN 1 THEN '1 document is set aside, since Solr refused it'
                  ELSE format('%s documents are set aside, since Solr refused them', l.letters) END), ''),
           coalesce(CASE WHEN p.revision = m.revision THEN p.hint END, obstacle_hint,
                    CASE WHEN silent THEN 'Start daas-indexer for this database, or read its log.' END,
                    CASE WHEN l.letters > 0 THEN
                      format('SELECT * FROM daas.dead_letter WHERE model = %L; mend the cause, then SELECT daas.retry_dead_letters(%1$L)', m.name) END),
           g.number, p.documents, p.captured_lsn, p.visible_lsn, p.durable_lsn,
           CASE WHEN p.visible_lsn IS NOT NULL
                THEN greatest(pg_wal_lsn_diff(current_position, p.visible_lsn), 0)::bigint END,
           CASE WHEN p.visible_lsn >= current_position THEN interval '0'
                WHEN p.visible_at IS NOT NULL THEN greatest(clock_timestamp() - p.visible_at, interval '0') END,
           l.letters
      FROM daas.model m
      LEFT JOIN daas.progress p ON p.model = m.name AND p.system_identifier = cluster
      LEFT JOIN daas.generation g ON g.model = m.name AND g.live AND g.system_identifier = cluster
     CROSS JOIN LATERAL (SELECT count(DISTINCT r.key) AS letters
                           FROM daas.refused_document r JOIN daas.generation og ON og.model = r.model AND og.number = r.generation
                          WHERE r.model = m.name AND og.system_identifier = cluster) l
     WHERE wanted IS NULL OR m.name = wanted
     ORDER BY m.name;
END $$;
COMMENT ON FUNCTION daas.status(text) IS
'One row per model, or for one: its state (waiting, loading, running, paused, stopped), the reason and the statement that mends it (hint).
generation, documents: what is served. captured, visible, durable_lsn: decoded, visible to readers, confirmed to the slot up to there.
lag_bytes: WAL written since visible_lsn, of all tables. lag: time since visible_lsn was true. dead_letters: documents that Solr refused (daas.dead_letter).';
