"""The slot is gone, the database is another one than before, or an earlier one: the daemon notices, says so, and loads anew by itself
where that is safe."""
import copy
import os
import shutil
import subprocess

import pytest

from harness.indexer import Indexer
from harness.postgres import POSTGRES_BIN, Postgres, running
from harness.site import DECODER, Site
from harness.waiting import NotYet, wait_for


@pytest.fixture(scope="module")
def cluster(directory):
    """A PostgreSQL of its own, whose settings and files may be changed."""
    with running(directory / "recovery") as one:
        yield one


@pytest.fixture(scope="module")
def site(directory, cluster, solr):
    one = Site("recovery", directory / "recovery-site", cluster, solr)
    try:
        one.sql("CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 50) i")
        one.create_model("t", "SELECT * FROM t")
        one.indexer.start()
        one.assert_equal("t")
        yield one
    finally:
        one.close()


@pytest.fixture(autouse=True)
def goes_on(site):
    """A test begins and ends with a daemon that follows the changes of the first cluster."""
    yield
    if not site.indexer.runs():
        site.indexer.start()
    site.sql("INSERT INTO t SELECT coalesce(max(id), 0) + 1, 'goes on' FROM t")
    site.assert_equal("t")

    def at_rest():
        # The old documents may be equal while a load still runs.
        status = site.status("t")
        if status["state"] != "running" or status["reason"] or status["generation"] is None:
            raise NotYet(status)
        return True
    wait_for(at_rest, 30, "no load runs")


def superuser(site, statement, *parameters):
    with site.connect("postgres") as connection:
        cursor = connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else None


def slot(site):
    rows = superuser(site, "SELECT slot_name, plugin, wal_status, slot_type FROM pg_replication_slots")
    return rows[0] if rows else None


def generation(site):
    return site.status("t")["generation"]


def new_generation(site, before, deadline=30):
    wait_for(lambda: generation(site) not in (None, before), deadline, f"a generation after {before}", pause=0.05)
    site.assert_equal("t")


def logged(site, words):
    wait_for(lambda: words in site.indexer.log.read_text(errors="replace"), 10, f"the log says: {words}")


def obstacle(site, *words):
    """The status of a daemon that does not run its models."""
    def said():
        site.indexer.check()
        status = site.status("t")
        text = f"{status['reason']} {status['hint']}"
        if not all(word in text for word in words):
            raise NotYet(text)
        return status
    status = wait_for(said, 20, f"daas.status() says {words}")
    assert site.indexer.readiness()[0] == 503
    return status


