"""One attempt over HTTP, on a connection of its own.

A connection that is kept may break while idle, and then nobody knows whether the request that met the break was
performed. A fresh one costs a round trip and leaves no such doubt. Redirects are not followed.
"""

from __future__ import annotations

import functools
import http.client
import io
import socket
import ssl
import time
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import SplitResult

from exchange_client.errors import CutShort, Timeout, TransportFailed, Unreadable
from exchange_client.requests import Request


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes


def send(
    origin: SplitResult, request: Request, headers: dict[str, str], timeout_s: float
) -> Answer:
    """Send a request and read its whole answer, all within the time-out."""
    try:
        return _exchange(origin, request, headers, time.monotonic() + timeout_s)
    except TimeoutError:
        raise Timeout(f"no answer within {timeout_s:g} s") from None
    except OSError as error:
        raise TransportFailed(f"the connection failed: {error}") from error
    except http.client.IncompleteRead:
        raise CutShort("the answer broke off") from None
    except http.client.HTTPException as error:
        raise Unreadable(f"the answer is not HTTP: {type(error).__name__}") from error


def _exchange(
    origin: SplitResult, request: Request, headers: dict[str, str], ends_s: float
) -> Answer:
    with _opened(origin, ends_s) as opened:
        connection = http.client.HTTPConnection(origin.netloc)
        connection.sock = _Bounded(opened, ends_s)
        all_headers = {"Host": origin.netloc, "Connection": "close", **headers}
        if request.method == "POST":
            all_headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = request.body.encode("ascii") or None
        connection.request(request.method, request.target, body, all_headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def _opened(origin: SplitResult, ends_s: float) -> socket.socket:
    is_tls = origin.scheme == "https"
    port = origin.port or (443 if is_tls else 80)
    opened = socket.create_connection((origin.hostname, port), _left_s(ends_s))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not is_tls:
        return opened
    opened.settimeout(_left_s(ends_s))
    return _tls().wrap_socket(opened, server_hostname=origin.hostname)


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _left_s(ends_s: float) -> float:
    left_s = ends_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


class _Bounded(io.RawIOBase):
    """A socket all of whose work ends at one moment; a time-out of its own would begin anew with every byte."""

    def __init__(self, opened: socket.socket, ends_s: float) -> None:
        super().__init__()
        self._opened = opened
        self._ends_s = ends_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._opened.settimeout(_left_s(self._ends_s))
        return self._opened.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        self._opened.settimeout(_left_s(self._ends_s))
        self._opened.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def close(self) -> None:
        """Leave it to the block that opened the socket: http.client closes before it has read."""
