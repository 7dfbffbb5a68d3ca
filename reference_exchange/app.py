"""The REST port as an ASGI callable: bytes in, a request value, a response value, bytes out.

The target stays encoded as it came, for it may be signed. A body that is too large is refused as
soon as that is known, by its Content-Length before it is read; the server throws away what still
comes. A request that breaks off before its end is not performed: half an amount is another amount.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter_ns
from typing import Any, Final

from conformance.wire.http import Headers, Request, Response
from reference_exchange.exchange import MOST_BODY, ReferenceExchange

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
TOO_LARGE: Final = b"x" * (MOST_BODY + 1)


class RestApp:
    """Hands every request to the exchange, with the address that it came from."""

    def __init__(self, exchange: ReferenceExchange) -> None:
        self._exchange = exchange

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        request = _head(scope)
        body = await read_body(receive, request.header("content-length"))
        if body is None:
            return
        request = Request(request.method, request.target, request.headers, body)
        began_ns = perf_counter_ns()
        response = self._exchange.handle(request, scope["client"][0])
        _work_until(perf_counter_ns() + 1000 * self._exchange.config.extra_work_us)
        took_ms = (perf_counter_ns() - began_ns) / 1e6
        await answer(send, response, took_ms if self._exchange.config.says_server_time else None)


def _work_until(end_ns: int) -> None:
    # Busy, as a slower build would be: an event loop cannot sleep for less than a millisecond.
    while perf_counter_ns() < end_ns:
        pass


def _head(scope: Message) -> Request:
    query: bytes = scope["query_string"]
    target = scope["raw_path"] + b"?" + query if query else scope["raw_path"]
    headers: Headers = tuple(
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    )
    return Request(scope["method"], target.decode("latin-1"), headers)


async def read_body(receive: Receive, declared: str | None) -> bytes | None:
    """The whole body; if too large, enough to be seen as that; None when it broke off."""
    if declared is not None and declared.isdecimal() and int(declared) > MOST_BODY:
        return TOO_LARGE
    body, is_more = b"", True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > MOST_BODY:
            return TOO_LARGE
        is_more = message.get("more_body", False)
    return body


async def answer(send: Send, response: Response, took_ms: float | None = None) -> None:
    """Send a response. The server leaves the body out where the method wants none."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers
    ]
    headers.append((b"content-length", b"%d" % len(response.body)))
    if took_ms is not None:
        headers.append((b"server-timing", b"app;dur=%.3f" % took_ms))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
