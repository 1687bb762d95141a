"""The models of the run, and what each makes of a row, said a second time in Python."""
from workload import NOBODY


class Definition:
    """A query, and the same as a function: the document of a row, or None when the row has none."""

    def __init__(self, shape, columns, make, where=None):
        self.shape, self.columns, self.make, self.where = shape, columns, make, where

    def query(self, table):
        query = f"SELECT {self.columns}, '{self.shape}' AS shape FROM {table}"
        return query + (f" WHERE {self.where}" if self.where else "")


class PlainDefinition(Definition):
    """A projection has no room for a shape: its columns say it."""

    def query(self, table):
        return f"SELECT {self.columns} FROM {table}"


class FaultModel:
    """shape_of(document) finds the definition by which a document was made."""

    def __init__(self, name, table, key, definitions):
        self.name, self.table, self.key = name, table, key
        self.definitions = definitions
        self.current = 0

    @property
    def query(self):
        return self.definitions[self.current].query(self.table)

    def redefine(self):
        self.current = (self.current + 1) % len(self.definitions)


def _plain(*names):
    return lambda row: {name: row[name] for name in names}


def _picked(row):
    if row["id"] % 100_000 and row["n"] % 3 == 0:
        return None
    return {"id": row["id"], "writer": row["writer"], "stamp": row["stamp"], "n": row["n"] * 2,
            "label": None if row["label"] is None else row["label"].replace("0", "zero "), "note": row["note"],
            "shape": "picked"}


def _cased(row):
    return {"id": row["id"], "writer": row["writer"], "stamp": row["stamp"], "n": row["n"],
            "label": row["label"] or "none", "shape": "cased"}


PICKED = Definition("picked", "id, writer, stamp, n * 2 AS n, replace(label, '0', 'zero ') AS label, note", _picked,
                    f"id % 100000 = 0 OR n % 3 <> 0 OR writer = {NOBODY}")
CASED = Definition("cased", "id, writer, stamp, n, coalesce(label, 'none') AS label", _cased)


def standing_models():
    """Those that live as long as the run."""
    return [
        FaultModel("item", "item", None, [
            PlainDefinition("all", "id, writer, stamp, n, label, price, note",
                            _plain("id", "writer", "stamp", "n", "label", "price", "note")),
            PlainDefinition("few", "id, writer, stamp, label, n", _plain("id", "writer", "stamp", "label", "n"))]),
        FaultModel("picked", "item", None, [PICKED, CASED]),
        FaultModel("part", "part", None, [
            PlainDefinition("all", "id, writer, stamp, n, zone, label",
                            _plain("id", "writer", "stamp", "n", "zone", "label"))]),
        FaultModel("scratch", "scratch", None, [
            PlainDefinition("all", "id, writer, stamp, n, label", _plain("id", "writer", "stamp", "n", "label"))]),
    ]


def passing_model():
    """That comes and goes."""
    return FaultModel("passing", "item", None, [CASED, PICKED])
