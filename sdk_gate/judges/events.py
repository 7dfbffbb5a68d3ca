"""Events that can be told apart by a mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sdk_gate.protocol import NUMBER

Path = tuple[str | int, ...]


def can_be_marked(data: Any) -> bool:
    """Whether there is a decimal in it."""
    return bool(_place(data))


def marked(data: Any, mark: str) -> Any:
    """A copy of an event's data with its first decimal replaced by the mark, which is a number where that was one."""
    place = _place(data)
    is_number = not isinstance(_at(data, place), str)
    return _replaced(data, place, float(mark) if is_number else mark)


def marks(example: Any, events: Sequence[Any]) -> list[str]:
    """The marks of events as the caller has them; what has none stands there as it came."""
    return [_mark(each, _place(example)) for each in events]


def _place(data: Any) -> Path:
    """Where the first decimal stands; () where there is none.

    A text with a point is one for sure, a number with one nearly; a text of digits may be an id.
    """
    found = sorted(_decimals(data), key=lambda each: _rank(each[1]))
    return found[0][0] if found else ()


def _rank(value: str | float) -> int:
    return 1 if isinstance(value, float) else 0 if "." in value else 2


def _decimals(data: Any, place: Path = ()) -> Iterator[tuple[Path, str | float]]:
    if isinstance(data, float) or (isinstance(data, str) and data.replace(".", "", 1).isdigit()):
        yield place, data
    if isinstance(data, dict | list):
        for name, value in enumerate(data) if isinstance(data, list) else data.items():
            yield from _decimals(value, (*place, name))


def _at(data: Any, place: Path) -> Any:
    for each in place:
        data = data[each]
    return data


def _replaced(data: Any, place: Path, value: Any) -> Any:
    if not place:
        return value
    first, rest = place[0], place[1:]
    if isinstance(data, list):
        return [_replaced(x, rest, value) if n == first else x for n, x in enumerate(data)]
    return {**data, first: _replaced(data[first], rest, value)}


def _mark(event: Any, place: Path) -> str:
    try:
        found = _at(event, place)
        # An SDK may drop zeros, and give a decimal as a number.
        return f"{Decimal(str(found).removeprefix(NUMBER)).normalize():f}"
    except (KeyError, IndexError, TypeError, InvalidOperation):
        return str(event)[:200]
