"""An exchange for a client's tests that answers as it is told, by the byte, and keeps what arrived."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic


class Last(bytes):
    """What is sent before hanging up."""


class Scripted:
    """An exchange that answers as it is told, in this order. `arrivals` is what came."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.expected = len(answers)
        self.arrivals: list[tuple[float, str, dict[str, str], str]] = []

    def serve(self, connection: socketserver.StreamRequestHandler) -> None:
        """Answer the requests of one connection."""
        while line := connection.rfile.readline().decode():
            headers = {}
            while field := connection.rfile.readline().decode().strip():
                name, _, value = field.partition(": ")
                headers[name.lower()] = value
            body = connection.rfile.read(int(headers.get("content-length", 0))).decode()
            self.arrivals.append((monotonic(), line.rsplit(" ", 1)[0], headers, body))
            answer = self.answers.pop(0) if self.answers else Last()
            connection.wfile.write(answer)
            if isinstance(answer, Last):
                return


def answer(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """An HTTP answer. A length that is more than the body's cuts it short."""
    said = len(body) if length is None else length
    head = "\r\n".join((f"HTTP/1.1 {status} X", *headers, f"Content-Length: {said}", "", ""))
    return head.encode() + body


@contextmanager
def serving(script: Scripted) -> Iterator[str]:
    """The address of a scripted exchange."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            script.serve(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
    assert len(script.arrivals) == script.expected
