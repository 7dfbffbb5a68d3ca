"""Judges of the stream: frames that the document has, pings that are answered, topics that come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from conformance.cases.claim import Claim, holds
from sdk_gate.arrivals import StreamEvent

PONG_WITHIN_NS: Final = 5_000_000_000


def judge(validators: dict[str, Any], stream: Sequence[StreamEvent]) -> Iterator[Claim]:
    """Hold every frame of a client against the document's messages."""
    for each in stream:
        if each.kind == "received":
            message = each.message
            op = message.get("op") if isinstance(message, dict) else None
            validator = validators.get(op) if isinstance(op, str) else None
            is_right = validator is not None and validator.is_valid(message)
            title = f"a frame {op or 'without op'} is a message of the document"
            expected = f"one of {', '.join(validators)}, in its shape"
            yield holds("sdk.frames-are-documented", is_right, title, expected, _shown(each))


def pongs(stream: Sequence[StreamEvent], end_ns: int) -> Iterator[Claim]:
    """Every ping of ours is answered with its bytes, while its connection lives."""
    closed = {each.connection: each.at_ns for each in stream if each.kind == "closed"}
    for ping in (each for each in stream if each.kind == "ping"):
        due_ns = ping.at_ns + PONG_WITHIN_NS
        came = any(
            each.kind == "pong" and each.connection == ping.connection and each.text == ping.text
            for each in stream
        )
        if came or min(end_ns, closed.get(ping.connection, end_ns)) >= due_ns:
            title = "a ping is answered by a pong with its bytes"
            actual = "a pong" if came else "no pong within 5 s"
            yield holds("sdk.pings-are-answered", came, title, "a pong", actual)


def addresses(secrets: Sequence[str], stream: Sequence[StreamEvent]) -> Iterator[Claim]:
    """No address under which a stream was asked for holds a secret."""
    for each in stream:
        if each.kind in ("opened", "refused"):
            found = any(secret in each.text for secret in secrets)
            title = "no secret stands in the address of a stream"
            actual = "a secret" if found else "none"
            yield holds("sdk.secrets-stay-inside", not found, title, "none", actual)


def subscriptions(stream: Sequence[StreamEvent], topic: str) -> list[StreamEvent]:
    """The frames that subscribe a topic."""
    found = []
    for each in stream:
        message = each.message if each.kind == "received" else None
        if isinstance(message, dict) and message.get("op") == "subscribe":
            arguments = message.get("args")
            if isinstance(arguments, list) and topic in arguments:
                found.append(each)
    return found


def _shown(each: StreamEvent) -> str:
    message = each.message
    if isinstance(message, dict) and message.get("op") == "auth":
        return "auth (its token is not shown)"
    return each.text[:200]
