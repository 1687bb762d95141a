"""make bench-join: a model over five tables (every flight with its airline, plane, airports and the hour's weather).

1. Its load, then the rename of the airline with the most flights, until every one of its documents shows the new
   name: against the time in which the load wrote as many documents. In between, how fresh another model is while the
   rename is worked off.
2. 500 changes of single rows a second for 30 s, from the answer to COMMIT until a GET through the serving role
   shows them: each asks for the row that was committed last, by its key, and its Daas-Position says which commits it
   holds. That this is true is checked with each answer: a row of a commit that the position holds must show it."""
import bisect
import http.client
import json
import sys
import threading

from fresh import percentile
from stand import (FLIGHTS, NotYet, arguments, clock, copy_csv, judge, make_flights, median, memory_goal, peak_memory_mb, say,
                   stand, wait_for)

TRIPS = """SELECT f.id, f.carrier, a.name AS airline, f.flight, f.tailnum, p.manufacturer, p.model, f.origin,
  o.name AS origin_name, f.dest, d.name AS dest_name, f.dep_delay, f.arr_delay, f.time_hour, w.temp, w.wind_speed, f.number
FROM flights f JOIN airlines a USING (carrier) LEFT JOIN planes p USING (tailnum)
  LEFT JOIN airports o ON o.faa = f.origin LEFT JOIN airports d ON d.faa = f.dest
  LEFT JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour"""
CHANGES_A_SECOND, SECONDS = 500, 30
RENAME_GOAL, P50_GOAL, P99_GOAL, OTHERS_P99_GOAL = 1.5, 60, 300, 300


def count(site, parameters):
    answer = site.solr.session.get(f"{site.solr.url}/{site.name}.trips/select", params=parameters | {"rows": 0})
    if answer.status_code != 200:
        raise NotYet(answer.status_code)
    return answer.json()["response"]["numFound"]


def load(site):
    begin = clock()
    site.create_model("trips", TRIPS)

    def there():
        site.indexer.check()
        if count(site, {"q": "*:* -_deleted_:true"}) < site.rows:
            raise NotYet("not all of them")
        return clock() - begin
    return wait_for(there, 3600, "the alias shows every trip")


def rename(site, name):
    """Seconds from COMMIT until all documents of the airline show the name, and how many they are."""
    flights = site.value("SELECT count(*) FROM flights WHERE carrier = 'UA'")
    site.sql("UPDATE airlines SET name = %s WHERE carrier = 'UA'", (name,))
    begin = clock()

    def shown():
        if (found := count(site, {"q": f'c_airline_s:"{name}"'})) != flights:
            raise NotYet(found)
        return clock() - begin
    return wait_for(shown, 600, "every trip shows the name"), flights


def number_of(lsn):
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


class Writer(threading.Thread):
    """Commits a change at each of the fixed times until it is told to end; keeps when each was answered, and the
    position of the WAL after it."""

    def __init__(self, site, a_second, statement, key):
        super().__init__(daemon=True)
        self.site, self.a_second, self.statement, self.key = site, a_second, statement, key
        self.committed, self.positions = [], []
        self.ended = threading.Event()
        self.error = None

    def run(self):
        try:
            with self.site.connect() as connection:
                begin = clock()
                while not self.ended.wait(max(0, begin + (len(self.committed) + 1) / self.a_second - clock())):
                    connection.execute(self.statement, {"number": len(self.committed) + 1}, prepare=True)
                    self.committed.append(clock())
                    lsn = connection.execute("SELECT pg_current_wal_insert_lsn()::text", prepare=True).fetchone()[0]
                    self.positions.append(number_of(lsn))
        except Exception as error:  # shown by the main thread
            self.error = error


class Reader(threading.Thread):
    """Asks for the row of the last commit; keeps which commits each answer held, and when it had come."""

    def __init__(self, address, model, writer):
        super().__init__(daemon=True)
        self.address, self.model, self.writer = address.removeprefix("http://"), model, writer
        self.seen = [(0, clock())]
        self.reads = 0
        self.ended = threading.Event()
        self.error = None

    def run(self):
        try:
            connection = http.client.HTTPConnection(self.address, timeout=20)
            while not self.ended.wait(0.002):
                last = len(self.writer.positions)
                if last == 0:
                    continue
                column, key = self.writer.key(last)
                connection.request("GET", f"/{self.model}?select=number&{column}=eq.{key}")
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == 200, f"{answer.status} {text}"
                self.reads += 1
                position = number_of(answer.headers["Daas-Position"])
                held = bisect.bisect_right(self.writer.positions, position)
                assert held >= self.seen[-1][0], "a read went back"
                rows = json.loads(text)
                assert held < last or (rows and rows[0]["number"] >= last), f"commit {last} is held and not shown: {text}"
                if held > self.seen[-1][0]:
                    self.seen.append((held, clock()))
        except Exception as error:  # shown by the main thread
            self.error = error


