"""What a pipeline is given is sound to its own linters and does what it says: `make prove ONLY=ci`.

GitHub's runner and GitLab's widgets are not here; what stands in for them is said in docs/ci.md.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from conformance.errors import SuiteError
from tests.judges import tools
from tests.pipelines import gitlab, sizes
from tests.pipelines.linters import LINTERS, finds_what_is_planted
from tests.pipelines.steps import Ran, Runner

COMMAND = "make prove ONLY=ci"
CHEAP = "tickers-are-sound"
FAULT = "ticker-low-stays-zero"
# Quotes and dollar signs have to come through as they are.
ASKS_ONCE = """curl -s "$EXCHANGE_REST_URL/market/data/quotations/coin?coin=btc" > '/dev/null'"""
ASKS_AGAIN = f"bash {tools.ROOT / 'tests/sdk/wrapped/asks_again.sh'}"
FROZEN = f"python3 {tools.ROOT / 'tests/sdk/frozen/driver_1_0.py'}"
MOST_BYTES = {"summary.md": 900_000, "junit.xml": 10_000_000}
ANNOTATION = re.compile(r"^::error file=(specs/[a-z]+\.yaml),line=(\d+),title=([^:]+)::", re.M)
Figure = dict[str, Any]


def main(run: Path) -> list[Figure]:
    """Lint, run and measure; logs go to the run's folder."""
    logs = (run / "ci").resolve()
    logs.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        clone = Path(folder).resolve() / "checkout"
        tools.must(["git", "clone", "--quiet", str(tools.ROOT), clone], logs / "clone.log")
        return [*_linted(clone, logs), *_ran(clone, logs), *_on_gitlab(clone, logs), *_sizes()]


def _linted(clone: Path, logs: Path) -> list[Figure]:
    rows = []
    for linter in LINTERS:
        log = logs / f"{linter.name.replace(' ', '-')}.log"

        def ask(linter: Any = linter, log: Path = log) -> int:
            return int(linter.ask(clone, log) != 0)

        def plant(linter: Any = linter, log: Path = log) -> int:
            return int(finds_what_is_planted(linter, clone, log.with_suffix(".planted.log")))

        rows.append(_row(f"{linter.name}: what we ship is refused", "refusals", 0, ask))
        rows.append(_row(f"{linter.name}: a planted defect is refused", "refusals", 1, plant))
    return rows


def _ran(clone: Path, logs: Path) -> list[Figure]:
    """The steps of action.yml for a run that passes, one that fails, and one that reaches nobody."""
    cases = {
        "passes": ({"only": CHEAP}, {}, _passes),
        "fails": ({"only": CHEAP}, {"FAULT": FAULT}, _fails),
        "reaches nobody": ({"base-url": "http://127.0.0.1:9"}, {}, _reaches_nobody),
        "gates an SDK by its own tests": ({"job": "sdk-gate", "sdk": ASKS_ONCE}, {}, _passes),
        "gates an SDK that does not wait": ({"job": "sdk-gate", "sdk": ASKS_AGAIN}, {}, _fails),
        "gates an SDK by its driver": (
            {"job": "sdk-gate", "sdk": FROZEN, "sdk-mode": "driver", "only": "answers/bare"},
            {},
            _passes,
        ),
        "is given a word that make would run": ({"seed": "1' ; echo ran; '"}, {}, _is_refused),
        "is a job that the suite has not": ({"job": "all"}, {}, _is_refused),
    }
    rows = []
    for name, (inputs, variables, wrong_with) in cases.items():

        def ask(
            name: str = name, inputs: Any = inputs, more: Any = variables, judge: Any = wrong_with
        ) -> int:
            folder = logs / name.replace(" ", "-")
            ran = Runner(clone, folder, {"job": "contract", **inputs}).run(more)
            (folder / "said.log").write_text(ran.said, encoding="utf-8")
            wrong = judge(ran, clone)
            if wrong:
                print(f"action.yml, a run that {name}: {wrong}")
            return int(not wrong)

        rows.append(_row(f"action.yml: a run that {name} says so", "runs", 1, ask))
    return rows


def _passes(ran: Ran, clone: Path) -> str:
    if (ran.exit_code, ran.outputs["verdict"], ran.outputs["exit-code"]) != (0, "pass", "0"):
        return f"exit code {ran.exit_code}, {ran.outputs}"
    if not Path(ran.outputs["report"]).is_file() or not ran.summary.startswith("# ✓ Pass"):
        return "no report, or no summary"
    kept = [each for each in ran.used if each.startswith("actions/upload-artifact@")]
    return "" if kept else "the run is not kept"


def _fails(ran: Ran, clone: Path) -> str:
    if (ran.exit_code, ran.outputs["verdict"], ran.outputs["exit-code"]) != (1, "fail", "1"):
        return f"exit code {ran.exit_code}, {ran.outputs}"
    if not ran.summary.startswith("# ✕ Fail"):
        return "no summary"
    found = ANNOTATION.findall(ran.said)
    if not found:
        return "no annotation at a line of the contract"
    for file, line, requirement in found:
        text = (clone / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        if requirement.partition(".")[2] not in text:
            return f"{file}:{line} does not say {requirement}"
    return ""


def _reaches_nobody(ran: Ran, clone: Path) -> str:
    told = (ran.exit_code, ran.outputs["verdict"], ran.outputs["exit-code"])
    return "" if told == (3, "error", "3") else f"exit code {ran.exit_code}, {ran.outputs}"


def _is_refused(ran: Ran, clone: Path) -> str:
    if ran.exit_code != 3 or "\nran\n" in ran.said or "ci/run.sh: " not in ran.said:
        return f"exit code {ran.exit_code}: {ran.said[-200:]}"
    return ""


def _on_gitlab(clone: Path, logs: Path) -> list[Figure]:
    cheap = {"JOB": "contract", "ONLY": CHEAP, "TARGET": "reference"}

    def ask() -> int:
        code = gitlab.run(clone, logs / "gitlab.log", cheap)
        wrong = [*([f"exit code {code}"] if code else []), *gitlab.artifacts(clone)]
        print("\n".join(f"GitLab: {each}" for each in wrong), end="\n" if wrong else "")
        return int(not wrong)

    name = "GitLab's template runs, and every report that it names is read"
    return [_row(name, "pipelines", 1, ask)]


def _sizes() -> list[Figure]:
    rows = []
    for name, size in sizes.bytes_of().items():
        most = MOST_BYTES[name]
        row = {"name": f"{name} of {sizes.COUNT:,} hostile findings", "value": size}
        goal = f"below {most:,}"
        rows.append({**row, "unit": "bytes", "goal": goal, "reached": size < most, "peers": {}})
    return [{**row, "command": COMMAND} for row in rows]


def _row(name: str, unit: str, goal: int, ask: Callable[[], int]) -> Figure:
    value = None
    try:
        value = ask()
    except (SuiteError, OSError, ValueError, subprocess.SubprocessError) as error:
        unit = f"{unit}, not judged: {str(error).splitlines()[0]}"
    row = {"name": name, "value": value, "unit": unit, "goal": goal, "reached": value == goal}
    return {**row, "peers": {}, "command": COMMAND}
