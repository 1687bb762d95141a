#!/usr/bin/env python3
"""make fuzz-reads REQUESTS=5000 SEED=…: random requests, each held against the SQL that it means.

Ends with `requests N, differences 0, seed S` and 0, or with 1 when there are differences; each is told with its request
and its SQL.

  run.py [--requests N] [--seed S]
"""
import argparse
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position
from harness.stack import passing_stack

from compare import compare_reads, open_table


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(description="Random requests against the SQL that they mean.")
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with passing_stack("reads") as stack:
        site = stack.open("reads")
        open_table(site, asked.seed)
        began = time.monotonic()
        different = compare_reads(site, asked.seed, asked.requests)
        took = time.monotonic() - began
    for one in different[:10]:
        print(one)
    print(f"{took:.0f} s")
    print(f"requests {asked.requests}, differences {len(different)}, seed {asked.seed}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
