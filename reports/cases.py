"""The cases of a run of the SDK gate: read from `cases/` in the run's folder, and where each one's page is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from reports.document import read_as

FOLDER: Final = "cases"
SCHEMA: Final = Path(__file__).parent / "case.schema.json"
# As a requirement's results are called, so that the same signs and colours stand for both.
RESULTS: Final = {
    "pass": "passed",
    "fail": "failed",
    "inconclusive": "inconclusive",
    "skipped": "skipped",
}
# As claims are merged: what was skipped in one case and holds in another holds.
GRAVEST_FIRST: Final = ("failed", "inconclusive", "passed", "skipped")


@dataclass(frozen=True, slots=True)
class Case:
    """One case's document, and its file's name without an ending."""

    stem: str
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """area/name"""
        return str(self.document["case"])

    @property
    def page(self) -> str:
        """Where its page is, from the run's folder, as a link."""
        return f"{FOLDER}/{quote(self.stem, safe='')}.html"

    @property
    def result(self) -> str:
        """Its verdict as a requirement's is called."""
        return RESULTS[self.document["verdict"]]


@dataclass(frozen=True, slots=True)
class Judged:
    """What one case says of one requirement."""

    case: Case
    result: str


def read_cases(folder: Path) -> list[Case]:
    """Every case of a run, by name; none where there are none. Raises RunError."""
    paths = sorted((folder / FOLDER).glob("*.json"))
    found = [Case(path.stem, read_as(path, SCHEMA, "no case of a gate run")) for path in paths]
    return sorted(found, key=lambda each: each.name)


def by_name(cases: Iterable[Case]) -> dict[str, Case]:
    """The cases as findings name them."""
    return {each.name: each for each in cases}


def by_requirement(cases: Sequence[Case]) -> dict[str, list[Judged]]:
    """The cases that say something of a requirement, gravest first."""
    found: dict[str, list[Judged]] = {}
    for case in cases:
        claims: dict[str, list[str]] = {}
        for each in case.document["claims"]:
            claims.setdefault(each["requirement"], []).append(RESULTS[each["verdict"]])
        for name, results in claims.items():
            found.setdefault(name, []).append(Judged(case, _gravest(results)))
    for judged in found.values():
        judged.sort(key=lambda each: GRAVEST_FIRST.index(each.result))
    return found


def _gravest(results: Sequence[str]) -> str:
    return next(each for each in GRAVEST_FIRST if each in results)
