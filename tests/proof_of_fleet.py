"""`make prove ONLY=fleet`: four workers are one process, to the bit; they start together; so it is between hosts.

The journals of a real run are folded again in this one process, in many orders, and compared with what the run itself
concluded from what its workers sent.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np

from conformance.embedded import embedded
from conformance.errors import SuiteError
from conformance.target import Target
from load.asked import Asked
from load.job import PROFILES
from load.journal import Head, journals, read
from load.judge import Bounds, bounds_of
from load.part import Part, conclude
from load.recorder import Kind, Rows, kinds_of
from load.recovery import asked_of, folded
from load.timeline import FIGURES, Timeline
from tests import proof_of_hosts, proof_of_manifests, stage
from tests.hosts import what_is_missing

ROOT: Final = Path(__file__).resolve().parents[1]
COMMAND: Final = "make prove ONLY=fleet"
SCENARIO: Final = "mixed"
WORKERS: Final = 4
ORDERS: Final = 20
DROPS: Final = 20
END_S: Final = 120.0
APART_US: Final = 1000.0  # as far as the first sends of the workers may be apart from the plan
DELAY_MS: Final = 2.0
DELAY_SHARE: Final = 0.05  # as far as what is measured may be from it
PROFILE: Final = """
[fleet.mixed]
connections = 8
warm_up_s = 0.5
stages = [{ rate_per_s = 200, duration_s = 3.0 }, { rate_per_s = 400, duration_s = 3.0 }]
"""
# What a result has from its samples. The rest is who ran it and how well.
FROM_SAMPLES: Final = (
    *(
        "n",
        "errors",
        "offered_per_s",
        "achieved_per_s",
        "duration_s",
        "clock",
        "wire_us",
        "service_us",
    ),
    *(
        "response_us",
        "interval_us",
        "send_lag_us",
        "receive_lag_us",
        "operations",
        "stages",
        "knee",
    ),
    *("over_range", "histograms"),
)
Journal = tuple[Head, Rows]
Figure = dict[str, Any]


def main(run: Path) -> list[Figure]:
    """Every figure of the proof."""
    rows = [*_of_one_machine(run / "workers"), *_between_hosts(run), *proof_of_manifests.main(run)]
    return [{**row, "peers": {}, "command": COMMAND} for row in rows]


def _of_one_machine(folder: Path) -> Iterator[Figure]:
    with embedded(stage.TARGET, 1) as live:
        entry = _four_workers(live, folder)
    found = [read(path) for path in journals(folder, SCENARIO)]
    asked, bounds = asked_of(found[0][0]), _bounds()
    yield _row("workers whose journal is there", len(found), "workers", WORKERS)
    yield from _same_bits(entry, found, asked, bounds)
    yield from _aligned(entry, found)


def _four_workers(live: Target, folder: Path) -> Mapping[str, Any]:
    folder.mkdir(parents=True)
    bounds = PROFILES.read_text(encoding="utf-8").partition("\n# Only")[0]
    (folder / "profiles.toml").write_text(bounds + PROFILE, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "load", "--scenario", SCENARIO, "--profile", "fleet"),
        *("--profiles", str(folder / "profiles.toml"), "--run", str(folder)),
        *("--workers", str(WORKERS), "--base-url", live.rest),
        *("--stream-url", live.stream, "--control-url", live.control),
    ]
    with (folder / "said.log").open("wb") as said:
        subprocess.run(command, cwd=ROOT, stdout=said, stderr=said, timeout=END_S, check=False)
    entry: dict[str, Any] = json.loads((folder / f"load-{SCENARIO}.json").read_text())
    if entry["partial"]:
        raise SuiteError(f"the run did not come to its end: {entry['why_invalid']}")
    return entry


def _same_bits(
    entry: Mapping[str, Any], found: Sequence[Journal], asked: Asked, bounds: Bounds
) -> Iterator[Figure]:
    own, one = leaves(entry), one_process(found, asked)
    draw, differing = Random(1), {"figures": 0, "histograms": 0}
    compared = cells_of(one.timeline)
    for _ in range(ORDERS):
        order = draw.sample(found, len(found))
        parts = [_to_the_end(folded(*each, asked), asked) for each in order]
        merged = Timeline()
        for part in parts:
            merged.merge(part.timeline)
        differing["figures"] += _differ(own, leaves(conclude(asked, parts, [], bounds)))
        differing["histograms"] += _differ(compared, cells_of(merged))
    differing["figures"] += _differ(own, leaves(conclude(asked, [one], [], bounds)))
    print(f"{len(own)} figures and {len(compared)} histograms, {ORDERS} orders of merging")
    unit = f"of {len(own)} x {ORDERS + 1}"
    yield _row("figures that are others after merging", differing["figures"], unit, 0)
    unit = f"of {len(compared)} x {ORDERS}"
    yield _row("histograms that are others after merging", differing["histograms"], unit, 0)
    seen = _noticed(own, found, asked, bounds, draw)
    yield _row("single rows left out that show in the figures", seen, "rows", DROPS)


def one_process(found: Sequence[Journal], asked: Asked) -> Part:
    """All rows counted at once, as if one process had had them: each on the clock of the first."""
    first, rows = found[0][0], []
    for head, mine in found:
        moved = mine.copy()
        times = moved[:, 1:]
        times[times != 0] += first.start_ns - head.start_ns  # 0 is no stamp, and stays so
        rows.append(moved)
    timeline = Timeline()
    timeline.add(np.concatenate(rows), first.operations, asked.plan, first.start_ns)
    return Part("", timeline, asked.plan.end_ns)


def _noticed(
    own: Mapping[str, Any], found: Sequence[Journal], asked: Asked, bounds: Bounds, draw: Random
) -> int:
    """In how many of some tries a row that is left out shows."""
    seen = 0
    for _ in range(DROPS):
        at = draw.randrange(len(found))
        head, rows = found[at]
        counts = rows[:, 1] >= head.start_ns + asked.plan.warm_up_ns
        places = np.flatnonzero(counts & (kinds_of(rows) == Kind.ANSWERED))
        short = np.delete(rows, int(draw.choice(places.tolist())), axis=0)
        changed = [*found[:at], (head, short), *found[at + 1 :]]
        parts = [_to_the_end(folded(*each, asked), asked) for each in changed]
        seen += _differ(own, leaves(conclude(asked, parts, [], bounds))) > 0
    return seen


def _to_the_end(part: Part, asked: Asked) -> Part:
    """A journal ends with its last sample; its process went on to the end of the plan."""
    return replace(part, stop_ns=asked.plan.end_ns)


def leaves(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Every single value of a result that is made from samples, by its path."""
    # As in a file, where a number has lost nothing: Python writes the shortest text that reads back the same.
    kept = json.loads(json.dumps({name: entry[name] for name in FROM_SAMPLES}))
    return dict(_leaves("", kept))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(f"{path}/{name}", each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(f"{path}/{number}", each)
    else:
        yield path, value


def cells_of(timeline: Timeline) -> dict[str, Any]:
    """Each histogram as an HdrHistogram V2, by operation and figure, and each second's as its counts."""
    found: dict[str, Any] = {}
    for name in timeline.operations():
        mine = timeline.counted((name,))
        found |= {f"{name}/{figure}": mine.histogram(figure).encode() for figure in FIGURES}
    for key, cell in timeline.cells.items():
        found |= {f"{key}/{figure}": cell.histograms[figure].pack() for figure in FIGURES}
    return found


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    return sum(one.get(name, ...) != other.get(name, ...) for name in one.keys() | other.keys())


def _aligned(entry: Mapping[str, Any], found: Sequence[Journal]) -> Iterator[Figure]:
    """How far apart the workers began; here they have one clock, so its comparison has a known truth: 0."""
    clocks = entry["extra"]["clocks"].values()
    kept = sum(abs(each["clock_ahead_us"]) <= each["within_us"] for each in clocks)
    worst = max(each["within_us"] for each in clocks)
    print(f"clocks are known to within {worst:.0f} us at worst")
    yield _row("clock comparisons that are right within what they say", kept, "workers", WORKERS)
    starts = [head.start_ns for head, _ in found]
    apart_us = round((max(starts) - min(starts)) / 1000, 1)
    yield _at_most("starts of the plan apart", apart_us, APART_US)
    first = [rows[np.argmin(rows[:, 1])] for _, rows in found]
    late = [
        int(row[3] - row[1]) + head.start_ns for row, (head, _) in zip(first, found, strict=True)
    ]
    yield _at_most(
        "first sends apart from the plan", round((max(late) - min(late)) / 1000, 1), APART_US
    )


def _between_hosts(run: Path) -> Iterator[Figure]:
    lacking = what_is_missing()
    if lacking:
        print(f"not between hosts: {lacking}")
    whole, doubts = ("not tried", "") if lacking else _tried(proof_of_hosts.whole, run / "whole")
    print(f"between hosts: {whole or doubts or 'valid'}")
    yield _row("runs between hosts in which every order came home", int(not whole), "runs", 1)
    yield _row("runs between hosts that are valid", int(not (whole or doubts)), "runs", 1)
    cut, _ = ("not tried", "") if lacking else _tried(proof_of_hosts.cut, run / "cut")
    print(f"with a cut cable: {cut or 'seen and said'}")
    yield _row("cut cables that are seen and said", int(not cut), "runs", 1)
    slow, growth_us = ("not tried", 0) if lacking else _tried(_growth_us, run / "slow")
    if slow:
        print(f"over a slow line: {slow}")
    yield {
        **_row("growth of the wire's p10", growth_us or 0, "us", DELAY_MS * 1000),
        "goal": f"{DELAY_MS * 1000:.0f} within {DELAY_SHARE:.0%}",
        "reached": abs((growth_us or 0) - DELAY_MS * 1000) <= DELAY_SHARE * DELAY_MS * 1000,
    }


def _growth_us(folder: Path) -> tuple[str, int]:
    return "", round(proof_of_hosts.growth_us(folder, DELAY_MS))


def _tried(attempt: Callable[[Path], tuple[str, Any]], folder: Path) -> tuple[str, Any]:
    """What is wrong, and what was found besides. One attempt that cannot be made leaves the others."""
    folder.mkdir(parents=True)
    try:
        return attempt(folder)
    except SuiteError as error:
        return str(error), None


def _bounds() -> Bounds:

    return bounds_of(tomllib.loads(PROFILES.read_text(encoding="utf-8")))


def _row(name: str, value: float, unit: str, goal: float) -> Figure:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "reached": value == goal}


def _at_most(name: str, value: float, most: float) -> Figure:
    return {**_row(name, value, "us", most), "goal": f"at most {most:g}", "reached": value <= most}
