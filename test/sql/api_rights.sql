-- Who may do what: nothing without daas.grant_role, and each role no more than it needs.
\getenv test PG_ABS_SRCDIR
\set said :test /sql/include/said.sql
\i :said
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_daas_admin;
CREATE ROLE regress_daas_other;
CREATE ROLE regress_daas_reader;
CREATE ROLE regress_daas_server;
CREATE ROLE regress_daas_replication;
CREATE ROLE regress_daas_nobody;
CREATE ROLE "Regress daas late";
CREATE EXTENSION daas;
GRANT CREATE ON SCHEMA public TO regress_daas_admin, regress_daas_other;

SELECT said($$SELECT daas.grant_role('owner', 'regress_daas_admin')$$);
SELECT said($$SELECT daas.grant_role(NULL, 'regress_daas_admin')$$);
SELECT said($$SELECT daas.grant_role('admin', 'regress_daas_missing')$$);
SELECT daas.grant_role('admin', 'regress_daas_admin');
SELECT daas.grant_role('admin', 'regress_daas_other');
SELECT daas.grant_role('reader', 'regress_daas_reader');
SELECT daas.grant_role('server', 'regress_daas_server');
SET client_min_messages = warning;
\set VERBOSITY terse
SELECT daas.grant_role('replication', 'regress_daas_replication');
\set VERBOSITY default
SET client_min_messages = error;

-- What each role can do in the schema.
CREATE VIEW roles AS SELECT unnest('{admin,reader,server,replication,nobody}'::text[]) AS role;
SELECT role, string_agg(p.proname, ' ' ORDER BY p.proname COLLATE "C")
  FROM roles LEFT JOIN pg_proc p ON p.pronamespace = 'daas'::regnamespace AND has_function_privilege('regress_daas_' || role, p.oid, 'EXECUTE')
 GROUP BY role ORDER BY role;
SELECT role, c.relname, string_agg(privilege, ' ' ORDER BY privilege)
  FROM roles, pg_class c, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) privilege
 WHERE c.relnamespace = 'daas'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('regress_daas_' || role, c.oid, privilege)
 GROUP BY role, c.relname ORDER BY role, c.relname COLLATE "C";
SELECT role, has_schema_privilege('regress_daas_' || role, 'daas', 'USAGE'), has_column_privilege('regress_daas_' || role, 'daas.account', 'password_hash', 'SELECT')
  FROM roles ORDER BY role;

-- An admin defines models of its own tables only.
CREATE TABLE superusers (id int PRIMARY KEY);
SET ROLE regress_daas_admin;
CREATE TABLE mine (id int PRIMARY KEY, v int);
SELECT said($$SELECT daas.create_model('superusers', 'SELECT id FROM superusers')$$);
SELECT said($$SELECT daas.create_model('mine', 'SELECT * FROM mine')$$);
SELECT said($$SELECT daas.create_api('mine', scope => '{}')$$);
SELECT said($$SELECT daas.create_account('a', 'b')$$);
SELECT model, state FROM daas.status();
SELECT name, owner FROM daas.model;
-- The parts that run as the owner can't be called.
SELECT said($$SELECT daas._create_model('postgres', 'public', 'x', 'SELECT id FROM superusers', NULL, '{}', false)$$);
SELECT said($$SELECT daas._define_model('postgres', 'public', 'SELECT id FROM superusers', NULL, false)$$);
SELECT said($$SELECT daas.grant_role('admin', 'regress_daas_nobody')$$);
SELECT said($$SELECT daas.uninstall()$$);
SELECT said($$SELECT password_hash FROM daas.account$$);
SELECT said($$INSERT INTO daas.api (path, model, fields, filters, public) VALUES ('x', 'mine', '{id}', '{}', true)$$);
RESET ROLE;
SET ROLE regress_daas_other;
SELECT said($$SELECT daas.create_api('steal', 'mine', public => true)$$);
SELECT said($$SELECT daas.create_api('mine', 'mine', public => true, or_replace => true)$$);
SELECT said($$SELECT daas.alter_model('mine', options => '{}')$$);
SELECT said($$SELECT daas.reload_model('mine')$$);
SELECT said($$SELECT daas.drop_model('mine', cascade => true)$$);
SELECT said($$SELECT daas.unpublish_api('mine')$$);
SELECT said($$SELECT daas.drop_api('mine')$$);
RESET ROLE;
GRANT regress_daas_admin TO regress_daas_other;
SET ROLE regress_daas_other;
SELECT said($$SELECT daas.reload_model('mine')$$);
RESET ROLE;

