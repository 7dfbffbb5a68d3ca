"""Ten real nights in small: `make nightly` ten times on a reference exchange that gets slower before the eighth.

No series may be called worse in the first seven, and the night as a whole has to be called worse within three of the
slowdown: whichever series shows it, for all of them can raise a false alarm. Each night has an exchange of its
own, as it would have after a day; from the eighth on it works longer at each request, as a slower build would.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.embedded import embedded
from conformance.errors import SuiteError
from conformance.target import Target, load
from tests import screenshots

NIGHTS: Final = 10
SLOWER_FROM: Final = 8
SLOWER_US: Final = 300
SHOWN: Final = "order_latency wire p90"
FOUND_WITHIN: Final = 3  # nights
# A part of the contract tests and a short load, for the rounds are what is proven here.
SETTINGS: Final = ("PROFILE=smoke", "ROUNDS=8", "FRESH=1", "ONLY=spot")
LIMIT_S: Final = 900
COMMAND: Final = "make prove ONLY=nights"


@dataclass(frozen=True, slots=True)
class Seen:
    """One night as its run tells it."""

    number: int
    run: Path
    exit_code: int
    trend: dict[str, Any]

    def series(self, name: str) -> dict[str, Any]:
        """One series of its trend."""
        return next(each for each in self.trend["series"] if each["series"] == name)

    @property
    def said(self) -> str:
        """A line for people."""
        each = self.series(SHOWN)
        night = each["nights"][-1]
        return (
            f"night {self.number:2}: exit code {self.exit_code}, {SHOWN} {night['value_us']} us, control "
            f"{night['control_us']} us: {each['verdict']}, {each['why']}; all series: {self.trend['verdict']}"
        )


def main(run: Path) -> list[dict[str, Any]]:
    """Ten nights into a history of their own, and pictures of the last one's page."""
    with tempfile.TemporaryDirectory(prefix="nights-") as apart:
        nights = [_night(number, Path(apart)) for number in range(1, NIGHTS + 1)]
    lines = [each.said for each in nights]
    print("\n".join(lines))
    (run / "nights.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copytree(nights[-1].run, run / "last-night")
    screenshots.take(run / "last-night", run)
    return list(_figures(nights))


def _night(number: int, apart: Path) -> Seen:
    before = Path("runs/latest").resolve()
    extra_us = SLOWER_US if number >= SLOWER_FROM else 0
    slower = ("--extra-work-us", str(extra_us))
    with embedded(load("reference"), number, settings=slower) as exchange:
        code = _make(exchange, number, apart)
    run = Path("runs/latest").resolve()
    if run == before:
        raise SuiteError(f"night {number} left no run of its own")
    trend = json.loads((run / "trend.json").read_text(encoding="utf-8"))
    seen = Seen(number, run, code, trend)
    print(seen.said, flush=True)
    return seen


def _make(exchange: Target, number: int, apart: Path) -> int:
    """The command as a person gives it; its own exit code, which make hides behind a 2."""
    words = ["make", "nightly", f"SEED={number}", f"HISTORY={apart / 'history'}", *SETTINGS]
    words += [f"BASE_URL={exchange.rest}", f"STREAM_URL={exchange.stream}"]
    words += [f"CONTROL_URL={exchange.control}"]
    with (apart / f"night-{number}.log").open("w+", encoding="utf-8") as said:
        # A session of its own, all of which ends with this proof.
        with subprocess.Popen(words, stdout=said, stderr=said, start_new_session=True) as process:
            try:
                process.wait(LIMIT_S)
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)
                raise
        said.seek(0)
        text = said.read()
    if not Path("runs/latest/trend.json").exists():
        raise SuiteError(f"night {number} left no trend: {text.strip().splitlines()[-1]}")
    if process.returncode == 0:
        return 0
    return int(text.rpartition("Error ")[2].split()[0])


def _figures(nights: Sequence[Seen]) -> Iterator[dict[str, Any]]:
    early = [each for each in nights if each.number < SLOWER_FROM]
    alarms = sum(row["verdict"] == "worse" for each in early for row in each.trend["series"])
    yield _row("series called worse before the slowdown", alarms, "series", 0, alarms == 0)
    found = [
        each.number - SLOWER_FROM + 1
        for each in nights
        if each.number >= SLOWER_FROM and each.trend["verdict"] == "worse"
    ]
    first = found[0] if found else None
    is_found = first is not None and first <= FOUND_WITHIN
    yield _row("nights until the slowdown was found", first, "nights", FOUND_WITHIN, is_found)
    codes = [each.exit_code for each in nights if each.number - SLOWER_FROM + 1 in found]
    failed = codes.count(1)
    name = "nights with the slowdown found that fail"
    yield _row(name, failed, "nights", len(found), failed == len(found) > 0)
    good = sum(each.exit_code == 0 for each in early)
    yield _row("nights before it that pass", good, "nights", len(early), good == len(early))


def _row(name: str, value: Any, unit: str, goal: Any, is_reached: bool) -> dict[str, Any]:
    row = {"name": name, "value": value, "unit": unit, "goal": goal, "reached": is_reached}
    return {**row, "peers": {}, "command": COMMAND}
