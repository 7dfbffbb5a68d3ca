"""What a person sees while the questions are asked: a bar on a terminal, plain lines in CI.

Takes the place of pytest's own terminal output when the suite's commands run it (`-p
contract_tests.progress`); `pytest contract_tests` by itself looks as pytest always does.
"""

from __future__ import annotations

import os
import sys
from collections import Counter

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

OUTCOMES = {"passed": "hold", "failed": "do not", "skipped": "left out"}


class PlainReporter:
    """One line for each area of questions when it is done."""

    def __init__(self) -> None:
        self._area = ""
        self._counts: Counter[str] = Counter()
        self._last = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say how much there is to do."""
        self.start(len(session.items))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A question begins."""
        area = area_of(nodeid)
        if area != self._area:
            self.area_done()
            self._area = area
        self.begun(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A question is answered; of one with parts, the whole counts once."""
        if report.when == "call" or (report.when == "setup" and not report.passed):
            if report.nodeid != self._last:
                self._last = report.nodeid
                self.answered()
            self._counts[report.outcome] += 1

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """The run ends early: say why in one line."""
        self.stop()
        why = getattr(excinfo.value, "msg", "")
        if why:
            print(why, file=sys.stderr, flush=True)

    def pytest_sessionfinish(self) -> None:
        """The last area is done."""
        self.area_done()
        self.stop()

    def area_done(self) -> None:
        """Say what became of an area."""
        if self._area and self._counts:
            parts = [f"{n} {OUTCOMES[name]}" for name, n in sorted(self._counts.items())]
            self.say(f"  {self._area:<18} {', '.join(parts)}")
        self._counts.clear()

    def start(self, number: int) -> None:
        """There are so many questions."""
        print(f"asking {number} groups of questions", flush=True)

    def begun(self, nodeid: str) -> None:
        """A question begins."""

    def answered(self) -> None:
        """A question is answered."""

    def say(self, text: str) -> None:
        """Show a line."""
        print(text, flush=True)

    def stop(self) -> None:
        """Nothing more comes."""


class BarReporter(PlainReporter):
    """The same with a bar."""

    def __init__(self) -> None:
        super().__init__()
        columns = (TextColumn("{task.description:<40}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, TimeElapsedColumn(), console=Console(), transient=True)
        self._task = self._progress.add_task("asking")

    def start(self, number: int) -> None:
        """Begin the bar."""
        self._progress.update(self._task, total=number)
        self._progress.start()

    def begun(self, nodeid: str) -> None:
        """Name the question."""
        name = nodeid.partition("[")[2].rstrip("]") or nodeid.rpartition("::")[2]
        self._progress.update(self._task, description=name[:40])

    def answered(self) -> None:
        """Move the bar."""
        self._progress.advance(self._task)

    def say(self, text: str) -> None:
        """Show a line above the bar."""
        self._progress.console.print(text, highlight=False)

    def stop(self) -> None:
        """Take the bar away."""
        self._progress.stop()


def area_of(nodeid: str) -> str:
    """market-data of contract_tests/test_checks.py::test_check[market-data/...], else the file's name."""
    _, _, name = nodeid.partition("[")
    if "/" in name:
        return name.partition("/")[0]
    return nodeid.partition("::")[0].rpartition("test_")[2].removesuffix(".py").replace("_", "-")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take the place of the terminal reporter."""
    standard = config.pluginmanager.getplugin("terminalreporter")
    if standard is not None and hasattr(standard, "_tw"):
        # What other plugins write through it goes nowhere: the verdict is told by the report.
        standard._tw._file = open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    is_person = sys.stdout.isatty() and not os.environ.get("CI")
    config.pluginmanager.register(BarReporter() if is_person else PlainReporter(), "asking")