-- A query's functions run as the caller, also in a SECURITY DEFINER world: planning folds them.
SET ROLE regress_daas_admin;
CREATE FUNCTION whoami() RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE WARNING 'run as %', current_user; RETURN current_user; END $$;
CREATE FUNCTION grab() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM set_config('role', 'none', false); RETURN 1; END $$;
CREATE FUNCTION peek() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (SELECT count(*) FROM public.superusers); END $$;
SET client_min_messages = warning;
\set VERBOSITY terse
INSERT INTO mine VALUES (1, 1);
SELECT said($$SELECT daas.alter_model('mine', 'SELECT id, v, whoami() AS w FROM mine WHERE whoami() <> ''x''')$$);
SET client_min_messages = error;
\set VERBOSITY default
SELECT said($$SELECT daas.alter_model('mine', 'SELECT id, v, grab() AS w FROM mine')$$);
SELECT said($$SELECT daas.alter_model('mine', 'SELECT id, v, peek() AS w FROM mine')$$);
SELECT current_user;
RESET ROLE;
-- Nor by names in front of the catalogs' own.
SET ROLE regress_daas_admin;
CREATE TABLE pg_class (oid oid);
CREATE TEMPORARY TABLE pg_publication (pubname name);
CREATE FUNCTION format(text, name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'as %', current_user; END $$;
SET search_path = public, pg_catalog;
SELECT said($$SELECT daas.alter_model('mine', 'SELECT id, v FROM mine')$$);
SELECT said($$SELECT daas.drop_model('mine')$$);
RESET search_path;
DROP FUNCTION public.format(text, name);
DROP TABLE public.pg_class, pg_temp.pg_publication;
RESET ROLE;

-- Nobody and PUBLIC get nothing.
SET ROLE regress_daas_nobody;
SELECT said($$SELECT * FROM daas.served_api$$);
SELECT said($$SELECT daas.status()$$);
SELECT said($$SELECT daas.create_model('x', 'SELECT 1')$$);
SELECT said($$SELECT daas.login('a', 'b')$$);
RESET ROLE;

-- The server reads the served APIs and checks logins.
SET ROLE regress_daas_server;
SELECT path, model FROM daas.served_api;
SELECT daas.login('a', 'b'), daas.login('a', 'c') IS NULL;
SELECT said($$SELECT * FROM daas.account$$);
SELECT said($$SELECT * FROM daas.api$$);
SELECT said($$SELECT * FROM mine$$);
RESET ROLE;

-- The replication role reports.
SET ROLE regress_daas_replication;
INSERT INTO daas.daemon (system_identifier, epoch) VALUES (1, 1);
INSERT INTO daas.progress (model, system_identifier, state) VALUES ('mine', 1, 'running');
DELETE FROM daas.progress;
SELECT said($$UPDATE daas.model SET query = ''$$);
SELECT said($$SELECT * FROM mine$$);
RESET ROLE;

-- Readers read every source, now and later; and no more once the last model is gone.
SELECT has_table_privilege('regress_daas_reader', 'mine', 'SELECT'), has_table_privilege('regress_daas_reader', 'superusers', 'SELECT');
CREATE SCHEMA regress_closed AUTHORIZATION regress_daas_admin;
CREATE SCHEMA regress_foreign;
GRANT USAGE, CREATE ON SCHEMA regress_foreign TO regress_daas_admin;
SET ROLE regress_daas_admin;
CREATE TABLE regress_closed.a (id int PRIMARY KEY);
CREATE TABLE regress_foreign.b (id int PRIMARY KEY);
SELECT daas.create_model('a', 'SELECT id FROM regress_closed.a');
SELECT daas.create_model('a2', 'SELECT id FROM regress_closed.a');
SET client_min_messages = warning;
\set SHOW_CONTEXT never
INSERT INTO mine VALUES (2, 2);
RESET ROLE;
UPDATE daas.daemon SET system_identifier = (SELECT system_identifier FROM pg_control_system()), reported_at = now() + interval '1 hour';
SET ROLE regress_daas_admin;
SELECT daas.create_model('b', 'SELECT id FROM regress_foreign.b');
RESET ROLE;
SET client_min_messages = error;
SELECT has_table_privilege('regress_daas_reader', 'regress_closed.a', 'SELECT'), has_schema_privilege('regress_daas_reader', 'regress_closed', 'USAGE'),
  has_table_privilege('regress_daas_reader', 'regress_foreign.b', 'SELECT'), has_schema_privilege('regress_daas_reader', 'regress_foreign', 'USAGE');
SELECT daas.grant_role('reader', 'Regress daas late');
SELECT has_table_privilege('Regress daas late', 'regress_closed.a', 'SELECT'), has_schema_privilege('Regress daas late', 'regress_foreign', 'USAGE');
SELECT daas.drop_model('a');
SELECT has_table_privilege('regress_daas_reader', 'regress_closed.a', 'SELECT');
SELECT daas.drop_model('a2');
SELECT has_table_privilege('regress_daas_reader', 'regress_closed.a', 'SELECT');

-- All that a query reads must be the caller's, or of a role that it is a member of: views, too.
CREATE VIEW others_view AS SELECT m.id, m.v FROM mine m;
SET ROLE regress_daas_other;
CREATE TABLE others (id int PRIMARY KEY, mine int);
GRANT SELECT ON others TO regress_daas_admin;
RESET ROLE;
ALTER VIEW others_view OWNER TO regress_daas_other;
GRANT SELECT ON mine TO regress_daas_other;
GRANT SELECT ON others_view TO regress_daas_admin;
SET ROLE regress_daas_admin;
CREATE VIEW my_view AS SELECT m.id, o.id AS other FROM mine m JOIN others o ON o.mine = m.id;
SELECT said($$SELECT daas.create_model('joined', 'SELECT m.id, o.id AS other FROM mine m JOIN others o ON o.id = m.v')$$);
SELECT said($$SELECT daas.create_model('joined', 'SELECT m.id FROM mine m WHERE EXISTS (SELECT FROM others o WHERE o.id = m.v)')$$);
SELECT said($$SELECT daas.create_model('joined', 'SELECT id FROM others_view')$$);
SELECT said($$SELECT daas.create_model('joined', 'SELECT id, other FROM my_view', '{id}')$$);
RESET ROLE;
SET ROLE regress_daas_other;
SELECT daas.create_model('joined', 'SELECT v.id, w.id AS w, o.mine FROM others_view v JOIN others o ON o.id = v.id LEFT JOIN mine w ON w.id = o.mine', '{id}');
SELECT number, mode FROM daas.explain_model('joined');
RESET ROLE;
SELECT has_table_privilege('regress_daas_reader', 'others', 'SELECT'), has_table_privilege('regress_daas_reader', 'mine', 'SELECT');
SET ROLE regress_daas_admin;
SELECT said($$SELECT * FROM daas.explain_model('joined')$$);
RESET ROLE;
SELECT daas.drop_model('joined');
SELECT has_table_privilege('regress_daas_reader', 'others', 'SELECT');

-- A superuser of any name.
CREATE ROLE "Regress daas Super" SUPERUSER;
SET ROLE "Regress daas Super";
SELECT daas.grant_role('reader', 'regress_daas_reader');
RESET ROLE;
DROP ROLE "Regress daas Super";

SELECT daas.drop_model('b');
SELECT daas.drop_model('mine', cascade => true);
DROP EXTENSION daas CASCADE;
DROP PUBLICATION daas;
DROP VIEW roles;
DROP TABLE superusers;
DROP SCHEMA regress_closed, regress_foreign CASCADE;
DROP OWNED BY regress_daas_admin, regress_daas_other, regress_daas_reader, "Regress daas late";
DROP ROLE regress_daas_admin, regress_daas_other, regress_daas_reader, regress_daas_server, regress_daas_replication, regress_daas_nobody, "Regress daas late";
