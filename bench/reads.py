"""make bench-reads: reads of twenty rows with a token, through the daemon and through an nginx that proxies the equivalent
raw Solr request (the same q, fq, sort, rows and fl, by POST over kept connections, the client's request as small).

1. Capacity: wrk with CONNECTIONS connections that ask as fast as they are answered, (a) each request with other values,
   (b) a few requests over and over.
2. p99 of other values at 80 % of each one's own capacity. wrk is given many connections, each of which pauses before every
   request for an exponentially distributed time whose mean is far above an answer's: together they arrive as a Poisson
   stream does, whose rate hardly falls when an answer is late. A median below 95 % of that load is a missed goal, too: a
   p99 at less load shows nothing.

Rounds are interleaved and change their order; a ratio is the median of the rounds' ratios. Before anything is measured
both must answer the same rows."""
import argparse
import base64
import itertools
import json
import math
import os
import subprocess
import sys
import time

import requests

from nginx import ARGUMENTS, nginx
from stand import FLIGHTS, ROOT, clock, cpu_of, judge, make_flights, median, memory_goal, peak_memory_mb, say, stand, wait_for

AIRPORTS, ROWS = ["EWR", "JFK"], 20
COLUMNS = "id,carrier,origin,dest,dep_delay,time_hour"
READ = f"/flights?select={COLUMNS}&flight=eq.{{flight}}&id=gt.{{id}}&limit={ROWS}"
RAW = "/flights?flight={flight}&id={id}"
CONNECTIONS, PACED_CONNECTIONS, KINDS, LOAD, REACHED = 16, 256, 16, 0.8, 0.95
MOST_WARM_UPS, CALM, FASTER = 12, 0.3, 1.03
DISTINCT_GOAL, REPEATED_GOAL, P99_GOAL = 0.9, 5, 2


class Side:
    """One of the two that are measured."""

    # Of a run's first request. Not even the other side may have asked it: the answer would be in Solr's caches.
    firsts = itertools.count(1_000_000, 1_000_000)

    def __init__(self, name, url, template, values, token=None):
        self.name, self.url, self.template, self.values = name, url, template, values
        self.header = ["Authorization", f"Bearer {token}"] if token else []

    def wrk(self, kinds, seconds, pause=0):
        """One run, as reads.lua tells it."""
        first = 0 if kinds else next(self.firsts)
        connections = PACED_CONNECTIONS if pause else CONNECTIONS
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s", "-s", ROOT / "bench/reads.lua", self.url, "--",
                   self.template, ",".join(map(str, self.values[0])), str(self.values[1]), str(kinds), str(first), str(pause), *self.header]
        environment = os.environ | ({"DAAS_WRK_PAUSES": "1"} if pause else {})
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=seconds + 60, check=True, env=environment)
        told = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
        assert told["failures"] == 0 and told["requests"] > 0, f"{self.name}: {done.stdout}"
        told["rate"] = told["requests"] / told["seconds"]
        return told


def rows_of(daemon, raw, flight, number):
    values = {"{flight}": str(flight), "{id}": str(number)}
    answers = []
    for side in (daemon, raw):
        target = side.template
        for name, value in values.items():
            target = target.replace(name, value)
        answer = requests.get(side.url + target, headers=dict([side.header]) if side.header else {}, timeout=20)
        assert answer.status_code == 200, f"{side.name}: {answer.status_code} {answer.text}"
        answers.append(answer.json())
    return answers[0], [{name: document["_doc_"][name] for name in COLUMNS.split(",")} for document in answers[1]["response"]["docs"]]


