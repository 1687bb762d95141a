"""make bench-fresh: 200 writes a second for 30 s; from the answer to COMMIT until a GET through the serving
role shows the row.

The writer inserts numbered rows, each in a transaction of its own, at fixed times. A reader asks for the
greatest number over and over; an answer proves that all rows up to it are visible, since there is one writer
and every visible state is the table at one snapshot. That is checked at the end."""
import bisect
import http.client
import json
import math
import sys
import threading

from stand import NotYet, arguments, clock, judge, memory_goal, peak_memory_mb, say, stand, wait_for

WRITES_A_SECOND, SECONDS = 200, 30
P50_GOAL, P99_GOAL = 50, 250


class Reader(threading.Thread):
    """Asks for the greatest number until it is told to end; keeps (number, when the answer had come)."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.target = "/ticks?select=number&order=number.desc&limit=1"
        self.address = address.removeprefix("http://")
        self.seen = [(0, clock())]
        self.reads = 0
        self.ended = threading.Event()
        self.error = None

    def run(self):
        try:
            connection = http.client.HTTPConnection(self.address, timeout=20)
            while not self.ended.wait(0.001):
                connection.request("GET", self.target)
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == 200, f"{answer.status} {text}"
                self.reads += 1
                number = (json.loads(text) or [{"number": 0}])[0]["number"]
                assert number >= self.seen[-1][0], "a read went back"
                if number > self.seen[-1][0]:
                    self.seen.append((number, clock()))
        except Exception as error:  # shown by the main thread
            self.error = error


def write(site, seconds):
    """Commits one row at each of the fixed times; when each COMMIT had been answered."""
    committed = []
    with site.connect() as connection:
        begin = clock()
        pause = threading.Event()
        for number in range(1, seconds * WRITES_A_SECOND + 1):
            pause.wait(max(0, begin + number / WRITES_A_SECOND - clock()))
            connection.execute("INSERT INTO ticks VALUES (%s, %s, now())", (number, f"tick {number}"), prepare=True)
            committed.append(clock())
        say(f"{len(committed)} writes in {clock() - begin:.1f} s")
    return committed


def measure(site, seconds):
    """Milliseconds from commit to visible, sorted."""
    site.sql("TRUNCATE ticks")
    wait_for(lambda: site.api("ticks").json() == [], 30, "the table is empty")
    reader = Reader(site.indexer.url)
    reader.start()
    try:
        committed = write(site, seconds)

        def all_seen():
            if reader.error:
                raise reader.error
            if reader.seen[-1][0] < len(committed):
                raise NotYet(reader.seen[-1])
            return True
        wait_for(all_seen, 30, "the last write is visible")
    finally:
        reader.ended.set()
        reader.join()
    numbers = [number for number, _ in reader.seen]
    delays = [max(0, reader.seen[bisect.bisect_left(numbers, number)][1] - when)
              for number, when in enumerate(committed, 1)]
    counted = site.api("ticks", headers={"Prefer": "count=exact"}, limit=1).headers["Content-Range"]
    assert counted.endswith(f"/{len(committed)}"), counted
    say(f"{reader.reads} reads, {len(reader.seen) - 1} different states")
    return sorted(1000 * delay for delay in delays)


def percentile(values, percent):
    return values[math.ceil(len(values) * percent / 100) - 1]


def main():
    arguments(__doc__)
    with stand() as site:
        site.sql("CREATE TABLE ticks (number bigint PRIMARY KEY, text text NOT NULL, at timestamptz NOT NULL)")
        site.create_model("ticks", "SELECT number, text, at FROM ticks")
        site.sql("SELECT daas.create_api('ticks', public => true)")
        site.indexer.start()
        site.wait_for_state("ticks", "running")
        site.wait_for_api("ticks")
        say("warm-up, 5 s")
        measure(site, 5)
        say(f"measuring, {SECONDS} s")
        delays = measure(site, SECONDS)
        memory = peak_memory_mb(site.indexer)
        say(f"VmHWM of daas-indexer: {memory:.0f} MB")
        p50, p99 = percentile(delays, 50), percentile(delays, 99)
        say(f"ms: min {delays[0]:.0f}, p90 {percentile(delays, 90):.0f}, max {delays[-1]:.0f}")
        return judge(f"fresh p50 {p50:.0f} ms p99 {p99:.0f} ms", (f"p50 at most {P50_GOAL} ms", p50 <= P50_GOAL),
                     (f"p99 at most {P99_GOAL} ms", p99 <= P99_GOAL), memory_goal(memory))


if __name__ == "__main__":
    sys.exit(main())
