"""HTTP/1.1 with keep-alive: one thread a connection, requests read whole before they are handled."""

import socket
import struct
import threading
import urllib.parse

REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 500: "Internal Server Error"}
MAXIMUM_HEAD = 65536


class Request:
    """A request as it came, and what route.py finds out about it."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query_string = target.partition("?")
        self.query = dict(urllib.parse.parse_qsl(self.query_string, keep_blank_values=True))
        self.service = self.operation = self.region = self.access_key = None
        self.form = {}
        # Set by a fault: what is being created here fails later, for this reason.
        self.fails_later = None
        # Set by a rule: the thing that an earlier call with the same client token made.
        self.repeats = None
        # Set by authorize.py: ARN of the user or role.
        self.caller = None


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Dropped(Exception):
    """No answer: the connection ends; with a reset if `abort`."""

    def __init__(self, abort=False):
        super().__init__()
        self.abort = abort


class _Connection:
    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def _until(self, mark):
        while mark not in self.buffer:
            if len(self.buffer) > MAXIMUM_HEAD:
                raise ValueError("head too long")
            self._more()
        head, _, self.buffer = self.buffer.partition(mark)
        return head

    def _exactly(self, length):
        while len(self.buffer) < length:
            self._more()
        data, self.buffer = self.buffer[:length], self.buffer[length:]
        return data

    def _chunks(self):
        body = b""
        while size := int(self._until(b"\r\n").split(b";")[0], 16):
            body += self._exactly(size)
            self._exactly(2)
        while self._until(b"\r\n"):
            pass
        return body

    def read(self):
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks()
            del headers["transfer-encoding"]
            headers["content-length"] = str(len(body))
        else:
            body = self._exactly(int(headers.get("content-length", 0)))
        return Request(method, target, headers, body)

    def write(self, request, response):
        body = response.body.encode() if isinstance(response.body, str) else response.body
        headers = {name.lower(): str(value) for name, value in response.headers.items()}
        if request.method != "HEAD":
            headers["content-length"] = str(len(body))
        headers.pop("connection", None)
        head = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Status')}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        data = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
        bodiless = request.method == "HEAD" or response.status in (204, 304)
        self.sock.sendall(data if bodiless else data + body)


def _converse(sock, handle, tls):
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            sock = tls.wrap_socket(sock, server_side=True)
        connection = _Connection(sock)
        while True:
            request = connection.read()
            connection.write(request, handle(request))
            if request.headers.get("connection", "").lower() == "close":
                break
    except Dropped as dropped:
        if dropped.abort:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except (EOFError, OSError, ValueError):
        pass
    finally:
        sock.close()


def listen(host, port):
    listener = socket.create_server((host, port), backlog=128)
    return listener, listener.getsockname()[1]


def serve(listener, handle, tls=None):
    """Answers for ever; over TLS if a context is given."""
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=_converse, args=(sock, handle, tls), daemon=True).start()
