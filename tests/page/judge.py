"""What is wrong with what was seen of a page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

GRAVE: Final = ("serious", "critical")
MOST_BYTES: Final = 1_500_000
SMALLEST_PDF: Final = 5_000  # bytes; an empty sheet has less


@dataclass(frozen=True, slots=True)
class Problem:
    """One promise that a page does not keep."""

    page: str
    view: str
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.page}, {self.view}: {self.kind}: {self.what}"


def problems(look: Mapping[str, Any], view: str) -> list[Problem]:
    """Everything that is wrong in one view."""
    found = [*_outward(look), *_form(look), *_axe(look), *_tab(look), *_print(look)]
    return [Problem(look["page"], view, kind, what) for kind, what in found]


Found = Iterator[tuple[str, str]]


def _outward(look: Mapping[str, Any]) -> Found:
    kinds = {
        "requests": "request",
        "console": "console",
        "errors": "page error",
        "dialogs": "dialog",
        "acts": "acts",
        "leads": "leads away",
        "missing": "text is missing",
    }
    for name, kind in kinds.items():
        yield from ((kind, each) for each in look[name])


def _form(look: Mapping[str, Any]) -> Found:
    scroll, client = look["width"]
    if scroll > client:
        yield "overflow", f"{scroll} px in {client}: {'; '.join(look['sticksOut'])}"
    yield from (("heading", each) for each in _headings(look["headings"]))
    yield from (("table", each) for each in look["tables"])
    yield from (("picture", each) for each in look["pictures"])


def _headings(found: Sequence[Sequence[Any]]) -> Iterator[str]:
    levels = [level for level, _ in found]
    if levels.count(1) != 1 or levels[0] != 1:
        yield f"one h1 has to come first, not {levels[:6]}"
    for (before, _), (level, text) in pairwise(found):
        if level > before + 1:
            yield f"h{level} after h{before}: {text}"


def _axe(look: Mapping[str, Any]) -> Found:
    for rule in look.get("axe", ()):
        if rule["impact"] in GRAVE:
            first = rule["nodes"][0]
            yield (
                "axe",
                f"{rule['id']} ({rule['impact']}), {rule['count']} nodes, first {first['target']}: {first['why']}",
            )


def slight(look: Mapping[str, Any]) -> list[str]:
    """What axe finds that does not count: to be read in the log."""
    rules = [each for each in look.get("axe", ()) if each["impact"] not in GRAVE]
    return [
        f"{each['id']} ({each['impact']}), {each['count']} nodes, first {each['nodes'][0]['target']}"
        for each in rules
    ]


def _tab(look: Mapping[str, Any]) -> Found:
    if "tab" not in look:
        return
    stops, visited = look["tab"]["stops"], look["tab"]["visited"]
    places = [each["place"] for each in visited if each["place"] >= 0]
    if not stops or not stops[0].startswith("a "):
        yield "tab", "the first stop is no link that skips"
    if places != [*range(len(stops))]:
        lost = [stops[each] for each in range(len(stops)) if each not in places]
        yield "tab", f"stops in another order than they stand, or not at all: {lost[:5]}"
    for each in visited:
        # A region that scrolls is a stop by itself in some browsers; anything else is not foreseen.
        if each["place"] < 0 and not each["overflows"]:
            yield "tab", f"stops at {each['what']}"
        if not each["isRinged"]:
            yield "tab", f"no ring around {each['what']}"
        if not each["isInView"] or each["isCovered"]:
            yield "tab", f"out of sight: {each['what']}"


def _print(look: Mapping[str, Any]) -> Found:
    if "pdf" not in look:
        return
    for each in look["folded"]:
        yield "print", f"folded: {each}"
    printed = look["pdf"]
    if printed["bytes"] < SMALLEST_PDF or not printed["pages"]:
        yield "print", f"{printed['pages']} pages in {printed['bytes']} bytes"
    if printed["text"] is not None:
        lost = [each for each in look["folds"] if each not in printed["text"]]
        if lost:
            yield "print", f"words of what folds are not in the print: {lost[:5]}"


def size_problems(name: str, size: int) -> list[Problem]:
    """A page that is too large to be sent around."""
    if size < MOST_BYTES:
        return []
    return [Problem(name, "file", "size", f"{size:,} of less than {MOST_BYTES:,} bytes")]
