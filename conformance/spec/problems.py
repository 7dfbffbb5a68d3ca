"""What the lint finds in a contract document, and how it walks through one.

A pointer is a JSON Pointer (RFC 6901), so that an editor or `jq` finds the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.spec.documents import Document, Json

# What stands below these keys is data, not description: a property called `nullable` there means nothing.
DATA = frozenset({"example", "examples", "default", "enum"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place. `document` is "openapi" or "asyncapi"."""

    rule: str
    document: str
    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.document} {self.pointer or '/'}: {self.message} [{self.rule}]"


def join(pointer: str, *parts: str | int) -> str:
    """A pointer further down."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "/".join((pointer, *escaped))


def nodes(node: Json, pointer: str = "") -> Iterator[tuple[str, Document]]:
    """Every object of a document with its place, examples and defaults left out."""
    if isinstance(node, dict):
        yield pointer, node
        children: list[tuple[str | int, Json]] = [
            (key, value) for key, value in node.items() if key not in DATA
        ]
    else:
        children = list(enumerate(node)) if isinstance(node, list) else []
    for key, value in children:
        yield from nodes(value, join(pointer, key))
