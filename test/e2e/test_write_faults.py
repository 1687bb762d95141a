"""Writes beside definitions that change, connections that end, locks, deadlocks and constraints that come late."""
import threading

import pytest

from harness.waiting import wait_for
from harness.written_items import RETURNED, done, refused

PAGE = "https://page.example"


@pytest.fixture(scope="module")
def site(open_site):
    with open_site(write_timeout="3s", cors_origin=PAGE, write_threads=3) as one:
        one.sql("""CREATE TABLE parent (id int PRIMARY KEY);
                   CREATE TABLE t (id int PRIMARY KEY, v text, parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)""")
        one.create_model("t", "SELECT id, v AS value, parent FROM t")
        one.sql("SELECT daas.create_api('t', scope => '{}', writes => '{insert,update,delete}')")
        one.sql("SELECT daas.create_api('r', 't', scope => '{}')")
        one.sql("SELECT daas.create_account('a', 'secret')")
        one.indexer.start()
        one.assert_equal("t")
        one.access = one.token("a", "secret")
        wait_for(lambda: one.api("t", one.access).status_code == 200, 20, "the API is known")
        yield one


@pytest.fixture(autouse=True)
def rows(site):
    site.sql("DELETE FROM t; INSERT INTO t VALUES (1, 'one'), (2, 'two')")


def write(site, method, body=None, headers=None, path="t", **parameters):
    return site.write(method, path, site.access, body, headers, **parameters)


def values(site):
    return site.sql("SELECT id, v FROM t ORDER BY id")


class Later:
    """A write that is made beside."""

    def __init__(self, *arguments, **parameters):
        self.answer = None
        self.thread = threading.Thread(target=self._run, args=(arguments, parameters))
        self.thread.start()

    def _run(self, arguments, parameters):
        self.answer = write(*arguments, **parameters)

    def wait(self):
        self.thread.join()
        return self.answer


def waiting(superuser):
    return superuser.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'daas serve write' AND wait_event_type = 'Lock'"
                             " AND datname = current_database()").fetchone()


def test_a_definition_that_changes_holds_within_a_second(site):
    site.sql("SELECT daas.create_api('t', scope => '{}', writes => '{insert}', or_replace => true)")
    wait_for(lambda: write(site, "PATCH", {"value": "y"}, id="eq.99").status_code == 405, 3, "PATCH is refused")
    assert write(site, "POST", {"id": 3, "value": "x"}).status_code == 201
    assert not site.value("SELECT has_any_column_privilege('e2e_writer', 't', 'UPDATE') OR has_table_privilege('e2e_writer', 't', 'DELETE')")
    site.sql("SELECT daas.create_api('t', scope => '{}', writes => '{insert,update,delete}', or_replace => true)")
    wait_for(lambda: write(site, "PATCH", {"value": "y"}, id="eq.3").status_code == 204, 3, "PATCH is made")


def test_a_renamed_column_and_table_are_written_without_a_failure(site):
    failures, ended = [], threading.Event()

    def insist():
        while not ended.is_set():
            answer = write(site, "PATCH", {"value": "again"}, RETURNED, id="eq.1")
            if answer.status_code != 200 or answer.json()[0]["value"] != "again":
                failures.append(answer.text)
    thread = threading.Thread(target=insist)
    thread.start()
    for statement in ("ALTER TABLE t RENAME v TO w", "ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME w TO v", "ALTER TABLE u RENAME TO t"):
        site.sql(statement)
        answer = write(site, "PATCH", {"value": statement}, RETURNED, id="eq.2", select="value")
        assert done(answer) == [{"value": statement}]
    ended.set()
    thread.join()
    assert not failures, failures[:3]


def test_a_connection_that_ended_is_made_anew(site):
    for number in range(3):
        assert write(site, "PATCH", {"value": str(number)}, id="eq.1").status_code == 204
    with site.connect("postgres") as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'daas serve write'")
    for number in range(3, 9):
        assert write(site, "PATCH", {"value": str(number)}, id="eq.1").status_code == 204
    assert values(site)[0] == (1, "8")


