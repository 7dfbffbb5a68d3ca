"""A connection that a trial opens: what it hears is kept by the exchange's time, and its end is a finding."""

from __future__ import annotations

import select
import socket
from array import array
from collections.abc import Sequence
from os import dup
from time import time_ns
from typing import Final

from gevent import monkey

from load.session import Session
from load.stream_client import StreamClient
from load.stream_reader import StreamReader
from load.streams.events import Events
from load.tally import Tally

POLL: Final = monkey.get_original("select", "poll")
GONE: Final = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class TrialReader(StreamReader):
    """Listens like any other, and does not end the run when it is thrown out. Opening raises OSError."""

    def __init__(self, session: Session, buffer_bytes: int = 0) -> None:
        client = StreamClient(session.target.stream, session.target.timing.request_ms / 1000)
        super().__init__(session, client)
        self.tally = Tally()
        self.events = Events()
        self.lags_ns: array[int] = array("q")
        self.first_ns: int | None = None
        self.why_ended: str | None = None
        self._is_listening = False
        if buffer_bytes:
            with socket.socket(fileno=dup(client.fileno())) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for topics, wait until all are granted, and read on from the engine's loop. Raises OSError."""
        super().subscribe(topics)
        self._is_listening = True

    def heard(self, text: bytes, kernel_ns: int | None, received_ns: int) -> None:
        """One message."""
        event = self.tally.take(text, counts=True)
        if received_ns and kernel_ns:
            self.lags_ns.append(received_ns - kernel_ns)
        if event is None:
            return
        if self.first_ns is None:
            self.first_ns = kernel_ns or time_ns()
        self.events.take(event)

    def readable(self) -> None:
        """The engine saw that something came; behind a close frame nothing more may come to be seen."""
        super().readable()
        if self._client.has_ended and self._is_listening:
            super().readable()

    def ended(self, error: OSError) -> None:
        """Thrown out."""
        self._is_listening = False
        self.why_ended = str(error) or type(error).__name__

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._session.engine.unlisten(self._client.fileno())

    def resume(self) -> None:
        """Read on."""
        self._session.engine.listen(self._client.fileno(), self.readable)

    def is_gone(self) -> bool:
        """Whether the kernel knows, without reading, that the other side has hung up."""
        poll = POLL()
        poll.register(self._client.fileno(), GONE)
        return bool(poll.poll(0))

    def close(self) -> None:
        """Hang up, as a cut does: without a word."""
        if self._is_listening:
            self._session.engine.unlisten(self._client.fileno())
            self._is_listening = False
        super().close()
