"""Fixtures: one PostgreSQL and one Solr per session, one site (database, daemon, namespace) per test
or per module. Everything that is started here ends here, also after a failure, Ctrl-C or SIGTERM.

DAAS_INDEXER   the daemon to test (build/cmake/indexer/daas-indexer)
CAPTURE        plugin, pgoutput or notify: how the daemon hears of changes (plugin)
DAAS_E2E_SEED  seed of the random tests (random; printed when a test fails)
"""
import itertools
import os
import random
import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.indexer import BINARY
from harness.postgres import running
from harness.site import CAPTURE, Site
from harness.solr import Solr
from harness.waiting import tail

_numbers = itertools.count(1)
_open_sites = []


def pytest_runtest_setup(item):
    only = item.get_closest_marker({"pgoutput": "own_plugin", "notify": "decoded"}.get(CAPTURE, ""))
    if only:
        pytest.skip(only.args[0])


def pytest_configure():
    # Each Solr lives for minutes: what its second compiler costs, a third of all the time of both cores, it never wins back.
    os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    # As Ctrl-C does: the fixtures are torn down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed and report.when != "teardown":
        for site in _open_sites:
            report.sections.append((f"log of daas-indexer, database {site.name}", site.indexer.tail()))
        if _open_sites:
            report.sections.append(("log of PostgreSQL", tail(_open_sites[0].postgres.log, 15)))


@pytest.fixture(scope="session")
def directory():
    path = Path(tempfile.mkdtemp(prefix="daas-e2e-"))
    path.chmod(0o755)  # the server's user passes through
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(directory):
    assert BINARY.exists(), f"{BINARY} does not exist; run: make all"
    with running(directory / "pg") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def solr(directory):
    node = Solr(directory / "solr")
    try:
        node.start()
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="session")
def open_site(directory, postgres, solr):
    """open_site(**options of the daemon): a context with a new site, its daemon not started."""
    @contextmanager
    def open_one(database=None, **options):
        name = f"e2e_{next(_numbers)}"
        site = Site(name, directory / name, postgres, solr,
                    {option.replace("_", "-"): value for option, value in options.items()}, database)
        _open_sites.append(site)
        try:
            yield site
        finally:
            try:
                site.close()
            finally:
                _open_sites.remove(site)
    return open_one


@pytest.fixture
def site(open_site):
    """A new site whose daemon runs."""
    with open_site() as one:
        one.indexer.start()
        yield one


@pytest.fixture
def rng():
    """Random, and reproducible: the seed is printed with a failure."""
    seed = int(os.environ.get("DAAS_E2E_SEED") or random.randrange(10**9))
    print(f"DAAS_E2E_SEED={seed}")
    return random.Random(seed)
