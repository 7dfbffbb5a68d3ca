"""What arrived, made by hand, for tests of judges."""

from __future__ import annotations

import json
from typing import Any

from conformance.wire.http import Headers, Request, Response
from sdk_gate.arrivals import EXCHANGE, Arrival, StreamEvent

MS = 1_000_000
FORM = ("Content-Type", "application/x-www-form-urlencoded")


def arrival(
    operation: str | None = "getSpotWallets",
    at_ms: float = 0,
    took_ms: float = 1,
    status: int | None = 200,
    headers: Headers = (),
    body: bytes = b"",
    target: str = "/uc/asset/spot-wallets",
    method: str = "GET",
    answer_headers: Headers = (),
    **more: Any,
) -> Arrival:
    """A request and its answer; `status` None is no answer."""
    answer = None if status is None else Response(status, answer_headers, b'{"code":0}')
    return Arrival(
        number=more.pop("number", round(at_ms) + 1),
        at_ns=round(at_ms * MS),
        exchange_ms=more.pop("exchange_ms", 1_800_000_000_000 + round(at_ms)),
        connection=more.pop("connection", 1),
        host=more.pop("host", EXCHANGE),
        request=Request(method, target, headers, body),
        operation=operation,
        answer=answer,
        answered_ns=round((at_ms + took_ms) * MS),
        **more,
    )


def order(body: str = "symbol=BTC%2FUSDT&direction=0&type=0&amount=1", **more: Any) -> Arrival:
    """A POST of an order."""
    fields = {"headers": (FORM,), "method": "POST", "target": "/tx/spot/add", **more}
    return arrival("placeSpotOrder", body=body.encode(), **fields)


def event(kind: str, at_ms: float = 0, connection: int = 1, **message: Any) -> StreamEvent:
    """Something on the stream; a frame where a message is given."""
    text = message.pop("text", "") or (json.dumps(message) if message else "")
    return StreamEvent(round(at_ms * MS), connection, kind, text)


def subscribe(*topics: str, at_ms: float = 0, connection: int = 1) -> StreamEvent:
    """A client subscribes."""
    return event("received", at_ms, connection, op="subscribe", args=list(topics), id="1")
