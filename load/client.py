"""Asks outside the plan: one request after the other, over a kept connection."""

from __future__ import annotations

from time import time_ns
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

from conformance.wire.http import Request, Response
from load.answers import AnswerReader, Whole
from load.sockets import SECURE, StampedSocket

IDLE_NS = 2_000_000_000  # servers hang up on quiet connections, many after five seconds
Kind = TypeVar("Kind", bound=StampedSocket)


class Answer(NamedTuple):
    """One answer and its times. `kernel_ns` is None where the kernel gave no stamp."""

    response: Response
    sent_ns: int
    kernel_ns: int | None
    received_ns: int


class Address:
    """Where requests go, and how they look as bytes."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        parts = urlsplit(base_url)
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme in SECURE else 80)
        self._authority = parts.netloc.rpartition("@")[2]
        self._prefix = parts.path.rstrip("/")
        self._timeout_s = timeout_s

    def connect(self, source: str = "") -> StampedSocket:
        """A new connection, from an address of ours. Raises OSError."""
        return self.open(StampedSocket, source)

    def open(self, kind: type[Kind], source: str = "") -> Kind:
        """The same with a socket of a kind."""
        return kind(self._scheme, self._host, self._port, self._timeout_s, source)

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


class Client:
    """Sends prepared requests over a kept connection; reopens it when it must.

    A failure is an OSError (TimeoutError, ConnectionError): the request may have been served.
    """

    def __init__(self, base_url: str, timeout_s: float, source: str = "") -> None:
        self._address = Address(base_url, timeout_s)
        self._source = source
        self._connection: StampedSocket | None = None
        self._last_ns = 0
        self.prepare = self._address.prepare

    def connect(self) -> None:
        """Open the connection, so that the first request does not pay for it."""
        self.close()
        self._connection = self._address.connect(self._source)
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
            whole, kernel_ns, received_ns = _read(connection)
        except BaseException:
            connection.close()
            raise
        self._connection, self._last_ns = connection, received_ns
        if not whole.keeps_alive:
            self.close()
        return Answer(whole.response, sent_ns, kernel_ns, received_ns)

    def close(self) -> None:
        """Hang up; the next request connects anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _read(connection: StampedSocket) -> tuple[Whole, int | None, int]:
    reader = AnswerReader()
    while True:
        data, kernel_ns = connection.receive()
        received_ns = time_ns()
        if not data:
            raise ConnectionError("the connection closed before the whole answer")
        whole = reader.take(data)
        if whole is not None:
            return whole, kernel_ns, received_ns
