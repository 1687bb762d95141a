\echo Use "CREATE EXTENSION daas" to load this file. \quit

-- The schema belongs to the extension: it goes with DROP EXTENSION, and a schema that somebody made
-- before makes CREATE EXTENSION fail instead of being trusted.
CREATE SCHEMA daas;
COMMENT ON SCHEMA daas IS 'daas: tables served as fast, scoped, always-fresh read APIs. Start with \df+ daas.*';
