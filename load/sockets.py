"""TCP sockets whose reads say when the kernel of this machine received what they return.

Times are CLOCK_REALTIME in ns, because that is the clock of the kernel's receive stamps. TLS records are
opened in memory (`ssl.MemoryBIO`), so that the socket below is still read with its stamps: then the
stamp is that of the segment which completed the records that were returned.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from struct import Struct
from typing import Final

from gevent import monkey

# Absent from Python's socket module; the values of <asm-generic/socket.h>, on Linux only.
SO_TIMESTAMPNS: Final = 35
TIMESPEC: Final = Struct("@qq")
ANCILLARY_BYTES: Final = socket.CMSG_SPACE(TIMESPEC.size)
CHUNK_BYTES: Final = 65_536
SECURE: Final = ("https", "wss")
PLAIN_SOCKET: Final = monkey.get_original("socket", "socket")


class StampedSocket:
    """A connected TCP socket. Blocking (cooperative under Locust) until `make_immediate`."""

    def __init__(
        self, scheme: str, host: str, port: int, timeout_s: float, source: str = ""
    ) -> None:
        ours = (source, 0) if source else None
        self._socket = socket.create_connection((host, port), timeout_s, ours)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError):  # where the kernel gives no stamps, answers have none
            self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        # Attributes, so that a plain socket can put the bare system calls in their place.
        self.push: Callable[[bytes], int] = self._push
        self.receive: Callable[[], tuple[bytes, int | None]] = self._receive
        self._tls: _Tls | None = None
        self.is_plain = scheme not in SECURE
        if not self.is_plain:
            try:
                self._tls = _Tls(self._socket, host)
            except OSError:
                self._socket.close()
                raise

    def fileno(self) -> int:
        """The descriptor, to be waited on."""
        return self._socket.fileno()

    def make_immediate(self) -> None:
        """From now on nothing waits: what cannot be done at once raises BlockingIOError."""
        # Out of gevent's hands, which would wait in its own loop.
        self._socket = PLAIN_SOCKET(fileno=self._socket.detach())
        self._socket.setblocking(False)
        if self.is_plain:
            # The same methods with nothing between the caller and the system call.
            self.push = self._socket.send
            self.receive = _receiver(self._socket)

    def seal(self, payload: bytes) -> bytes:
        """The bytes that travel: the payload, or its TLS records."""
        return payload if self._tls is None else self._tls.seal(payload)

    def send(self, payload: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(self.seal(payload))

    def _push(self, sealed: bytes) -> int:
        """Send some of what `seal` made; how many bytes went."""
        return self._socket.send(sealed)

    def _receive(self) -> tuple[bytes, int | None]:
        """Some bytes, empty at the end, and the kernel's stamp of the last of them."""
        if self._tls is None:
            return self._read()
        while True:
            data, kernel_ns = self._read()
            opened = self._tls.open(data)
            if opened or not data:
                return opened, kernel_ns

    def close(self) -> None:
        """Close it, whatever its state."""
        self._socket.close()

    def _read(self) -> tuple[bytes, int | None]:
        data, ancillary, _, _ = self._socket.recvmsg(CHUNK_BYTES, ANCILLARY_BYTES)
        for level, kind, stamp in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = TIMESPEC.unpack_from(stamp)
                return data, seconds * 1_000_000_000 + nanoseconds
        return data, None


def _receiver(plain: socket.socket) -> Callable[[], tuple[bytes, int | None]]:
    """`StampedSocket.receive` of one socket. Its stamp is the only ancillary message that it was asked for."""
    recvmsg, unpack = plain.recvmsg, TIMESPEC.unpack

    def receive() -> tuple[bytes, int | None]:
        data, ancillary, _, _ = recvmsg(CHUNK_BYTES, ANCILLARY_BYTES)
        if not ancillary:
            return data, None
        seconds, nanoseconds = unpack(ancillary[0][2])
        return data, seconds * 1_000_000_000 + nanoseconds

    return receive


class _Tls:
    """Records in memory: what is sent and received stays ours to stamp."""

    def __init__(self, carrier: socket.socket, host: str) -> None:
        self._from, self._to = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context()
        self._records = context.wrap_bio(self._from, self._to, server_hostname=host)
        while True:
            try:
                self._records.do_handshake()
            except ssl.SSLWantReadError:
                carrier.sendall(self._to.read())
                data = carrier.recv(CHUNK_BYTES)
                if not data:
                    raise ConnectionError(
                        "the connection closed during the TLS handshake"
                    ) from None
                self._from.write(data)
            else:
                carrier.sendall(self._to.read())
                return

    def seal(self, payload: bytes) -> bytes:
        self._records.write(payload)
        return self._to.read()

    def open(self, data: bytes) -> bytes:
        if data:
            self._from.write(data)
        parts = []
        try:
            while part := self._records.read(CHUNK_BYTES):
                parts.append(part)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return b"".join(parts)
