"""What the index keeps of a run, read out of its summary: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from reports.change.nights import Night
from reports.history.document import Document

PERCENTILES: Final = ("p50", "p90", "p99")
ALSO_PERCENTILES: Final = ("p50", "p99")
BESIDE_ENDPOINT: Final = "beside its endpoint"

Figures = Mapping[str, float | None]
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the index knows it. `run`: its folder's name. `trend`: what its history said of it.

    `valid`: every round and measurement of it is. `started`: UTC, in a form whose texts sort as the times do.
    """

    id: str
    run: str
    kind: str
    target: str
    profile: str
    machine: str
    started: str
    verdict: str
    exit_code: int
    trend: str | None
    valid: bool
    spec_sha256: str
    suite_version: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of one round; `control_us` is the same of the control, None where there is none."""

    series: str
    round: int
    target_us: float
    control_us: float | None


def run_of(document: Document) -> Run:
    """The row of a run."""
    summary = document.summary
    environment, trend = summary["environment"], summary.get("trend")
    return Run(
        id=document.id,
        run=document.run,
        kind=summary["kind"],
        target=summary["target"],
        profile=profile_of(summary),
        machine=document.machine,
        started=instant(summary["started"]),
        verdict=summary["verdict"],
        exit_code=summary["exit_code"],
        trend=trend and trend["verdict"],
        valid=all(each["valid"] for each in (*summary["load"], *summary.get("rounds", []))),
        spec_sha256=environment["spec_sha256"],
        suite_version=environment["suite_version"],
    )


def profile_of(summary: Mapping[str, Any]) -> str:
    """The load profile of a run, or nothing: that of its rounds, or of its first measurement.

    Rounds beside the target's own endpoint are of another profile than rounds beside an exchange: what they are
    divided by is something else.
    """
    rounds = summary.get("rounds", ())
    name = next(
        (each["profile"] for each in (*rounds, *summary["load"]) if each.get("profile")), ""
    )
    if any(each["of"] == "control" for each in rounds):
        return name
    return f"{name} {BESIDE_ENDPOINT}" if any(each.get("probe_us") for each in rounds) else name


def instant(started: str) -> str:
    """A time as the index keeps it: of whole seconds as a run's log writes it."""
    return f"{datetime.fromisoformat(started).astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def results_of(summary: Mapping[str, Any]) -> dict[str, str]:
    """The verdict of every requirement."""
    return {each["id"]: each["verdict"] for each in summary["requirement_results"]}


def nights_of(document: Document) -> dict[str, Night]:
    """A run as a night of each of its series."""
    return nights(run_of(document), measures_of(document.summary))


def nights(run: Run, measures: Iterable[Measure]) -> dict[str, Night]:
    """A night of each series, from its measures in the order of their rounds."""
    found: dict[str, list[Measure]] = {}
    for each in measures:
        found.setdefault(each.series, []).append(each)
    return {series: _night(run, rows) for series, rows in found.items()}


def _night(run: Run, rows: list[Measure]) -> Night:
    control = tuple(row.control_us for row in rows if row.control_us is not None)
    target = tuple(row.target_us for row in rows)
    return Night(run.id, run.started, target, control if len(control) == len(target) else None)


def measures_of(summary: Mapping[str, Any]) -> list[Measure]:
    """Every figure of every round; of a run without rounds, of its measurements as one round without control."""
    rounds = summary.get("rounds") or []
    found: dict[tuple[str, int], Measure] = {}
    if not rounds:
        for entry in summary["load"]:
            found |= _keyed(_alone(1, entry)) if entry["valid"] else {}
    for scenario in dict.fromkeys(each["scenario"] for each in rounds):
        found |= _keyed(_of_scenario([each for each in rounds if each["scenario"] == scenario]))
    return [found[key] for key in sorted(found)]


def _keyed(measures: Iterable[Measure]) -> dict[tuple[str, int], Measure]:
    return {(each.series, each.round): each for each in measures}


def _of_scenario(rounds: list[Entry]) -> Iterator[Measure]:
    """The target's rounds, each beside its control: a control's round, or the probe's figures, or none."""
    targets = [each for each in rounds if each["of"] == "target" and each["valid"]]
    controls = {each["round"]: each for each in rounds if each["of"] == "control"}
    if controls:
        for each in targets:
            beside = controls.get(each["round"])
            if beside is not None and beside["valid"]:
                yield from _paired(each, dict(_figures(beside)))
    elif any(each.get("probe_us") for each in targets):
        yield from _beside_the_probe([each for each in targets if each.get("probe_us")])
    else:
        for each in targets:
            yield from _alone(each["round"], each)


def _beside_the_probe(targets: list[Entry]) -> Iterator[Measure]:
    # Its samples of one round carry no tail: every percentile is held against its median.
    for each in targets:
        median = each["probe_us"].get("p50")
        yield from _paired(each, {series: median for series, _ in _figures(each)})


def _paired(entry: Entry, beside: Mapping[str, float | None]) -> Iterator[Measure]:
    for series, value in _figures(entry):
        control = beside.get(series)
        if value and control:
            yield Measure(series, entry["round"], float(value), float(control))


def _alone(number: int, entry: Entry) -> Iterator[Measure]:
    for series, value in _figures(entry):
        if value:
            yield Measure(series, number, float(value), None)


def _figures(entry: Entry) -> Iterator[tuple[str, float | None]]:
    """(series, microseconds or None) of one measurement."""
    scenario = entry["scenario"]
    for kind in ("wire", "response"):
        for name in PERCENTILES:
            yield f"{scenario} {kind} {name}", entry[f"{kind}_us"].get(name)
    for also, figures in sorted(entry.get("also_us", {}).items()):
        for name in ALSO_PERCENTILES:
            yield f"{scenario} {also} {name}", figures.get(name)
