"""How many faults are caught, and by what: one at a time, in process, in parallel.

A fault is caught when the requirement that it names fails. Which others fail with it is recorded, and what
is found on an exchange without a fault, over many seeds: that must be nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.cases.claim import Claim, Verdict
from conformance.session import Session
from contract_tests import generated
from reference_exchange.faults import CATALOGUE
from reference_exchange.faults.classes import class_of
from tests import stage

DOUBTS: Final = (Verdict.FAIL, Verdict.INCONCLUSIVE)
MANNERS: Final = {"default": stage.DEFAULT, "differing": stage.DIFFERING}


@dataclass(frozen=True, slots=True)
class Caught:
    """What one fault brought about. `trips` are the requirements that failed, the named one among them."""

    fault: str
    area: str
    breaks: str
    is_caught: bool
    trips: tuple[str, ...]
    why: str
    requests: int


def attempt(name: str, manner: str = "default") -> Caught:
    """Ask an exchange with a fault what its requirement asks, and say what failed."""
    fault = CATALOGUE[name]
    with tempfile.TemporaryDirectory() as folder:
        run = stage.session(Path(folder), [name], manner=MANNERS[manner])
        claims = _asked(run, fault.breaks, manner)
        requests = run.governor.total
    trips = sorted({each.requirement for each in claims if each.verdict is Verdict.FAIL})
    why = next((x.title for x in claims if x.requirement == fault.breaks and _is_doubt(x)), "")
    area, is_caught = class_of(fault.breaks), fault.breaks in trips
    return Caught(name, area, fault.breaks, is_caught, tuple(trips), why, requests)


def _asked(run: Session, breaks: str, manner: str) -> list[Claim]:
    if breaks in generated.JUDGED:
        return generated.JUDGED[breaks](run, 1)
    return stage.ask(run, breaks, MANNERS[manner])


def _is_doubt(claim: Claim) -> bool:
    return claim.verdict is not Verdict.PASS


def alarms(task: tuple[int, str]) -> list[str]:
    """What a right exchange of a seed and a manner is accused of, in words."""
    seed, manner = task
    with tempfile.TemporaryDirectory() as folder:
        run = stage.session(Path(folder), seed=seed, manner=MANNERS[manner])
        for each in MANNERS[manner].checks:
            run.check(each)
        for ask in generated.JUDGED.values():
            ask(run, seed)
        run.conclude()
    found = [each.claim for each in run.findings if each.claim.verdict in DOUBTS]
    return [f"seed {seed}: {x.requirement} {x.verdict}: {x.title}: {x.actual}" for x in found]


def all_caught(names: Iterable[str], manner: str) -> list[Caught]:
    """Every fault, tried in as many processes as there are cores."""
    wanted = list(names)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(attempt, wanted, [manner] * len(wanted), chunksize=4))


def all_alarms(seeds: Sequence[int], manner: str) -> list[str]:
    """Everything that is found without a fault, over these seeds."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(alarms, [(seed, manner) for seed in seeds])
        return [each for of_seed in found for each in of_seed]


def record(run: Path, found: Sequence[Caught]) -> None:
    """Keep which requirements each fault trips."""
    rows = {x.fault: {"class": x.area, "breaks": x.breaks, "trips": x.trips} for x in found}
    (run / "trips.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
