"""What a picture on the page consists of: a drawing, what it shows in words, and its numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

TOO_MUCH = "The picture is left out: the pictures of this page would be too large together."


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers that were drawn. The first cell of a row names it."""

    caption: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend: a piece of the line, and whose it is."""

    swatch: Markup
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure of the page. `told` states what is to be seen; `drawing` is empty where nothing can draw it."""

    name: str
    title: str
    told: str
    drawing: Markup
    table: Table
    legend: tuple[Key, ...] = ()
    note: str = ""

    @property
    def size(self) -> int:
        """The bytes of what is drawn."""
        return len(self.drawing.encode()) + sum(len(key.swatch) for key in self.legend)


def within_bytes(pictures: Sequence[Picture], most: int) -> list[Picture]:
    """The same pictures; those that no longer fit keep their words and their table alone."""
    kept, used = [], 0
    for picture in pictures:
        used += picture.size
        fits = used <= most or not picture.drawing
        kept.append(picture if fits else _undrawn(picture))
        used -= 0 if fits else picture.size
    return kept


def _undrawn(picture: Picture) -> Picture:
    return replace(picture, drawing=Markup(), legend=(), note=TOO_MUCH)
