"""Reads whole collections while everything goes on, and says of each state whether it is the query at one snapshot.

A collection has one shard, so one request sees one searcher. What is not promised (docs/delivery.md) is told apart: a
Solr that restarts opens searchers by itself, on whatever it has.
"""
import json
import threading

import requests

from workload import NOBODY, RANGE


class Watcher(threading.Thread):
    def __init__(self, site, workload):
        super().__init__(daemon=True)
        self.site, self.workload = site, workload
        self.models = []
        self.lock = threading.Lock()
        self.checked = 0
        self.torn, self.restart = [], []
        self.restarted = False  # since the last time that everything was equal
        self.seen = {}          # model -> counters by writer
        self.stopping = threading.Event()
        self.error = None
        self.session = requests.Session()

    def run(self):
        try:
            while not self.stopping.wait(0.02):
                with self.lock:
                    models = list(self.models)
                for model in models:
                    self.look(model)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def follow(self, models):
        with self.lock:
            self.models = list(models)

    def forget(self, model):
        """It is dropped: a new one of its name begins anew."""
        self.seen.pop(model.name, None)

    def look(self, model):
        before = self.restarted
        documents = self._read(model)
        if documents is None:
            return
        wrong = self._wrong(model, documents)
        self.checked += 1
        if wrong:
            (self.restart if before or self.restarted else self.torn).append(f"{model.name}: {wrong}")

    def _read(self, model):
        query = {"q": f"*:* -_deleted_:true -c_writer_l:{NOBODY}", "fl": "_doc_", "rows": 1000000, "wt": "json"}
        try:
            answer = self.session.post(f"{self.site.solr.url}/{self.site.name}.{model.name}/select", data=query, timeout=20)
            if answer.status_code != 200:
                return None  # dropped or switched at this moment, or Solr is not well
            return [json.loads(one["_doc_"], parse_float=str) for one in answer.json()["response"]["docs"]]
        except (requests.RequestException, ValueError):
            return None

    def _wrong(self, model, documents):
        """What is wrong with this state; empty when nothing is."""
        shown = {}
        for document in documents:
            shown.setdefault(document["writer"], {})[document["id"]] = document
        definition = self._definition(model, documents)
        if definition is None:
            return "documents of two definitions"
        counters = {}
        for writer in self.workload.writers:
            if model.table not in writer.tables:
                continue
            mine = shown.pop(writer.number, {})
            counter = mine.get(writer.number * RANGE, {}).get("stamp", 0)
            counters[writer.number] = counter
            wanted = {row_id: made for row_id, row in writer.state(model.table, counter).items()
                      if (made := definition.make(row)) is not None}
            if mine != wanted:
                return f"writer {writer.number} at {counter}: {difference(mine, wanted)}"
        if shown:
            return f"rows of unknown writers {sorted(shown)}"
        return self._out_of_order(model, counters)

    @staticmethod
    def _definition(model, documents):
        """The one whose columns all of the documents have. An empty state fits any."""
        if not documents:
            return model.definitions[model.current]
        for definition in model.definitions:
            made = definition.make({"id": RANGE, "writer": 0, "stamp": 0, "n": 0, "label": None, "price": None,
                                    "note": None, "zone": 0})
            if all(list(document) == list(made) and document.get("shape") == made.get("shape") for document in documents):
                return definition
        return None

    def _out_of_order(self, model, counters):
        last, self.seen[model.name] = self.seen.get(model.name, {}), counters
        for number, counter in counters.items():
            if counter < last.get(number, 0):
                return f"writer {number} went back from {last[number]} to {counter}"
        by_number = {writer.number: writer for writer in self.workload.writers}
        for number, counter in counters.items():
            begun = by_number[number].begun[counter]
            for other, shown in counters.items():
                finished = by_number[other].finished
                if len(finished) > shown + 1 and finished[shown + 1] < begun:
                    return (f"commit {counter} of writer {number} is visible, and commit {shown + 1} of writer {other},"
                            " which had ended before that one began, is not")
        return ""

    def stop(self):
        self.stopping.set()
        if self.ident:  # else the start failed, whose error counts
            self.join(60)
        if self.error:
            raise self.error


def difference(seen, wanted):
    """Of two maps, in a few words."""
    missing = [key for key in wanted if key not in seen]
    surplus = [key for key in seen if key not in wanted]
    other = [key for key in wanted if key in seen and seen[key] != wanted[key]]
    text = f"{len(missing)} missing {missing[:3]}, {len(surplus)} too many {surplus[:3]}, {len(other)} different"
    for key in other[:2]:
        text += f"\n      seen   {_cut(seen[key])}\n      wanted {_cut(wanted[key])}"
    for key in surplus[:1]:
        text += f"\n      seen   {_cut(seen[key])}"
    for key in missing[:1]:
        text += f"\n      wanted {_cut(wanted[key])}"
    return text


def _cut(value, length=200):
    text = str(value)
    return text if len(text) <= length else text[:length] + "…"
