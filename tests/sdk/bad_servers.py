"""Servers that do what a script says, however bad that is, and keep what arrived."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


class BadServer:
    """Answers one connection after the other as the script says; b"" hangs up after the request was read."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.rest = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.script: list[bytes] = []
        self.arrived: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        threading.Thread(target=self._run, daemon=True).start()

    def says(self, *answers: bytes) -> None:
        self.script = list(answers)
        self.arrived, self.headers, self.times = [], [], []

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.arrived.append(self._request(connection))
                self._answer(connection, self.script.pop(0) if self.script else b"")

    @staticmethod
    def _answer(connection: socket.socket, answer: bytes) -> None:
        connection.sendall(answer)
        with suppress(OSError):  # the other side hung up
            for _ in range(100 if answer == ENDLESS else 0):
                time.sleep(0.1)
                connection.sendall(b" ")

    def _request(self, connection: socket.socket) -> str:
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        head, _, body = received.partition(b"\r\n\r\n")
        start, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        self.headers.append(headers)
        self.times.append(time.monotonic())
        return f"{start.rpartition(' ')[0]} {body.decode()}".strip()

    def close(self) -> None:
        self._listener.close()


def http(status: str, body: str, *headers: str, missing: int = 0) -> bytes:
    """An answer that breaks off before its end when bytes are missing."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body) + missing}", *headers, "", body)
    return "\r\n".join(lines).encode()


def token(name: str) -> bytes:
    """The answer to a login."""
    return http("200 OK", json.dumps({"code": 0, "data": {"Authorization": name}}))


def depth(kind: str, seq: int, bids: list[list[str]], **more: int) -> str:
    """A message of the book of A/B, whose snapshots have one ask."""
    data = {"bids": bids, "asks": [["10.0", "1"]] if kind == "snapshot" else []}
    message = {"topic": "depth.A/B", "type": kind, "seq": seq, "ts": 1, "data": data}
    return json.dumps({**message, **more})


@contextmanager
def scripted_stream(
    behave: Callable[[ServerConnection, int], None], refused: str = ""
) -> Iterator[tuple[str, list[Any]]]:
    """A stream that acknowledges, then behaves; and what arrived on it, as [connection, op, args]."""
    refusal = {"success": False, "op": "error", "code": 4104, "message": "no"}
    arrived: list[Any] = []
    connections = []

    def handle(connection: ServerConnection) -> None:
        connections.append(connection)
        number = len(connections)
        try:
            for text in connection:
                frame = json.loads(text)
                arrived.append([number, frame["op"], frame.get("args")])
                if frame["op"] == "ping":
                    continue
                answer = refusal if frame["args"] == [refused] else {"success": True}
                connection.send(json.dumps({**frame, **answer}))
                if frame["op"] == "subscribe":
                    behave(connection, sum(each[1] == "subscribe" for each in arrived))
        except ConnectionClosed:
            pass

    with serve(handle, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}", arrived
