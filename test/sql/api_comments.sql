-- Everything that the extension makes says what it is, and pins its search_path.
CREATE EXTENSION daas;
SELECT pg_describe_object(classid, objid, 0) AS uncommented
  FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'daas') AND deptype = 'e'
   AND classid <> 'pg_type'::regclass AND obj_description(objid, classid::regclass::name) IS NULL ORDER BY 1;
SELECT a.attrelid::regclass || '.' || a.attname AS uncommented_column
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'daas'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
   AND col_description(a.attrelid, a.attnum) IS NULL ORDER BY 1;
-- The gate passes the caller's search_path on and looks nothing up by itself; C functions look nothing up.
SELECT proname, prosrc FROM pg_proc
 WHERE pronamespace = 'daas'::regnamespace AND NOT coalesce(proconfig @> '{"search_path=pg_catalog, pg_temp"}', false)
   AND prosrc <> 'run_as_owner' ORDER BY proname COLLATE "C";
-- All of it goes with the extension.
DROP EXTENSION daas;
SELECT count(*) FROM pg_namespace WHERE nspname = 'daas';
SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'daas%';
-- A schema that somebody made before is not trusted.
CREATE SCHEMA daas;
CREATE EXTENSION daas;
DROP SCHEMA daas;
