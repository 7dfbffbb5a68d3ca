"""Frames that no exchange should understand, made from one that it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from conformance.spec.documents import Document

MUCH = 1_000_000
DEEP = 2_000


def unreadable(good: Document) -> Iterator[tuple[str, str | bytes]]:
    """Frames that have to be refused, each with the words for what is wrong with it.

    `good` is a frame of ours that the exchange understands.
    """
    text = json.dumps(good)
    yield "no JSON", "this is no JSON"
    yield "an empty frame", ""
    yield "half a frame", text[: len(text) // 2]
    yield "two objects in one frame", text + text
    yield "a list instead of an object", json.dumps([good])
    yield "a text instead of an object", json.dumps("subscribe")
    yield "null instead of an object", "null"
    yield "an empty object", "{}"
    yield "brackets nested too deep", "[" * DEEP
    yield "a binary frame", text.encode()
    yield "binary rubbish", bytes(range(256))
    for what, frame in violations(good):
        yield what, json.dumps(frame)


def violations(good: Document) -> Iterator[tuple[str, Document]]:
    """The good frame with one member left out, or of another type; an unknown verb among them."""
    for key, value in good.items():
        yield f"no {key}", {name: each for name, each in good.items() if name != key}
        yield f"{key} is null", {**good, key: None}
        wrong: Any = 7 if isinstance(value, str | list) else "seven"
        yield f"{key} is {wrong!r}", {**good, key: wrong}
        yield f"{key} is an object", {**good, key: {"a": 1}}
        if isinstance(value, list):
            yield f"{key} is empty", {**good, key: []}
            yield f"{key} holds a number", {**good, key: [7]}
    verb = next(key for key, value in good.items() if isinstance(value, str))
    yield f"{verb} is unknown", {**good, verb: "no-such-verb"}


def oversized(good: Document) -> str:
    """The good frame, padded to far more than any frame of ours could need."""
    return json.dumps(good) + " " * MUCH
