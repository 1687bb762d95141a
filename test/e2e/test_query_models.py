"""Models of several tables: a short run of `make fuzz-models`, and the cases that have a name."""
import sys
import time

import psycopg
import pytest

from harness.postgres import ROOT
from harness.waiting import wait_for

sys.path.insert(0, str(ROOT / "test/models"))

# pylint: disable=wrong-import-position
from model_rounds import Totals, prepare, run_rounds

PLANES = "SELECT f.id, f.note, p.name, p.seats FROM flight f LEFT JOIN plane p ON p.id = f.plane"
CREWS = """SELECT p.id, p.name, array_agg(f.id ORDER BY f.id) FILTER (WHERE f.id IS NOT NULL) AS flights, count(f.id) AS n
           FROM plane p LEFT JOIN flight f ON f.plane = p.id GROUP BY p.id"""


@pytest.fixture(scope="module")
def place(open_site):
    """A site with two tables and models over them that look at each other's rows in every way."""
    with open_site() as site:
        site.indexer.start()
        site.sql("CREATE TABLE plane (id int PRIMARY KEY, name text, seats int)")
        site.sql("CREATE TABLE flight (id int PRIMARY KEY, plane int, note text)")
        site.sql("ALTER TABLE flight REPLICA IDENTITY FULL")
        site.create_model("planes", PLANES)
        site.create_model("inner_planes", PLANES.replace("LEFT ", ""), ["id"])
        site.create_model("crews", CREWS)
        site.create_model("lonely", "SELECT p.id, p.name FROM plane p"
                                    " WHERE NOT EXISTS (SELECT FROM flight f WHERE f.plane = p.id)")
        for model in site.queries:
            site.wait_for_state(model, "running")
        yield site


@pytest.fixture
def filled(place):
    with place.connect() as connection, connection.transaction():
        connection.execute("DELETE FROM flight")
        connection.execute("DELETE FROM plane")
        connection.execute("INSERT INTO plane SELECT i, 'plane ' || i, i * 10 FROM generate_series(1, 20) i")
        connection.execute("INSERT INTO flight SELECT i, i % 20 + 1, 'flight ' || i FROM generate_series(1, 200) i")
    assert_all_equal(place)
    return place


def assert_all_equal(site, *models):
    for model in models or site.queries:
        site.assert_equal(model)


# Random

@pytest.fixture(scope="module")
def fuzz(open_site):
    """fuzz(seed, models, transactions, options of a round): what came of it."""
    with open_site(log_format="json", log_level="debug") as site:
        prepare(site)
        site.indexer.start()

        def run(seed, models, transactions, **options):
            totals = Totals()
            run_rounds(site, seed, models, transactions, totals, **options)
            return totals
        yield run


@pytest.mark.parametrize("seed", [17, int(time.time())])
def test_each_visible_state_of_random_models_equals_their_query_at_its_snapshot(fuzz, seed):
    print(f"seed {seed}")
    totals = fuzz(seed, models=4, transactions=75, prefix=f"s{seed}_")
    assert not totals.different, "\n".join(totals.different)
    assert (totals.models, totals.transactions) == (4, 75) and totals.states > 12, totals.words()
    assert not totals.unknown, totals.words()


def test_a_path_that_is_missing_is_found(fuzz):
    totals = fuzz(5, models=5, transactions=150, plant=True, prefix="planted_")
    assert totals.planted and totals.different, totals.words()
    assert all("planted" in report for report in totals.different), totals.different


# Isolation

@pytest.mark.parametrize("first", ["the partner goes first", "the parent moves first"])
def test_a_partner_is_deleted_while_its_parent_moves_to_another_in_another_transaction(filled, first):
    for old, seen_in_between in ((3, False), (4, True)):
        with filled.connect() as deleter, filled.connect() as mover:
            deleter.autocommit = mover.autocommit = False
            deleter.execute("DELETE FROM plane WHERE id = %s", (old,))
            mover.execute("UPDATE flight SET plane = 7 WHERE plane = %s AND id %% 3 > 0", (old,))
            mover.execute("UPDATE flight SET plane = NULL WHERE plane = %s", (old,))
            one, other = (deleter, mover) if first.startswith("the partner") else (mover, deleter)
            one.commit()
            if seen_in_between:
                assert_all_equal(filled)
            other.commit()
    assert_all_equal(filled)


def test_a_partner_comes_while_its_parents_go_and_move_in_other_transactions(filled):
    with filled.connect() as one, filled.connect() as other:
        one.autocommit = other.autocommit = False
        one.execute("INSERT INTO plane VALUES (21, 'new', 1)")
        other.execute("UPDATE flight SET plane = 21 WHERE id <= 10")
        other.execute("DELETE FROM flight WHERE plane = 5")
        one.execute("UPDATE plane SET id = 22, name = 'moved' WHERE id = 5")
        other.commit()
        one.commit()
    filled.sql("UPDATE flight SET plane = 22 WHERE id BETWEEN 5 AND 15")
    assert_all_equal(filled)


