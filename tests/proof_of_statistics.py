"""How often the verdict on change is wrong, and how soon right: on simulated nights, beside Apache Otava.

tests/change/simulate.py tells what a simulated night is. Every night is judged as it came, by the nights before it.
The seeds are not those that the rules were chosen on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any, Final, TypeVar

from reports.change.judge import judge
from tests.change import page, peer, trials
from tests.change.simulate import Regime
from tests.change.trials import FOLLOWED, RULES, Seen, Trial

HISTORIES: Final = 200
MACHINES: Final = 5  # of forty series each
SLOWED: Final = 30  # times that one of forty series gets slower
SMALL: Final = 12  # fewer nights than this before are a small baseline
COMMAND: Final = "make prove ONLY=statistics"

CLEAN: Final = Regime("clean")
MACHINE: Final = Regime("the machine spikes", 0.1)
HALF: Final = Regime("the machine spikes for half of the rounds", 0.1, "half of the rounds")
TARGET: Final = Regime("the target alone spikes", 0.1, "target")
RESEMBLING: Final = Regime("nights that resemble their neighbours", resembles=0.7)
BARE: Final = Regime("no control", has_control=False)
BARE_MACHINE: Final = Regime("no control, the machine spikes", 0.1, has_control=False)
# The published comparison's goals; None where nothing was promised.
FALSE_ALARMS: Final[dict[Regime, float | None]] = {
    CLEAN: 1.0,
    MACHINE: 1.0,
    HALF: 1.0,
    RESEMBLING: 1.0,
    BARE: 1.0,
    BARE_MACHINE: None,
}
FOUND: Final[dict[tuple[Regime, float], float | None]] = {
    (CLEAN, 0.05): None,
    (CLEAN, 0.1): 3,
    (CLEAN, 0.2): 1,
    (CLEAN, 0.5): 1,
    (MACHINE, 0.1): None,
    (MACHINE, 0.2): None,
    (BARE, 0.1): None,
    (BARE, 0.2): None,
    (BARE, 0.5): None,
}
Row = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bench:
    """What the trials run on: our processes, and the interpreter that has Otava."""

    pool: ProcessPoolExecutor
    otava: Path

    def ours(self, work: Callable[[Trial], T], some: Sequence[Trial]) -> list[T]:
        """Work at trials in all processes."""
        return list(self.pool.map(work, some, chunksize=4))

    def theirs(self, some: Sequence[Trial]) -> dict[str, list[list[int]]]:
        """Otava's alarms by reading; without a control there is only the target to read."""
        readings = list(peer.READINGS) if some[0].regime.has_control else ["otava raw"]
        return {reading: peer.alarms(self.otava, some, reading) for reading in readings}


