"""An HTTP server that answers by the byte, in the order of its script, and keeps what arrived."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

DRIP_S = 0.05
MOST_DRIPS = 600


class Last(bytes):
    """What is sent before hanging up; after other bytes the connection is kept."""


class Dripping(bytes):
    """What is sent before a byte now and then, until the client hangs up."""


HANG_UP = Last()


def answer(status: int, body: str = "", *headers: str, missing: int = 0) -> bytes:
    """An answer with its length; one that says more than there is when bytes are missing."""
    length = len(body.encode()) + missing
    lines = (f"HTTP/1.1 {status} Scripted", f"Content-Length: {length}", *headers, "", body)
    return "\r\n".join(lines).encode()


@dataclass(frozen=True)
class Arrived:
    """A request: when it came, and what it was. Names of headers are in lower case."""

    at_s: float
    method: str
    target: str
    headers: dict[str, str]
    body: str

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass
class ScriptedServer:
    """What it is going to say, an answer for each request, and what arrived."""

    script: list[bytes]
    address: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def has_said_enough(self) -> None:
        """What is left of the script need not be asked for."""
        self.script = self.script[: len(self.arrived)]

    def serve(self, connection: socketserver.StreamRequestHandler) -> None:
        """Answer the requests of one connection, until an answer ends it."""
        while request := _request(connection):
            with self._one_at_a_time:
                number = len(self.arrived)
                self.arrived.append(request)
            say = self.script[number] if number < len(self.script) else HANG_UP
            connection.wfile.write(say)
            for _ in range(MOST_DRIPS if isinstance(say, Dripping) else 0):
                time.sleep(DRIP_S)
                connection.wfile.write(b"x")
            if isinstance(say, (Last, Dripping)):
                return


@contextmanager
def scripted_server(*script: bytes) -> Iterator[ScriptedServer]:
    """A server as long as the block; all of its script has to be asked for by then, and nothing else."""
    scripted = ScriptedServer(list(script))

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # the client hung up
                scripted.serve(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        scripted.address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield scripted
        finally:
            server.shutdown()
    targets = [each.target for each in scripted.arrived]
    assert len(targets) == len(scripted.script), f"{len(scripted.script)} were to come: {targets}"


def _request(connection: socketserver.StreamRequestHandler) -> Arrived | None:
    line = connection.rfile.readline().decode("latin-1")
    if not line:
        return None
    headers = {}
    while head := connection.rfile.readline().decode("latin-1").strip():
        name, _, value = head.partition(":")
        headers[name.lower()] = value.strip()
    body = connection.rfile.read(int(headers.get("content-length", 0))).decode("latin-1")
    method, target, _ = line.split(" ")
    return Arrived(time.monotonic(), method, target, headers, body)
