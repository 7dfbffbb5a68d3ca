"""Markdown that says the verdict first and never grows past what a job page takes."""

from __future__ import annotations

import re

import pytest

from conformance.spec import requirements
from conformance.spec.contract import Contract
from reports.markdown import MOST_BYTES, summary_md
from tests.reports.builders import FAILED, finding, full_summary, loads, result, small
from tests.reports.night import series, trend


def test_the_verdict_comes_first() -> None:
    lines = summary_md(full_summary(tuple(FAILED))).splitlines()
    assert lines[0] == "# ✕ Fail"
    number = len(requirements.load(Contract.load()))
    assert f"3 of {number} gating requirements fail" in lines[2]
    assert any(line.startswith("| **spot.cancel") for line in lines)


def test_load_is_in_microseconds_with_its_samples() -> None:
    text = summary_md(full_summary())
    assert "## Load, in microseconds" in text
    assert "| order\\_latency | 4,000 | 99.9 of 100 | wire | 4" in text


def test_a_percentile_that_too_few_samples_carry_is_no_number() -> None:
    (row,) = [
        line
        for line in summary_md(full_summary()).splitlines()
        if line.startswith("| stream\\_throughput") and "| wire |" in line
    ]
    assert row.count("| – |") == 1
    assert "| – | – |" in row


HOSTILE = {
    "pipes": "é|",
    "controls": "\x01",
    "emoji": "\U0001f600*",
    "entities": "&",
    "half": "\ud800",
    "fences": "`",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_thousand_findings_stay_below_the_limit_and_whole(name: str) -> None:
    evil = HOSTILE[name] * 20_000
    ids = [f"spot.requirement-{n}" for n in range(10_000)]
    fields = {"actual": evil, "expected": evil, "reproduce": evil, "title": evil, "sentence": evil}
    found = [finding(requirement=each, **fields) for each in ids]
    rows = [result(id=each, verdict="failed", reason=evil) for each in ids]
    change = {"id": evil, "sentence": evil, "before": evil, "now": evil}
    text = summary_md(
        small(
            verdict="fail",
            exit_code=1,
            findings=found,
            requirement_results=rows,
            load=[{**loads()[0], "scenario": evil}] * 999,
            target=evil,
            fault=evil,
            warnings=[evil] * 999,
            notes=[evil] * 999,
        ),
        trend(
            series=[series(series=evil, why=evil)] * 999,
            changed={"requirements": [change] * 999, "facts": []},
        ),
    )
    assert len(text.encode()) <= MOST_BYTES
    assert "## 10,000 findings" in text
    assert "more findings left out: summary.json holds all." in text
    assert "more requirements left out." in text
    assert "more series left out: trend.json holds all." in text
    _is_whole(text)


def _is_whole(text: str) -> None:
    """Every fence and every details closes, every row has the cells of its heading, the end is there."""
    fence, depth, cells = "", 0, 0
    for line in text.splitlines():
        if fence:
            fence = "" if line == fence else fence
            continue
        if line.startswith("```"):
            fence = line.removesuffix("sh")
        depth += line.startswith("<details>") - line.startswith("</details>")
        assert depth in (0, 1)
        count = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert count == cells or not (count and cells)
        cells = count
    assert (fence, depth) == ("", 0)
    assert text.splitlines()[-1].startswith("Exit code ")


def test_what_changed_and_the_trend_come_before_the_findings() -> None:
    lines = summary_md(full_summary(tuple(FAILED)), trend()).splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[:3] == ["## What changed since last time", "## Trend: worse", "## 3 findings"]
    assert any("passed | failed |" in line for line in lines)
    (worse,) = [line for line in lines if "✕ worse" in line]
    assert "| 500 | 412 | +21.0% (+18.0% to +24.0%) |" in worse


def test_a_first_night_has_nothing_before_it() -> None:
    text = summary_md(small(), trend(before=None, series=[series(effect=None, value_us=None)]))
    assert "This is the first night of this target." in text
    assert "✕ worse | – | 412 | – |" in text


def test_text_of_a_target_makes_no_markup() -> None:
    evil = "<script>x</script> | `a` **b** [c](http://d) @e\n# f\x1b[0m"
    found = finding(requirement=evil, expected=evil, actual=evil, sentence=evil, title=evil)
    text = summary_md(
        small(target=evil, findings=[found], warnings=[evil], notes=[evil], fault=evil)
    )
    assert "<script>" not in text
    assert "\n# f" not in text
    assert "\x1b" not in text
    row = next(line for line in text.splitlines() if line.startswith("| **"))
    assert row.replace("\\|", "").count("|") == 5


def test_a_script_cannot_leave_its_fence() -> None:
    text = summary_md(small(findings=[finding(reproduce="a\n```\n# out\n`````\nb")]))
    lines = text.splitlines()
    fences = [line for line in lines if line.startswith("``````")]
    assert fences == ["``````sh", "``````"]
