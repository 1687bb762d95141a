"""HTTP as bytes: what is sent is exactly what the vector says."""
import http.client
import socket


class Wire:
    """One connection that is kept while it can be."""

    def __init__(self, url):
        self._address = (url.removeprefix("http://").split(":")[0], int(url.rsplit(":", 1)[1]))
        self._socket = None

    def ask(self, request):
        """(status, headers as sorted pairs, body), or the reason why there is none."""
        for attempt in (0, 1):
            fresh = self._socket is None
            if fresh:
                self._socket = socket.create_connection(self._address, timeout=30)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._socket.sendall(request)
                answer = http.client.HTTPResponse(self._socket, method=request.split(b" ", 1)[0].decode("latin-1"))
                answer.begin()
                body = answer.read()
                if answer.will_close:
                    self.close()
                return answer.status, sorted((name.lower(), value) for name, value in answer.getheaders()), body
            except (http.client.HTTPException, OSError) as error:
                self.close()
                # A kept connection may have been closed meanwhile.
                if fresh or attempt:
                    return type(error).__name__, [], b""
        return None

    def close(self):
        if self._socket:
            self._socket.close()
        self._socket = None


def request(target, headers=(), method="GET", body=b""):
    """target and header values: bytes, or text in UTF-8."""
    lines = [method.encode() + b" " + _bytes(target) + b" HTTP/1.1", b"Host: daas"]
    lines += [_bytes(name) + b": " + _bytes(value) for name, value in headers]
    if body or method in ("POST", "PATCH", "PUT"):
        lines.append(b"Content-Length: " + str(len(body)).encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode()
