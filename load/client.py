"""One HTTP/1.1 connection that knows when its bytes left and when the kernel had the answer.

A plain blocking socket: under Locust gevent makes it cooperative, elsewhere it simply blocks. Times
are CLOCK_REALTIME in ns, because that is the clock of the kernel's receive stamps. Over TLS the
stamp would belong to a record and not to the answer, so there is none.
"""

from __future__ import annotations

import socket
import ssl
from struct import Struct
from time import time_ns
from typing import NamedTuple
from urllib.parse import urlsplit

import httptools

from conformance.wire.http import Headers, Request, Response

# Absent from Python's socket module; the values of <asm-generic/socket.h>, on Linux only.
SO_TIMESTAMPNS = 35
TIMESPEC = Struct("@qq")
ANCILLARY_BYTES = socket.CMSG_SPACE(TIMESPEC.size)
CHUNK_BYTES = 262_144
MAX_BODY_BYTES = 64 * 1024 * 1024
IDLE_NS = 2_000_000_000  # servers hang up on quiet connections, many after five seconds


class Answer(NamedTuple):
    """One answer and its times. `kernel_ns` is None where the kernel gave no stamp."""

    status: int
    headers: Headers
    body: bytes
    sent_ns: int
    kernel_ns: int | None
    received_ns: int

    @property
    def response(self) -> Response:
        """The answer without its times."""
        return Response(self.status, self.headers, self.body)


class StampedSocket:
    """A connected TCP socket, whose reads say when the kernel received what they return."""

    def __init__(self, scheme: str, host: str, port: int, timeout_s: float) -> None:
        plain = socket.create_connection((host, port), timeout_s)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.is_stamped = scheme not in ("https", "wss")
        self._socket = plain
        if not self.is_stamped:
            context = ssl.create_default_context()
            self._socket = context.wrap_socket(plain, server_hostname=host)
            return
        try:
            plain.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        except OSError:
            self.is_stamped = False

    def send(self, payload: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(payload)

    def receive(self) -> tuple[bytes, int | None]:
        """Some bytes, empty at the end, and the kernel's stamp of the last of them."""
        if not self.is_stamped:
            return self._socket.recv(CHUNK_BYTES), None
        data, ancillary, _, _ = self._socket.recvmsg(CHUNK_BYTES, ANCILLARY_BYTES)
        for level, kind, stamp in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = TIMESPEC.unpack_from(stamp)
                return data, seconds * 1_000_000_000 + nanoseconds
        return data, None

    def close(self) -> None:
        """Close it, whatever its state."""
        self._socket.close()


class _Reading:
    """What the parser has told about one answer so far."""

    __slots__ = ("body", "headers", "is_complete", "keeps_alive", "parser", "size", "starts")

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.headers: list[tuple[str, str]] = []
        self.body: list[bytes] = []
        self.size = 0
        self.starts = 0
        self.is_complete = False
        self.keeps_alive = False

    def on_message_begin(self) -> None:
        self.starts += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        self.size += len(body)
        self.body.append(body)

    def on_message_complete(self) -> None:
        self.is_complete = True
        self.keeps_alive = self.parser.should_keep_alive()  # it has forgotten once this returns


class Client:
    """Sends prepared requests one after the other over a kept connection; reopens it when it must.

    A failure is an OSError (TimeoutError, ConnectionError): the request may have been served.
    """

    def __init__(self, base_url: str, timeout_s: float) -> None:
        parts = urlsplit(base_url)
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._authority = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._connection: StampedSocket | None = None
        self._last_ns = 0

    def prepare(self, request: Request) -> bytes:
        """A request as the bytes that will travel."""
        lines = [
            f"{request.method} {self._prefix}{request.target} HTTP/1.1",
            f"Host: {self._authority}",
        ]
        lines += [f"{name}: {value}" for name, value in request.headers]
        if request.body or request.method not in ("GET", "HEAD"):
            lines.append(f"Content-Length: {len(request.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body

    def connect(self) -> None:
        """Open the connection, so that the first request does not pay for it."""
        self.close()
        self._connection = StampedSocket(self._scheme, self._host, self._port, self._timeout_s)
        self._last_ns = time_ns()

    def send(self, payload: bytes) -> Answer:
        """Send one prepared request and read its answer."""
        if self._connection is None or time_ns() - self._last_ns > IDLE_NS:
            self.connect()
        connection = self._connection
        assert connection is not None
        # Until the answer is whole the connection is nobody's, not even after an interruption.
        self._connection = None
        try:
            sent_ns = time_ns()
            connection.send(payload)
            answer, keeps_alive = self._read(connection, sent_ns)
        except httptools.HttpParserError as error:
            connection.close()
            raise ConnectionError(f"the answer is not HTTP: {error}") from None
        except BaseException:
            connection.close()
            raise
        self._connection, self._last_ns = connection, answer.received_ns
        if not keeps_alive:
            self.close()
        return answer

    def close(self) -> None:
        """Hang up; the next request connects anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self, connection: StampedSocket, sent_ns: int) -> tuple[Answer, bool]:
        reading = _Reading()
        while not reading.is_complete:
            data, kernel_ns = connection.receive()
            received_ns = time_ns()
            if not data:
                raise ConnectionError("the connection closed before the whole answer")
            reading.parser.feed_data(data)
            if reading.size > MAX_BODY_BYTES:
                raise ConnectionError(f"the answer is longer than {MAX_BODY_BYTES} bytes")
        if reading.starts > 1:
            raise ConnectionError("more came than one answer")
        status, headers = reading.parser.get_status_code(), tuple(reading.headers)
        body = b"".join(reading.body)
        answer = Answer(status, headers, body, sent_ns, kernel_ns, received_ns)
        return answer, reading.keeps_alive
