"""PostgreSQL, Solr and a site of their own for runs that are no pytest."""
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .postgres import Postgres
from .site import Site
from .solr import Solr


class Stack:
    def __init__(self, directory):
        self.directory = directory
        self.postgres, self.solr = Postgres(directory / "pg"), Solr(directory / "solr")
        self.site = None

    def open(self, name, options=None):
        """The one site, its daemon not started."""
        self.site = Site(name, self.directory / "daemon", self.postgres, self.solr, options)
        return self.site

    def end(self):
        for part in (self.site.indexer.end if self.site else None, self.solr.stop, self.postgres.stop):
            if part:
                part()


@contextmanager
def running_stack(directory):
    """In a directory that stays."""
    directory.chmod(0o755)  # the server's user passes through
    (directory / "pg").mkdir(mode=0o755)
    stack = Stack(directory)
    try:
        stack.postgres.create()
        stack.solr.start()
        yield stack
    finally:
        stack.end()


@contextmanager
def passing_stack(name):
    """In a directory that goes with it."""
    directory = Path(tempfile.mkdtemp(prefix=f"daas-{name}-"))
    try:
        with running_stack(directory) as stack:
            yield stack
    finally:
        shutil.rmtree(directory, ignore_errors=True)
