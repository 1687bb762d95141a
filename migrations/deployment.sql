--liquibase formatted sql
-- What a deployment needs and the extension must not own: the four roles (they belong to the whole
-- cluster, hence the preconditions), the extension, the grants. Settings and passwords are the
-- operator's; the replication slot is made by daas-indexer, since a slot without a reader keeps WAL.

--changeset daas:role-admin
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_roles WHERE rolname = 'daas_admin'
--comment Whoever is a member may define models, APIs and accounts.
CREATE ROLE daas_admin NOLOGIN;

--changeset daas:role-replication
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_roles WHERE rolname = 'daas_replication'
--comment Reads the replication slot. REPLICATION can read the WAL of the whole cluster: docs/operations.md has the pg_hba line that confines it.
CREATE ROLE daas_replication LOGIN REPLICATION;

--changeset daas:role-reader
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_roles WHERE rolname = 'daas_reader'
--comment Reads the tables of the models.
CREATE ROLE daas_reader LOGIN;

--changeset daas:role-server
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_roles WHERE rolname = 'daas_server'
--comment Faces the internet: reads API definitions and checks logins, nothing else.
CREATE ROLE daas_server LOGIN;

--changeset daas:extension
--preconditions onFail:MARK_RAN
--precondition-sql-check expectedResult:0 SELECT count(*) FROM pg_extension WHERE extname = 'daas'
CREATE EXTENSION daas;

--changeset daas:grants
SELECT daas.grant_role('admin', 'daas_admin');
SELECT daas.grant_role('replication', 'daas_replication');
SELECT daas.grant_role('reader', 'daas_reader');
SELECT daas.grant_role('server', 'daas_server');
