"""Markdown that says the verdict first and never grows past what a job page takes."""

from __future__ import annotations

import pytest

from conformance.spec import requirements
from conformance.spec.contract import Contract
from reports.markdown import MOST_BYTES, summary_md
from tests.reports.builders import FAILED, finding, full_summary, result, small


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


@pytest.mark.parametrize("long", [20, 100_000])
def test_ten_thousand_findings_stay_below_the_limit(long: int) -> None:
    ids = [f"spot.requirement-{n}" for n in range(10_000)]
    actual = "é|" * long
    found = [finding(requirement=each, actual=actual) for each in ids]
    rows = [result(id=each, verdict="failed", reason="<" * 300) for each in ids]
    text = summary_md(small(verdict="fail", exit_code=1, findings=found, requirement_results=rows))
    assert len(text.encode()) <= MOST_BYTES
    assert "## 10,000 findings" in text
    assert "more findings left out: summary.json holds all." in text
    assert "more requirements left out." in text


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
