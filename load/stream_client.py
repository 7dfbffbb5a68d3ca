"""One WebSocket connection on a stamped socket: frames as they come, and when the kernel had them.

The protocol is the websockets library's, which does no I/O of its own; compression is not offered,
for it would be measured too.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import time_ns
from typing import NamedTuple
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from load.client import StampedSocket

TEXT = (Opcode.TEXT, Opcode.BINARY)


class Heard(NamedTuple):
    """One whole message. `kernel_ns` is None where the kernel gave no stamp."""

    text: bytes
    kernel_ns: int | None
    received_ns: int


class StreamClient:
    """An open stream. A failure is an OSError."""

    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        self._socket = StampedSocket(parts.scheme, parts.hostname or "", port, timeout_s)
        self._protocol = ClientProtocol(parse_uri(url), max_size=None)
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        self._parts: list[bytes] = []
        try:
            # Frames may come with the handshake's answer; they stay in the protocol.
            while self._protocol.state is State.CONNECTING:
                self._feed()
                if self._protocol.handshake_exc is not None:
                    raise ConnectionError(str(self._protocol.handshake_exc))
        except OSError as error:
            self.close()
            raise ConnectionError(f"{url} does not open a stream: {error}") from None

    def say(self, text: str) -> None:
        """Send one text frame."""
        self._protocol.send_text(text.encode())
        self._flush()

    def listen(self) -> Iterator[Heard]:
        """Every message until the other side hangs up, which raises ConnectionError."""
        yield from self._messages(None, time_ns())
        while True:
            kernel_ns = self._feed()
            yield from self._messages(kernel_ns, time_ns())

    def close(self) -> None:
        """Hang up without ceremony."""
        self._socket.close()

    def _feed(self) -> int | None:
        data, kernel_ns = self._socket.receive()
        if not data:
            raise ConnectionError("the exchange closed the stream")
        self._protocol.receive_data(data)
        self._flush()
        return kernel_ns

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.send(data)

    def _messages(self, kernel_ns: int | None, received_ns: int) -> Iterator[Heard]:
        for event in self._protocol.events_received():
            if isinstance(event, Response) or not isinstance(event, Frame):
                continue
            if event.opcode is Opcode.CLOSE:
                raise ConnectionError(f"the exchange closed the stream: {event}")
            if event.opcode not in (*TEXT, Opcode.CONT):
                continue
            self._parts.append(bytes(event.data))
            if event.fin:
                text = b"".join(self._parts)
                self._parts.clear()
                yield Heard(text, kernel_ns, received_ns)