def test_keys_of_two_rows_are_swapped(filled):
    with filled.connect() as connection, connection.transaction():
        for table in ("plane", "flight"):
            for old, new in ((1, -1), (2, 1), (-1, 2)):
                connection.execute(f"UPDATE {table} SET id = {new} WHERE id = {old}")
    assert_all_equal(filled)


def test_a_child_moves_between_parents_and_back(filled):
    filled.sql("UPDATE flight SET plane = 2 WHERE id = 1")
    assert_all_equal(filled)
    filled.sql("UPDATE flight SET plane = NULL WHERE plane = 2")
    filled.sql("UPDATE flight SET plane = 99 WHERE plane = 3")  # that is not there
    assert_all_equal(filled)
    filled.sql("UPDATE flight SET plane = 2 WHERE plane IS NULL OR plane = 99")
    assert_all_equal(filled)


# Rows and keys of other kinds

def test_a_truncate_of_any_source_empties_what_hangs_on_it(filled):
    filled.sql("TRUNCATE plane")
    assert_all_equal(filled)
    filled.sql("INSERT INTO plane VALUES (1, 'again', 1)")
    filled.sql("TRUNCATE flight")
    assert_all_equal(filled)


def test_rows_whose_key_becomes_null_leave_their_document(place):
    place.sql("CREATE TABLE bag (id int PRIMARY KEY, belt text, weight int)")
    place.sql("ALTER TABLE bag REPLICA IDENTITY FULL")
    with pytest.raises(psycopg.errors.InvalidObjectDefinition, match='key column "belt" may be null'):
        place.create_model("belts", "SELECT belt, sum(weight) AS weight FROM bag GROUP BY belt")
    place.create_model("belts", "SELECT belt, sum(weight) AS weight FROM bag WHERE belt IS NOT NULL GROUP BY belt")
    place.sql("INSERT INTO bag SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'belt ' || i % 3 END, i"
              " FROM generate_series(1, 30) i")
    place.wait_for_state("belts", "running")
    place.assert_equal("belts")
    place.sql("UPDATE bag SET belt = NULL WHERE belt = 'belt 1'")
    place.sql("UPDATE bag SET belt = '' WHERE id = 3")
    place.assert_equal("belts")


@pytest.mark.own_plugin("of a TRUNCATE of one partition pgoutput says nothing, so its root is refused")
def test_changes_of_a_partition_are_changes_of_its_root(place):
    place.sql("CREATE TABLE part (id int, zone int, label text, PRIMARY KEY (id, zone)) PARTITION BY LIST (zone)")
    place.sql("CREATE TABLE part_1 (label text, gone int, zone int NOT NULL, id int NOT NULL)")
    place.sql("ALTER TABLE part_1 DROP gone")
    place.sql("CREATE TABLE part_rest PARTITION OF part DEFAULT")
    place.sql("ALTER TABLE part ATTACH PARTITION part_1 FOR VALUES IN (1)")
    place.sql("CREATE TABLE piece (id int PRIMARY KEY, part int, zone int)")
    place.create_model("pieces", "SELECT c.id, p.label FROM piece c LEFT JOIN part p ON p.id = c.part AND p.zone = c.zone")
    place.sql("INSERT INTO piece SELECT i, i % 10, i % 2 FROM generate_series(1, 40) i")
    place.sql("INSERT INTO part SELECT i, i % 2, 'part ' || i FROM generate_series(0, 9) i")
    place.wait_for_state("pieces", "running")
    place.assert_equal("pieces")
    place.sql("UPDATE part_1 SET label = 'through the leaf' WHERE id < 5")
    place.assert_equal("pieces")
    place.sql("UPDATE part SET zone = 1 - zone")  # each row moves to the other partition
    place.assert_equal("pieces")
    place.sql("DELETE FROM part_1 WHERE id = 4")
    place.assert_equal("pieces")


def test_a_link_of_several_kilobytes_that_an_update_leaves_as_it_is_still_links(place):
    place.sql("CREATE TABLE deed (text text PRIMARY KEY, owner text NOT NULL)")
    place.sql("CREATE TABLE house (id int PRIMARY KEY, deed text, rooms int)")
    for table, column in (("deed", "text"), ("house", "deed")):
        place.sql(f"ALTER TABLE {table} ALTER {column} SET STORAGE EXTERNAL")
        place.sql(f"ALTER TABLE {table} REPLICA IDENTITY FULL")
    place.create_model("houses", "SELECT h.id, h.rooms, d.owner FROM house h LEFT JOIN deed d ON d.text = h.deed")
    place.create_model("owners", "SELECT d.owner AS o, array_agg(h.rooms ORDER BY h.id) AS rooms FROM deed d"
                                 " JOIN house h ON h.deed = d.text GROUP BY d.owner", ["o"])
    place.sql("INSERT INTO deed SELECT repeat(md5(i::text), 75), 'owner ' || i FROM generate_series(1, 5) i")
    place.sql("INSERT INTO house SELECT i, repeat(md5((i % 5 + 1)::text), 75), i FROM generate_series(1, 20) i")
    assert_all_equal(place, "houses", "owners")
    place.sql("UPDATE house SET rooms = rooms + 1 WHERE id < 8")
    assert_all_equal(place, "houses", "owners")
    place.sql("UPDATE deed SET owner = 'another' WHERE owner = 'owner 2'")
    place.sql("DELETE FROM house WHERE id = 1")
    assert_all_equal(place, "houses", "owners")


