-- Equipping roles, and who may call what.

CREATE FUNCTION daas.grant_role(role text, member name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  defining CONSTANT text := 'daas.create_model, daas.alter_model, daas.drop_model, daas.reload_model,
    daas.pause_model, daas.resume_model, daas.explain_model, daas.model_explanation, daas.export_model, daas.retry_dead_letters,
    daas.create_api, daas.publish_api, daas.unpublish_api, daas.drop_api,
    daas.create_account, daas.set_password, daas.set_claims, daas.drop_account, daas.status, daas.version';
  definitions CONSTANT text := 'daas.model, daas.source, daas.delta, daas.api, daas.daemon, daas.progress, daas.collection, daas.generation, daas.served_api';
  source regclass;
BEGIN
  IF role IS NULL OR role NOT IN ('admin', 'reader', 'server', 'replication', 'writer') THEN
    RAISE EXCEPTION 'unknown daas role "%"', role
      USING ERRCODE = '22023', HINT = 'Roles are: admin, reader, server, replication, writer.';
  ELSIF member IS NULL OR NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = member) THEN
    RAISE EXCEPTION 'role "%" does not exist', member
      USING ERRCODE = '42704', HINT = format('Run CREATE ROLE %I LOGIN first.', member);
  END IF;
  IF role = 'admin' AND NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'daas') THEN
    RAISE EXCEPTION 'there is no role admin where daas is plain SQL: the owner of its schema defines models'
      USING ERRCODE = '0A000',
            HINT = format('Run GRANT %s TO %I.', daas._owner(), member);
  END IF;
  INSERT INTO daas.role_member (role, member) VALUES (role, member) ON CONFLICT DO NOTHING;
  EXECUTE format('GRANT USAGE ON SCHEMA daas TO %I', member);
  CASE role
    WHEN 'admin' THEN
      EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', defining, member);
      EXECUTE format('GRANT SELECT ON TABLE %s, daas.dead_letter TO %I', definitions, member);
      EXECUTE format('GRANT SELECT (name, claims, created_at) ON TABLE daas.account TO %I', member);
    WHEN 'reader' THEN
      FOR source IN SELECT DISTINCT s.relation::oid FROM daas.source s JOIN pg_class c ON c.oid = s.relation LOOP
        PERFORM daas._grant_to_readers(quote_ident(current_user)::regrole, source);
      END LOOP;
    WHEN 'writer' THEN
      FOR source IN SELECT DISTINCT s.relation::oid FROM daas.source s JOIN daas.api a ON a.model = s.model WHERE a.writes <> '{}' LOOP
        PERFORM daas._sync_writers(quote_ident(current_user)::regrole, source);
      END LOOP;
    WHEN 'server' THEN
      EXECUTE format('GRANT SELECT ON TABLE daas.served_api TO %I', member);
      EXECUTE format('GRANT EXECUTE ON FUNCTION daas.login, daas.open_session, daas.refresh_session, daas.end_session, daas.version TO %I', member);
    WHEN 'replication' THEN
      EXECUTE format('GRANT SELECT ON TABLE %s TO %I', definitions, member);
      EXECUTE format('GRANT INSERT, UPDATE, DELETE ON TABLE daas.daemon, daas.progress, daas.collection, daas.generation TO %I', member);
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE daas.refused_document TO %I', member);
      EXECUTE format('GRANT SELECT, DELETE ON TABLE daas.outbox, daas.outbox_reader TO %I', member);
      EXECUTE format('GRANT SELECT, INSERT, DELETE ON TABLE daas.outbox_bell TO %I', member);
      EXECUTE format('GRANT USAGE ON SEQUENCE daas.generation_seq TO %I', member);
      EXECUTE format('GRANT EXECUTE ON FUNCTION daas.status, daas.version TO %I', member);
      IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = member AND (r.rolreplication OR r.rolsuper)) THEN
        RAISE WARNING 'role "%" does not have the REPLICATION attribute', member
          USING HINT = format('Run ALTER ROLE %I REPLICATION, unless every model has the option "capture": "notify".', member);
      END IF;
  END CASE;
END $$;
COMMENT ON FUNCTION daas.grant_role(text, name) IS
'Equips a database role. For superusers and the extension''s owner.
admin: defines models, APIs and accounts. reader: reads the sources of all models, now and later. server: reads API definitions and checks logins, nothing else. writer: writes the tables of APIs that allow it, now and later, and has no other right. replication: reads definitions and reports progress; it also needs the REPLICATION attribute, unless every model has the option "capture": "notify".';

