"""The REST port as an ASGI callable: bytes in, a request value, a response value, bytes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from conformance.wire.http import Headers, Request, Response
from reference_exchange.exchange import MOST_BODY, ReferenceExchange

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
TOO_LARGE: Final = b"x" * (MOST_BODY + 1)


class RestApp:
    """Hands every request to the exchange; the target stays encoded as it came, for it may be signed."""

    def __init__(self, exchange: ReferenceExchange) -> None:
        self._exchange = exchange

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        response = self._exchange.handle(_request(scope, body), scope["client"][0])
        await _answer(send, response, is_head=scope["method"] == "HEAD")


def _request(scope: Message, body: bytes) -> Request:
    query: bytes = scope["query_string"]
    target = scope["raw_path"].decode("latin-1") + ("?" + query.decode("latin-1") if query else "")
    headers: Headers = tuple(
        (n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"]
    )
    return Request(scope["method"], target, headers, body)


async def _body(receive: Receive) -> bytes:
    """The whole body; of one that is too large, enough to be seen as that."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body = body + message.get("body", b"") if len(body) <= MOST_BODY else TOO_LARGE
    return body


async def _answer(send: Send, response: Response, is_head: bool) -> None:
    headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else response.body})
