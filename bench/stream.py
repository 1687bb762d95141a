"""make bench-stream: every flight updated in PostgreSQL, in transactions of 1,000 rows, until the last one
is visible through the daemon, against the plain loader sending the same updated documents.

The daemon's time begins with the first UPDATE, so PostgreSQL's own work is in it; the plain loader has no
database behind it. The plain loader's time ends with the answer of the commit that makes all visible."""
import sys

import plain
from load import daemon_load, flights_query
from stand import (NotYet, arguments, clock, cpu_of, judge, make_flights, median, memory_goal,
                   peak_memory_mb, say, stand, wait_for)

GOAL = 0.5
ROWS = 1000


def prepare_bodies(site, directory):
    """Bodies of the flights as they are, and as they are after an update: sent in turns."""
    query = flights_query(site) + " ORDER BY id"
    bodies = []
    with site.connect() as connection:
        for number, one in enumerate((query, query.replace("distance", "distance + 1 AS distance"))):
            bodies.append(directory / f"bodies{number}")
            plain.encode(connection, one, bodies[-1])
    return bodies


def daemon_update(site, step):
    """Seconds of PostgreSQL, and until all is visible. `step` is added to every row."""
    alias = f"{site.name}.flights"
    last = site.value("SELECT distance FROM flights WHERE id = %s", (site.rows,)) + step
    begin = clock()
    with site.connect() as connection:
        for first in range(1, site.rows + 1, ROWS):
            connection.execute("UPDATE flights SET distance = distance + %s WHERE id BETWEEN %s AND %s",
                               (step, first, first + ROWS - 1), prepare=True)
    updated = clock() - begin

    def visible():
        site.indexer.check()
        found = site.solr.get(f"/{alias}/select", q=f"+id:{site.rows} +c_distance_l:{last}", rows=0)
        if found["response"]["numFound"] != 1:
            raise NotYet(site.indexer.tail(2))
        return clock() - begin
    return updated, wait_for(visible, 600, "the last update is visible")


def total_distance(site, collection):
    facets = plain.solr_facets(site.solr, collection, {"total": "sum(c_distance_l)"})
    return facets["count"], int(facets["total"])


def main():
    wanted = arguments(__doc__)
    with stand() as site:
        say("preparing: flights, bodies, load, warm-up")
        make_flights(site, wanted.rows)
        plain.upload_configset(site.solr)
        bodies = prepare_bodies(site, site.indexer.directory)
        connections = plain.best_connections(site.solr, bodies[0], plain.VISIBLE, wanted.connections)
        plain.create(site.solr)
        plain.send(site.solr, connections, bodies[0], plain.DURABLE_VISIBLE)
        site.indexer.start()
        daemon_load(site)
        plain.check_same(site.solr, f"{site.name}.flights")

        ratios = []
        for pair in range(-1, wanted.pairs):  # the first only warms up
            step = 1 if pair % 2 else -1
            for turn in range(2):
                before = cpu_of(site)
                if (pair + turn) % 2 == 0:
                    plain_seconds = plain.send(site.solr, connections, bodies[pair % 2], plain.VISIBLE)
                    plain_cpu = cpu_of(site, before)
                else:
                    updated, daemon_seconds = daemon_update(site, step)
                    daemon_cpu = cpu_of(site, before)
                    assert total_distance(site, f"{site.name}.flights") == \
                        (site.rows, site.value("SELECT sum(distance) FROM flights")), "documents differ from rows"
            ratios.append(plain_seconds / daemon_seconds)
            say(f"{'warm-up' if pair < 0 else f'pair {pair + 1}'}: plain {plain_seconds:.2f} s ({plain_cpu}),"
                f" daemon {daemon_seconds:.2f} s (UPDATEs {updated:.2f} s; {daemon_cpu}), ratio {ratios[-1]:.2f}")
        memory = peak_memory_mb(site.indexer)
        say(f"VmHWM of daas-indexer: {memory:.0f} MB")
        ratio = median(ratios[1:])
        return judge(f"stream ratio {ratio:.2f}", (f"stream ratio at least {GOAL}", ratio >= GOAL),
                     memory_goal(memory))


if __name__ == "__main__":
    sys.exit(main())
