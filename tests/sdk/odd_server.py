"""A server that answers with bytes as they are given, one connection an answer, and keeps what it was asked."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

WHOLE_S = 30
DRIP_S = 0.05
# Bytes are written at once; a function writes as it likes.
Say = bytes | Callable[[socket.socket], None]
HANG_UP = b""


def answer(status: int, body: str, *headers: str) -> bytes:
    """An answer with its length."""
    lines = [f"HTTP/1.1 {status} Odd", f"Content-Length: {len(body.encode())}", *headers]
    return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()


def dripping(start: bytes) -> Callable[[socket.socket], None]:
    """Something, and then a byte now and then for ever."""

    def say(connection: socket.socket) -> None:
        connection.sendall(start)
        ends_s = time.monotonic() + WHOLE_S
        while time.monotonic() < ends_s:
            connection.sendall(b"x")
            time.sleep(DRIP_S)

    return say


@dataclass
class OddServer:
    """What it says next, and what it heard: one request each."""

    address: str
    says: list[Say]
    heard: list[str] = field(default_factory=list)

    def count(self, path: str) -> int:
        """How many requests of a path came."""
        return sum(each.split(" ", 2)[1].partition("?")[0] == path for each in self.heard)


@contextmanager
def odd_server(*says: Say) -> Iterator[OddServer]:
    """A server that says these, in turn, as long as the block lasts; then it hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = OddServer(f"http://127.0.0.1:{listener.getsockname()[1]}", list(says))
        thread = threading.Thread(target=_serve, args=(listener, server), daemon=True)
        thread.start()
        yield server
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, server: OddServer) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            server.heard.append(_request(connection))
            say = server.says.pop(0) if server.says else HANG_UP
            if callable(say):
                say(connection)
            else:
                connection.sendall(say)


def _request(connection: socket.socket) -> str:
    """A request as text, with the body that it announces."""
    text = ""
    while not _is_whole(text):
        came = connection.recv(65_536)
        if not came:
            break
        text += came.decode("latin-1")
    return text


def _is_whole(text: str) -> bool:
    head, blank, body = text.partition("\r\n\r\n")
    length = head.lower().partition("content-length:")[2].partition("\r\n")[0].strip() or "0"
    return bool(blank) and len(body) >= int(length)
