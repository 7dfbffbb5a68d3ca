"""`make prove ONLY=history`: two kinds of index say the same, no kill loses a run, years of nights open fast."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

from conformance.errors import RunError, SuiteError
from reports.change.rules import Rules
from reports.history import address, document
from reports.history.index import Index
from reports.history.store import History
from reports.page import report_html
from reports.trend import compared
from tests import postgresql
from tests.reports.history.summaries import drawn

ROOT: Final = Path(__file__).resolve().parents[1]
COMMAND: Final = "make prove ONLY=history"
KILLS: Final = 20
KILLS_OF_A_FOLDER: Final = 5  # so that first openings are killed too
KILL_S_MAX: Final = 0.8
REPORTED_MIN: Final = KILLS  # else the kills came before anything was written, and prove nothing
READY_S: Final = 60.0
NIGHTS: Final = 40
RUNS: Final = 2_000
REQUIREMENTS: Final = 269  # as many as the catalogue has
OPEN_S_MAX: Final = 3.0
OPENINGS: Final = 5
LOOKING: Final = """
import os, sys
from pathlib import Path
from reports.history.store import History
with History.open(Path(sys.argv[1]), os.environ.get("HISTORY_INDEX", "")) as history:
    found = history.nights("reference", "nightly")
print(sum(len(each) for each in found.values()))
"""

Figure = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill of a writer: what it had reported, what it left half done, and what is wrong (nothing, if empty)."""

    reported: int
    drafts: int
    not_indexed: int
    wrong: str


def main(run: Path) -> list[Figure]:
    """Every row, those of PostgreSQL with the reason where there is no server to be had."""
    rows = [*_kills(run / "sqlite", "SQLite", lambda: "")]
    documents = run / "years"
    _fill(documents)
    rows += _years(documents, "SQLite", "")
    try:
        with postgresql.serving(_binaries(run / "postgresql.log")) as server:
            shared = server.database()
            rows += [
                _alike(run / "alike", shared),
                _pages(run / "alike", shared),
                *_kills(run / "postgresql", "PostgreSQL", server.database),
                *_years(documents, "PostgreSQL", server.database()),
            ]
    except SuiteError as error:
        rows.append(_row(f"PostgreSQL: {error}", 0, "servers", 1, reached=False))
    return rows


def _binaries(log: Path) -> Path:
    return postgresql.programs() or postgresql.unpacked(log)


def _alike(folder: Path, index: str) -> Figure:
    """The same documents under both kinds of index."""
    for night in range(NIGHTS):
        made = document.document_of(drawn(night), f"nightly-{night}")
        document.write(folder / document.FOLDER, made)
    with History.open(folder) as mine, History.open(folder, index) as theirs:
        one, other = (each.nights("reference", "nightly") for each in (mine, theirs))
    pairs = [(night, series) for series, nights in one.items() for night in nights]
    same = sum(night in other.get(series, []) for night, series in pairs)
    extra = sum(len(nights) for nights in other.values()) - len(pairs)
    return _row(
        "nights that SQLite and PostgreSQL give alike, bit by bit",
        *(same, "nights of a series", len(pairs)),
        reached=same == len(pairs) > 0 and extra == 0 and one == other,
    )


def _pages(folder: Path, index: str) -> Figure:
    """A night drawn beside the same nights, which one index and the other tell of."""
    tonight, name = drawn(NIGHTS), f"nightly-{NIGHTS}"
    found = []
    for kind in ("", index):
        with History.open(folder, kind) as history:
            trend = compared(history, tonight, name, Rules())
        found.append((trend, report_html(tonight, trend)))
    (one, mine), (other, theirs) = found
    is_told = one["before"] is not None and len(one["series"][0]["nights"]) == NIGHTS + 1
    return _row(
        "pages of a night that are the same under SQLite and PostgreSQL",
        *(int(one == other and mine == theirs), "pages", 1),
        reached=one == other and mine == theirs and is_told,
    )


def _kills(folder: Path, kind: str, database: Callable[[], str]) -> Iterator[Figure]:
    draw = Random(kind)
    folder.mkdir(parents=True)
    summary = folder / "summary.json"
    summary.write_text(json.dumps(drawn(1)), encoding="utf-8")
    found, index = [], ""
    for number in range(KILLS):
        if number % KILLS_OF_A_FOLDER == 0:
            index = database()
        place = folder / f"history-{number // KILLS_OF_A_FOLDER}"
        after_s, is_writing = draw.uniform(0, KILL_S_MAX), number % 2 == 1
        found.append(kill_one(place, index, summary, number * 10_000, after_s, is_writing))
        print(f"{kind}: {found[-1]}", flush=True)
    total = [sum(getattr(each, name) for each in found) for name in Kill.__slots__[:3]]
    name = "kills after which every reported run is there, whole and indexed"
    left = f"{total[0]} reported, {total[1]} drafts and {total[2]} runs without a row left"
    good = sum(not each.wrong for each in found)
    is_proof = total[0] >= REPORTED_MIN
    yield _row(f"{kind}: {name} ({left})", good, "kills", KILLS, reached=good == KILLS and is_proof)


