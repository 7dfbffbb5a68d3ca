"""The gate on SDKs that are wrong on purpose and on right ones: caught by what they name, none without reason."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from conformance.spec import requirements as catalogue
from sdk_gate.asked import own_drivers
from tests.sdk import gate_runs
from tests.sdk.right import Right, right_sdks
from tests.sdk.wrong import Wrong, wrong_sdks

SEEDS: Final = range(1, 11)
AT_ONCE: Final = 6  # most of the time a case waits
# Written by somebody who had the protocol's page alone.
FIFTH: Final = ("perl", str(gate_runs.ROOT / "tests" / "sdk" / "fifth" / "driver.pl"))
LEAST_WRONG: Final = 45
LEAST_LANGUAGES: Final = 3
COMMAND: Final = "make prove ONLY=sdk"
MISTAKES: Final = frozenset(f"S{n}" for n in range(1, 37))
# No driver's business: commands that fail prove it, in tests/sdk/test_wrap.py.
IN_WRAP: Final = frozenset({"sdk.own-tests-pass"})
Figure = dict[str, Any]


@dataclass(slots=True)
class Tried:
    """One wrong SDK over the seeds: what its requirement said in each."""

    wrong: Wrong
    verdicts: dict[int, str] = field(default_factory=dict)
    why: str = ""

    @property
    def is_caught(self) -> bool:
        """Caught by its own requirement with every seed."""
        return set(self.verdicts.values()) == {"failed"}


def main(run: Path) -> list[Figure]:
    """Every wrong SDK and every right one, over the seeds."""
    with tempfile.TemporaryDirectory(prefix="sdks-") as apart:
        wrong = wrong_sdks()
        with ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("spawn")) as pool:
            alarms = pool.map(partial(_alarms, apart=Path(apart)), _rights())
            tried = list(pool.map(partial(_try, apart=Path(apart)), wrong))
            found = list(alarms)
    rows = [
        {
            "name": each.wrong.name,
            "language": each.wrong.language,
            "mistake": each.wrong.mistake,
            "requirement": each.wrong.requirement,
            "sentence": each.wrong.sentence,
            "verdicts": {str(seed): verdict for seed, verdict in each.verdicts.items()},
            "why": each.why,
        }
        for each in tried
    ]
    (run / "wrong.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return list(_figures(tried, found))


@dataclass(frozen=True, slots=True)
class RightRun:
    """A whole run of the gate on an SDK that is right; `other` is one that does it otherwise than ours."""

    language: str
    seed: int
    other: Right | None = None

    @property
    def name(self) -> str:
        """What it is called in the figures."""
        return self.other.name if self.other else self.language


def _rights() -> list[RightRun]:
    ours = [RightRun(language, seed) for language in own_drivers() for seed in SEEDS]
    others = [RightRun(each.language, SEEDS[0], each) for each in right_sdks()]
    return [*ours, *(RightRun(FIFTH[0], seed) for seed in SEEDS), *others]


def _try(wrong: Wrong, apart: Path) -> Tried:
    """A wrong SDK: all situations of its requirement, with each seed."""
    tried, folder = Tried(wrong), apart / wrong.name
    folder.mkdir()
    try:
        command = gate_runs.built(wrong.language, wrong.make(folder), folder)
    except Exception as problem:  # noqa: BLE001 - one that cannot be built is a figure that falls short
        tried.why = f"{type(problem).__name__}: {problem}"
        return tried
    for seed in SEEDS:
        options = ("--seed", str(seed), "--only", wrong.requirement)
        found = gate_runs.here(folder / str(seed), command, *options)
        tried.verdicts[seed] = found.verdict(wrong.requirement)
        tried.why = "" if found.summary else found.said.strip()[-300:]
        shutil.rmtree(folder / str(seed))
    said = "caught" if tried.is_caught else f"NOT CAUGHT {tried.verdicts} {tried.why}"
    print(f"{wrong.language} {wrong.name} ({wrong.requirement}): {said}", flush=True)
    return tried


def _alarms(run: RightRun, apart: Path) -> list[str]:
    """What the gate holds against an SDK that is right."""
    folder = apart / f"right-{run.name}-{run.seed}"
    folder.mkdir()
    source = run.other.make(folder) if run.other else None
    is_fifth = run.language == FIFTH[0]
    command = FIFTH if is_fifth else gate_runs.built(run.language, source, folder)
    found = gate_runs.here(folder, command, "--seed", str(run.seed))
    shutil.rmtree(folder)
    if not found.summary:
        return [f"{run.name}, seed {run.seed}: {found.said.strip()[-200:]}"]
    wrong = found.of("failed", "inconclusive", "not_covered")
    print(f"right {run.name}, seed {run.seed}: {', '.join(wrong) or 'nothing found'}", flush=True)
    return [f"{run.name}, seed {run.seed}: {each}" for each in wrong]


def _figures(tried: Sequence[Tried], alarms: Iterable[list[str]]) -> Iterator[Figure]:
    caught = [each for each in tried if each.is_caught]
    yield _row("wrong SDKs caught by the requirement they name", len(caught), len(tried))
    yield _least("wrong SDKs", len(tried), LEAST_WRONG)
    by_language: dict[str, int] = defaultdict(int)
    for each in caught:
        by_language[each.wrong.language] += 1
    yield _least("languages with wrong SDKs", len(by_language), LEAST_LANGUAGES)
    covered = MISTAKES & {each.wrong.mistake for each in caught}
    missing = sorted(MISTAKES - covered, key=lambda x: int(x[1:]))
    yield _row("mistakes of the list that are caught", len(covered), len(MISTAKES))
    judged = {each.wrong.requirement for each in caught}
    owed = set(catalogue.of_sdks()) - IN_WRAP
    yield _row("requirements that a wrong SDK proves", len(judged & owed), len(owed))
    found = [each for row in alarms for each in row]
    unit = f"in {len(SEEDS)} seeds, and on {len(right_sdks())} that do it otherwise"
    yield {**_row("findings on right SDKs", len(found), 0), "unit": unit}
    for each in (x for x in tried if not x.is_caught):
        yield _row(f"missed: {each.wrong.name} ({each.wrong.requirement}) {each.why}", 0, 1)
    for name in missing:
        yield _row(f"no wrong SDK of {name}", 0, 1)
    for name in sorted(owed - judged):
        yield _row(f"no wrong SDK for {name}", 0, 1)
    for text in found:
        yield _row(f"alarm: {text}", 1, 0)


def _row(name: str, value: int, goal: int) -> Figure:
    row = {"name": name, "value": value, "unit": f"of {goal}" if goal else "", "goal": goal}
    return {**row, "reached": value == goal, "peers": {}, "command": COMMAND}


def _least(name: str, value: int, goal: int) -> Figure:
    return {**_row(name, value, goal), "unit": "", "goal": f">= {goal}", "reached": value >= goal}