@pytest.mark.decoded("without decoding there is no slot")
@pytest.mark.parametrize("how", ["away", "running"])
def test_a_slot_that_is_dropped_is_made_anew_and_everything_loaded_anew(site, how):
    before = generation(site)
    if how == "away":
        site.indexer.stop()
    else:
        superuser(site, "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots")
    superuser(site, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    site.sql("UPDATE t SET v = 'missed' WHERE id < 9; DELETE FROM t WHERE id = 9")
    if how == "away":
        site.indexer.start()
    new_generation(site, before)


@pytest.mark.decoded("without decoding there is no slot")
def test_a_slot_whose_wal_was_removed_is_made_anew_by_itself(site, cluster):
    before = generation(site)
    site.indexer.stop()
    superuser(site, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    superuser(site, "SELECT pg_reload_conf()")
    try:
        def lost():
            site.sql("UPDATE t SET v = v || '.'")
            superuser(site, "SELECT pg_switch_wal()")
            superuser(site, "CHECKPOINT")
            return slot(site)[2] == "lost"
        wait_for(lost, 30, "the slot is lost", pause=0)
    finally:
        superuser(site, "ALTER SYSTEM RESET max_slot_wal_keep_size")
        superuser(site, "SELECT pg_reload_conf()")
    site.indexer.start()
    logged(site, "PostgreSQL removed WAL that the replication slot")
    new_generation(site, before)
    assert slot(site)[2] == "reserved"


@pytest.mark.decoded("without decoding there is no slot")
@pytest.mark.parametrize("make", ["pg_create_logical_replication_slot(%s, 'test_decoding')",
                                  "pg_create_physical_replication_slot(%s)"], ids=["other plugin", "physical"])
def test_a_slot_of_that_name_that_is_not_ours_is_refused_with_the_command(site, make):
    name = slot(site)[0]
    before = generation(site)
    site.indexer.stop()
    superuser(site, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
    superuser(site, f"SELECT {make}", name)
    site.indexer.start(ready=False)
    status = obstacle(site, f"the replication slot {name}", "--slot", "pg_drop_replication_slot")
    superuser(site, status["hint"][status["hint"].index("SELECT"):])
    site.indexer.wait_ready()
    new_generation(site, before)


@pytest.mark.decoded("without decoding there is no slot")
def test_wal_that_is_no_longer_logical_is_said_and_heals(site, cluster):
    before = generation(site)
    site.indexer.stop()
    superuser(site, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")  # else PostgreSQL doesn't start
    for level in ("replica", "logical"):
        site.disconnect()
        cluster.stop()
        cluster.settings["wal_level"] = level
        cluster.start()
        if level == "replica":
            site.indexer.start(ready=False)
            obstacle(site, "wal_level is replica", "ALTER SYSTEM SET wal_level")
    site.indexer.wait_ready()
    new_generation(site, before)


@pytest.mark.decoded("without decoding there is no slot")
def test_a_plugin_that_is_no_longer_listed_is_said_and_heals(site):
    if not superuser(site, "SELECT 1 FROM pg_settings WHERE name = 'output_plugin_libraries'"):
        pytest.skip("this PostgreSQL does not list plugins")
    before = generation(site)
    superuser(site, "ALTER ROLE e2e_replication SET output_plugin_libraries = " + ("pgoutput" if DECODER == "plugin" else "test_decoding"))
    superuser(site, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots")
    status = obstacle(site, "output_plugin_libraries", "ALTER ROLE e2e_replication")
    superuser(site, status["hint"])
    site.indexer.wait_ready()
    site.assert_equal("t")
    assert generation(site) == before


# Copies of the database

def files_of(cluster, directory, standby):
    """A base backup of the running cluster, as a cluster with a port of its own."""
    directory.mkdir()
    directory.chmod(0o755)
    other = Postgres(directory)
    other.passwords = dict(cluster.passwords)
    shutil.copytree(cluster.directory / "stage", directory / "stage")
    if os.getuid() == 0:
        shutil.chown(directory, "postgres")
    command = [f"{POSTGRES_BIN}/pg_basebackup", "-D", directory / "data", "-h", "127.0.0.1", "-p", cluster.port, "-U", "postgres",
               "-c", "fast", "-X", "stream", *(["-R"] if standby else [])]
    if os.getuid() == 0:
        command = ["runuser", "-u", "postgres", "--preserve-environment", "--", *command]
    subprocess.run([str(word) for word in command], check=True, timeout=60, cwd="/",
                   env=os.environ | {"PGPASSWORD": cluster.passwords["postgres"]})
    for role in other.passwords:
        other._pass_file(role)  # pylint: disable=protected-access
    other.start()
    return other


def site_on(site, cluster, directory):
    """The same database in another cluster, with a daemon of its own and the same namespace."""
    directory.mkdir()
    other = copy.copy(site)
    other.postgres, other._connection = cluster, None  # pylint: disable=protected-access
    other.indexer = Indexer(directory, {
        "pg-replication": cluster.conninfo(site.database, "e2e_replication"), "pg-reader": cluster.conninfo(site.database, "e2e_reader"),
        "pg-server": cluster.conninfo(site.database, "e2e_server"), "solr": site.solr.url, "solr-namespace": site.name})
    return other


def ended(other):
    other.indexer.end()
    if other._connection is not None:  # pylint: disable=protected-access
        other.disconnect()


def test_a_promoted_replica_takes_over_and_the_old_primary_is_refused(site, cluster, directory):
    before = generation(site)
    replica = files_of(cluster, directory / "replica", standby=True)
    try:
        other = site_on(site, replica, directory / "replica-site")
        site.sql("UPDATE t SET v = 'last of the old primary' WHERE id = 1")
        wait_for(lambda: other.value("SELECT v FROM t WHERE id = 1") == "last of the old primary", 10, "the replica has it")
        other.disconnect()
        with replica.connect("postgres") as connection:
            connection.execute("SELECT pg_promote()")
        site.sql("INSERT INTO t VALUES (5000, 'split brain')")
        site.assert_equal("t")
        other.sql("UPDATE t SET v = 'first of the new primary' WHERE id = 2; DELETE FROM t WHERE id = 3")
        other.indexer.start()
        obstacle(site, "timeline 2", "this server is on timeline 1", "--pg-replication")
        new_generation(other, before)
        site.sql("INSERT INTO t VALUES (5001, 'more of it')")
        other.sql("INSERT INTO t SELECT 5002, 'of the new primary'")
        other.assert_equal("t")
        ended(other)
        # And back, since an operator says so.
        site.indexer.stop()
        site.indexer.options["adopt"] = "true"
        site.indexer.start()
        site.assert_equal("t")
        site.indexer.stop()
        site.indexer.options.pop("adopt")
        site.indexer.start()
        site.assert_equal("t")
    finally:
        ended(other)
        replica.stop()


def test_a_restored_base_backup_is_behind_solr_and_is_loaded_anew(site, cluster, directory):
    backup = files_of(cluster, directory / "backup", standby=False)
    backup.stop()
    other = site_on(site, backup, directory / "backup-site")
    try:
        for _ in range(2):
            site.indexer.stop()
            site.indexer.start()
        site.sql("UPDATE t SET v = 'lost by the restore'; INSERT INTO t VALUES (6000, 'lost by the restore')")
        site.assert_equal("t")
        backup.start()
        other.indexer.start(ready=False)
        obstacle(other, "another copy of this database", "--adopt")
        site.indexer.stop()
        other.indexer.wait_ready()
        logged(other, "the database is a copy of an earlier state")
        wait_for(lambda: other.status("t")["state"] == "running" and not other.status("t")["reason"], 20, "loaded anew")
        other.sql("UPDATE t SET v = 'after the restore' WHERE id = 2")
        other.assert_equal("t")
        other.indexer.stop()
        # The first one has fallen behind now.
        site.indexer.start()
        logged(site, "the database is a copy of an earlier state")
    finally:
        ended(other)
        backup.stop()


def test_a_disk_snapshot_with_the_slot_in_it_is_loaded_anew(site, cluster):
    saved = cluster.directory / "saved"
    site.disconnect()
    cluster.stop()
    subprocess.run(["cp", "-a", cluster.directory / "data", saved], check=True)
    cluster.start()
    site.indexer.wait_ready()
    before = generation(site)
    site.sql("UPDATE t SET v = 'lost with the disk'; INSERT INTO t VALUES (7000, 'lost with the disk')")
    site.assert_equal("t")
    assert generation(site) == before, "a restart of PostgreSQL needs no new load"
    site.indexer.stop()
    site.disconnect()
    cluster.stop()
    shutil.rmtree(cluster.directory / "data")
    saved.rename(cluster.directory / "data")
    cluster.start()
    site.indexer.start()
    logged(site, "Solr knows epoch")
    new_generation(site, before)
    assert not site.value("SELECT count(*) FROM t WHERE id = 7000")


def test_a_dump_in_another_database_starts_anew_and_the_original_goes_on(site, cluster):
    before = generation(site)
    with cluster.connect("postgres") as connection:
        connection.execute("CREATE DATABASE dumped OWNER e2e_owner")
    environment = os.environ | {"PGPASSWORD": cluster.passwords["postgres"]}
    server = ["-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres"]
    dump = subprocess.run([f"{POSTGRES_BIN}/pg_dump", *server, site.database], check=True, capture_output=True, env=environment).stdout
    subprocess.run([f"{POSTGRES_BIN}/psql", *server, "-q", "-v", "ON_ERROR_STOP=1", "dumped"], check=True, input=dump,
                   capture_output=True, env=environment)
    other = copy.copy(site)
    other.database, other.name, other._connection = "dumped", "dumped", None  # pylint: disable=protected-access
    try:
        (site.indexer.directory / "dumped").mkdir()
        other.indexer = Indexer(site.indexer.directory / "dumped", {
            "pg-replication": cluster.conninfo("dumped", "e2e_replication"), "pg-reader": cluster.conninfo("dumped", "e2e_reader"),
            "pg-server": cluster.conninfo("dumped", "e2e_server"), "solr": site.solr.url, "solr-namespace": site.name})
        other.indexer.start(ready=False)
        obstacle(other, "belongs to the database", "--solr-namespace")
        other.indexer.stop()
        other.indexer.options["solr-namespace"] = "dumped"
        other.indexer.start()
        other.sql("UPDATE t SET v = 'of the copy'")
        other.assert_equal("t")
        site.sql("UPDATE t SET v = 'of the original'")
        site.assert_equal("t")
        assert generation(site) == before
    finally:
        other.close()
