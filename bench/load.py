"""make bench-load: every flight from PostgreSQL into Solr through the daemon, against the plain loader.

Both begin with nothing, not even a collection, and end when every document can be searched and is on disk. For
the daemon that is from create_model to the switch of the alias; for the plain loader from the CREATE of its
collection to the answer of its commit."""
import sys

import plain
from stand import (NotYet, arguments, clock, columns_of, cpu_of, judge, make_flights, median, memory_goal,
                   peak_memory_mb, say, stand, wait_for)

GOAL = 0.75


def flights_query(site):
    with site.connect() as connection:
        return f"SELECT {', '.join(columns_of(connection, 'flights'))} FROM flights"


def daemon_load(site):
    query = flights_query(site)
    begin = clock()
    site.create_model("flights", query)

    def there():
        site.indexer.check()
        answer = site.solr.session.get(f"{site.solr.url}/{site.name}.flights/select", params={"q": "*:* -_deleted_:true", "rows": 0})
        if answer.status_code != 200 or answer.json()["response"]["numFound"] != site.rows:
            raise NotYet(f"{answer.status_code}")
        return clock() - begin
    return wait_for(there, 3600, "the alias shows every flight")


def daemon_drop(site):
    site.wait_for_state("flights", "running")
    site.sql("SELECT daas.drop_model('flights')")
    wait_for(lambda: not site.solr.collections(f"{site.name}.flights"), 30, "the dropped model's collection is gone")


def plain_load(site, connections, bodies):
    begin = clock()
    plain.create(site.solr)
    sending = plain.send(site.solr, connections, bodies, plain.DURABLE_VISIBLE)
    return clock() - begin, sending


def main():
    wanted = arguments(__doc__)
    with stand() as site:
        say("preparing: flights, bodies, warm-up")
        make_flights(site, wanted.rows)
        plain.upload_configset(site.solr)
        bodies = site.indexer.directory / "bodies"
        with site.connect() as connection:
            plain.encode(connection, flights_query(site) + " ORDER BY id", bodies)
        say(f"{bodies.stat().st_size / 1e6:.0f} MB of bodies")
        connections = plain.best_connections(site.solr, bodies, plain.DURABLE_VISIBLE, wanted.connections)
        site.indexer.start()
        daemon_load(site)
        plain_load(site, connections, bodies)
        plain.check_same(site.solr, f"{site.name}.flights")
        daemon_drop(site)
        plain.delete(site.solr)

        ratios = []
        for pair in range(wanted.pairs):
            # Which goes first alternates.
            for turn in range(2):
                before = cpu_of(site)
                if (pair + turn) % 2 == 0:
                    plain_seconds, sending = plain_load(site, connections, bodies)
                    plain_cpu = cpu_of(site, before)
                    plain.delete(site.solr)
                else:
                    daemon_seconds = daemon_load(site)
                    daemon_cpu = cpu_of(site, before)
                    daemon_drop(site)
            ratios.append(plain_seconds / daemon_seconds)
            say(f"pair {pair + 1}: plain {plain_seconds:.2f} s (sending {sending:.2f} s; {plain_cpu}), daemon"
                f" {daemon_seconds:.2f} s ({site.rows / daemon_seconds:,.0f} rows/s; {daemon_cpu}), ratio {ratios[-1]:.2f}")
        memory = peak_memory_mb(site.indexer)
        for line in site.indexer.log.read_text().splitlines():
            if "birth snapshot" in line:
                say(line)
        say(f"VmHWM of daas-indexer: {memory:.0f} MB")
        ratio = median(ratios)
        return judge(f"load ratio {ratio:.2f}", (f"load ratio at least {GOAL}", ratio >= GOAL), memory_goal(memory))


if __name__ == "__main__":
    sys.exit(main())
