"""Reads whole collections while everything goes on, and holds each state against its query at the snapshot that the
daemon says it is of.

The daemon logs the version and the snapshot before it opens a searcher; the fence, a document of each collection, shows
the version (docs/delivery.md). One request sees one searcher: so documents and fence belong together.
"""
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field

import requests

from harness.site import difference

OPENS = "opens a searcher on a whole batch"
FENCE = "\0fence"
QUERY = {"q": "{!bool should=$documents should=$fence}", "documents": "*:* -_deleted_:true",
         "fence": "{!bool filter=$opened must_not=$half}", "opened": "{!term f=id v=$fence_id}", "half": "_half_:true",
         "fence_id": FENCE, "fl": "id,_doc_,_ver_", "rows": 1000000, "wt": "json"}


@dataclass
class Model:
    name: str
    query: object                 # random_query.Query
    key: list                     # pairs of column and type
    deltas: list                  # rows of daas.delta, for the report
    planted: str = ""             # what was damaged
    differences: list = field(default_factory=list)
    states: int = 0               # checked
    generations: set = field(default_factory=set)


class OpenedLog:
    """version -> (collection, snapshot), as far as the daemon has written its log."""

    def __init__(self, path):
        self.path, self.opened, self._at, self._rest = path, {}, 0, b""

    def read(self):
        with open(self.path, "rb") as file:
            file.seek(self._at)
            data = file.read()
        self._at += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if OPENS.encode() in line:
                record = json.loads(line)
                self.opened[record["version"]] = (record["message"].split()[1], record["snapshot"])


class Reader(threading.Thread):
    """Fetches the collections in turn. What it sees waits in `states` until a checker takes it."""

    def __init__(self, site, models):
        super().__init__(daemon=True)
        self.site, self.models = site, models
        self.states = deque()  # (model, version, documents)
        self.found = 0         # all of them so far
        self.halves = 0        # states without an opened fence
        self.unread = 0
        self.torn = []         # (model, what)
        self.stopping = threading.Event()
        self.error = None
        self._seen = {}        # (model, version) -> documents
        self._session = requests.Session()

    def run(self):
        try:
            while not self.stopping.is_set():
                for model in self.models:
                    self.look(model)
                self.stopping.wait(0.01)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def stop(self):
        self.stopping.set()
        self.join(60)
        if self.error:
            raise self.error

    def look(self, model):
        found = self._fetch(model)
        if found is None:
            return
        version, documents = found
        if version is None:
            self.halves += 1
            return
        before = self._seen.get(model.name)
        if before and version < before[0]:
            self.torn.append((model, f"version {version} was visible after {before[0]}"))
            return
        if before and before[0] == version:
            if before[1] != documents:
                self.torn.append((model, f"version {version} showed two states: {difference(documents, before[1])}"))
            return
        self._seen[model.name] = (version, documents)
        self.found += 1
        self.states.append((model, version, documents))

    def _fetch(self, model):
        """Version and documents of what is visible, or None."""
        try:
            answer = self._session.post(f"{self.site.solr.url}/{self.site.name}.{model.name}/select", data=QUERY, timeout=20)
        except requests.RequestException:
            answer = None
        if answer is None or answer.status_code != 200:
            self.unread += 1  # not there yet, or switched at this moment
            return None
        version, documents = None, {}
        for one in answer.json()["response"]["docs"]:
            if one["id"] == FENCE:
                version = one["_ver_"]
            else:
                documents[one["id"]] = one["_doc_"]
        return version, documents


class Checker(threading.Thread):
    """Takes the states that the reader saw. With a session of its own (history.Past)."""

    PATIENCE = 10  # seconds until a version must be in the log

    def __init__(self, reader, past, log):
        super().__init__(daemon=True)
        self.reader, self.past, self.log = reader, past, log
        self.checked = self.unknown = self.truncated = 0
        self.error = None

    def run(self):
        try:
            while self.reader.states or not self.reader.stopping.wait(0.02):
                if self.reader.states:
                    self.check(*self.reader.states.popleft())
            while self.reader.states:
                self.check(*self.reader.states.popleft())
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def finish(self):
        """When the reader has stopped."""
        self.join(300)
        if self.error:
            raise self.error
        assert not self.is_alive(), f"{len(self.reader.states)} states are not checked yet"

    def check(self, model, version, documents):
        opened = self._opened(version)
        if opened is None:
            self.unknown += 1
            return
        collection, snapshot = opened
        model.generations.add(collection)
        expected = self.past.documents(snapshot, model.query.text, model.key)
        self.checked += 1
        model.states += 1
        if documents == expected:
            return
        if self.past.truncated_after(snapshot):
            self.truncated += 1
            return
        model.differences.append(f"{collection}, version {version}, snapshot {snapshot}:\n{difference(documents, expected)}")

    def _opened(self, version):
        end = time.monotonic() + self.PATIENCE
        while version not in self.log.opened and time.monotonic() < end:
            self.log.read()
            if version not in self.log.opened:
                self.reader.stopping.wait(0.02)
        return self.log.opened.get(version)
