"""The transport over real sockets: REST through httpx, streams through websockets.

This is the only module that knows either library, so that a fork of httpx can take its place in one line.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from conformance.errors import ConfigurationError, TargetUnreachable
from conformance.target import Target
from conformance.transport.interface import PeerLeft, Sent
from conformance.wire.http import Request, Response

TOGETHER = 8


class Stream:
    """A stream connection over a socket."""

    def __init__(self, address: str, timeout_s: float, queue: int | None = None) -> None:
        """Open it, without compression: what is judged is what was sent. Raises what the library raises."""
        self._open = ExitStack()
        self._connection: ClientConnection = self._open.enter_context(
            connect(
                address,
                compression=None,
                max_size=None,
                max_queue=queue,
                ping_interval=None,
                open_timeout=timeout_s,
                close_timeout=1,
                proxy=None,
            )
        )

    def send(self, frame: str | bytes) -> None:
        """Send one frame."""
        try:
            self._connection.send(frame)
        except (WebSocketException, OSError) as error:
            raise PeerLeft(_plain(error)) from None

    def receive(self, within_ms: int) -> str | None:
        """The next frame; a binary one is shown as text, for no message is binary."""
        try:
            frame = self._connection.recv(timeout=within_ms / 1000)
        except TimeoutError:
            return None
        except (WebSocketException, OSError) as error:
            raise PeerLeft(_plain(error)) from None
        return frame if isinstance(frame, str) else frame.decode("utf-8", "replace")

    def ping(self, payload: bytes, within_ms: int) -> bool:
        """True when the library saw a pong with this payload in time."""
        try:
            return self._connection.ping(payload).wait(within_ms / 1000)
        except (WebSocketException, OSError):
            return False

    def close(self) -> None:
        """Hang up."""
        with suppress(WebSocketException, OSError):
            self._open.close()


class Sockets:
    """The way to a target over the network."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._parts = urlsplit(target.rest)
        if self._parts.scheme not in ("http", "https") or not self._parts.netloc:
            raise ConfigurationError(f"{target.rest!r} is no address: say http://host:port")
        self._timeout_s = target.timing.request_ms / 1000
        self._client = self._client_from(None)
        self._from: dict[str, httpx.Client] = {"": self._client}

    def _client_from(self, source: str | None) -> httpx.Client:
        limits = httpx.Limits(max_connections=TOGETHER, keepalive_expiry=30)
        way = httpx.HTTPTransport(limits=limits, local_address=source, trust_env=False)
        return httpx.Client(timeout=self._timeout_s, transport=way, follow_redirects=False)

    def reach(self) -> None:
        """Raise TargetUnreachable when nobody answers at the REST address."""
        try:
            self._client.get(self._target.rest + "/")
        except httpx.TransportError as error:
            problem = _plain(error)
            hint = "start it, or correct BASE_URL or the target's file"
            raise TargetUnreachable(
                f"nobody answers at {self._target.rest} ({problem}): {hint}"
            ) from None

    def send(self, request: Request, source: str = "") -> Sent:
        """Send exactly these bytes as target and body; what httpx adds are connection headers."""
        if source not in self._from:
            self._from[source] = self._client_from(source)
        prepared = self._client.build_request(
            request.method,
            f"{self._parts.scheme}://{self._parts.netloc}/",
            headers=list(request.headers),
            content=request.body or None,
            extensions={"target": (self._parts.path.rstrip("/") + request.target).encode("utf-8")},
        )
        if request.method == "POST" and not request.body:
            prepared.headers["Content-Length"] = "0"
        sent_ns = time.perf_counter_ns()
        try:
            answer = self._from[source].send(prepared)
        except (httpx.TransportError, httpx.DecodingError) as error:
            return Sent(None, _plain(error), sent_ns, time.perf_counter_ns())
        headers = tuple((name, value) for name, value in answer.headers.multi_items())
        response = Response(answer.status_code, headers, answer.content)
        return Sent(response, "", sent_ns, time.perf_counter_ns())

    def send_together(self, requests: Sequence[Request]) -> list[Sent]:
        """Send from several threads at once."""
        with ThreadPoolExecutor(TOGETHER) as pool:
            return list(pool.map(self.send, requests))

    def connect(self, is_slow: bool = False) -> Stream:
        """Open a stream connection; the library of a slow one holds back all but one frame."""
        if not self._target.stream:
            raise PeerLeft("the target has no stream address: say STREAM_URL=ws://host:port/")
        try:
            return Stream(self._target.stream, self._timeout_s, 1 if is_slow else None)
        except (WebSocketException, OSError, ValueError) as error:
            raise PeerLeft(
                f"{self._target.stream} does not open a stream: {_plain(error)}"
            ) from None

    def wait(self, ms: int) -> None:
        """Sleep."""
        time.sleep(ms / 1000)

    def now_ms(self) -> int:
        """This machine's clock."""
        return time.time_ns() // 1_000_000

    def relieve(self) -> bool:
        """Ask the control port, where the target has one."""
        if not self._target.control:
            return False
        try:
            answer = self._client.post(self._target.control + "/limiter", json={"reset": True})
        except httpx.TransportError as error:
            raise TargetUnreachable(
                f"the control address {self._target.control} does not answer ({_plain(error)})"
            ) from None
        return answer.status_code < 300

    def close(self) -> None:
        """Close every connection."""
        for client in self._from.values():
            client.close()


def _plain(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
