-- The wake-up of daas-indexer: at commit of a definition, NOTIFY daas with the table's name. Only a
-- wake-up: whoever hears it reads the tables, and whoever missed it reads them when it connects.

CREATE FUNCTION daas._notify() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_notify('daas', tg_table_name);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION daas._notify() IS 'Internal: NOTIFY daas, ''table''.';

CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON daas.model FOR EACH STATEMENT EXECUTE FUNCTION daas._notify();
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON daas.source FOR EACH STATEMENT EXECUTE FUNCTION daas._notify();
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON daas.api FOR EACH STATEMENT EXECUTE FUNCTION daas._notify();
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON daas.account FOR EACH STATEMENT EXECUTE FUNCTION daas._notify();
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE ON daas.generation FOR EACH STATEMENT EXECUTE FUNCTION daas._notify();
COMMENT ON TRIGGER notify ON daas.model IS 'Wakes daas-indexer at commit.';
COMMENT ON TRIGGER notify ON daas.source IS 'Wakes daas-indexer at commit.';
COMMENT ON TRIGGER notify ON daas.api IS 'Wakes the serving role at commit.';
COMMENT ON TRIGGER notify ON daas.account IS 'Wakes the serving role at commit.';
COMMENT ON TRIGGER notify ON daas.generation IS 'Wakes the serving role when another generation is live.';
