"""The daemon as a process."""
import os
import secrets
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import requests

from .postgres import ROOT
from .waiting import NotYet, free_port, tail, wait_for

BINARY = Path(os.environ.get("DAAS_INDEXER") or ROOT / "build/cmake/indexer/daas-indexer")


class Indexer:
    """Keeps its ports, its key and its log over restarts."""

    def __init__(self, directory, options):
        self.directory = directory
        self.log = directory / "daas-indexer.log"
        self.config = directory / "daas-indexer.conf"
        self.process = None
        key = directory / "jwt.key"
        key.touch(0o600)
        key.write_text(secrets.token_urlsafe(48))
        self.key = key.read_text()
        listen, admin = free_port(), free_port()
        self.url, self.admin_url = f"http://127.0.0.1:{listen}", f"http://127.0.0.1:{admin}"
        self.options = {"listen": f"127.0.0.1:{listen}", "admin-listen": f"127.0.0.1:{admin}",
                        "jwt-key-file": key, "log-level": "debug"} | options

    def beside(self, name, **options):
        """Another daemon with the same configuration, key included, but for its ports and these options; not started."""
        directory = self.directory / name
        directory.mkdir()
        own = {option: value for option, value in self.options.items() if option not in ("listen", "admin-listen")}
        return Indexer(directory, own | {option.replace("_", "-"): value for option, value in options.items()})

    def start(self, ready=True):
        """Returns when it is ready, or, if that is not asked for, when it answers at all."""
        assert not self.runs(), "it runs already"
        lines = []
        for name, value in self.options.items():
            values = value if isinstance(value, list) else [value]
            lines += [f"{name} = {one}\n" for one in values]
        self.config.write_text("".join(lines))
        # Variables of the surroundings, as a demo's, would win over the file.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DAAS_", "PG"))}
        with open(self.log, "ab") as log:
            # It must not outlive the tests, however those end.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", BINARY, "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            env=environment, start_new_session=True)
        if ready:
            self.wait_ready()
        else:
            wait_for(self._answers, 15, "/readyz answers")

    def wait_ready(self, deadline=30):
        def ready():
            self.check()
            status, text = self.readiness()
            if status != 200:
                raise NotYet(f"{status} {text}")
            return True
        wait_for(ready, deadline, "/readyz answers 200")

    def _answers(self):
        self.check()
        return self.readiness()[0] is not None

    def readiness(self):
        """Status and text of /readyz."""
        try:
            answer = requests.get(self.admin_url + "/readyz", timeout=10)
        except requests.ConnectionError:
            return None, "no answer"
        return answer.status_code, answer.text

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def check(self):
        """Fails when it should run and does not."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"daas-indexer ended with {self.process.returncode}")

    def stop(self, within=5):
        """SIGTERM: it must end by itself, soon, with 0."""
        self.check()
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"daas-indexer did not end within {within} s of SIGTERM") from None
        assert code == 0, f"daas-indexer ended with {code} after SIGTERM"

    def kill(self):
        """SIGKILL."""
        self.check()
        process, self.process = self.process, None
        process.kill()
        process.wait()

    @contextmanager
    def frozen(self):
        """Stands still, its connections open, and goes on afterwards."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def end(self):
        """For clean-up: whatever state it is in."""
        if self.runs():
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def tail(self, lines=60):
        return tail(self.log, lines)
