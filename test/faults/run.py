#!/usr/bin/env python3
"""make faults N=100 SEED=…: kills and breaks everything, again and again, beside random transactions and changes of
the models, and counts what is lost.

One PostgreSQL, one Solr behind a proxy that breaks it, one daemon. After each fault the writers rest, and every model
must converge to its query by itself; meanwhile a watcher reads whole collections and checks that each state is the
query at one snapshot. Ends with `faults N, lost 0, stale 0, extra 0, seed S` and 0, or at the first fault after which
something was not right, with 1; the directory of logs and data stays then.

  run.py [N] [SEED]     DAAS_FAULTS_SECONDS: end after so many seconds, with the faults done until then
                        DAAS_FAULTS_SOLR=0: Solr itself is not killed (a restart takes 10 s)
"""
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position
from harness.fault_proxy import FaultProxy
from harness.stack import running_stack

from breakage import draw
from drill import Drill, Failure


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    faults = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1] else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] else random.randrange(10**6)
    seconds = float(os.environ.get("DAAS_FAULTS_SECONDS", "inf"))
    with_solr = os.environ.get("DAAS_FAULTS_SOLR", "1") != "0"
    directory = Path(tempfile.mkdtemp(prefix="daas-faults-"))
    say(f"seed {seed}, logs and data in {directory}")
    passed = False
    try:
        passed = drill(directory, faults, seed, seconds, with_solr)
    finally:
        if passed:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"logs and data stay in {directory}")
    return 0 if passed else 1


def series(one, faults, seed, seconds, with_solr):
    """How many faults were endured, and what was not right after the next one."""
    one.start()
    say("everything runs")
    end = time.monotonic() + seconds
    for number in range(1, faults + 1):
        if number > 1 and time.monotonic() > end:
            return number - 1, None
        fault = draw(seed, number, one.passing_lives, with_solr)
        began = time.monotonic()
        try:
            note = one.endure(fault)
        except Failure as error:
            say(f"fault {number}: {fault.words()}: FAILED\n{error}")
            return number - 1, error
        say(f"fault {number}: {fault.words()}{note}: equal again, {time.monotonic() - began:.1f} s")
    return faults, None


def drill(directory, faults, seed, seconds, with_solr):
    with running_stack(directory) as stack:
        proxy = FaultProxy(stack.solr.port)
        try:
            one = Drill(stack.open("faults", {"solr": proxy.url, "log-level": "info"}), proxy, seed)
            done, failure = series(one, faults, seed, seconds, with_solr)
            one.stop()
        finally:
            proxy.close()
    return report(one, done, failure, seed)


def report(one, done, failure, seed):
    """Whether everything was right; the last line says it."""
    lost, stale, extra = (failure.lost, failure.stale, failure.extra) if failure else (0, 0, 0)
    watcher = one.watcher
    for wrong in watcher.restart[:2]:
        print(f"right after a restart of Solr, which is not promised: {wrong}")
    for wrong in watcher.torn[:5]:
        print(f"torn: {wrong}")
    print(f"transactions {one.workload.transactions}, visible states {watcher.checked}, torn {len(watcher.torn)}, "
          f"restart {len(watcher.restart)}")
    print(f"faults {done + (failure is not None)}, lost {lost}, stale {stale}, extra {extra}, seed {seed}")
    return not failure and not watcher.torn


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
