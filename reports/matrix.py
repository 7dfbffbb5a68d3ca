"""Requirements by where they come from and how binding they are: what holds, and how much each verdict rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reports.wording import PROVENANCES

STRENGTHS: Final = ("must", "should", "may")


@dataclass(frozen=True, slots=True)
class Cell:
    """The requirements of one provenance and strength, by verdict, and what was judged of them."""

    provenance: str
    strength: str
    total: int
    by_verdict: Mapping[str, int]
    checks: int
    judgements: int


def matrix(rows: Sequence[Mapping[str, Any]]) -> list[Cell]:
    """The cells that hold a requirement, most binding first within each provenance."""
    return list(_cells(rows))


def _cells(rows: Sequence[Mapping[str, Any]]) -> Iterator[Cell]:
    for provenance in PROVENANCES:
        for strength in STRENGTHS:
            mine = [r for r in rows if (r["provenance"], r["strength"]) == (provenance, strength)]
            if mine:
                yield _cell(provenance, strength, mine)


def _cell(provenance: str, strength: str, rows: Sequence[Mapping[str, Any]]) -> Cell:
    return Cell(
        provenance,
        strength,
        len(rows),
        Counter(row["verdict"] for row in rows),
        len({check for row in rows for check in row["checks"]}),
        sum(row["claims"] for row in rows),
    )