def check_equal(daemon, raw):
    flights, ids = daemon.values
    for index, flight in enumerate(flights):
        read, proxied = rows_of(daemon, raw, flight, ids * index // len(flights))
        assert read == proxied and len(read) == ROWS, f"flight {flight}: {str(read)[:500]} against {str(proxied)[:500]}"
    say(f"both answer the same {ROWS} rows to each of {len(flights)} requests")


def values_of(site):
    """Flight numbers, and how far ids may reach, so that each pair of them has ROWS rows in the token's scope."""
    ids = site.rows // 2
    flights = [number for number, in site.sql("SELECT flight FROM flights WHERE id > %s AND origin = ANY(%s) GROUP BY flight HAVING count(*) >= %s"
                                              " ORDER BY flight", (ids, AIRPORTS, ROWS))]
    while math.gcd(len(flights), ids) != 1:
        ids -= 1
    return flights, ids


def rounds(pairs, measure):
    """What measure(side index, number of the round) gives, by side, the sides in changing order."""
    results = ([], [])
    for turn in range(pairs):
        for index in ((0, 1) if turn % 2 == 0 else (1, 0)):
            results[index].append(measure(index, turn))
    return results


def warm_up(site, sides, seconds):
    """Until Solr's compiler has nothing left to do after a turn of each side, and neither side gets faster: compiling takes
    one of two cores for minutes, and whatever is measured meanwhile is how much it takes."""
    best = 0
    for _ in range(MOST_WARM_UPS):
        rates = [side.wrk(kinds, seconds)["rate"] for kinds in (0, KINDS) for side in sides]
        waited = settle(site)
        say("warm-up: " + ", ".join(f"{rate:,.0f}" for rate in rates) + f"/s, Solr went on compiling for {waited} s")
        reached = sum(rates[:len(sides)])
        if waited == 0 and reached < best * FASTER:
            return
        best = max(best, reached)


def settle(site):
    """Seconds that Solr used CPU though nobody asked it anything."""
    for waited in itertools.count():
        before = cpu_of(site)["Solr"]
        time.sleep(1)
        if cpu_of(site)["Solr"] - before < CALM:
            return waited


def capacity(site, sides, pairs, seconds, kinds, label):
    def measure(index, turn):
        before = cpu_of(site)
        told = sides[index].wrk(kinds, seconds)
        say(f"{label}, round {turn + 1}: {sides[index].name} {told['rate']:,.0f}/s, p50 {told['p50']:.2f} ms, p99 {told['p99']:.2f} ms,"
            f" {told['bytes'] / told['requests']:,.0f} bytes an answer, {cpu_of(site, before)}")
        return told["rate"]
    daemon, raw = rounds(pairs, measure)
    ratio = median(ours / theirs for ours, theirs in zip(daemon, raw))
    say(f"{label}: median daemon {median(daemon):,.0f}/s, nginx {median(raw):,.0f}/s, ratio {ratio:.2f}")
    return ratio, (median(daemon), median(raw))


def loaded(sides, pairs, seconds, capacities):
    wanted = [LOAD * rate for rate in capacities]

    def measure(index, turn):
        # A connection's turn is its pause and its answer; the answer's part is small.
        pause = max(1, round(1000 * PACED_CONNECTIONS / wanted[index] - answer_ms[index]))
        told = sides[index].wrk(0, seconds, pause)
        answer_ms[index] = min(told["p50"], pause)
        reached.append(told["rate"] / wanted[index])
        say(f"{LOAD:.0%} load, round {turn + 1}: {sides[index].name} {told['rate']:,.0f}/s of {wanted[index]:,.0f}/s wanted,"
            f" p50 {told['p50']:.2f} ms, p99 {told['p99']:.2f} ms")
        return told["p99"]
    answer_ms, reached = [0, 0], []
    daemon, raw = rounds(pairs, measure)
    return median(ours / theirs for ours, theirs in zip(daemon, raw)), median(reached)


def claims_of(token):
    payload = token.split(".")[1]
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5, help="interleaved measurements (5)")
    parser.add_argument("--rows", type=int, default=FLIGHTS, help=f"flights ({FLIGHTS})")
    parser.add_argument("--seconds", type=int, default=10, help="of each measurement (10)")
    wanted = parser.parse_args()
    with stand() as site:
        make_flights(site, wanted.rows)
        site.indexer.start()
        site.create_model("flights", "SELECT * FROM flights")
        site.sql("SELECT daas.create_api('flights', scope => '{\"origin\": \"airports\"}')")
        site.sql("SELECT daas.create_account('two', 'secret', claims => %s)", (json.dumps({"airports": AIRPORTS}),))
        begin = clock()
        token = site.token("two", "secret")
        wait_for(lambda: site.api("flights", token, limit=1).status_code == 200, 600, "the flights are loaded")
        say(f"loaded {site.rows} flights in {clock() - begin:.0f} s")
        target = READ.format(flight=ARGUMENTS["flight"], id=ARGUMENTS["id"])
        plan = json.loads(subprocess.run([ROOT / "build/cmake/bench/print-plan", site.indexer.options["pg-server"], target, claims_of(token)],
                                         stdout=subprocess.PIPE, text=True, check=True).stdout)
        with nginx(site.indexer.directory / "nginx", site.solr, plan) as address:
            values = values_of(site)
            sides = Side("daemon", site.indexer.url, READ, values, token), Side("nginx", address, RAW, values)
            check_equal(*sides)
            warm_up(site, sides, wanted.seconds)
            distinct, capacities = capacity(site, sides, wanted.pairs, wanted.seconds, 0, "distinct")
            repeated, _ = capacity(site, sides, wanted.pairs, wanted.seconds, KINDS, "repeated")
            p99, reached = loaded(sides, wanted.pairs, wanted.seconds, capacities)
            memory = peak_memory_mb(site.indexer)
            say(f"VmHWM of daas-indexer: {memory:.0f} MB")
            say(f"goals: distinct >= {DISTINCT_GOAL} x nginx, repeated >= {REPEATED_GOAL} x nginx, p99 at {LOAD:.0%} load <= {P99_GOAL} x nginx's")
            return judge(f"reads distinct {distinct:.2f} repeated {repeated:.2f} p99 {p99:.2f}",
                         (f"distinct at least {DISTINCT_GOAL} of nginx", distinct >= DISTINCT_GOAL),
                         (f"repeated at least {REPEATED_GOAL} of nginx", repeated >= REPEATED_GOAL),
                         (f"{LOAD:.0%} load was reached: {reached:.0%} of it, at least {REACHED:.0%}", reached >= REACHED),
                         (f"p99 at most {P99_GOAL} of nginx's", p99 <= P99_GOAL), memory_goal(memory))


if __name__ == "__main__":
    sys.exit(main())
