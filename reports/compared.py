"""Two runs beside each other: percentile by percentile, and whether their intervals let one tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reports.figures import MEASURES, PERCENTILES, TOO_FEW, microseconds

CLASSES: Final = {"slower": "failed", "faster": "passed"}
OVERLAP: Final = "cannot tell: the intervals overlap"
TOO_FEW_SAMPLES: Final = "cannot tell: too few samples"
NO_INTERVAL: Final = "cannot tell: no interval was kept"
NOT_VALID: Final = "not valid: proves nothing"
DIGEST: Final = re.compile("[0-9a-f]{8}")
NOTE: Final = (
    "The intervals say how well each run knows its own percentile (95 % confidence). Where they are apart, these two "
    "runs differ; whether the exchange changed, only many nights can say."
)


@dataclass(frozen=True, slots=True)
class Other:
    """The run that this one is laid over."""

    name: str
    summary: Mapping[str, Any]
    trend: Mapping[str, Any] | None = None

    def is_night(self, run: str) -> bool:
        """Whether a night of a history, which is named `<folder>-<digest>`, is this run, known by its folder."""
        folder, _, digest = run.rpartition("-")
        return self.name in (run, folder if DIGEST.fullmatch(digest) else run)


@dataclass(frozen=True, slots=True)
class Compared:
    """One percentile in both runs, in microseconds."""

    measure: str
    percentile: str
    this: str
    other: str
    difference: str
    says: str

    @property
    def tone(self) -> str:
        """The class of what it says."""
        return CLASSES.get(self.says, "quiet")


def pairs(
    summary: Mapping[str, Any], other: Mapping[str, Any]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The measurements of the same scenario, in the order of this run."""
    known = {entry["scenario"]: entry for entry in reversed(other["load"])}
    return [
        (entry, known[entry["scenario"]]) for entry in summary["load"] if entry["scenario"] in known
    ]


def rows(this: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Compared]:
    """Every percentile that either run carries; the maximum has no interval and is left out."""
    for measure in MEASURES:
        for name, word in PERCENTILES.items():
            values = [each[f"{measure}_us"][name] for each in (this, other)]
            if name == "max" or values == [None, None]:
                continue
            bounds = [_interval(each, measure, name) for each in (this, other)]
            says = _says(this, other, values, bounds)
            mine, yours = map(_cell, values, bounds)
            yield Compared(measure, word, mine, yours, _difference(*values), says)


def _interval(entry: Mapping[str, Any], measure: str, name: str) -> list[float] | None:
    found: list[float] | None = entry.get("interval_us", {}).get(measure, {}).get(name)
    return found


def _cell(value: float | None, bounds: list[float] | None) -> str:
    if value is None or bounds is None:
        return microseconds(value)
    return f"{microseconds(value)} [{microseconds(bounds[0])}, {microseconds(bounds[1])}]"


def _difference(this: float | None, other: float | None) -> str:
    return TOO_FEW if this is None or not other else f"{this / other - 1:+.1%}"


def _says(
    this: Any, other: Any, values: list[float | None], bounds: list[list[float] | None]
) -> str:
    if not (this["valid"] and other["valid"]):
        return NOT_VALID
    if None in values:
        return TOO_FEW_SAMPLES
    mine, yours = bounds
    if mine is None or yours is None:
        return NO_INTERVAL
    if mine[0] > yours[1]:
        return "slower"
    return "faster" if mine[1] < yours[0] else OVERLAP
