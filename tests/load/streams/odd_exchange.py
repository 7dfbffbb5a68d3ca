"""`python -m tests.load.streams.odd_exchange <way> ...`: the reference exchange with a stream port that misbehaves.

It takes the reference exchange's own options after the way in which it is odd.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.target import Target
from reference_exchange import server, stream_server
from reference_exchange.__main__ import main
from reference_exchange.hub import Hub
from reference_exchange.streams import StreamSession

MOST_SESSIONS = 8


def drops() -> None:
    """From the ninth session on the newest misses every fifth event."""
    original: Callable[..., None] = StreamSession.send
    seen = [0]

    def send(self: StreamSession, text: str) -> None:
        sessions = list(self._exchange.hub.sessions)
        is_dropped = len(sessions) > MOST_SESSIONS and self is sessions[-1] and '"topic"' in text
        seen[0] += is_dropped
        if not is_dropped or '"snapshot"' in text or seen[0] % 5:
            original(self, text)

    StreamSession.send = send  # type: ignore[method-assign]


def refuses() -> None:
    """From the ninth session on nobody may subscribe."""
    original: Callable[..., bool] = StreamSession.is_topic

    def is_topic(self: StreamSession, topic: str) -> bool:
        return len(self._exchange.hub.sessions) <= MOST_SESSIONS and original(self, topic)

    StreamSession.is_topic = is_topic  # type: ignore[method-assign]


def impatient() -> None:
    """Whoever leaves some kilobytes unread is disconnected, with a close frame that waits to be read."""
    stream_server.MOST_UNSENT = 4096  # type: ignore[misc]
    stream_server.CLOSE_TIMEOUT_S = 60  # type: ignore[misc,assignment]
    original = server._listen

    def listen(ports: Any) -> Any:
        sockets = original(ports)
        sockets[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # for all that it accepts
        return sockets

    server._listen = listen


def forgets_snapshots() -> None:
    """Who subscribes is not shown what there is."""
    Hub.first = lambda self, topic, account: None  # type: ignore[method-assign]


WAYS = {each.__name__: each for each in (drops, refuses, impatient, forgets_snapshots)}


@contextmanager
def odd(way: str, target: Target, folder: Path) -> Iterator[Target]:
    """The target at the addresses of an exchange that is odd in this way, for as long as the block."""
    ready = folder / f"{way}.json"
    words = ("--port", "0", "--stream-port", "0", "--control-port", "0", "--ready-file", str(ready))
    process = subprocess.Popen([sys.executable, "-m", __name__, way, *words])
    try:
        deadline = time.monotonic() + 30
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        at = json.loads(ready.read_text())
        yield target.at(at["rest"], at["stream"], at["control"])
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    WAYS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
