"""Non-interference: a short run of `make fuzz-scope`, and that it would find a leak."""
import sys

import pytest

from harness.postgres import ROOT

sys.path[:0] = [str(ROOT / "test/reads"), str(ROOT / "test/scope")]

# pylint: disable=wrong-import-position
from phases import find_leaks
from recorder import Recorder


@pytest.fixture
def recorder(solr):
    one = Recorder(solr.port)
    yield one
    one.stop()


def test_no_byte_of_an_answer_depends_on_rows_of_other_scopes(open_site, recorder, rng):
    with open_site(solr=recorder.url) as site:
        _, leaks = find_leaks(site, recorder, rng, rng.randrange(10**6), 70, share=0.03)
        assert not leaks, "\n".join(leaks[:5])


def test_rows_that_a_token_sees_are_told_from_rows_that_it_does_not(open_site, recorder, rng):
    with open_site(solr=recorder.url) as site:
        count, leaks = find_leaks(site, recorder, rng, rng.randrange(10**6), 60, share=0, tenants=("a", "b"))
        assert len(leaks) > count // 4, "most answers have rows of scope b, too"
