"""SDKs x requirements, of gate runs: `python -m reports.sdk_matrix RUN [RUN ...] --out FOLDER`.

FOLDER gets index.html, index.json in the form of sdk_matrix.schema.json, and a folder for each SDK with the pages of
its run and of its cases. It leads nowhere else, so it can be put on any web server as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from conformance.arguments import Arguments
from conformance.errors import ExitCode, RunError, SuiteError
from conformance.record import json_file
from reports import document as run
from reports.__main__ import draw, write
from reports.cases import FOLDER, Case, read_cases
from reports.page import Shown, environment, style
from reports.sdk_table import Column, columns, document
from reports.text import one_line, some, within
from reports.wording import SDK, VERDICTS, sdk_name

PAGE: Final = "index.html"
FILE: Final = "index.json"
DIGEST: Final = 8  # characters of a document's digest that tell it from others
MOST_CASES: Final = 12  # of one cell; the pages of the run hold all
MOST_REASONS: Final = 60
ROW_BYTES: Final = 1_200_000
CELL_BYTES: Final = 450  # markup of a cell without its cases
CASE_BYTES: Final = 260  # markup of a case in a cell
ORDER: Final = ("fail", "inconclusive", "pass")
Index = Mapping[str, Any]


def main(words: list[str] | None = None) -> int:
    """Draw the matrix and say a line a run; our own errors are one line on stderr."""
    try:
        options = _parser().parse_args(words)
        found = columns([_read(each) for each in options.run])
        index = document(found)
        _draw(options.out, found, index)
    except SuiteError as error:
        print(f"sdk matrix: {error}", file=sys.stderr)
        return int(error.exit_code)
    for line in lines(index):
        print(line)
    print(f"matrix: {options.out / PAGE}")
    return int(ExitCode.PASS)


def _read(folder: Path) -> tuple[run.Summary, Sequence[Case]]:
    summary = run.read(folder)
    if summary["kind"] != SDK or "sdk" not in summary:
        raise RunError(f"{folder} is a run of {one_line(summary['kind'])}, not of the SDK gate")
    return summary, read_cases(folder)


def _draw(out: Path, found: Sequence[Column], index: Index) -> None:
    for column in found:
        _copy(out / column.folder, column)
    json_file.write(out / FILE, index)
    write(out / PAGE, matrix_html(index))


def _copy(folder: Path, column: Column) -> None:
    """A run as far as its pages need it, and the pages, drawn from just that."""
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot write to {folder}: {error.strerror}") from None
    json_file.write(folder / run.FILE, column.summary)
    for case in column.cases:
        json_file.write(folder / FOLDER / f"{case.stem}.json", case.document)
    draw(folder, column.summary, cases=column.cases)


def lines(index: Index) -> Iterator[str]:
    """One a run, for a terminal."""
    for sdk in index["sdks"]:
        gating = sdk["gating"]
        yield one_line(
            f"{sdk_name(_told(sdk))}: {VERDICTS[sdk['verdict']].lower()}, {tier(sdk)} requirements passed, "
            f"{gating['passed']} of {gating['total']} gating"
        )


def tier(sdk: Mapping[str, Any]) -> str:
    """How many requirements passed, of all."""
    return f"{sdk['requirements']['passed']} of {sdk['requirements']['total']}"


def headline(index: Index) -> str:
    """One question for all, without its full stop."""
    may = sum(each["verdict"] == "pass" for each in index["sdks"])
    those = f"{may} of {some(len(index['sdks']), 'SDK')}"
    if any(each["gating"]["not_covered"] for each in index["sdks"]):
        return f"What was asked holds for {those}"
    return f"May these releases ship? {those} may"


def gravest(index: Index) -> str:
    """The verdict that stands for all."""
    verdicts = {each["verdict"] for each in index["sdks"]}
    return next(each for each in ORDER if each in verdicts)


def matrix_html(index: Index) -> str:
    """The whole page."""
    rows, left_out = within(index["requirements"], _row_bytes, ROW_BYTES)
    context = {
        "index": index,
        "rows": Shown(rows, left_out),
        "headline": headline(index),
        "verdict": gravest(index),
        "names": {each["folder"]: sdk_name(_told(each)) for each in index["sdks"]},
        "reasons": {each["folder"]: reasons(index, each["folder"]) for each in index["sdks"]},
        "documents": documents(index),
        "tier": tier,
        "css": style("sdk"),
        "MOST_CASES": MOST_CASES,
        "MOST_REASONS": MOST_REASONS,
    }
    return environment().get_template("sdk_matrix.html.j2").render(context)


def documents(index: Index) -> dict[str, str]:
    """By which documents each SDK was judged, where they are not the same for all: the start of their digest."""
    found = {each["folder"]: each["spec_sha256"][:DIGEST] for each in index["sdks"]}
    return found if len(set(found.values())) > 1 else {}


def reasons(index: Index, folder: str) -> dict[str, list[str]]:
    """Why an SDK's requirements were not judged: each reason once, with the requirements."""
    found: dict[str, list[str]] = {}
    for row in index["requirements"]:
        for cell in row["cells"]:
            if cell["sdk"] == folder and cell["verdict"] not in ("passed", "failed"):
                found.setdefault(cell["reason"] or "no reason is told", []).append(row["id"])
    return found


def _told(sdk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sdk[name] or "" for name in ("name", "version", "language")}


def _row_bytes(row: Mapping[str, Any]) -> int:
    """What a row may take on the page; a character of a hostile text takes up to six bytes."""
    texts = len(json.dumps([row["id"], row["sentence"][:1200]])) * 2
    cells = (
        CELL_BYTES
        + 6 * min(len(each["reason"] or ""), 1200)
        + sum(CASE_BYTES + 2 * len(x["page"]) for x in each["cases"][:MOST_CASES])
        for each in row["cells"]
    )
    return texts + sum(cells)


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="python -m reports.sdk_matrix", description=__doc__)
    parser.add_argument("run", type=Path, nargs="+", help="the folder of a gate run")
    parser.add_argument("--out", type=Path, required=True, help="where the matrix goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
