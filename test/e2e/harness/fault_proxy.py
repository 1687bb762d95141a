"""A proxy in front of the real Solr that breaks what it is told to break.

Threads, one a connection. It reads whole requests and whole answers, so that a fault hits a known side of
"Solr has done it". Of the rules that are set, the first one that matches a request decides its fate:

refuse        not a rule but refuse(): nobody listens, open connections are reset
reset_before  connection reset, Solr never sees the request
reset_after   Solr has answered, the client gets a reset
stall         the request waits for rule.seconds, or for rule.release(); then Solr gets it, also when
              nobody waits for the answer any more; a client that still does gets it
late          as stall, but the client is reset at once, as one whose patience ended
status        answered with rule.status in HTML, Solr never sees it
truncated     half of Solr's answer, then the connection is closed
garbage       Solr never sees it; answered 200 with something that is no JSON
garbled       Solr has answered; what the client gets is no HTTP
drip          Solr's answer, byte by byte, over rule.seconds
pass          nothing; to count, or to act in rule.on_hit
"""
import os
import re
import socket
import struct
import threading
import time
from collections import deque
from contextlib import contextmanager

from .waiting import free_port

FAULTS = ("reset_before", "reset_after", "stall", "late", "status", "truncated", "garbage", "garbled", "drip", "pass")
HTML = b"<html><head><title>Error</title></head><body><h2>upstream is not well</h2></body></html>\n"


class Rule:
    """What happens to requests whose "METHOD target" matches."""

    def __init__(self, fault, match="", times=None, seconds=0.0, status=503, chance=1.0, rng=None, on_hit=None,
                 on_answer=None):
        assert fault in FAULTS, fault
        self.fault, self.pattern, self.seconds, self.status = fault, re.compile(match), seconds, status
        self.left, self.chance, self.rng = times, chance, rng
        # Called in the connection's thread before the fault, and when Solr has answered but nobody knows yet.
        self.on_hit, self.on_answer = on_hit, on_answer
        self.hits = 0
        self.delivered = []  # statuses that Solr gave to stalled and late requests
        self.released = threading.Event()

    def takes(self, line):
        if self.left == 0 or not self.pattern.search(line):
            return False
        if self.chance < 1 and self.rng.random() >= self.chance:
            return False
        if self.left is not None:
            self.left -= 1
        self.hits += 1
        return True

    def release(self):
        """Delivers what stalls, now."""
        self.released.set()


class Seen:
    """A request that arrived, and the fault that hit it."""

    def __init__(self, line, fault):
        self.time, self.line, self.fault = time.monotonic(), line, fault


