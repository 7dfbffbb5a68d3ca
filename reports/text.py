"""Text of a target, fit to print: nothing invisible or endless, nothing that steers a terminal."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

# Control characters, half surrogates, non-characters, marks that reorder or hide their neighbours.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)

# GitHub's own characters: a backslash before each makes it text.
WWW = re.compile(r"(www)\.", re.IGNORECASE)  # GitHub makes a link of it without any scheme
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~:@-])")


def visible(text: str) -> str:
    """Characters that a page cannot hold or a reader cannot see, spelled as their code points."""
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))


def clipped(text: str, most: int) -> str:
    """At most about `most` characters; says how many are left out."""
    if len(text) <= most:
        return text
    return f"{text[:most]} … ({len(text) - most:,} more characters)"


def one_line(text: str, most: int = 200) -> str:
    """The start of a text, visible and without line breaks."""
    # A megabyte from a target is not searched for its line breaks: white space is not that long.
    words = " ".join(text[: 20 * most].split())
    is_whole = len(words) <= most and len(text) <= 20 * most
    return visible(words if is_whole else f"{words[:most]} …")


def in_markdown(text: str, most: int = 200) -> str:
    """The start of a text that Markdown leaves alone, on one line."""
    escaped = SPECIAL.sub(r"\\\1", html.escape(one_line(text, most), quote=False))
    return WWW.sub(r"\1&#46;", escaped)


def within(rows: Iterable[T], size: Callable[[T], int], most: int) -> tuple[list[T], int]:
    """The first rows that fit into `most`, and how many are left out."""
    rows = list(rows)
    used = 0
    for place, row in enumerate(rows):
        used += size(row)
        if used > most:
            return rows[:place], len(rows) - place
    return rows, 0


def fitting(rows: Iterable[str], most: int) -> list[str]:
    """The first lines that fit into `most` bytes; those behind them are not even made."""
    kept, used = [], 0
    for row in rows:
        used += len(row.encode()) + 1
        if used > most:
            break
        kept.append(row)
    return kept


def some(count: int, noun: str) -> str:
    """A count with its noun in the right number."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"
