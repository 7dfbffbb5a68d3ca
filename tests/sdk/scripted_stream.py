"""A stream that acknowledges what it is asked, then behaves as its script says, and keeps what arrived."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

# What happens after a subscription was acknowledged; the number counts them over all connections.
Script = Callable[[ServerConnection, int], None]
REFUSAL = {"success": False, "op": "error", "code": 4104, "message": "no"}


def break_off(connection: ServerConnection) -> None:
    """End a connection without a word."""
    connection.socket.shutdown(socket.SHUT_RDWR)


@dataclass
class ScriptedStream:
    """`refused` is a token that it does not accept. What arrived is (number of the connection, op, args)."""

    script: Script
    refused: str = ""
    address: str = ""
    arrived: list[tuple[int, str, Any]] = field(default_factory=list)
    _connections: int = 0

    def asked(self) -> list[tuple[int, str, Any]]:
        """What arrived without the pings."""
        return [each for each in self.arrived if each[1] != "ping"]

    def serve(self, connection: ServerConnection) -> None:
        """Serve one connection to its end. Pings are not answered."""
        self._connections += 1
        number = self._connections
        with suppress(ConnectionClosed):
            for text in connection:
                frame = json.loads(text)
                self.arrived.append((number, frame["op"], frame.get("args")))
                if frame["op"] != "ping":
                    self._answer(connection, frame)

    def _answer(self, connection: ServerConnection, frame: dict[str, Any]) -> None:
        said = REFUSAL if frame["args"] == [self.refused] else {"success": True}
        connection.send(json.dumps({**frame, **said}))
        if frame["op"] == "subscribe":
            subscriptions = sum(op == "subscribe" for _, op, _ in self.arrived)
            self.script(connection, subscriptions)


@contextmanager
def scripted_stream(script: Script, refused: str = "") -> Iterator[ScriptedStream]:
    """A stream as long as the block."""
    scripted = ScriptedStream(script, refused)
    with serve(scripted.serve, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        scripted.address = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        yield scripted