-- Of pgoutput's slots the one that daas-indexer told of, and the one that it makes unless it is told another name.
CREATE FUNCTION daas._is_own_slot(slot name, plugin name) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT plugin = 'daas' OR plugin = 'pgoutput' AND slot IN (
    SELECT d.slot FROM daas.daemon d UNION SELECT 'daas_' || d.oid FROM pg_database d WHERE d.datname = current_database())
$$;
COMMENT ON FUNCTION daas._is_own_slot(name, name) IS 'Internal: whether a logical slot is one that daas-indexer made.';

CREATE FUNCTION daas.uninstall() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  slot record;
  source regclass;
BEGIN
  FOR slot IN
    SELECT s.slot_name, s.active_pid FROM pg_replication_slots s
     WHERE daas._is_own_slot(s.slot_name, s.plugin) AND s.database = current_database()
  LOOP
    IF slot.active_pid IS NOT NULL THEN
      RAISE EXCEPTION 'replication slot "%" is in use by process %', slot.slot_name, slot.active_pid
        USING ERRCODE = '55006', HINT = 'Stop daas-indexer, or whoever else reads the slot, then run daas.uninstall() again.';
    ELSIF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = current_user AND (r.rolsuper OR r.rolreplication)) THEN
      RAISE EXCEPTION 'role "%" can''t drop the replication slot "%"', current_user, slot.slot_name
        USING ERRCODE = '42501',
              HINT = format('As the role that the daemon runs as, run SELECT pg_drop_replication_slot(%L), then daas.uninstall() again.', slot.slot_name);
    END IF;
  END LOOP;
  DELETE FROM daas.api;
  FOR source IN SELECT DISTINCT s.relation::oid FROM daas.source s LOOP
    PERFORM daas._sync_writers(quote_ident(current_user)::regrole, source);
    PERFORM daas._revoke_from_readers(source);
  END LOOP;
  DELETE FROM daas.model;
  -- Checks that the publication is ours before it goes.
  PERFORM daas._sync_publication();
  PERFORM daas._sync_outbox();
  IF EXISTS (SELECT FROM pg_publication p WHERE p.pubname = 'daas') THEN
    DROP PUBLICATION daas;
  END IF;
  -- Last, since a rollback does not bring slots back.
  PERFORM pg_drop_replication_slot(s.slot_name) FROM pg_replication_slots s
    WHERE daas._is_own_slot(s.slot_name, s.plugin) AND s.database = current_database();
  RAISE NOTICE 'daas captures nothing any more; % removes the rest',
    CASE WHEN EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'daas') THEN 'DROP EXTENSION daas' ELSE 'DROP SCHEMA daas CASCADE' END
    USING HINT = 'Collections in Solr stay until they are deleted there.';
END $$;
COMMENT ON FUNCTION daas.uninstall() IS
'Removes what DROP EXTENSION daas would leave behind: the publication, the replication slot, the readers'' and writers'' grants; and all models and APIs. For superusers and the extension''s owner; daas-indexer must be stopped.';

-- Nobody but the owner, until grant_role says so. Trigger functions need no EXECUTE to fire.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA daas FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA daas FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA daas FROM PUBLIC;
REVOKE ALL ON SCHEMA daas FROM PUBLIC;
-- Default privileges (ALTER DEFAULT PRIVILEGES) have given more to others.
DO $do$
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT DISTINCT o.what, quote_ident(r.rolname) AS grantee
      FROM (SELECT 'TABLES' AS what, c.relacl AS acl, c.relowner AS owner FROM pg_class c WHERE c.relnamespace = 'daas'::regnamespace AND c.relkind IN ('r', 'v')
            UNION ALL SELECT 'SEQUENCES', c.relacl, c.relowner FROM pg_class c WHERE c.relnamespace = 'daas'::regnamespace AND c.relkind = 'S'
            UNION ALL SELECT 'FUNCTIONS', p.proacl, p.proowner FROM pg_proc p WHERE p.pronamespace = 'daas'::regnamespace) o,
           aclexplode(o.acl) a JOIN pg_roles r ON r.oid = a.grantee
     WHERE a.grantee <> o.owner
  LOOP
    EXECUTE format('REVOKE ALL ON ALL %s IN SCHEMA daas FROM %s', given.what, given.grantee);
  END LOOP;
  FOR given IN
    SELECT quote_ident(r.rolname) AS grantee FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
     WHERE n.nspname = 'daas' AND a.grantee <> n.nspowner
  LOOP
    EXECUTE format('REVOKE ALL ON SCHEMA daas FROM %s', given.grantee);
  END LOOP;
END $do$;
