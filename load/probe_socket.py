"""A connection whose kernel also says when it sent, and when the peer's kernel confirmed that.

SO_TIMESTAMPING has the kernel queue a stamp for the last byte of each send: one when the driver takes it, one when it
is acknowledged. They are read from the socket's error queue and name the byte by its place in the stream, so
over TLS it is the records' bytes that count. One request is one send, and with TCP_NODELAY one segment.
"""

from __future__ import annotations

import fcntl
import socket
import sys
from dataclasses import dataclass
from struct import Struct, unpack
from typing import Final, NamedTuple

from load.sockets import StampedSocket

# <linux/net_tstamp.h>, <linux/errqueue.h> and <asm-generic/socket.h>: absent from Python's socket module.
SO_TIMESTAMPING: Final = 37
TX_SOFTWARE, SOFTWARE, OPT_ID, TX_ACK, OPT_TSONLY, OPT_ID_TCP = (
    1 << 1,
    1 << 4,
    1 << 7,
    1 << 9,
    1 << 11,
    1 << 16,
)
ASKED: Final = TX_SOFTWARE | SOFTWARE | OPT_ID | TX_ACK | OPT_TSONLY
MSG_ERRQUEUE: Final = 0x2000
STAMPS: Final = Struct("@qqqqqq")  # three timespecs, of which the first is software's
ERROR: Final = Struct("@IBBBBII")  # sock_extended_err
FROM_STAMPING: Final = 4
SENT, ACKED = 0, 2
ANCILLARY_BYTES: Final = socket.CMSG_SPACE(STAMPS.size) + socket.CMSG_SPACE(64)
UNACKED: Final = 0x5411  # SIOCOUTQ
OFFSETS: Final = 1 << 32
INFO_BYTES: Final = 160  # of struct tcp_info, up to and with tcpi_data_segs_out
SEGMENTS_AT, FASTEST_AT, DATA_SEGMENTS_AT = 140, 148, 152


class NoSendStamps(OSError):
    """The kernel does not say when it sent."""


class Way(NamedTuple):
    """What the kernel knows of a connection: segments without data that came, the fastest round trip."""

    pure_acks: int
    fastest_ns: int


@dataclass(slots=True)
class SendStamps:
    """Of one send, wall clock in ns; 0 until the kernel says so."""

    out_ns: int = 0
    acked_ns: int = 0


class ProbeSocket(StampedSocket):
    """A stamped socket that says of each push when the kernel sent it. Asks one thing at a time."""

    def watch_sends(self) -> None:
        """From now on stamp what is sent. Raises NoSendStamps where the kernel does not."""
        if not sys.platform.startswith("linux"):
            raise NoSendStamps("only Linux says when it sent")
        self._stamps = SendStamps()
        self._waiting_for = -1
        self._pushed = 0
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, ASKED | OPT_ID_TCP)
        except OSError:
            self._watch_as_before()

    def _watch_as_before(self) -> None:
        """Before Linux 6.2 places are counted from the first byte that is not acknowledged."""
        try:
            self._pushed = unpack("i", fcntl.ioctl(self._socket, UNACKED, b"\0" * 4))[0]
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, ASKED)
        except OSError as error:
            raise NoSendStamps(f"the kernel refuses SO_TIMESTAMPING: {error.strerror}") from None

    def push_watched(self, sealed: bytes) -> SendStamps:
        """Send all of it; the stamps fill in as `collect` finds them."""
        self._stamps = SendStamps()
        self._waiting_for = (self._pushed + len(sealed) - 1) % OFFSETS
        if self.push(sealed) < len(sealed):
            raise ConnectionError("the connection takes no more")
        self._pushed += len(sealed)
        return self._stamps

    def collect(self) -> None:
        """Read the stamps that are there. Raises OSError when the connection failed."""
        while True:
            try:
                _, ancillary, _, _ = self._socket.recvmsg(0, ANCILLARY_BYTES, MSG_ERRQUEUE)
            except BlockingIOError:
                return
            self._take(ancillary)

    def way(self) -> Way:
        """What the kernel knows of the connection, 0 for what it does not say."""
        info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
        if len(info) < INFO_BYTES:
            return Way(0, 0)
        segments, fastest_us, data_segments = (
            unpack("@I", info[at : at + 4])[0] for at in (SEGMENTS_AT, FASTEST_AT, DATA_SEGMENTS_AT)
        )
        known = fastest_us != OFFSETS - 1  # what it holds before the first
        return Way((segments - data_segments) % OFFSETS, fastest_us * 1000 if known else 0)

    def _take(self, ancillary: list[tuple[int, int, bytes]]) -> None:
        kind, place, at_ns = -1, -1, 0
        for level, name, data in ancillary:
            if level == socket.SOL_SOCKET and name == SO_TIMESTAMPING:
                seconds, nanoseconds, *_ = STAMPS.unpack_from(data)
                at_ns = seconds * 1_000_000_000 + nanoseconds
            elif len(data) >= ERROR.size:
                _, origin, _, _, _, said, last = ERROR.unpack_from(data)
                kind, place = (said, last) if origin == FROM_STAMPING else (-1, -1)
        if place != self._waiting_for:
            return
        # A segment that is sent again is stamped again: the first is when it left.
        if kind == SENT:
            self._stamps.out_ns = self._stamps.out_ns or at_ns
        elif kind == ACKED:
            self._stamps.acked_ns = self._stamps.acked_ns or at_ns
