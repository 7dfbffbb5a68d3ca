"""The last lines on a terminal, and the lines that GitHub turns into annotations."""

from __future__ import annotations

import pytest

from conformance.spec import requirements
from conformance.spec.contract import Contract
from reports.github import error_lines
from reports.terminal import style_of, verdict_lines
from tests.reports.builders import FAILED, finding, full_summary, result, small


def many(count: int) -> dict:
    ids = [f"spot.requirement-{n}" for n in range(count)]
    return small(
        verdict="fail",
        findings=[finding(requirement=each) for each in ids for _ in range(2)],
        requirement_results=[result(id=each, verdict="failed") for each in ids],
    )


def test_the_verdict_comes_first_and_the_page_last() -> None:
    lines = verdict_lines(full_summary(), "runs/x/report.html")
    number = len(requirements.load(Contract.load()))
    kept = f"PASS: The exchange keeps its contract: {number - 1} of {number}"
    assert lines[0].startswith(kept)
    assert lines[1].startswith(
        f"{number} requirements: {number - 1} passed, 0 failed, 0 could not tell, 1 skipped"
    )
    assert lines[-1] == "report: runs/x/report.html"


def test_each_failed_requirement_can_be_seen_again() -> None:
    lines = verdict_lines(full_summary(tuple(FAILED)))
    place = next(n for n, line in enumerate(lines) if line.startswith("FAIL depth.sequence"))
    assert lines[place + 1 : place + 6] == [
        "  found:    prevSeq of a delta is the seq before it",
        "  expected: prevSeq 4182",
        "  actual:   prevSeq 4180 in the delta with seq 4183",
        "  reproduce:",
        "    BASE=http://127.0.0.1:8080",
    ]


def test_what_does_not_fail_the_run_takes_one_line() -> None:
    found = [finding(gating=False), finding(requirement="a.b", verdict="inconclusive", actual="")]
    lines = verdict_lines(small(findings=found))
    assert lines[2:] == [
        "note spot.order-is-listed (fails, does not gate): an empty list",
        "COULD NOT TELL a.b (could not be judged): the list holds the order",
    ]


def test_a_long_script_is_cut_and_says_so() -> None:
    found = finding(reproduce="\n".join(f"step {n}" for n in range(100)))
    lines = verdict_lines(small(findings=[found]))
    assert "    step 29" in lines
    assert lines[-1] == "    (70 more lines in the report)"


def test_load_is_in_microseconds() -> None:
    lines = verdict_lines(full_summary())
    place = lines.index("order_latency: valid; n = 4,000, 99.9 of 100 per second")
    assert lines[place + 1].startswith("  wire     us: p50 4")


def test_ten_requirements_are_shown_and_the_rest_counted() -> None:
    lines = verdict_lines(many(23))
    assert sum(line.startswith("FAIL spot.") for line in lines) == 10
    assert lines[-1] == "and 13 more requirements: see the report"


def test_a_target_cannot_steer_the_terminal() -> None:
    evil = "a\x1b[2Jb\nPASS: c\r\u202e"
    fields = ("requirement", "sentence", "title", "expected", "actual", "reproduce")
    found = finding(**dict.fromkeys(fields, evil))
    for line in verdict_lines(small(findings=[found], warnings=[evil], fault=evil)):
        assert line.isprintable()
        assert not line.startswith("PASS: c")


@pytest.mark.parametrize(
    ("line", "style"),
    [
        ("PASS: all", "green"),
        ("FAIL spot.a", "red"),
        ("COULD NOT TELL: x", "yellow"),
        ("warning: y", "yellow"),
        ("report: z", ""),
        ("", ""),
    ],
)
def test_the_first_word_has_its_colour(line: str, style: str) -> None:
    assert style_of(line) == style


def test_at_most_ten_annotations_and_the_last_counts_the_rest() -> None:
    lines = error_lines(many(30))
    assert len(lines) == 10
    assert lines[-1] == "::error title=more::21 more requirements fail: see the job page"
    assert len(error_lines(many(10))) == 10


def test_only_what_fails_the_run_is_annotated() -> None:
    found = [finding(gating=False), finding(requirement="a.b", verdict="inconclusive")]
    assert error_lines(small(findings=found)) == []


def test_an_annotation_cannot_start_another_command() -> None:
    (line,) = error_lines(small(findings=[finding(requirement="a:b,c", actual="50%\n::error::x")]))
    assert line.startswith("::error title=a%3Ab%2Cc::")
    assert "50%25 ::error::x" in line
    assert "\n" not in line
