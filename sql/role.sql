-- Roles: which database roles daas.grant_role equipped. No role is created here (roles are of the
-- whole cluster); members are kept by name, so that a restored copy finds its own.

CREATE TABLE daas.role_member (
  role    text NOT NULL CHECK (role IN ('admin', 'reader', 'server', 'replication', 'writer')),
  member  name NOT NULL,
  PRIMARY KEY (role, member)
);
COMMENT ON TABLE  daas.role_member IS 'What daas.grant_role gave to whom. create_model grants SELECT on its table to every reader.';
COMMENT ON COLUMN daas.role_member.role IS 'admin, reader, server, replication or writer.';
COMMENT ON COLUMN daas.role_member.member IS 'Name of the database role.';

SELECT pg_catalog.pg_extension_config_dump('daas.role_member', '');

CREATE FUNCTION daas._owner() RETURNS regrole
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT n.nspowner::regrole FROM pg_namespace n WHERE n.nspname = 'daas' $$;
COMMENT ON FUNCTION daas._owner() IS 'Internal: the role that installed daas.';

-- The schema is the caller's to open only if it is the caller's.
CREATE FUNCTION daas._let_use_schema(caller regrole, relation regclass, member name, purpose text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  namespace pg_namespace;
BEGIN
  SELECT n.* INTO STRICT namespace
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation;
  IF has_schema_privilege(member, namespace.oid, 'USAGE') THEN RETURN; END IF;
  IF pg_has_role(caller::oid, namespace.nspowner, 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', namespace.nspname, member);
  ELSE
    RAISE WARNING 'role "%" can''t use schema "%", so it can''t % %', member, namespace.nspname, purpose, relation
      USING HINT = format('As the schema''s owner run GRANT USAGE ON SCHEMA %I TO %I.', namespace.nspname, member);
  END IF;
END $$;
COMMENT ON FUNCTION daas._let_use_schema(regrole, regclass, name, text) IS
  'Internal: grants USAGE on a table''s schema if the caller owns that, else warns; purpose: read or write.';

-- Lets the readers read one table.
CREATE FUNCTION daas._grant_to_readers(caller regrole, relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reader name;
BEGIN
  FOR reader IN
    SELECT m.member FROM daas.role_member m JOIN pg_roles r ON r.rolname = m.member
     WHERE m.role = 'reader' ORDER BY 1
  LOOP
    EXECUTE format('GRANT SELECT ON TABLE %s TO %I', relation, reader);
    PERFORM daas._let_use_schema(caller, relation, reader, 'read');
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._grant_to_readers(regrole, regclass) IS
  'Internal: grants SELECT on a source to every reader, and USAGE on its schema if the caller owns that.';

-- Takes SELECT back from the readers when the last model of a table is gone.
CREATE FUNCTION daas._revoke_from_readers(relation regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reader name;
BEGIN
  FOR reader IN
    SELECT m.member FROM daas.role_member m JOIN pg_roles r ON r.rolname = m.member
     WHERE m.role = 'reader' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = relation) ORDER BY 1
  LOOP
    EXECUTE format('REVOKE SELECT ON TABLE %s FROM %I', relation, reader);
  END LOOP;
END $$;
COMMENT ON FUNCTION daas._revoke_from_readers(regclass) IS
  'Internal: takes SELECT on a former source back from every reader.';
