"""Writes through APIs: made within the token's scope, or not at all, and no error tells what is beyond it."""
import threading

import pytest

from harness.waiting import wait_for
from harness.written_items import IGNORE, MERGE, RETURNED, done, fill_items, open_items, refused, state, write


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        open_items(one)
        yield one


@pytest.fixture(autouse=True)
def rows(site):
    fill_items(site)


# Scope

def test_a_row_can_be_moved_neither_into_a_foreign_scope_nor_out_of_one(site):
    before = state(site)
    for body in ({"id": 5, "tenant": "b"}, {"id": 5, "tenant": None}, {"id": 5}, {"id": 5, "tenant": "A"}, {"id": 5, "tenant": "a "}):
        refused(write(site, "POST", body=body), 403, "42501", "violates the scope")
        if "tenant" in body:
            refused(write(site, "PATCH", body={"tenant": body["tenant"]}, id="eq.1"), 403, "42501", "violates the scope")
    for key in (3, 4):
        assert done(write(site, "PATCH", body={"tenant": "a"}, headers=RETURNED, id=f"eq.{key}")) == []
        assert done(write(site, "DELETE", headers=RETURNED, id=f"eq.{key}")) == []
    assert write(site, "PATCH", body={"name": "x"}, **{"or": "(id.is.null,id.not.is.null)"}).status_code == 204
    assert [row[0] for row in site.sql("SELECT id FROM item WHERE title = 'x' ORDER BY id")] == [1, 2]
    assert write(site, "DELETE", id="gt.0").status_code == 204
    assert state(site) == before[2:]
    # Who has both scopes may.
    assert done(write(site, "PATCH", "both", body={"tenant": "a"}, headers=RETURNED, id="eq.3", select="id")) == [{"id": 3}]


def test_an_upsert_never_takes_a_row_of_another_scope(site):
    before = state(site)
    for key in (3, 4):
        insert = write(site, "POST", body={"id": key, "tenant": "a", "name": "mine"})
        merge = write(site, "POST", body={"id": key, "tenant": "a", "name": "mine"}, headers=MERGE)
        refused(insert, 409, "23505")
        refused(merge, 409, "23505")
        assert merge.json()["details"] is None and "three" not in merge.text + insert.text
        assert done(write(site, "POST", body={"id": key, "tenant": "a", "name": "mine"}, headers=IGNORE), 201) == []
    refused(write(site, "POST", body=[{"id": 1, "tenant": "a"}, {"id": 3, "tenant": "a"}], headers=MERGE), 409, "23505")
    refused(write(site, "POST", body={"id": 1, "tenant": "b"}, headers=MERGE), 403, "42501")
    assert state(site) == before
    rows = [{"id": 1, "tenant": "a", "name": "new"}, {"id": 9, "tenant": "a", "name": "nine"}]
    answer = write(site, "POST", body=rows, headers=MERGE, on_conflict="id", select="id,name,amount")
    assert done(answer, 201) == [{"id": 1, "name": "new", "amount": 1}, {"id": 9, "name": "nine", "amount": None}]
    assert "resolution=merge-duplicates" in answer.headers["Preference-Applied"]
    assert done(write(site, "POST", body=rows, headers=IGNORE, columns="id,tenant,name"), 201) == []
    refused(write(site, "POST", body=[rows[0], rows[0]], headers=MERGE), 400, "21000")
    refused(write(site, "POST", body=rows, headers=MERGE, on_conflict="name"), 400, "42P10")
    refused(write(site, "POST", body=rows, headers=MERGE, on_conflict="secret"), 400, "PGRST204")


def test_a_scope_column_that_is_no_field_is_kept(site):
    refused(write(site, "POST", path="item_name", body={"id": 5, "name": "n"}), 403, "42501")
    refused(write(site, "POST", path="item_name", body={"id": 5, "tenant": "a"}), 400, "PGRST204")
    assert done(write(site, "PATCH", path="item_name", body={"name": "n"}, headers=RETURNED, id="lte.4"))[:1] == [{"id": 1, "name": "n"}]
    refused(write(site, "PATCH", path="item_name", body={"name": "n"}, tenant="eq.a"), 400, "42703")


def test_writes_need_a_token_with_its_claims_and_an_api_that_allows_them(site):
    for method in ("POST", "PATCH", "DELETE"):
        answer = site.write(method, "item", None, {"id": 5}, id="eq.1")
        assert answer.status_code == 401, answer.text
        refused(write(site, method, "none", body={"nope": 5}, nope="eq.1"), 403, "42501")
        refused(write(site, method, path="item_read", body={"id": 5}, id="eq.1"), 405, "PGRST117", "GET, HEAD")
    answer = write(site, "PATCH", path="item_all", body={"id": 5}, id="eq.1")
    refused(answer, 405, "PGRST117")
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    refused(write(site, "POST", path="item_all", body={"id": 1}, headers=MERGE), 405, "PGRST117", "update")
    assert write(site, "POST", path="item_all", body={"id": 5, "secret": "mine"}).status_code == 201


# Errors

