"""A short run of what `make faults` does for long: random faults beside random transactions."""
import random
import re
import sys

from harness.fault_proxy import FaultProxy
from harness.postgres import ROOT

sys.path.insert(0, str(ROOT / "test/faults"))

# pylint: disable=wrong-import-position
from drill import Drill
from run import report, series

FAULTS = 6
SECONDS = 20  # after which no new one begins; on a quiet machine there is time for all


def test_nothing_is_lost_stale_extra_or_torn_after_a_few_faults(open_site, solr, capsys):
    seed = random.randrange(10**6)
    proxy = FaultProxy(solr.port)
    try:
        with open_site(solr=proxy.url, log_level="info") as site:
            one = Drill(site, proxy, seed)
            try:
                # Restarts of Solr take too long here; test_faulty_solr.py and `make faults` have them.
                done, failure = series(one, FAULTS, seed, SECONDS, with_solr=False)
            finally:
                one.stop()
            right = report(one, done, failure, seed)
    finally:
        proxy.close()
    last = capsys.readouterr().out.splitlines()[-1]
    assert right and re.fullmatch(rf"faults [1-{FAULTS}], lost 0, stale 0, extra 0, seed {seed}", last), last
