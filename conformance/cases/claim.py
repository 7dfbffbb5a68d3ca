"""What a check concludes about one requirement, and how grave each conclusion is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """A check's conclusion. Merged, the gravest wins: fail > inconclusive > pass > skipped."""

    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    PASS = "pass"
    SKIPPED = "skipped"


GRAVITY = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.SKIPPED)


def gravest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that stands for several, or None for none."""
    return min(verdicts, key=GRAVITY.index, default=None)


@dataclass(frozen=True, slots=True)
class Claim:
    """One conclusion: which requirement, what was expected, what was seen, and the records that show it."""

    requirement: str
    verdict: Verdict
    title: str
    expected: str = ""
    actual: str = ""
    records: tuple[int, ...] = ()


class CannotTell(Exception):
    """Raised inside a script whose prerequisite is missing: its open requirements become inconclusive."""


def holds(
    requirement: str,
    condition: bool,
    title: str,
    expected: object = "",
    actual: object = "",
    records: Iterable[int] = (),
) -> Claim:
    """A pass or a fail, by a condition."""
    verdict = Verdict.PASS if condition else Verdict.FAIL
    return Claim(requirement, verdict, title, _words(expected), _words(actual), tuple(records))


def _words(value: object) -> str:
    """A value as a reader meets it: the members of a list, not Python's way of writing one."""
    if isinstance(value, list | tuple | set):
        return ", ".join(map(_words, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(item)}" for key, item in value.items()) or "none"
    return str(value)


def equal(
    requirement: str, title: str, expected: object, actual: object, records: Iterable[int] = ()
) -> Claim:
    """A pass when both are equal, values compared as they are (never through text)."""
    return holds(requirement, expected == actual, title, expected, actual, records)
