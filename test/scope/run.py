#!/usr/bin/env python3
"""make fuzz-scope REQUESTS=3000 SEED=…: what a token of one scope is answered must not depend on rows of others.

Random requests, an attack corpus and hostile tokens are asked while there are no rows of other scopes, while there
are, and after those changed: status, headers and body must be the same bytes. A recorder in front of Solr looks at
every search: known parameters only, and one filter per scope pair. Ends with `vectors N, leaks 0, seed S` and 0, or
with 1.

  run.py [--requests N] [--seed S]
"""
import argparse
import random
import signal
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "reads")]

# pylint: disable=wrong-import-position
from harness.stack import passing_stack

from phases import find_leaks
from recorder import Recorder


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(description="What a token of one scope is answered must not depend on rows of others.")
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with passing_stack("scope") as stack:
        recorder = Recorder(stack.solr.port)
        site = stack.open("scope", {"solr": recorder.url})
        vectors, leaks = find_leaks(site, recorder, random.Random(asked.seed), asked.seed, asked.requests)
    for one in leaks[:20]:
        print(one)
    print(f"vectors {vectors}, leaks {len(leaks)}, seed {asked.seed}")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
