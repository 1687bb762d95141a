"""Filters of the read dialect: a short run of `make fuzz-reads`, and what is refused."""
import sys

import pytest

from harness.postgres import ROOT

sys.path.insert(0, str(ROOT / "test/reads"))

# pylint: disable=wrong-import-position
from compare import compare_reads, open_table


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        open_table(one, 7)
        yield one


def test_random_requests_mean_their_sql(site, rng):
    assert not compare_reads(site, rng.randrange(10**6), 400)


@pytest.mark.parametrize("target, status, code", [
    ("age=like.1%25", 400, "42883"), ("tags=eq.{a}", 400, "PGRST127"), ("tags=like.a", 400, "PGRST127"),
    ("age=cs.{1}", 400, "PGRST127"), ("tags=cs.a", 400, "22P02"), ("tags=cs.{a", 400, "22P02"), ("tags=cs.[1,5)", 400, "22P02"),
    ("tags=cs.{{a},{b}}", 400, "PGRST127"), ("nums=ov.{a}", 400, "22P02"), ("name=like.a\\", 400, "22025"),
    ("name=match.(", 400, "2201B"), ("name=match.a(?=b)", 400, "PGRST127"), ("name=match.\\d", 400, "PGRST127"),
    ("name=match.a**", 400, "2201B"), ("name=match.[[:alpha:]]", 400, "PGRST127"), ("name=like.%25" + "a" * 300 + "_", 400, "54000"),
    ("name=sl.[1,2]", 400, "PGRST127"), ("or=(nope.eq.1)", 400, "42703"), ("or=(age.eq.1", 400, "PGRST100"),
    ("or=()", 400, "PGRST100"), ("or=(age.eq.1,)", 400, "PGRST100"), ("or=age.eq.1", 400, "PGRST100"), ("or=(age.eq.x)", 400, "22P02"),
    ("or=(age.eq.1)x", 400, "PGRST100"), ("and=" + "(or" * 30 + "(age.eq.1)" + ")" * 30, 400, "54000"), ("order=tags", 400, "0A000"),
    ("neq(any)=1", 400, "42703"), ("age=neq(any).{1}", 400, "PGRST127"), ("age=eq(some).{1}", 400, "PGRST100"),
])
def test_what_has_no_meaning_is_refused_by_name(site, target, status, code):
    answer = site.api("t?" + target)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize("target", [
    "name=like.%25" + "_" * 40 + "x%25", "name=imatch." + "(a|b)*" * 20 + "c{200}", "name=match.((a{50}){50}){50}", "name=match." + "(a*)*" * 20,
    "name=ilike.%25" + "a%25b_" * 40,
])
def test_a_pattern_that_is_too_much_for_lucene_is_refused_and_costs_little(site, target):
    answer = site.api("t?" + target)
    assert answer.status_code == 200 or (answer.status_code, answer.json()["code"]) in ((400, "54001"), (504, "PGRST003")), answer.text
    assert answer.elapsed.total_seconds() < 10
    assert site.api("t?limit=1").status_code == 200