def test_keys_whose_equal_values_print_differently_are_one_document(place):
    with place.postgres.connect(place.database) as connection:
        connection.execute("CREATE EXTENSION citext")
    place.sql("CREATE TABLE currency (code citext PRIMARY KEY, id int NOT NULL UNIQUE, name text)")
    place.sql("CREATE TABLE rate (amount numeric PRIMARY KEY, size float8 NOT NULL UNIQUE, code citext, note text)")
    for table in ("rate", "currency"):
        place.sql(f"ALTER TABLE {table} REPLICA IDENTITY FULL")
    rates = "SELECT r.amount, r.size, r.note, c.name FROM rate r LEFT JOIN currency c ON c.code = r.code"
    place.create_model("rates", rates, ["amount"])
    place.create_model("sizes", rates, ["size"])
    place.create_model("currencies", "SELECT c.id, c.code, count(r.code) AS n, max(r.note) AS note FROM currency c"
                                     " LEFT JOIN rate r ON r.code = c.code GROUP BY c.code, c.id", ["id"])
    place.sql("INSERT INTO currency VALUES ('eur', 1, 'Euro'), ('USD', 2, 'Dollar')")
    place.sql("INSERT INTO rate VALUES (1.0, 0, 'EUR', 'a'), (2.50, 1.5, 'Usd', 'b'), (100, 1e300, NULL, 'c')")
    models = ("rates", "sizes", "currencies")
    assert_all_equal(place, *models)
    place.sql("UPDATE rate SET amount = 1.000, size = '-0' WHERE amount = 1")
    place.sql("UPDATE rate SET amount = 2.5, code = 'eUr' WHERE amount = 2.50")
    place.sql("UPDATE currency SET code = 'EUR', name = 'euro' WHERE code = 'eur'")
    assert_all_equal(place, *models)
    place.sql("DELETE FROM rate WHERE amount = 1.0")
    place.sql("DELETE FROM currency WHERE code = 'uSD'")
    assert_all_equal(place, *models)


def test_two_rows_of_one_key_stop_a_model_and_it_comes_back_without_them(place):
    place.sql("CREATE TABLE ticket (id int PRIMARY KEY, seat text)")
    place.sql("CREATE TABLE guest (id int PRIMARY KEY, ticket int, name text)")
    place.sql("ALTER TABLE guest REPLICA IDENTITY FULL")
    place.create_model("guests", "SELECT t.id, t.seat, g.name FROM ticket t LEFT JOIN guest g ON g.ticket = t.id", ["id"])
    place.sql("INSERT INTO ticket SELECT i, 'seat ' || i FROM generate_series(1, 10) i")
    place.sql("INSERT INTO guest SELECT i, i, 'guest ' || i FROM generate_series(1, 5) i")
    place.wait_for_state("guests", "running")
    place.assert_equal("guests")
    place.sql("INSERT INTO guest VALUES (6, 3, 'a second one')")
    status = place.wait_for_state("guests", "stopped")
    assert "3" in status["reason"] and "reload_model" in status["hint"], status
    place.sql("UPDATE guest SET ticket = 6 WHERE id = 6")
    place.sql("SELECT daas.reload_model('guests')")
    place.wait_for_state("guests", "running")
    place.assert_equal("guests")


def test_a_change_that_touches_very_many_documents_becomes_visible_as_a_whole(place):
    many = 21_000  # more than one chunk
    place.sql("CREATE TABLE airline (id int PRIMARY KEY, name text)")
    place.sql("CREATE TABLE leg (id int PRIMARY KEY, airline int)")
    place.sql("INSERT INTO airline VALUES (1, 'before'), (2, 'other')")
    place.sql("INSERT INTO leg SELECT i, 1 FROM generate_series(1, %s) i", (many,))
    place.sql("CREATE INDEX ON leg (airline)")
    place.create_model("legs", "SELECT l.id, a.name FROM leg l JOIN airline a ON a.id = l.airline")
    place.wait_for_state("legs", "running")
    place.sql("UPDATE airline SET name = 'after' WHERE id = 1")
    seen = set()

    def renamed():
        answer = place.solr.get(f"/{place.name}.legs/select", q="*:* -_deleted_:true", rows=0, facet="true",
                                **{"facet.field": "c_name_s", "facet.mincount": 1})
        names = tuple(answer["facet_counts"]["facet_fields"]["c_name_s"])
        seen.add(names)
        return names == ("after", many)
    wait_for(renamed, 60, "all legs have the airline's new name", pause=0.1)
    assert seen <= {("before", many), ("after", many)}
