"""The faults: what goes wrong, when, and beside which operation. Drawn by the seed."""
import random
from dataclasses import dataclass

# Requests at which something may happen, as "METHOD target".
POINTS = {
    "an update": r"^POST \S+/update\?wt=json&json\.nl=flat&versions=true$",
    "the opening of a searcher": r"softCommit=true",
    "a hard commit": r"commit=true&openSearcher=false",
    "the commit before a switch": r"commit=true&openSearcher=true",
    "CREATE": r"action=CREATE&",
    "CREATEALIAS": r"action=CREATEALIAS",
    "ALIASPROP": r"action=ALIASPROP",
    "DELETE": r"action=DELETE&",
    "DELETEALIAS": r"action=DELETEALIAS",
    "a question for metrics": r"/admin/metrics",
    "a question for the cluster's state": r"action=CLUSTERSTATUS",
}
STREAMING = ["an update", "the opening of a searcher", "a hard commit"]
LOADING = ["an update", "CREATE", "the commit before a switch", "CREATEALIAS", "ALIASPROP", "DELETE",
           "a question for metrics"]
OPERATIONS = {  # -> points that it passes
    "streaming": STREAMING,
    "reload": LOADING,
    "redefinition": LOADING,
    "creation": [point for point in LOADING if point != "DELETE"],
    "drop": ["DELETEALIAS", "DELETE"],
}
KILLS = {"daemon": 8, "postgres": 4, "backend": 3, "solr": 2, "daemon+postgres": 3, "daemon+solr": 1,
         "postgres+solr": 1}
PROXY = {"refuse": 3, "reset_before": 2, "reset_after": 4, "stall": 2, "late": 5, "status": 3, "truncated": 2,
         "garbage": 2, "garbled": 2, "drip": 1}


@dataclass
class Fault:
    number: int
    operation: str
    kind: str                # of KILLS or PROXY
    point: str | None        # a key of POINTS; None: any time, or any request
    after: bool = False      # when Solr has answered at that point; otherwise before it is asked
    delay: float = 0.0       # without a point: seconds from the operation to a kill
    seconds: float = 0.0     # how long it lasts, stalls or drips
    times: int | None = None
    chance: float = 1.0
    status: int = 503
    rng: random.Random | None = None

    @property
    def kills(self):
        return self.kind.split("+") if self.kind in KILLS else []

    def words(self):
        if self.kills:
            at = f"{'after' if self.after else 'at'} {self.point}" if self.point else f"after {self.delay:.2f} s"
            return f"kill {self.kind} {at}, {self.operation}"
        what = f"{self.kind} {self.status}" if self.kind == "status" else self.kind
        often = "" if self.kind == "refuse" else f" {self.times or 'any'} of {self.point or 'all requests'}"
        return f"{what}{often}, {self.seconds:.1f} s, {self.operation}"


def draw(seed, number, passing, with_solr=True):
    """passing: whether the model that comes and goes is there."""
    rng = random.Random(f"{seed} fault {number}")
    operation = rng.choices(["streaming", "reload", "redefinition", "creation"], [5, 2, 2, 3])[0]
    if operation == "creation" and passing:
        operation = "drop" if rng.random() < 0.6 else "reload"
    point = rng.choice(OPERATIONS[operation]) if rng.random() < 0.65 else None
    if rng.random() < 0.5:
        kills = {kind: weight for kind, weight in KILLS.items() if with_solr or "solr" not in kind}
        kind = rng.choices(list(kills), list(kills.values()))[0]
        return Fault(number, operation, kind, point, after=rng.random() < 0.5, delay=rng.random() ** 2 * 1.5, rng=rng)
    kind = rng.choices(list(PROXY), list(PROXY.values()))[0]
    seconds = rng.choice([0.3, 1, 2, 4])
    if kind == "late":
        seconds = rng.choice([0.2, 1, 5, 30])  # the last one lands after many other faults
    times = rng.choice([1, 1, 2, 5, None])
    return Fault(number, operation, kind, point, seconds=seconds, times=times, rng=rng,
                 chance=1.0 if times else rng.choice([0.2, 0.7]), status=rng.choice([429, 500, 503]))
