"""What GitHub shows of a run beside its page: at most ten annotations of a kind, all it takes of a step.

An annotation stands at the line that says what was not kept: the requirement's in specs/requirements.yaml, an
operation's or a channel's own in its document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.spec.places import Place
from reports.text import one_line
from reports.wording import excused, ranked, standing

MOST_ANNOTATIONS = 10
Places = Mapping[str, Place]


def annotation_lines(
    summary: Mapping[str, Any],
    trend: Mapping[str, Any] | None = None,
    places: Places | None = None,
    root: Path = Path(),
) -> list[str]:
    """Workflow commands: an error for each requirement that fails the run, a warning for each worse series.

    `root` is the checkout that GitHub shows files of; what lies outside has no line.
    """
    return [
        *error_lines(summary, _within(places or {}, root)),
        *_at_most(list(_worse(summary, trend)), _warning, "warning", "more series are worse"),
    ]


def error_lines(summary: Mapping[str, Any], places: Places | None = None) -> list[str]:
    """One for each requirement that fails the run; the last counts the rest. Paths are shown as they are."""
    listed, where = excused(summary), _where(summary)
    failed = {
        each["requirement"]: each
        for each in reversed(ranked(summary))
        if standing(each, listed) == "fails the run"
    }

    def error(finding: Mapping[str, Any]) -> str:
        return _error(finding, places or {}, where.get(finding["requirement"], ()))

    return _at_most(list(reversed(failed.values())), error, "error", "more requirements fail")


def _at_most(found: Sequence[Any], line: Callable[[Any], str], kind: str, more: str) -> list[str]:
    if len(found) <= MOST_ANNOTATIONS:
        return [line(each) for each in found]
    kept = found[: MOST_ANNOTATIONS - 1]
    rest = _command(kind, "more", f"{len(found) - len(kept)} {more}: see the job page")
    return [*(line(each) for each in kept), rest]


def _within(places: Places, root: Path) -> dict[str, Place]:
    """The places inside the checkout, by their paths in it."""
    base = root.resolve()
    return {
        name: Place(place.path.resolve().relative_to(base), place.line)
        for name, place in places.items()
        if place.path.resolve().is_relative_to(base)
    }


def _where(summary: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    return {each["id"]: each["where"] for each in summary["requirement_results"]}


def _error(finding: Mapping[str, Any], places: Places, where: Sequence[str]) -> str:
    name = finding["requirement"]
    told = f"expected {one_line(finding['expected'])}; got {one_line(finding['actual'])}"
    about = "".join(_beside(name, places, where))
    message = f"{one_line(finding['sentence'])} {told}{about}"
    return _command("error", name, message, places.get(name))


def _beside(name: str, places: Places, where: Sequence[str]) -> Iterator[str]:
    """Where the one operation that a requirement is about is described, if that is elsewhere."""
    place = places.get(f"operation.{where[0]}") if len(where) == 1 else None
    if place is not None and place != places.get(name):
        yield f" ({one_line(where[0])}: {place.path.as_posix()}:{place.line})"


def _worse(
    summary: Mapping[str, Any], trend: Mapping[str, Any] | None
) -> Iterator[tuple[str, str]]:
    if trend is not None:
        rows = (each for each in trend["series"] if each["verdict"] == "worse")
        yield from ((f"{each['series']} is worse", each["why"]) for each in rows)
    else:
        told = (summary.get("trend") or {"worse": ()})["worse"]
        yield from (("worse than the nights before", each) for each in told)


def _warning(worse: tuple[str, str]) -> str:
    return _command("warning", *worse)


def _command(kind: str, title: str, message: str, place: Place | None = None) -> str:
    at = f"file={_property(place.path.as_posix())},line={place.line}," if place else ""
    return f"::{kind} {at}title={_property(title)}::{_escaped(one_line(message, 1000))}"


def _property(text: str) -> str:
    return _escaped(one_line(text)).replace(":", "%3A").replace(",", "%2C")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
