"""One case of a gate run as an HTML page: what was concluded, what went over the wire, what the driver answered."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from markupsafe import escape

from reports import wire, wording
from reports.cases import RESULTS, Case
from reports.page import Shown, environment, style
from reports.text import clipped, one_line, visible, within

# Together below what a page may weigh: 1.5 MB.
CLAIM_BYTES: Final = 120_000
LINE_BYTES: Final = 950_000
PART_BYTES: Final = 250_000
STEP_BYTES: Final = 100_000
MARKUP_BYTES: Final = 420  # what the template adds to the texts of a row, at most
MOST_TEXT: Final = 1200
MOST_STEP: Final = 4000
MOST_RECORDS: Final = 8
OPEN_ROWS: Final = 3  # so few rows are shown unfolded
BESIDE: Final = "the JSON beside this page holds all"
SAID: Final = {  # of a step's fields the one that says most
    "call": "operation",
    "subscribe": "topic",
    "unsubscribe": "topic",
    "events": "topic",
    "book": "symbol",
    "sign": "path",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step and its answer: in a line each, and whole."""

    asked: str
    answered: str
    is_ok: bool
    step: str
    answer: str


def case_html(case: Case, summary: Mapping[str, Any], others: Sequence[Case] = ()) -> str:
    """The whole page. `others` are the cases of the run, for the links to the one before and the one after."""
    document = case.document
    claims = sorted(document["claims"], key=lambda each: each["verdict"] == "pass")
    rows = _rows(document["wire"], _shown_by(claims))
    context = {
        "case": case,
        "document": document,
        "summary": summary,
        "css": style("sdk"),
        "sentences": {row["id"]: row for row in summary["requirement_results"]},
        "claims": Shown(*within(claims, _size, CLAIM_BYTES)),
        "results": RESULTS,
        "again": wording.again(summary, shlex.quote, case.name),
        "wire": rows,
        "bare": sum(each.number is not None and not each.parts for each in rows.rows),
        "drawn": {each.number for each in rows.rows if each.number is not None},
        "steps": Shown(*within(_steps(document["steps"]), _step_size, STEP_BYTES)),
        "MOST_RECORDS": MOST_RECORDS,
        "OPEN_ROWS": OPEN_ROWS,
        "BESIDE": BESIDE,
        "WAYS": wire.WAYS,
        **_neighbours(case, others),
    }
    return environment().get_template("case.html.j2").render(context)


def _neighbours(case: Case, others: Sequence[Case]) -> dict[str, Case | None]:
    stems = [each.stem for each in others]
    place = stems.index(case.stem) if case.stem in stems else -1
    return {
        "before": others[place - 1] if place > 0 else None,
        "after": others[place + 1] if 0 <= place < len(others) - 1 else None,
    }


def _shown_by(claims: Iterable[Mapping[str, Any]]) -> set[int]:
    """The requests by which claims that are no pass are shown."""
    return {number for each in claims if each["verdict"] != "pass" for number in each["records"]}


def _rows(log: Sequence[Mapping[str, Any]], shown_by: set[int]) -> Shown:
    """The rows that fit, each a line. What is behind them is left out first, and last of all what shows a failure."""
    rows = wire.rows(log)
    by_weight = sorted(range(len(rows)), key=lambda place: rows[place].number not in shown_by)
    kept, left_out = within(by_weight, lambda place: _line_size(rows[place]), LINE_BYTES)
    whole = set(within(kept, lambda place: _part_size(rows[place]), PART_BYTES)[0])
    drawn = [rows[n] if n in whole else replace(rows[n], parts=()) for n in sorted(kept)]
    return Shown(drawn, left_out)


def _bytes(*texts: str) -> int:
    return sum(len(escape(visible(text)).encode()) for text in texts)


def _line_size(row: wire.Row) -> int:
    return MARKUP_BYTES + _bytes(row.line, row.script, row.connection)


def _part_size(row: wire.Row) -> int:
    return sum(MARKUP_BYTES + _bytes(part.text) for part in row.parts)


def _size(claim: Mapping[str, Any]) -> int:
    texts = (claim[name] for name in ("requirement", "title", "expected", "actual"))
    return 2 * MARKUP_BYTES + _bytes(*(clipped(text, MOST_TEXT) for text in texts))


def _step_size(step: Step) -> int:
    return MARKUP_BYTES + _bytes(step.asked, step.answered, step.step, step.answer)


def _steps(steps: Iterable[Mapping[str, Any]]) -> Iterator[Step]:
    for each in steps:
        step, answer = each["step"], each["answer"]
        do = str(step.get("do", ""))
        about = str(step.get(SAID.get(do, ""), ""))
        yield Step(
            one_line(f"{do} {about}", wire.MOST_LINE),
            one_line(_answered(answer), wire.MOST_LINE),
            bool(answer and answer.get("ok")),
            _whole(step),
            _whole(answer) if answer else "",
        )


def _answered(answer: Mapping[str, Any] | None) -> str:
    if answer is None:
        return "no answer"
    if answer.get("ok"):
        result = answer.get("result")
        return "ok" if result is None else f"ok: {json.dumps(result, ensure_ascii=False)}"
    error = answer.get("error")
    told = error if isinstance(error, Mapping) else {}
    numbers = "".join(f" {name} {told[name]}" for name in ("code", "status") if told.get(name))
    return f"error {told.get('kind', '')}{numbers}: {told.get('message', '')}"


def _whole(line: Any) -> str:
    return clipped(json.dumps(line, ensure_ascii=False, indent=1), MOST_STEP)
