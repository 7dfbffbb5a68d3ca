"""One night, unattended: contract tests, rounds beside a control, the longer load, history, pages, a notice.

    contract tests ─► rounds ─► longer load ─► conclude ─► history and trend ─► conclude again ─► pages ─► notice

Every part that is done is written down; the same command after a crash or Ctrl-C goes on where it was.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from conformance import job, night_plan, night_state, parts
from conformance.conclude import conclude_run
from conformance.errors import ExitCode
from conformance.night_plan import LONGER, Budget
from conformance.night_state import NightState
from conformance.notice import notify
from conformance.parts import Ended, Load, Wanted
from conformance.record import load_file, run_log, trend_file
from conformance.rounds import measure_rounds
from conformance.target import Target

CONTRACT: Final = "contract tests"


@dataclass(frozen=True, slots=True)
class Night:
    """What the user asked for. The address of the history's index is in HISTORY_INDEX, for it may hold a password."""

    wanted: Wanted
    profile: str = "steady"
    rounds: int = 8
    budget_s: float | None = None
    history: Path = Path("history")
    is_fresh: bool = False


def run(night: Night) -> int:
    """Do the night; the exit code says what came of it. Raises SuiteError."""
    target = job.checked(night.wanted)
    for scenario in LONGER:
        night_plan.profile_seconds(night.profile, scenario)  # said before anything is asked
    budget = Budget(night.budget_s, time.monotonic, time.monotonic())
    state = _state(night, target)
    with night_state.held(state.folder), ExitStack() as stack:
        reached = parts.reach(stack, night.wanted, target)
        job.greet(night.wanted, reached)
        code = _measured(night, reached, state, budget)
        stack.close()  # an exchange of our own is not needed any more
        return _told(night, target, state, code)


def _state(night: Night, target: Target) -> NightState:
    """The run to go on with, or a fresh one."""
    now, settings = datetime.now(UTC), _settings(night)
    found = None if night.is_fresh else night_state.unfinished(job.RUNS, settings, now)
    if found is not None:
        job.name_latest(found.folder)
        found.left_out.clear()  # there is time again
        print(f"going on with {found.folder}: {len(found.done)} parts of it are done", flush=True)
        return found
    state = NightState(job.new_folder(night.wanted, target), settings, now.replace(microsecond=0))
    state.save()
    return state


def _settings(night: Night) -> dict[str, Any]:
    """What has to be the same for a night to be gone on with. The budget may change."""
    told = {name: str(value) for name, value in asdict(night.wanted).items()}
    return {**told, "profile": night.profile, "rounds": night.rounds}


def _measured(night: Night, target: Target, state: NightState, budget: Budget) -> int:
    """Everything that asks the exchange. The exit code of a part that ended the night, or 0."""
    try:
        if not state.is_settled(CONTRACT):
            _contract(night, target, state, budget)
        if not target.allows.load:
            state.settle("load", f"{target.name} allows no load: allows.load is false")
            return ExitCode.PASS
        measure_rounds(night.wanted, target, state, night.rounds, budget)
        for scenario in LONGER:
            _longer(night, target, state, scenario, budget)
    except Ended as end:
        return end.exit_code
    return ExitCode.PASS


def _contract(night: Night, target: Target, state: NightState, budget: Budget) -> None:
    log = state.folder / run_log.FILE
    if log.exists():  # of a night that was killed meanwhile: a log is of one session
        log.rename(log.with_suffix(f".cut-{time.time_ns()}"))
    limit_s = None if budget.limit_s is None else max(budget.left_s(), 1)
    try:
        parts.contract(night.wanted, target, state.folder, limit_s)
    except Ended:
        if budget.left_s() > 0 or not log.exists():
            raise
        state.settle(CONTRACT, "they did not fit into the budget")
    else:
        state.settle(CONTRACT)


def _longer(night: Night, target: Target, state: NightState, scenario: str, budget: Budget) -> None:
    """One scenario of the longer load, if it is not done and fits into the time."""
    if state.is_settled(scenario):
        return
    needed_s = night_plan.profile_seconds(night.profile, scenario)
    if not budget.has(needed_s):
        state.settle(scenario, f"its {needed_s:.0f} s did not fit into the budget")
        return
    apart = state.folder / "load" / scenario
    shutil.rmtree(apart, ignore_errors=True)  # what a killed night left half done
    try:
        again = min(job.MEASURED_AGAIN, budget.times(needed_s) - 1)
        job.measure(night.wanted, target, apart, Load(scenario, night.profile), again)
    except Ended as end:
        if end.exit_code is not ExitCode.SAFETY_STOP or load_file.read(apart):
            raise
        state.settle(scenario, "the target does not allow it")
        return
    others = [each for each in load_file.read(state.folder) if each["scenario"] != scenario]
    load_file.write(state.folder, [*others, *load_file.read(apart)])
    state.settle(scenario)


def _told(night: Night, target: Target, state: NightState, code: int) -> int:
    """Judge, remember, compare, draw, and tell whoever wants to know."""
    if not (state.folder / run_log.FILE).exists():
        return code  # nobody answered: the part has said so
    if code:  # it is not whole: the same command goes on with it, and only then it is a night
        return _cut_short(state.folder, code)
    summary, compared = _compared(night, target, state.folder)
    drawn = _ours("reports", str(state.folder))
    notify(summary, trend_file.read(state.folder))
    kept = 0 if summary["fault"] else _kept(night, target, state.folder)
    if not (
        compared or drawn or kept
    ):  # else the same command tries again what failed, and only that
        state.finish()
    return int(compared or drawn or kept or summary["exit_code"])


def _compared(night: Night, target: Target, folder: Path) -> tuple[dict[str, Any], int]:
    """The run judged, and again with what its history says of it; not 0 where the history cannot be used."""
    today, rules = datetime.now(UTC).date(), target.nightly
    (folder / trend_file.FILE).unlink(missing_ok=True)  # what a night that was gone on with left
    summary = conclude_run(folder, today)
    margins = ("--margin", str(rules.margin), "--margin-us", str(rules.margin_us))
    code = _ours("reports.trend", str(folder), *margins, "--history", str(night.history))
    return (summary if code else conclude_run(folder, today)), code


def _kept(night: Night, target: Target, folder: Path) -> int:
    """A night among the others. Its document is kept even where its index cannot be used.

    What was wrong on purpose is no night to compare others with, and is not kept.
    """
    where = ("--history", str(night.history))
    code = _ours("reports.history", "import", str(folder), *where)
    days = str(target.nightly.keep_days)
    return code or _ours("reports.history", "prune", "--keep-days", days, *where)


def _cut_short(folder: Path, code: int) -> int:
    """What was recorded is told all the same."""
    (folder / trend_file.FILE).unlink(missing_ok=True)
    summary = conclude_run(folder, datetime.now(UTC).date())
    _ours("reports", str(folder))
    notify(summary, None)
    return code


def _ours(module: str, *words: str) -> int:
    """Run a module of ours that judges nothing: whatever is not 0 is an error of ours."""
    is_quiet = module == "reports.history"
    command = [sys.executable, "-m", module, *words]
    out = subprocess.DEVNULL if is_quiet else None
    code = subprocess.run(command, stdout=out, check=False).returncode
    return int(ExitCode.ERROR if code else ExitCode.PASS)
