"""Nights as CSV that other tools read: a row for each night and series, or a row a night with a column a series."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from statistics import median
from typing import TextIO

from reports.change.nights import Night

Series = Mapping[str, list[Night]]

COLUMNS = (
    "time",
    "run",
    "target",
    "profile",
    "series",
    "rounds",
    "target_us",
    "control_us",
    "ratio",
)


def rows(series: Series, target: str, profile: str) -> Iterable[tuple[str | int | float, ...]]:
    """A row for each night and series; without a control its figure and the ratio to it are empty."""
    for name, nights in series.items():
        for night in nights:
            beside = night.control or ()
            ratios = [mine / other for mine, other in zip(night.target, beside, strict=False)]
            yield (
                *(night.started, night.run, target, profile, name, len(night.target)),
                *(_median(each) for each in (night.target, beside, ratios)),
            )


def write(file: TextIO, some: Iterable[tuple[Series, str, str]]) -> None:
    """The nights of some (series, target, profile), a row for each night and series."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for series, target, profile in some:
        writer.writerows(rows(series, target, profile))


def write_wide(file: TextIO, series: Series) -> None:
    """A row a night, a column a series: the median of its rounds."""
    writer = csv.writer(file, lineterminator="\n")
    names = [name.replace(" ", "_") for name in series]
    writer.writerow(("time", "run", *names))
    found: dict[tuple[str, str], dict[str, str | float]] = {}
    for name, nights in series.items():
        for night in nights:
            found.setdefault((night.started, night.run), {})[name] = _median(night.target)
    for (started, run), values in sorted(found.items()):
        writer.writerow((started, run, *(values.get(name, "") for name in series)))


def _median(values: Iterable[float]) -> str | float:
    values = list(values)
    return median(values) if values else ""
