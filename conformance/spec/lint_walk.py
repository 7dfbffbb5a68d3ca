"""What every rule of the contract lint needs: a problem with its place, and a walk over a document's nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.spec.documents import Document, Json

# Under these keys stands data, not description: a `$ref` or an `example` inside it means nothing.
DATA = ("example", "value", "default", "enum", "const")
# Under these keys stand names that somebody chose; a property called `example` is a property.
NAMES = ("properties", "patternProperties", "schemas", "parameters", "messages", "headers")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one document ("openapi" or "asyncapi"), and where."""

    rule: str
    document: str
    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.document}{self.pointer}: {self.message} ({self.rule})"


def pointer_to(*parts: str | int) -> str:
    """A JSON pointer: ("paths", "/a", "get") -> `#/paths/~1a/get`."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "/".join(("#", *escaped))


def nodes(node: Json, pointer: str = "#", named: bool = False) -> Iterator[tuple[str, Document]]:
    """Every object of a document with its pointer, the ones that are data left out."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from nodes(item, f"{pointer}/{index}")
    if not isinstance(node, dict):
        return
    yield pointer, node
    for key, value in node.items():
        if named or not _is_data(key, value):
            below = pointer + pointer_to(key)[1:]
            yield from nodes(value, below, not named and key in NAMES)


def _is_data(key: str, value: Json) -> bool:
    return key in DATA or (key == "examples" and isinstance(value, list))


def texts(values: Iterable[Json]) -> str:
    """Values in one line, for a message."""
    return ", ".join(str(value) for value in values)