def test_errors_tell_nothing_of_other_rows_and_columns(site):
    everything = ("three", "s1", "s2", "s3", "secret", "Failing row", "already exists")
    cases = [
        (write(site, "POST", body={"id": 3, "tenant": "a"}), 409, "23505"),
        (write(site, "PATCH", body={"amount": 13}, id="eq.1"), 400, "23514"),
        (write(site, "POST", body={"id": 5, "tenant": "a", "owner": 77}), 409, "23503"),
        (write(site, "POST", body={"id": 5, "tenant": "a", "short": "123456"}), 400, "22001"),
        (write(site, "POST", body={"id": 5, "tenant": "a", "little": 100}), 400, "23514"),
        (write(site, "POST", body={"tenant": "a"}), 400, "23502"),
        (write(site, "POST", body={"id": 5, "tenant": "a", "feeling": "none"}), 400, "22P02"),
    ]
    for answer, status, code in cases:
        refused(answer, status, code)
        assert not [word for word in everything if word in answer.text], answer.text
        assert answer.json()["details"] is None
    assert '"id"' in cases[5][0].json()["message"]
    # A column that the API lacks is not named, a renamed one by the API's name.
    site.sql("ALTER TABLE item ALTER needed DROP DEFAULT")
    try:
        answer = write(site, "POST", body={"id": 5, "tenant": "a"})
        refused(answer, 400, "23502")
        assert "needed" not in answer.text
    finally:
        site.sql("ALTER TABLE item ALTER needed SET DEFAULT 'x'")
    site.sql("ALTER TABLE item ALTER title SET NOT NULL")
    try:
        refused(write(site, "PATCH", body={"name": None}, id="eq.1"), 400, "23502", 'column \\"name\\"')
    finally:
        site.sql("ALTER TABLE item ALTER title DROP NOT NULL")


def test_triggers_see_the_claims_and_their_rows_are_checked(site):
    answer = write(site, "POST", path="note", body={"text": "hello"}, headers=RETURNED)
    assert {key: value for key, value in done(answer, 201)[0].items() if key != "id"} == {"tenant": "a", "text": "HELLO", "seen": 7}
    refused(write(site, "POST", path="note", body={"text": "move", "tenant": "a"}), 403, "42501")
    refused(write(site, "PATCH", path="note", body={"text": "move"}, tenant="eq.a"), 403, "42501")
    answer = write(site, "POST", path="note", body={"text": "raise"})
    refused(answer, 400, "P0001", "no such text")
    assert (answer.json()["details"], answer.json()["hint"]) == ("say another", "as this")
    answer = write(site, "POST", path="note", body={"text": "break"})
    refused(answer, 403, "42501", "permission denied for note")
    assert "log" not in answer.text
    assert done(write(site, "POST", path="note", body={"text": "skip"}, headers=RETURNED), 201) == []
    assert site.sql("SELECT text FROM note") == [("HELLO",)] and site.value("SELECT count(*) FROM log") == 0


def test_rows_of_partitioned_tables_move_within_the_scope_only(site):
    assert done(write(site, "POST", path="part", body={"id": 1, "region": 1, "v": "x"}, headers=RETURNED), 201) == [{"id": 1, "region": 1, "v": "x"}]
    refused(write(site, "PATCH", path="part", body={"region": 2}, id="eq.1"), 403, "42501")
    refused(write(site, "POST", path="part", body={"id": 1, "region": 2, "v": "x"}), 403, "42501")
    assert done(write(site, "PATCH", "both", path="part", body={"region": 2}, headers=RETURNED, id="eq.1"))[0]["region"] == 2
    assert done(write(site, "DELETE", path="part", headers=RETURNED, id="eq.1")) == []
    assert done(write(site, "POST", "both", path="part", body={"id": 1, "region": 2, "v": "y"}, headers=MERGE), 201)[0]["v"] == "y"
    assert site.sql("SELECT * FROM part") == [(1, 2, "y")]


# Beside others

def test_changes_at_the_same_time_are_all_made(site):
    errors = []

    def change(number):
        for turn in range(10):
            answer = write(site, "PATCH", body={"name": f"{number}.{turn}", "amount": turn}, headers=RETURNED, id=f"in.({1 + number % 2},{2 - number % 2})")
            if answer.status_code != 200 or len(answer.json()) != 2:
                errors.append(answer.text)
    threads = [threading.Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[:3]


def test_a_row_that_leaves_the_scope_meanwhile_is_not_written(site):
    with site.connect() as connection:
        with connection.transaction():
            connection.execute("UPDATE item SET tenant = 'b' WHERE id = 1")
            answers = []
            thread = threading.Thread(target=lambda: answers.append(write(site, "PATCH", body={"name": "stolen"}, headers=RETURNED, id="lte.2", select="id")))
            thread.start()
            merge = threading.Thread(target=lambda: answers.append(write(site, "POST", body={"id": 1, "tenant": "a", "name": "stolen"}, headers=MERGE)))
            merge.start()
            with site.connect("postgres") as superuser:
                waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                wait_for(lambda: superuser.execute(waiting).fetchone()[0] == 2, 8, "both wait for the row")
        thread.join()
        merge.join()
    answers.sort(key=lambda answer: answer.status_code)
    assert done(answers[0]) == [{"id": 2}]
    refused(answers[1], 409, "23505")
    assert site.sql("SELECT tenant, title FROM item WHERE id = 1") == [("b", "one")]


def test_nothing_is_left_open(site):
    for _ in range(3):
        write(site, "POST", body={"id": 3, "tenant": "a"})
        write(site, "PATCH", body={"amount": 1}, headers=RETURNED, id="eq.1")
    with site.connect("postgres") as superuser:
        states = superuser.execute("SELECT state FROM pg_stat_activity WHERE application_name = 'daas serve write'"
                                   " AND datname = current_database()").fetchall()
    assert states and set(states) == {("idle",)}
