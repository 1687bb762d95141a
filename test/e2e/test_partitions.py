"""Partitioned tables: of any shape, changing while the daemon runs."""
import json

import pytest

from harness.waiting import wait_for

pytestmark = pytest.mark.own_plugin("of a TRUNCATE of one partition pgoutput says nothing, so its root is refused")


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.indexer.start()
        yield one


def test_partitions_of_any_shape_come_and_go_under_writes(site, rng):
    """Each partition has its columns in an order of its own, and others dropped before and after; rows move between them by UPDATE."""
    site.sql("""CREATE TABLE node (id int, gone1 int, place int, v text, gone2 text, n numeric, extra jsonb, flag boolean, PRIMARY KEY (id, place))
                  PARTITION BY RANGE (place);
                ALTER TABLE node DROP COLUMN gone1""")
    parts, number = {}, 0  # name -> first place of ten
    live_columns = ["id int NOT NULL", "place int NOT NULL", "v text", "n numeric", "extra jsonb", "flag boolean", "gone2 text"]
    trees = set()

    def new_partition(start, rows):
        nonlocal number
        number += 1
        name = f'"part {number}"'
        kind = rng.choice(["plain", "attached", "tree"])
        bounds = f"FOR VALUES FROM ({start}) TO ({start + 10})"
        columns = live_columns + [f"junk{i} int" for i in range(rng.randrange(3))]
        rng.shuffle(columns)
        junk = [column.split()[0] for column in columns if column.startswith("junk")]
        drop = "".join(f"ALTER TABLE {name} DROP COLUMN {column};" for column in junk)
        if kind == "plain":
            site.sql(f"CREATE TABLE {name} PARTITION OF node {bounds}")
        else:
            tree = kind == "tree"
            site.sql(f"CREATE TABLE {name} ({', '.join(columns)}){' PARTITION BY LIST (id)' if tree else ''}; {drop}")
            if tree:
                trees.add(name)
                rng.shuffle(columns)
                leaf = f'"leaf {number}"'
                site.sql(f"CREATE TABLE {leaf} ({', '.join(columns)}); {drop.replace(name, leaf)} ALTER TABLE {name} ATTACH PARTITION {leaf} DEFAULT")
            if rows:
                site.sql(f"INSERT INTO {name} (id, place, v, n) SELECT {number} * 100000 + i, {start} + i % 10, 'before', i / 7.0 FROM generate_series(1, {rows}) i")
            site.sql(f"ALTER TABLE node ATTACH PARTITION {name} {bounds}")
        if rng.random() < 0.3 and kind != "tree":
            site.sql(f"ALTER TABLE {name} REPLICA IDENTITY FULL")
        parts[name] = start

    for start in (0, 10, 20):
        new_partition(start, 0)
    site.sql("CREATE TABLE rest PARTITION OF node DEFAULT;"
             "INSERT INTO node (id, place, v, n, extra, flag) SELECT i, i % 40, 'v' || i, i / 3.0, jsonb_build_object('i', i), i % 2 = 0 FROM generate_series(1, 200) i")
    site.create_model("node", "SELECT id, place, v, n, extra, flag FROM node")
    site.create_model("node_query", "SELECT id, place, upper(v) AS v, n * 2 AS n FROM node WHERE flag IS NOT FALSE")
    for name in ("node", "node_query"):
        site.assert_equal(name)
    fresh = 1000
    for turn in range(5):
        for _ in range(8):
            what = rng.randrange(6)
            place = rng.randrange(45)
            if what == 0:
                site.sql(f"INSERT INTO node (id, place, v) SELECT i, {place}, 'new' FROM generate_series({fresh}, {fresh + 5}) i")
                fresh += 10
            elif what == 1:
                site.sql(f"UPDATE node SET place = (place + {place}) % 45 WHERE id % 7 = {turn}")
            elif what == 2:
                site.sql(f"UPDATE node SET n = coalesce(n, 0) + 1, flag = NOT flag WHERE id % 5 = {turn}")
            elif what == 3:
                site.sql(f"DELETE FROM node WHERE id % 23 = {turn + 1}")
            elif what == 4:
                site.sql(f"UPDATE node SET id = id + 1000000 WHERE place = {place} AND id < 1000000")
            else:
                site.sql("BEGIN; UPDATE node SET place = 50 + place WHERE id % 3 = 0; UPDATE node SET place = place - 50 WHERE place >= 50; COMMIT")
        if turn % 2 == 0:
            name = rng.choice(list(parts))
            start = parts.pop(name)
            how = rng.choice(["detach", "concurrently", "drop", "truncate"])
            if how == "drop":
                site.sql(f"DROP TABLE {name}")
            elif how == "truncate":
                site.sql(f"TRUNCATE {name}; DROP TABLE {name}")
            else:
                if how == "concurrently":
                    site.sql("TRUNCATE rest; DROP TABLE rest")  # PostgreSQL wants it so
                site.sql(f"ALTER TABLE node DETACH PARTITION {name}{' CONCURRENTLY' if how == 'concurrently' else ''}")
                # PostgreSQL 15's DETACH CONCURRENTLY gives leaves of another column order a check that names
                # wrong columns, also without daas: no UPDATE of theirs works from then on.
                if not (how == "concurrently" and name in trees):
                    site.sql(f"UPDATE {name} SET v = 'no longer in it'")
                if how == "concurrently":
                    site.sql("CREATE TABLE rest PARTITION OF node DEFAULT")
            print(f"turn {turn}: {how} {name}")
            site.sql(f"DELETE FROM rest WHERE place BETWEEN {start} AND {start + 9}")
            new_partition(start, 20)
        elif turn == 1:
            site.sql("ALTER TABLE node DROP COLUMN gone2; ALTER TABLE node ADD COLUMN later int DEFAULT 5")
            live_columns[-1] = "later int"
        for name in ("node", "node_query"):
            site.assert_equal(name)
            assert site.status(name)["state"] == "running"


