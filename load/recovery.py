"""Read a run again from its journals: after a worker, a master or everything was killed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import numpy as np

from load.asked import Asked
from load.attribution import Attribution
from load.job import PROFILES
from load.journal import Head, journals, path_of, read
from load.judge import bounds_of
from load.part import Part, conclude
from load.plan import Profile, Stage, plan
from load.recorder import Rows
from load.streams.trials import trials_of
from load.timeline import Timeline

KILLED: Final = "the run was killed: this is what its journals hold"
NO_PROBE: Final = "what the probe of a killed process found is lost with it"


def part_of(folder: Path | None, asked: Asked, worker: str) -> Part | None:
    """What a lost worker wrote down, where we can see it."""
    if folder is None or not path_of(folder, asked.profile.scenario, worker).exists():
        return None
    head, rows = read(path_of(folder, asked.profile.scenario, worker))
    return folded(head, rows, asked)


def recovered(folder: Path, scenario: str) -> dict[str, Any] | None:
    """The entry of a scenario that has journals and no result, marked as partial; None without journals."""
    found = [read(path) for path in journals(folder, scenario)]
    if not found:
        return None
    asked = asked_of(found[0][0])
    parts = [folded(head, rows, asked) for head, rows in found]
    bounds = bounds_of(tomllib.loads(PROFILES.read_text(encoding="utf-8")))
    return conclude(asked, parts, [KILLED], bounds)


def asked_of(head: Head) -> Asked:
    """What the run was meant to be, by the head of one of its journals."""
    stages = tuple(Stage(**stage) for stage in head.profile["stages"])
    trials = trials_of(head.profile.get("trials", {}))
    profile = Profile(**{**head.profile, "stages": stages, "trials": trials})
    headline = frozenset(head.headline) if head.headline is not None else None
    return Asked(profile, plan(profile, head.seed), headline)


def folded(head: Head, rows: Rows, asked: Asked) -> Part:
    """One journal as a part."""
    timeline = Timeline()
    timeline.add(rows, head.operations, asked.plan, head.start_ns)
    last_ns = int(np.max(rows[:, 5])) if len(rows) else head.start_ns
    return Part(
        worker=head.worker,
        timeline=timeline,
        stop_ns=last_ns - head.start_ns,
        number=head.number,
        of=head.of,
        attribution=Attribution(problems={NO_PROBE}),
    )
