"""One WebSocket connection on a stamped socket: messages as they come, and when the kernel had them.

The handshake and what we send are the websockets library's, which does no I/O of its own; what we receive is read
by `FrameReader`. Compression is not offered, for it would be measured too.
"""

from __future__ import annotations

from time import time_ns
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from load.frames import FrameReader
from load.sockets import SECURE, StampedSocket

HEAD_END = b"\r\n\r\n"
MAX_HEAD_BYTES = 65_536


class StreamClient:
    """An open stream. A failure is an OSError."""

    def __init__(self, url: str, timeout_s: float, source: str = "") -> None:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme in SECURE else 80)
        self._socket = StampedSocket(parts.scheme, parts.hostname or "", port, timeout_s, source)
        try:
            self._frames = FrameReader(self._open(url))
        except OSError as error:
            self.close()
            raise ConnectionError(f"{url} does not open a stream: {error}") from None

    def fileno(self) -> int:
        """The descriptor, to be waited on."""
        return self._socket.fileno()

    @property
    def has_ended(self) -> bool:
        """True once a close frame came; what came before it may still be to be read."""
        return self._frames.has_ended

    def make_immediate(self) -> None:
        """From now on reading does not wait: without anything there it gives no messages."""
        self._socket.make_immediate()

    def say(self, text: str) -> None:
        """Send one text frame."""
        self._send(Frame(Opcode.TEXT, text.encode()))

    def read(self) -> tuple[list[bytes], int | None, int]:
        """Messages that have come, the kernel's stamp of the last bytes, and when we read them."""
        if self._frames.has_ended:
            self._frames.take(b"")
        try:
            data, kernel_ns = self._socket.receive()
        except BlockingIOError:
            return [], None, time_ns()
        received_ns = time_ns()
        if not data:
            raise ConnectionError("the exchange closed the stream")
        found = self._frames.take(data)
        if self._frames.pings:
            self._pong()
        return found, kernel_ns, received_ns

    def kept(self) -> list[bytes]:
        """Messages that came together with the handshake's answer."""
        return self._frames.take(b"")

    def close(self) -> None:
        """Hang up without ceremony."""
        self._socket.close()

    def _pong(self) -> None:
        pings, self._frames.pings = self._frames.pings, []
        for payload in pings:
            self._send(Frame(Opcode.PONG, payload))

    def _send(self, frame: Frame) -> None:
        self._socket.send(frame.serialize(mask=True))

    def _open(self, url: str) -> bytes:
        """Shake hands; what came after the answer's head."""
        protocol = ClientProtocol(parse_uri(url))
        protocol.send_request(protocol.connect())
        for data in protocol.data_to_send():
            self._socket.send(data)
        heard = b""
        while HEAD_END not in heard:
            data, _ = self._socket.receive()
            if not data or len(heard) > MAX_HEAD_BYTES:
                raise ConnectionError("the answer to the handshake is not whole")
            heard += data
        end = heard.index(HEAD_END) + len(HEAD_END)
        protocol.receive_data(heard[:end])
        protocol.events_received()
        if protocol.handshake_exc is not None or protocol.state is not State.OPEN:
            raise ConnectionError(str(protocol.handshake_exc or "the handshake was not accepted"))
        return heard[end:]
