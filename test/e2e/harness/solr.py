"""A private one-node SolrCloud."""
import json
import os
import signal
import subprocess
from pathlib import Path

import requests

from .postgres import ROOT, runs
from .waiting import free_port, wait_for


class Solr:
    def __init__(self, home, joins=None):
        """joins: the node whose ZooKeeper and cluster it shares; that one starts first and ends last."""
        self.home = home
        self.joins = joins
        self.port = free_port(distance=1000)  # its ZooKeeper's
        self.url = f"http://127.0.0.1:{self.port}/solr"
        self.session = requests.Session()

    def start(self):
        self.home.mkdir(exist_ok=True)
        # To a file, since the JVM inherits it and would keep a pipe open.
        with open(self.home / "start.log", "w+", encoding="utf-8") as log:
            environment = os.environ | ({"DAAS_SOLR_ZOOKEEPER": f"127.0.0.1:{self.joins.port + 1000}"} if self.joins else {})
            done = subprocess.run([ROOT / "solr/embedded/start", self.home, str(self.port)], stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=subprocess.STDOUT, timeout=600, check=False, env=environment)
            if done.returncode != 0:
                log.seek(0)
                raise RuntimeError(f"Solr did not start:\n{log.read()}")

    def stop(self):
        subprocess.run([ROOT / "solr/embedded/stop", self.home], timeout=60, check=False)

    def kill(self):
        pid = int((self.home / "solr.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not runs(pid), 10, "the killed Solr ends")

    def secure(self, security, auth=None):
        """Makes security.json what is given ({}: open again); `auth` is used from then on."""
        file = self.home / "security.json"
        file.write_text(json.dumps(security))
        jars = Path(os.environ.get("DAAS_SOLR_JARS") or ROOT / "build/solr")
        subprocess.run(["java", "-cp", f"{jars}/lib/*", "org.apache.solr.cloud.ZkCLI", "-zkhost",
                        f"127.0.0.1:{self.port + 1000}", "-cmd", "putfile", "/security.json", str(file)],
                       check=True, capture_output=True, timeout=60)
        self.session.auth = auth
        stranger = 401 if security else 200
        wait_for(lambda: requests.get(self.url + "/admin/info/system", timeout=10).status_code == stranger, 20,
                 f"Solr answers {stranger} to strangers")

    def get(self, path, **parameters):
        # Parameters in the body: an id may be longer than an address.
        answer = self.session.post(self.url + path, data=parameters | {"wt": "json"}, timeout=30)
        if answer.status_code != 200:
            raise SolrError(f"{path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    def upload(self, configset, path, text):
        """Replaces one file of a configset."""
        answer = self.session.post(self.url + "/admin/configs", data=text.encode(), timeout=30,
                                   params={"action": "UPLOAD", "name": configset, "filePath": path, "overwrite": "true"},
                                   headers={"Content-Type": "application/octet-stream"})
        if answer.status_code != 200:
            raise SolrError(f"{path} of {configset}: {answer.status_code} {answer.text[:500]}")

    def aliases(self):
        return self.get("/admin/collections", action="LISTALIASES")["aliases"]

    def collections(self, prefix):
        """Names of the collections of a namespace (shop) or a model (shop.flights)."""
        every = self.get("/admin/collections", action="LIST")["collections"]
        return sorted(name for name in every if name.startswith(prefix + "."))

    def documents(self, collection):
        """Document texts by id, without tombstones, of a collection or alias."""
        documents, mark = {}, "*"
        while True:
            answer = self.get(f"/{collection}/select", q="*:* -_deleted_:true", fl="id,_doc_", sort="id asc",
                              rows=5000, cursorMark=mark, **{"distrib.singlePass": "true"})
            for document in answer["response"]["docs"]:
                assert document["id"] not in documents, f"two documents with the id {document['id']!r}"
                documents[document["id"]] = document["_doc_"]
            if answer["nextCursorMark"] == mark:
                return documents
            mark = answer["nextCursorMark"]

    def delete(self, namespace):
        for alias in self.aliases():
            if alias.startswith(namespace + "."):
                self.get("/admin/collections", action="DELETEALIAS", name=alias)
        for name in self.collections(namespace):
            try:
                self.get("/admin/collections", action="DELETE", name=name)
            except SolrError as error:
                # What the daemon asked for before it ended may be done only now.
                if "Could not find collection" not in str(error):
                    raise


class SolrError(Exception):
    """An answer that is not 200."""
