"""Events that can be told apart by a mark, and events of an exchange that is newer than the document."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sdk_gate.protocol import NUMBER

UNKNOWN_WORD: Final = "YET_UNHEARD_OF"
Path = tuple[str | int, ...]


def marked(data: Any, mark: str) -> Any:
    """A copy of an event's data with its first decimal replaced by the mark."""
    return _replaced(data, _place(data), mark)


def marks(example: Any, events: Sequence[Any]) -> list[str]:
    """The marks of events as the caller has them; what has none stands there as it came."""
    return [_mark(each, _place(example)) for each in events]


def with_unknown_field(data: Any) -> Any:
    """A copy with a field that no document has."""
    if isinstance(data, list):
        return [with_unknown_field(each) for each in data]
    return {**data, "zz": {"new": [None]}}


def with_unknown_words(data: Any, schema: dict[str, Any]) -> Any:
    """A copy in which every word of an enumeration is one that the schema does not list."""
    if isinstance(data, list):
        return [with_unknown_words(each, schema.get("items", {})) for each in data]
    if not isinstance(data, dict):
        is_listed = isinstance(data, str) and "enum" in schema
        return UNKNOWN_WORD if is_listed else data
    inner = schema.get("properties", {})
    return {name: with_unknown_words(x, inner.get(name, {})) for name, x in data.items()}


def _place(data: Any) -> Path:
    """Where the first decimal stands."""
    pairs = enumerate(data) if isinstance(data, list) else data.items()
    for name, value in pairs:
        if isinstance(value, str) and _is_decimal(value):
            return (name,)
        if isinstance(value, dict | list) and (inner := _place(value)):
            return (name, *inner)
    return ()


def _is_decimal(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _replaced(data: Any, place: Path, value: Any) -> Any:
    if not place:
        return value
    first, rest = place[0], place[1:]
    if isinstance(data, list):
        return [_replaced(x, rest, value) if n == first else x for n, x in enumerate(data)]
    return {**data, first: _replaced(data[first], rest, value)}


def _mark(event: Any, place: Path) -> str:
    found = event
    try:
        for each in place:
            found = found[each]
        # An SDK may drop zeros, and give a decimal as a number.
        return f"{Decimal(str(found).removeprefix(NUMBER)).normalize():f}"
    except (KeyError, IndexError, TypeError, InvalidOperation):
        return str(event)[:200]
