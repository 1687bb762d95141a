-- Are the derived deltas exact enough? Row triggers keep the old and new images of all changes, as the
-- WAL would; after each transaction every document that changed must be among those that the deltas
-- name, and the fetch must give just what the query gives for them.
CREATE TABLE image (relation regclass, row text);
CREATE FUNCTION keep_images() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  root regclass := coalesce(pg_partition_root(TG_RELID), TG_RELID);
  -- A partition's columns may stand in another order.
  as_root text := CASE WHEN root = TG_RELID::regclass THEN '$1::text' ELSE format('jsonb_populate_record(NULL::%s, to_jsonb($1))::text', root) END;
BEGIN
  IF TG_OP <> 'INSERT' THEN EXECUTE 'INSERT INTO image SELECT $2, ' || as_root USING OLD, root; END IF;
  IF TG_OP <> 'DELETE' THEN EXECUTE 'INSERT INTO image SELECT $2, ' || as_root USING NEW, root; END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION watch(relations regclass[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  relation regclass;
BEGIN
  FOREACH relation IN ARRAY relations LOOP
    EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', relation);
    EXECUTE format('CREATE TRIGGER keep AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION keep_images()', relation);
  END LOOP;
END $$;

CREATE TABLE document (model text, key text[], doc text, PRIMARY KEY (model, key));
CREATE FUNCTION key_list(m daas.model) RETURNS text LANGUAGE sql AS
  $$ SELECT format('ARRAY[%s]', string_agg(format('format(''%%s'', q.%I)', k), ', ' ORDER BY n)) FROM unnest(m.key) WITH ORDINALITY u (k, n) $$;
CREATE FUNCTION documents(m daas.model) RETURNS TABLE (key text[], doc text) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT %s, string_agg(q::text, '' and '' ORDER BY q::text) FROM (%s) q GROUP BY 1', key_list(m), m.load_query);
END $$;

-- The keys that the images of the transaction lead to by one delta.
CREATE FUNCTION affected(m daas.model, d daas.delta) RETURNS TABLE (key text[]) LANGUAGE plpgsql AS $$
DECLARE
  columns text[] := ARRAY(SELECT jsonb_array_elements_text(d.columns));
  query text := d.query;
  parameter text[];
BEGIN
  IF d.mode = 'key' THEN
    RETURN QUERY EXECUTE format('SELECT DISTINCT ARRAY[%s] FROM image i WHERE i.relation = $1',
      (SELECT string_agg(format('format(''%%s'', (i.row::%s).%I)', d.relation, c), ', ' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u (c, n))) USING d.relation;
    RETURN;
  END IF;
  FOR i IN REVERSE cardinality(columns) .. 1 LOOP
    EXECUTE format('SELECT array_agg(CASE WHEN (i.row::%1$s).%2$I IS NOT NULL THEN format(''%%s'', (i.row::%1$s).%2$I) END ORDER BY i.ctid) FROM image i WHERE i.relation = $1', d.relation, columns[i])
      INTO parameter USING d.relation;
    query := replace(query, '$' || i, quote_nullable(parameter));
  END LOOP;
  RETURN QUERY EXECUTE format('SELECT ARRAY[%s] FROM (%s) q (%s)',
    (SELECT string_agg(format('format(''%%s'', q.k%s)', n), ', ' ORDER BY n) FROM generate_series(1, cardinality(m.key)) n), query,
    (SELECT string_agg(format('k%s', n), ', ' ORDER BY n) FROM generate_series(1, cardinality(m.key)) n));
END $$;

CREATE FUNCTION fetched(m daas.model, keys text[]) RETURNS SETOF document LANGUAGE plpgsql AS $$
DECLARE
  query text := m.fetch_query;
BEGIN
  FOR i IN REVERSE cardinality(m.key) .. 1 LOOP
    query := replace(query, '$' || i, quote_literal(ARRAY(SELECT keys[r][i] FROM generate_series(1, coalesce(array_length(keys, 1), 0)) r ORDER BY r)));
  END LOOP;
  RETURN QUERY EXECUTE format('SELECT %L::text, %s, string_agg(q::text, '' and '' ORDER BY q::text) FROM (%s) q GROUP BY 2', m.name, key_list(m), query);
END $$;

-- Documents that the deltas of a transaction missed.
CREATE TABLE missed (model text, key text[], what text, at int DEFAULT current_setting('test.transaction')::int);
CREATE UNLOGGED TABLE now_there (key text[], doc text);
CREATE UNLOGGED TABLE told (key text[]);
CREATE FUNCTION check_model(m daas.model) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  d daas.delta;
BEGIN
  DELETE FROM now_there;
  DELETE FROM told;
  INSERT INTO now_there SELECT * FROM documents(m);
  IF NOT EXISTS (SELECT FROM daas.delta d JOIN image i ON i.relation = d.relation WHERE d.model = m.name AND d.mode = 'refresh') THEN
    FOR d IN SELECT * FROM daas.delta d WHERE d.model = m.name AND EXISTS (SELECT FROM image i WHERE i.relation = d.relation) LOOP
      INSERT INTO told SELECT * FROM affected(m, d);
    END LOOP;
    INSERT INTO missed SELECT m.name, coalesce(a.key, b.key), format('%s, then %s', b.doc, a.doc)
      FROM now_there a FULL JOIN (SELECT * FROM document WHERE model = m.name) b ON a.key = b.key
     WHERE a.doc IS DISTINCT FROM b.doc AND coalesce(a.key, b.key) NOT IN (SELECT key FROM told);
    INSERT INTO missed SELECT m.name, coalesce(f.key, n.key), format('fetched %s instead of %s', f.doc, n.doc)
      FROM fetched(m, ARRAY(SELECT DISTINCT key FROM told)) f
      FULL JOIN (SELECT * FROM now_there WHERE key IN (SELECT key FROM told)) n ON n.key = f.key
     WHERE f.doc IS DISTINCT FROM n.doc;
  END IF;
  DELETE FROM document WHERE model = m.name;
  INSERT INTO document SELECT m.name, * FROM now_there;
END $$;
-- Transactions of one to four changes each; some_change() is the test's.
CREATE PROCEDURE check_changes(transactions int, seed float8, models text) LANGUAGE plpgsql AS $$
DECLARE
  m daas.model;
BEGIN
  PERFORM setseed(seed);
  FOR i IN 1 .. 60 LOOP PERFORM some_change(); END LOOP;
  FOR i IN 0 .. transactions LOOP
    FOR j IN 1 .. 1 + floor(random() * 4) LOOP PERFORM some_change(); END LOOP;
    PERFORM set_config('test.transaction', i::text, false);
    FOR m IN SELECT * FROM daas.model WHERE name LIKE models LOOP PERFORM check_model(m); END LOOP;
    TRUNCATE image;
    -- What was there before is no transaction's.
    IF i = 0 THEN DELETE FROM missed x WHERE x.model LIKE models AND x.at = 0; END IF;
    COMMIT;
  END LOOP;
END $$;