class FaultProxy:
    def __init__(self, port):
        """port: the real Solr's."""
        self.target = port
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/solr"
        self.seen = deque(maxlen=200_000)
        self._rules, self._lock = [], threading.Lock()
        self._clients, self._listener = set(), None
        self.accept()

    # Faults

    def rule(self, fault, match="", **options):
        """Adds a rule, behind those that are there."""
        rule = Rule(fault, match, **options)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self, *rules):
        """Removes these rules, or all. What stalls is still delivered at its time."""
        with self._lock:
            self._rules = [rule for rule in self._rules if rules and rule not in rules]

    @contextmanager
    def fault(self, fault, match="", **options):
        rule = self.rule(fault, match, **options)
        try:
            yield rule
        finally:
            self.clear(rule)

    def refuse(self):
        """Nobody listens from now on, and every connection is reset."""
        listener, self._listener = self._listener, None
        if listener:
            # close() alone would leave the thread in accept(), and the port open with it.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.reset_clients()

    def accept(self):
        if self._listener:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def reset_clients(self):
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            # Their threads close them. An answer that is being written is cut short.
            try:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.clear()
        self.refuse()

    def count(self, match="", since=0.0):
        """Requests that arrived since then (time.monotonic())."""
        pattern = re.compile(match)
        return sum(1 for one in list(self.seen) if one.time >= since and pattern.search(one.line))

    # Connections

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._clients.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        upstream = Upstream(self.target)
        try:
            reader = client.makefile("rb")
            while (request := read_message(reader)) is not None:
                if not self._handle(client, upstream, request):
                    break
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._clients.discard(client)
            _close(client)
            upstream.close()

    def _handle(self, client, upstream, request):
        """Whether the connection goes on."""
        line = request.first.rsplit(" ", 1)[0]
        with self._lock:
            rule = next((rule for rule in self._rules if rule.takes(line)), None)
        fault = rule.fault if rule else "pass"
        self.seen.append(Seen(line, fault))
        if rule and rule.on_hit:
            rule.on_hit()
        if fault in ("stall", "late"):
            # On its own connection and thread, for the client may be gone long before.
            waiter = threading.Thread(target=self._deliver, args=(rule, request, client), daemon=True)
            waiter.start()
            if fault == "late":
                _reset(client)
                return False
            waiter.join()
            return True
        if fault == "reset_before":
            _reset(client)
            return False
        if fault == "status":
            client.sendall(answer(rule.status, HTML))
            return True
        if fault == "garbage":
            client.sendall(answer(200, HTML))
            return True
        response = upstream.ask(request)
        if rule and rule.on_answer:
            rule.on_answer()
        return self._spoil(client, fault, rule, response)

    @staticmethod
    def _spoil(client, fault, rule, response):
        if fault == "reset_after":
            _reset(client)
            return False
        if fault == "truncated":
            client.sendall(response.raw[:len(response.head) + max(1, len(response.body) // 2)])
            return False
        if fault == "garbled":
            client.sendall(bytes(byte ^ 0x55 for byte in response.raw[:2000]))
            return False
        if fault == "drip":
            pause = rule.seconds / max(1, len(response.raw))
            for byte in response.raw:
                client.sendall(bytes([byte]))
                if rule.released.wait(pause):
                    pause = 0
            return True
        client.sendall(response.raw)
        return response.keeps

    def _deliver(self, rule, request, client):
        rule.released.wait(rule.seconds or None)
        upstream = Upstream(self.target)
        try:
            response = upstream.ask(request)
            rule.delivered.append(response.status)
            if rule.fault == "stall":
                client.sendall(response.raw)
        except (OSError, ValueError) as error:
            rule.delivered.append(str(error))
        finally:
            upstream.close()


class Upstream:
    """A kept connection to Solr; made when it is needed, and anew when Solr closed it."""

    def __init__(self, port):
        self.port = port
        self.socket = self.reader = None

    def ask(self, request):
        """Whole answer to a request. Solr may have closed a connection that rested: then once more on a new one,
        which a proxy may do as long as not one byte of an answer has come."""
        fresh = self.socket is None
        try:
            return self._ask_once(request)
        except (OSError, ValueError):
            self.close()
            if fresh:
                raise
        return self._ask_once(request)

    def _ask_once(self, request):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=300)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.reader = self.socket.makefile("rb")
        self.socket.sendall(request.raw)
        response = read_message(self.reader)
        if response is None:
            raise ValueError("Solr closed the connection without an answer")
        if not response.keeps:
            self.close()
        return response

    def close(self):
        if self.socket is not None:
            self.reader.close()
            _close(self.socket)
            self.socket = None


class Message:
    """A request or an answer, byte for byte."""

    def __init__(self, head, body, fields):
        self.head, self.body, self.raw = head, body, head + body
        self.first = head.split(b"\r\n", 1)[0].decode("latin-1")
        self.keeps = fields.get("connection", "").lower() != "close"

    @property
    def status(self):
        return int(self.first.split(" ")[1])


def read_message(reader):
    """The next message, or None at the end. Throws ValueError when it is cut short."""
    first = reader.readline(65536)
    if not first:
        return None
    head, fields = [first], {}
    while (line := reader.readline(65536)) not in (b"\r\n", b""):
        head.append(line)
        name, _, value = line.decode("latin-1").partition(":")
        fields[name.strip().lower()] = value.strip()
    if line == b"":
        raise ValueError("the head was cut short")
    head = b"".join(head) + line
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return Message(head, _read_chunks(reader), fields)
    if "content-length" in fields:
        return Message(head, _read_exactly(reader, int(fields["content-length"])), fields)
    if first.startswith(b"HTTP/") and first.split(b" ")[1] not in (b"204", b"304"):
        return Message(head, reader.read(), fields | {"connection": "close"})
    return Message(head, b"", fields)


def _read_chunks(reader):
    parts = []
    while True:
        size = reader.readline(65536)
        length = int(size.split(b";")[0], 16)
        parts += [size, _read_exactly(reader, length + 2)]
        if length == 0:
            return b"".join(parts)


def _read_exactly(reader, length):
    data = reader.read(length)
    if len(data) != length:
        raise ValueError("the body was cut short")
    return data


def answer(status, body):
    return (f"HTTP/1.1 {status} Fault\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def _reset(client):
    """RST instead of FIN. Only in the thread that reads from it."""
    try:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Not close(), which waits for the reader's file.
        os.close(client.detach())
    except OSError:
        pass


def _close(client):
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    client.close()
