#!/usr/bin/env python3
"""make fuzz-models MODELS=200 TXNS=10000 SEED=…: random models over random tables beside random transactions; every
visible state of every collection is held against the query at the snapshot that it is said to be of.

Ends with `models N, transactions N, differences 0, seed S` and 0, or with 1 when there are differences; each is told with
the tables, the query, the delta queries and the snapshot, and the directory of logs stays.

  run.py [--models N] [--transactions N] [--seed S] [--plant]

--plant damages one path of each model that has paths: then there must be differences.
"""
import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position
from harness.stack import running_stack

from model_rounds import Totals, prepare, run_rounds


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(description="Random models beside random transactions.")
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--transactions", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--plant", action="store_true", help="damage one path of each model")
    parser.add_argument("--one-table", action="store_true", help="only models of one table")
    asked = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="daas-models-"))
    say(f"seed {asked.seed}, logs and data in {directory}")
    totals = Totals()
    passed = False
    try:
        fuzz(directory, asked, totals)
        passed = not totals.different
    finally:
        report(totals, asked.seed)
        if passed:
            shutil.rmtree(directory, ignore_errors=True)
    return 0 if passed else 1


def fuzz(directory, asked, totals):
    with running_stack(directory) as stack:
        site = stack.open("models", {"log-format": "json", "log-level": "debug"})
        prepare(site)
        site.indexer.start()
        say("everything runs")
        run_rounds(site, asked.seed, asked.models, asked.transactions, totals, say, plant=asked.plant,
                   joins=not asked.one_table)


def report(totals, seed):
    for one in totals.different[:5]:
        print(one)
    for words, count in totals.refusals.most_common(20):
        print(f"refused {count}: {words}")
    if totals.refused * 2 > totals.models:
        print("more than a third of the queries were refused")
    if totals.planted:
        print(f"planted {totals.planted}, of these found {totals.found}")
    print(totals.words())
    print(f"models {totals.models}, transactions {totals.transactions}, differences {len(totals.different)}, seed {seed}")


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
