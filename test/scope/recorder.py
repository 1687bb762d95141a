"""A proxy in front of the real Solr that keeps what readers' searches send."""
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

KNOWN = {"q", "all", "dead", "ssep", "sort", "start", "rows", "cursorMark", "fl", "json.facet", "terms", "wt", "timeAllowed",
         "hl", "hl.method", "hl.fl", "hl.q", "hl.requireFieldMatch", "hl.snippets", "hl.fragsize", "hl.encoder", "hl.tag.pre", "hl.tag.post"}


class Recorder:
    def __init__(self, port):
        """port: the real Solr's."""
        self.searches = []  # (path, parameters as pairs), of the readers' handlers
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else the body waits 40 ms for the header's acknowledgement
            upstream = None

            def relay(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.split("?")[0]
                if path.endswith(("/daas", "/get")):
                    query = self.path[len(path) + 1:]
                    outer.searches.append((path, parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1") +
                                           parse_qsl(query, keep_blank_values=True)))
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "transfer-encoding")}
                for attempt in (0, 1):
                    if self.upstream is None:
                        self.upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                    try:
                        self.upstream.request(self.command, self.path, body, headers)
                        answer = self.upstream.getresponse()
                        content = answer.read()
                        break
                    except (http.client.HTTPException, OSError):
                        self.upstream = None
                        if attempt:
                            raise
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = relay  # noqa: N815

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/solr"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def breaches(searches, scopes, values=None):
    """What a search must not have: a parameter that is not known, or filters other than one per scope pair.

    scopes: the Solr fields of each API's scope pairs; values: the only ones that a field may be confined to, by field,
    unless that is not checked."""
    found = []
    for path, parameters in searches:
        if not path.endswith("/daas"):
            found.append(f"{path}: not the readers' handler")
        names = [name for name, _ in parameters]
        found += [f"{path}: parameter {name!r}" for name in names if not (
            name in KNOWN or name == "fq" or (name[0:1] in "fv" and name[1:].isdigit()) or (name.startswith("scope") and name[5:].isdigit()))]
        found += [f"{path}: {name} twice" for name in set(names) if name != "fq" and names.count(name) > 1]
        given = dict(parameters)
        if given.get("rows") == "0" and given.get("q") == "*:*" and not {"fl", "fq"} & set(names):
            continue  # asks how fresh the collection is, and gets no row
        filters = [value for name, value in parameters if name == "fq"]
        fields = next((fields for fields in scopes if filters == [
            f"{{!terms f={field} separator=$ssep v=$scope{number}}}" for number, field in enumerate(fields)]), None)
        if not fields or f"scope{len(fields)}" in names:
            found.append(f"{path}: filters {filters}")
            continue
        for number, field in enumerate(fields):
            if not given.get(f"scope{number}") or (values and given[f"scope{number}"] != values[field]):
                found.append(f"{path}: scope{number} is {given.get(f'scope{number}')!r}")
    return found
