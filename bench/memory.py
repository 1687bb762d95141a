"""make bench-memory: VmHWM of the daemon after a load of 300,000 rows, and of a new daemon after a load of
3,000,000 rows of the same table."""
import sys

from load import daemon_drop, daemon_load
from stand import add_flights, arguments, judge, make_flights, memory_goal, peak_memory_mb, say, stand

SMALL, LARGE = 300_000, 3_000_000
GROWTH_MB = 15


def measure(site):
    site.indexer.start()
    seconds = daemon_load(site)
    memory = peak_memory_mb(site.indexer)
    say(f"{site.rows:,} rows in {seconds:.1f} s ({site.rows / seconds:,.0f} rows/s): VmHWM {memory:.0f} MB")
    daemon_drop(site)
    site.indexer.stop(within=30)
    return memory


def main():
    many = arguments(__doc__, LARGE).rows
    with stand() as site:
        make_flights(site, SMALL)
        small = measure(site)
        add_flights(site, many)
        large = measure(site)
        growth = large - small
        return judge(f"memory {small:.0f} MB at {SMALL} rows, {large:.0f} MB at {many} rows",
                     memory_goal(max(small, large)),
                     (f"growth {growth:.0f} MB, at most {GROWTH_MB}", growth <= GROWTH_MB))


if __name__ == "__main__":
    sys.exit(main())