def main(run: Path) -> list[Row]:
    """Simulate, judge, write the page, and give the figures."""
    otava = peer.install(run / "tools.log")
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        bench = Bench(pool, otava)
        rows = [
            *_false_alarms(bench),
            *_spiking_target(bench),
            *(row for case, goal in FOUND.items() for row in _found(bench, *case, goal)),
            *_at_once(bench),
            *_change_points(bench),
            _speed(),
        ]
    page.write(rows, HISTORIES, COMMAND)
    (run / "statistics.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return rows


def _false_alarms(bench: Bench) -> list[Row]:
    rows, seen = [], {}
    for regime, goal in FALSE_ALARMS.items():
        some = _trials(regime)
        seen[regime] = bench.ours(trials.judged, some)
        value = _share([any(night.verdict == "worse" for night in each) for each in seen[regime]])
        peers = {name: _share(map(bool, found)) for name, found in bench.theirs(some).items()}
        rows.append(_most(f"histories with a false alarm: {regime.name}", value, "%", goal, peers))
    return [*rows, *_truth(bench, seen)]


def _truth(bench: Bench, seen: Mapping[Regime, Sequence[Sequence[Seen]]]) -> list[Row]:
    """How often intervals hold what is true. That of a night alone has to as often as it says.

    The one that is told is chosen by what the windows show, and so a little less often.
    """
    rows = []
    for regime in (CLEAN, MACHINE, RESEMBLING):
        goal = None if regime is RESEMBLING else 100 * RULES.confidence
        nights = [night for each in bench.ours(trials.holds, _trials(regime)) for night in each]
        few = [held for before, held in nights if before < SMALL]
        name = f"intervals of a night alone that hold the truth: {regime.name}"
        rows.append(_least(name, _share(held for _, held in nights), "%", goal))
        rows.append(_least(f"{name}, fewer than {SMALL} nights before", _share(few), "%", goal))
        told = _share(night.holds_truth for each in seen[regime] for night in each)
        rows.append(
            _least(f"intervals that are told and hold the truth: {regime.name}", told, "%", None)
        )
    said = [night.verdict for each in seen[CLEAN] for night in each]
    same = _share(verdict == "same" for verdict in said)
    return [*rows, _least("clean nights that are called the same", same, "%", None)]


def _spiking_target(bench: Bench) -> list[Row]:
    """A night on which the target alone is slower by a half is slower: what is said of it, and of others."""
    some = _trials(TARGET)
    seen = bench.ours(trials.judged, some)
    spiked = [night.verdict == "worse" for each in seen for night in each if night.spiked]
    quiet = [any(n.verdict == "worse" and not n.spiked for n in each) for each in seen]
    theirs = bench.theirs(some).items()
    alarmed = {name: _share(map(bool, found)) for name, found in theirs}
    return [
        _least(f"nights called worse on which {TARGET.name}", _share(spiked), "%", None),
        _most(f"histories with an alarm on another night: {TARGET.name}", _share(quiet), "%", None),
        _most(
            f"histories with any alarm: {TARGET.name}",
            _share(any(n.verdict == "worse" for n in each) for each in seen),
            "%",
            None,
            alarmed,
        ),
    ]


def _found(bench: Bench, regime: Regime, share: float, goal: float | None) -> list[Row]:
    some = [replace(trial, share=share) for trial in _trials(regime)]
    ours = bench.ours(trials.found_after, some)
    theirs = {
        name: [each[0] - trials.NIGHTS if each else None for each in found]
        for name, found in bench.theirs(some).items()
    }
    name = f"nights until {share:+.0%} is found: {regime.name}"
    return [
        _most(
            f"{name}, {word}",
            _quantile(ours, quantile),
            "nights",
            goal if quantile == 0.5 else None,
            {who: _quantile(found, quantile) for who, found in theirs.items()},
        )
        for word, quantile in (("median", 0.5), ("nine of ten", 0.9))
    ]


def _at_once(bench: Bench) -> list[Row]:
    """Forty series of one machine, judged together."""
    machines = [Trial(number, CLEAN) for number in range(MACHINES)]
    alarmed = [night for each in bench.ours(trials.false_nights, machines) for night in each]
    rows = [_most("nights with a false alarm in any of 40 series", _share(alarmed), "%", 1.0)]
    for share in (0.1, 0.2):
        some = [Trial(number, CLEAN, share) for number in range(SLOWED)]
        found = bench.ours(trials.found_among, some)
        name = f"nights until {share:+.0%} in one of 40 series is found, median"
        rows.append(_most(name, _quantile(found, 0.5), "nights", None))
    return rows


def _change_points(bench: Bench) -> list[Row]:
    return [
        _most(
            f"histories with a false change point: {regime.name}",
            _share(bench.ours(trials.has_point, _trials(regime))),
            "%",
            1.0 if regime is CLEAN else None,
        )
        for regime in (CLEAN, MACHINE, TARGET, RESEMBLING)
    ]


def _speed() -> Row:
    series = trials.together(Trial(0, CLEAN, 0.0))
    judge(series, RULES)  # what is drawn once is drawn
    start = perf_counter()
    judge(series, RULES)
    took = round(perf_counter() - start, 2)
    return _most("to judge 40 series of 60 nights", took, "s", 2.0)


def _trials(regime: Regime) -> list[Trial]:
    return [Trial(number, regime) for number in range(HISTORIES)]


def _share(some: Any) -> float:
    return round(100 * fmean(some), 2)


def _quantile(found: Sequence[int | None], quantile: float) -> float | str:
    """Of nights, where not every change was found in time."""
    ordered = sorted(FOLLOWED + 1 if each is None else each for each in found)
    value = ordered[max(round(quantile * len(ordered)) - 1, 0)]
    return value if value <= FOLLOWED else f"more than {FOLLOWED}"


def _most(
    name: str,
    value: float | str,
    unit: str,
    goal: float | None,
    peers: Mapping[str, float | str] | None = None,
) -> Row:
    reached = goal is None or (not isinstance(value, str) and value <= goal)
    return _row(name, value, unit, "at most", goal, reached, peers)


def _least(name: str, value: float, unit: str, goal: float | None) -> Row:
    return _row(name, value, unit, "at least", goal, goal is None or value >= goal)


def _row(
    name: str,
    value: float | str,
    unit: str,
    word: str,
    goal: float | None,
    reached: bool,
    peers: Mapping[str, float | str] | None = None,
) -> Row:
    told = None if goal is None else f"{word} {goal:g}"
    row = {"name": name, "value": value, "unit": unit, "goal": told, "reached": reached}
    return {**row, "peers": dict(peers or {}), "command": COMMAND}
