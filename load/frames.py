"""WebSocket frames as a server sends them, taken from bytes as they come.

A load generator reads a hundred thousand messages a second; the libraries that give their frames away one object at
a time take ten microseconds each. This reads the four kinds of frame that a server may send, and nothing else.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import Final

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
FIN: Final = 0x80
WHOLE_TEXT: Final = 0x81
USUAL: Final = WHOLE_TEXT << 8 | 126  # a whole text whose length takes two bytes
USUAL_HEAD: Final = Struct(">HH").unpack_from


class Opcode(IntEnum):
    """RFC 6455, section 5.2."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class FrameReader:
    """One connection's messages. Raises ConnectionError for a close, and for what the protocol forbids."""

    __slots__ = ("_ended", "_parts", "_rest", "pings")

    def __init__(self, rest: bytes = b"") -> None:
        self.pings: list[bytes] = []  # to be answered by whoever sends
        self._rest = rest
        self._parts: list[bytes] | None = None
        self._ended: str | None = None

    def take(self, data: bytes) -> list[bytes]:
        """The payloads of the messages that these bytes complete, in order."""
        if self._rest:
            data = self._rest + data
        found: list[bytes] = []
        at, size = 0, len(data)
        while size - at >= 2 and self._ended is None:
            if self._parts is None:
                at = _usual(data, at, found)
                if size - at < 2:
                    break
            first, length = data[at], data[at + 1]
            begin = at + 2
            if length > 125:
                if length == 126:
                    begin = at + 4
                    length = int.from_bytes(data[at + 2 : begin], "big")
                else:
                    begin, length = _long(data, at)
                if begin > size:
                    break
            end = begin + length
            if end > size:
                if length > MAX_MESSAGE_BYTES:
                    raise ConnectionError(f"a message is longer than {MAX_MESSAGE_BYTES} bytes")
                break
            if first == WHOLE_TEXT and self._parts is None:
                found.append(data[begin:end])
            else:
                self._odd(first, data[begin:end], found)
            at = end
        self._rest = data[at:] if at < size else b""
        # What came before the close is given first; the next call tells of the end.
        if self._ended is not None and not found:
            raise ConnectionError(f"the exchange closed the stream: {self._ended}")
        return found

    @property
    def has_ended(self) -> bool:
        """True once a close frame came."""
        return self._ended is not None

    def _odd(self, first: int, payload: bytes, found: list[bytes]) -> None:
        opcode, is_last = first & 0x0F, bool(first & FIN)
        if first & 0x70:
            raise ConnectionError("a frame uses an extension that was not agreed on")
        if opcode == Opcode.CLOSE:
            self._ended = _reason(payload)
        elif opcode == Opcode.PING:
            self.pings.append(payload)
        elif opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION):
            self._part(opcode, payload, is_last, found)
        elif opcode != Opcode.PONG:
            raise ConnectionError(f"a frame has the reserved opcode {opcode}")

    def _part(self, opcode: int, payload: bytes, is_last: bool, found: list[bytes]) -> None:
        begins = opcode != Opcode.CONTINUATION
        if begins != (self._parts is None):
            raise ConnectionError("a fragmented message is out of order")
        parts = [] if begins else (self._parts or [])
        parts.append(payload)
        self._parts = None if is_last else parts
        if is_last:
            found.append(b"".join(parts))


def _usual(data: bytes, at: int, found: list[bytes]) -> int:
    """Take whole texts of 126 to 65,535 bytes, which is what a stream is made of; where the next frame begins."""
    size, keep = len(data), found.append
    while size - at >= 4:
        kind, length = USUAL_HEAD(data, at)
        begin = at + 4
        end = begin + length
        if kind != USUAL or end > size:
            break
        keep(data[begin:end])
        at = end
    return at


def _long(data: bytes, at: int) -> tuple[int, int]:
    """(where the payload begins, its length) of a frame with eight bytes of length."""
    if data[at + 1] != 127:
        raise ConnectionError("a frame from the exchange is masked")
    return at + 10, int.from_bytes(data[at + 2 : at + 10], "big")


def _reason(payload: bytes) -> str:
    if len(payload) < 2:
        return "without a code"
    return f"{int.from_bytes(payload[:2], 'big')} {payload[2:].decode('utf-8', 'replace')}".strip()