@pytest.mark.decoded("without decoding no replica identity is needed")
def test_a_partition_that_loses_its_identity_stops_the_model_and_is_named(site):
    site.sql("CREATE TABLE shelf (id int NOT NULL, place int NOT NULL, v int, UNIQUE (id, place)) PARTITION BY RANGE (place);"
             'CREATE TABLE "shelf 1" PARTITION OF shelf FOR VALUES FROM (0) TO (10);'
             'ALTER TABLE "shelf 1" REPLICA IDENTITY FULL; INSERT INTO shelf VALUES (1, 1, 1)')
    site.create_model("shelf", "SELECT * FROM shelf", ["id", "place"])
    site.assert_equal("shelf")
    # Made later, it has none; that does not fail, and rows may come.
    site.sql('CREATE TABLE "shelf 2" PARTITION OF shelf FOR VALUES FROM (10) TO (20); INSERT INTO shelf VALUES (2, 12, 2)')
    site.assert_equal("shelf")
    site.sql("UPDATE shelf SET v = 3")
    status = site.wait_for_state("shelf", "stopped")
    assert "public.shelf" in status["reason"] and "daas.reload_model" in status["hint"], status
    with pytest.raises(Exception, match='replica identity of public."shelf 2" does not cover') as refused:
        site.sql("SELECT daas.reload_model('shelf')")
    site.sql(refused.value.diag.message_hint.removeprefix("Run ").removesuffix("."))
    site.sql("SELECT daas.reload_model('shelf')")
    site.assert_equal("shelf")
    site.sql("UPDATE shelf SET v = 4, place = place + 1")
    site.assert_equal("shelf")


def test_a_reader_that_waits_for_a_partition_never_costs_its_owner_a_deadlock(site):
    site.sql("CREATE TABLE yard (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);"
             "CREATE TABLE yard_low PARTITION OF yard FOR VALUES FROM (0) TO (10);"
             "CREATE TABLE yard_high PARTITION OF yard FOR VALUES FROM (10) TO (20);"
             "INSERT INTO yard SELECT i, 'v' || i FROM generate_series(0, 19) i")
    site.create_model("yard", "SELECT id, upper(v) AS v FROM yard")
    site.assert_equal("yard")
    with site.connect() as owner, site.connect("postgres") as watcher, owner.transaction():
        with site.indexer.frozen():  # so that it fetches the change only after TRUNCATE has its lock
            site.sql("UPDATE yard SET v = 'later'")
            owner.execute("TRUNCATE yard_low")

        def waiting():
            return watcher.execute("SELECT extract(epoch FROM clock_timestamp() - query_start) FROM pg_stat_activity"
                                   " WHERE usename = 'e2e_reader' AND wait_event_type = 'Lock'").fetchone()
        wait_for(waiting, 20, "a reader waits for the partition")
        # It waits no more, or so long that only our own wait can show PostgreSQL the deadlock.
        wait_for(lambda: not (wait := waiting()) or wait[0] > 1.2, 20, "the reader gave up or goes on waiting")
        owner.execute("DROP TABLE yard_low")
    site.assert_equal("yard")
    assert site.status("yard")["state"] == "running"


def test_a_partition_that_is_attached_while_a_batch_looks_at_its_older_snapshot_is_no_fault(site):
    """The triggers of the outbox come with it in one transaction; the look sees neither, or both."""
    site.sql("CREATE TABLE turn (id int, place int, PRIMARY KEY (id, place)) PARTITION BY LIST (place);"
             "CREATE TABLE turn_0 PARTITION OF turn FOR VALUES IN (0); CREATE TABLE turn_1 (id int NOT NULL, place int NOT NULL)")
    site.create_model("turn", "SELECT id, place FROM turn", options={"capture": "notify"})
    site.assert_equal("turn")
    message = {"command": "A TEST", "event": "ddl_command_end", "objects": [{"type": "table", "oid": site.value("SELECT 'turn'::regclass::oid::bigint")}]}
    with site.connect() as owner, site.connect("postgres") as superuser:
        owner.execute("BEGIN; LOCK TABLE turn IN ACCESS EXCLUSIVE MODE")
        superuser.execute("INSERT INTO daas.outbox (relation, kind, images) VALUES (0, 'D', ARRAY[%s])", (json.dumps(message),))
        wait_for(lambda: superuser.execute("SELECT count(*) FROM pg_locks WHERE relation::regclass::text LIKE 'turn%' AND NOT granted").fetchone()[0],
                 20, "the look waits for the owner")
        owner.execute("ALTER TABLE turn ATTACH PARTITION turn_1 FOR VALUES IN (1); COMMIT; INSERT INTO turn VALUES (1, 1)")
    site.assert_equal("turn")
    assert site.status("turn")["state"] == "running"
