"""make bench-memory: VmHWM of the daemon after a load of 300,000 rows, of a new daemon after a load of
5,000,000 rows of the same table, and of a third one that follows one transaction that changes 2,000,000 of them."""
import sys
import time

from load import daemon_drop, daemon_load
from stand import NotYet, add_flights, arguments, judge, make_flights, memory_goal, peak_memory_mb, say, stand, wait_for

SMALL, LARGE, CHANGED = 300_000, 5_000_000, 2_000_000
GROWTH_MB = 15


def measure(site):
    site.indexer.start()
    seconds = daemon_load(site)
    memory = peak_memory_mb(site.indexer)
    say(f"{site.rows:,} rows in {seconds:.1f} s ({site.rows / seconds:,.0f} rows/s): VmHWM {memory:.0f} MB")
    site.indexer.stop(within=30)
    return memory


def measure_transaction(site, rows):
    site.indexer.start()
    with site.connect() as connection:
        connection.execute("SET statement_timeout = 0")
        began = time.monotonic()
        connection.execute("UPDATE flights SET dep_delay = coalesce(dep_delay, 0) + 1 WHERE id <= %s", (rows,))
        committed = time.monotonic()
        position = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]

        def visible():
            site.indexer.check()
            row = connection.execute("SELECT visible_lsn, visible_lsn >= %s::pg_lsn, reason FROM daas.status()", (position,)).fetchone()
            if not row[1]:
                raise NotYet(row)
            return True
        wait_for(visible, 3600, "the transaction is visible", pause=0.5)
    took = time.monotonic() - committed
    memory = peak_memory_mb(site.indexer)
    say(f"one transaction of {rows:,} updates, {committed - began:.0f} s in PostgreSQL, visible {took:.0f} s after its"
        f" commit ({rows / took:,.0f} changes/s): VmHWM {memory:.0f} MB")
    return memory


def main():
    many = arguments(__doc__, LARGE).rows
    with stand() as site:
        make_flights(site, SMALL)
        small = measure(site)
        site.indexer.start()
        daemon_drop(site)
        site.indexer.stop(within=30)
        add_flights(site, many)
        large = measure(site)
        growth = large - small
        changed = min(CHANGED, many)
        transaction = measure_transaction(site, changed)
        return judge(f"memory {small:.0f} MB at {SMALL} rows, {large:.0f} MB at {many} rows,"
                     f" {transaction:.0f} MB for a transaction of {changed}",
                     memory_goal(max(small, large, transaction)),
                     (f"growth {growth:.0f} MB, at most {GROWTH_MB}", growth <= GROWTH_MB))


if __name__ == "__main__":
    sys.exit(main())