def test_a_connection_that_ends_in_a_write_undoes_it(site):
    with site.connect() as other, site.connect("postgres") as superuser, other.transaction():
        other.execute("UPDATE t SET v = 'locked' WHERE id = 2")
        later = Later(site, "PATCH", {"value": "new"}, id="gt.0")
        (pid,) = wait_for(lambda: waiting(superuser), 3, "the write waits")
        superuser.execute("SELECT pg_terminate_backend(%s)", (pid,))
        answer = later.wait()
    refused(answer, 503, "57P01")
    assert answer.headers["Retry-After"] == "1" and values(site) == [(1, "one"), (2, "locked")]
    assert write(site, "PATCH", {"value": "new"}, id="gt.0").status_code == 204


def test_a_write_that_waits_too_long_is_undone(site):
    with site.connect() as other, other.transaction():
        other.execute("UPDATE t SET v = 'locked' WHERE id = 2")
        refused(write(site, "PATCH", {"value": "new"}, id="gt.0"), 504, "PGRST003")
    assert values(site) == [(1, "one"), (2, "locked")]


def test_a_deadlock_is_tried_again(site):
    with site.connect("postgres") as other, site.connect("postgres") as superuser:
        other.execute("SET deadlock_timeout = '1min'")  # so that the daemon's transaction is the one that ends
        with other.transaction():
            other.execute("UPDATE t SET v = 'first' WHERE id = 2")
            later = Later(site, "PATCH", {"value": "second"}, RETURNED, id="gt.0", select="id,value")
            wait_for(lambda: waiting(superuser), 3, "the write waits")
            other.execute("UPDATE t SET v = 'first' WHERE id = 1")
    assert sorted(row["id"] for row in done(later.wait())) == [1, 2]
    assert values(site) == [(1, "second"), (2, "second")]


def test_a_constraint_that_is_checked_at_the_end_undoes_all(site):
    for preference in ("return=minimal", "return=representation", "tx=rollback"):
        refused(write(site, "PATCH", {"parent": 77}, {"Prefer": preference}, id="eq.1"), 409, "23503")
    assert site.sql("SELECT parent FROM t WHERE id = 1") == [(None,)]


def test_a_database_that_only_reads_refuses_writes(site):
    with site.connect("postgres") as superuser:
        def again(setting):
            superuser.execute(f"ALTER ROLE e2e_writer IN DATABASE {site.database} {setting}")
            superuser.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'daas serve write'")
        again("SET default_transaction_read_only = on")
        try:
            refused(write(site, "DELETE", id="eq.1"), 405, "25006")
        finally:
            again("RESET default_transaction_read_only")
    assert write(site, "DELETE", id="eq.1").status_code == 204


def test_a_right_that_is_missing_is_told_to_the_log_and_not_to_the_client(site):
    with site.connect("postgres") as superuser:
        superuser.execute("REVOKE UPDATE ON t FROM e2e_writer")
        answer = write(site, "PATCH", {"value": "x"}, id="eq.1")
        refused(answer, 403, "42501", "permission denied for t")
        assert "permission denied for table t" in site.indexer.log.read_text()
        superuser.execute("SELECT daas.grant_role('writer', 'e2e_writer')")
    assert write(site, "PATCH", {"value": "x"}, id="eq.1").status_code == 204


def test_pages_of_other_origins_learn_what_each_address_takes(site):
    for path, methods in {"t": "GET, HEAD, POST, PATCH, DELETE, OPTIONS", "r": "GET, HEAD, OPTIONS", "auth/login": "POST, OPTIONS",
                          "none": "GET, HEAD, OPTIONS"}.items():
        answer = site.api(path, headers={"Origin": PAGE, "Access-Control-Request-Method": "PATCH"}, method="OPTIONS")
        assert (answer.status_code, answer.headers["Access-Control-Allow-Methods"]) == (204, methods)
    answer = write(site, "PATCH", {"value": "x"}, {"Origin": PAGE}, id="eq.1")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE and "Daas-Position" in answer.headers["Access-Control-Expose-Headers"]


def test_a_server_without_a_writer_says_what_to_configure(site):
    site.indexer.stop()
    writer = site.indexer.options.pop("pg-writer")
    try:
        site.indexer.start()
        wait_for(lambda: site.api("t", site.access).status_code == 200, 10, "it serves")
        answer = write(site, "PATCH", {"value": "x"}, id="eq.1")
        refused(answer, 501, "PGRST127", "--pg-writer")
        assert set(site.api("openapi.json", site.access).json()["paths"]["/t"]) == {"get", "head"}
        assert write(site, "PATCH", path="r").status_code == 405
        assert write(site, "POST", {"id": 3, "value": "x" * 70_000}).status_code == 413
    finally:
        site.indexer.options["pg-writer"] = writer