def kill_one(
    folder: Path, index: str, summary: Path, first: int, after_s: float, is_writing: bool
) -> Kill:
    """Kill a writer so long after it began to open the history, or to add runs; and look at what is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.history_writer", folder, summary, str(first)],
        cwd=ROOT,
        env={**os.environ, "HISTORY_INDEX": index},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RunError(f"the writer does not start: {process.communicate()[1][-300:]}")
        waited = process.stdout.readline() if is_writing else ""
        time.sleep(after_s)
    finally:
        process.kill()
    said, complained = process.communicate(timeout=READY_S)
    reported = [line for line in (waited + said).split("\n")[:-1] if line]
    return left_of(folder, index, reported, complained)


def left_of(folder: Path, index: str, reported: list[str], complained: str = "") -> Kill:
    """What a killed writer left, before and after the next opening."""
    documents = folder / document.FOLDER
    paths = list(document.files(documents))
    ids = {document.id_of(path) for path in paths}
    wrong = [complained.strip()[-200:]] if complained else []
    for path in paths:
        try:
            document.read(path)
        except RunError as error:
            wrong.append(str(error))
    wrong += [f"{each} was reported and has no document" for each in reported if each not in ids]
    rows = _rows_of(folder, index)
    wrong += [f"{each} was reported and had no row" for each in reported if each not in rows]
    with History.open(folder, index) as history:
        wrong += history.check()
        wrong += [f"{each} has no row" for each in sorted(ids - {x.id for x in history.runs()})]
    drafts = list(document.drafts(documents))
    for draft in drafts:  # so that the next kill's are counted alone
        draft.unlink()
    return Kill(len(reported), len(drafts), len(ids - rows), "; ".join(wrong[:3]))


def _rows_of(folder: Path, index: str) -> set[str]:
    """The runs of an index before an opening repairs it."""
    if not folder.exists():
        return set()
    opened = Index(address.parsed(index) if index else address.beside(folder))
    try:
        return set(opened.known())
    finally:
        opened.close()


def _fill(folder: Path) -> None:
    began = time.monotonic()
    for night in range(RUNS):
        summary = drawn(night, requirements=REQUIREMENTS)
        made = document.document_of(summary, f"nightly-{night}")
        document.write(folder / document.FOLDER, made)
    size = sum(path.stat().st_size for path in (folder / document.FOLDER).iterdir())
    seconds = time.monotonic() - began
    print(f"{RUNS} documents: {size / 1e6:.1f} MB, written in {seconds:.0f} s", flush=True)


def _years(folder: Path, kind: str, index: str) -> Iterator[Figure]:
    began = time.monotonic()
    with History.open(folder, index) as history:
        assert len(history.runs()) == RUNS
    made_s = time.monotonic() - began
    size = _size(folder, index)
    print(f"{kind}: index of {RUNS} runs: {size / 1e6:.1f} MB, made in {made_s:.0f} s", flush=True)
    seconds = [_looked(folder, {"HISTORY_INDEX": index}) for _ in range(OPENINGS)]
    told = ", ".join(f"{each:.2f}" for each in seconds)
    print(f"{kind}: opened and nights told in a fresh process in {told} s", flush=True)
    value = round(median(seconds), 2)
    name = f"{kind}: a fresh process has a target's nights out of {RUNS:,} runs"
    about = f"(index {size / 1e6:.0f} MB)"
    yield _row(f"{name} {about}", value, "s", f"< {OPEN_S_MAX}", reached=value < OPEN_S_MAX)


def _looked(folder: Path, environment: Mapping[str, str]) -> float:
    began = time.monotonic()
    said = subprocess.run(
        [sys.executable, "-c", LOOKING, folder],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if said.returncode != 0 or int(said.stdout) != 60 * 16:
        raise RunError(f"the nights are not told: {said.stdout[-100:]}{said.stderr[-300:]}")
    return seconds


def _size(folder: Path, index: str) -> int:
    if not index:
        return sum(each.stat().st_size for each in folder.glob("index.sqlite3*"))
    opened = Index(address.parsed(index))
    try:
        with opened._reading() as connection:
            asked = connection.exec_driver_sql("SELECT pg_database_size(current_database())")
            return int(asked.scalar_one())
    finally:
        opened.close()


def _row(name: str, value: float, unit: str, goal: Any, *, reached: bool) -> Figure:
    row = {"name": name, "value": value, "unit": unit, "goal": goal, "reached": reached}
    return {**row, "peers": {}, "command": COMMAND}