def delays(site, model, writer, body):
    """Milliseconds from commit to visible of what the writer commits while body() runs, sorted."""
    reader = Reader(site.indexer.url, model, writer)
    reader.start()
    writer.start()
    try:
        body()
        writer.ended.set()
        writer.join()

        def all_seen():
            for thread in (reader, writer):
                if thread.error:
                    raise thread.error
            if reader.seen[-1][0] < len(writer.committed):
                raise NotYet(reader.seen[-1])
            return True
        wait_for(all_seen, 60, "the last change is visible")
    finally:
        writer.ended.set()
        reader.ended.set()
        reader.join()
    numbers = [number for number, _ in reader.seen]
    say(f"{len(writer.committed)} commits, {reader.reads} reads, {len(numbers) - 1} different states")
    return sorted(1000 * max(0, reader.seen[bisect.bisect_left(numbers, number)][1] - when)
                  for number, when in enumerate(writer.committed, 1))


def main():
    wanted = arguments(__doc__)
    with stand() as site:
        say("preparing: five tables")
        make_flights(site, wanted.rows)
        with site.connect() as connection:
            for table in ("airports", "planes", "weather"):
                copy_csv(connection, table)
            connection.execute("ALTER TABLE flights ADD number bigint NOT NULL DEFAULT 0;"
                               "CREATE TABLE ticks (number bigint PRIMARY KEY)")
            connection.execute("VACUUM ANALYZE")
        site.indexer.start()
        site.create_model("ticks", "SELECT number FROM ticks")
        site.sql("SELECT daas.create_api('ticks', public => true)")
        seconds = load(site)
        say(f"load: {site.rows} documents in {seconds:.1f} s, {site.rows / seconds:,.0f} a second")
        site.sql("SELECT daas.create_api('trips', public => true)")
        for api in ("ticks", "trips"):
            site.wait_for_api(api)
        rename(site, "warm-up")

        ratios = []
        for pair in range(wanted.pairs):
            took, flights = rename(site, f"name {pair}")
            site.sql("SELECT daas.drop_model('trips', cascade => true)")
            wait_for(lambda: not site.solr.collections(f"{site.name}.trips"), 30, "the dropped collection is gone")
            seconds = load(site)
            ratios.append(took / (seconds * flights / site.rows))
            say(f"pair {pair + 1}: {flights} documents renamed in {took:.2f} s; load {seconds:.2f} s, of as many"
                f" {seconds * flights / site.rows:.2f} s; ratio {ratios[-1]:.2f}")
        site.sql("SELECT daas.create_api('trips', public => true)")
        site.wait_for_api("trips")

        others = delays(site, "ticks", Writer(site, 50, "INSERT INTO ticks VALUES (%(number)s)", lambda number: ("number", number)),
                        lambda: [rename(site, f"beside {number}") for number in range(5)])
        say(f"another model beside renames, ms: p50 {percentile(others, 50):.0f}, p99 {percentile(others, 99):.0f}")

        def changed(number):
            return "id", 1 + number * 7919 % FLIGHTS
        changes = "UPDATE flights SET number = %(number)s WHERE id = 1 + %(number)s * 7919 %% 336776"
        pause = threading.Event()
        say("warm-up, 5 s")
        delays(site, "trips", Writer(site, CHANGES_A_SECOND, changes, changed), lambda: pause.wait(5))
        site.sql("UPDATE flights SET number = 0 WHERE number > 0")
        wait_for(lambda: site.api("trips", select="number", order="number.desc", limit=1).json()[0]["number"] == 0, 60, "zero")
        say(f"measuring, {SECONDS} s")
        fresh = delays(site, "trips", Writer(site, CHANGES_A_SECOND, changes, changed), lambda: pause.wait(SECONDS))
        p50, p99 = percentile(fresh, 50), percentile(fresh, 99)
        memory = peak_memory_mb(site.indexer)
        say(f"VmHWM of daas-indexer: {memory:.0f} MB")
        ratio, others_p99 = median(ratios), percentile(others, 99)
        return judge(
            f"join rename ratio {ratio:.2f} others p99 {others_p99:.0f} ms fresh p50 {p50:.0f} ms p99 {p99:.0f} ms",
            (f"rename at most {RENAME_GOAL} of a load", ratio <= RENAME_GOAL),
            (f"others' p99 at most {OTHERS_P99_GOAL} ms", others_p99 <= OTHERS_P99_GOAL),
            (f"p50 at most {P50_GOAL} ms", p50 <= P50_GOAL), (f"p99 at most {P99_GOAL} ms", p99 <= P99_GOAL),
            memory_goal(memory))


if __name__ == "__main__":
    sys.exit(main())
