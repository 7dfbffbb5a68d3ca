"""Means that add up stand side by side, and what is not to be had is said."""

from __future__ import annotations

from typing import Any

from load.attribution import Attribution
from reports.attribution import COLUMNS, Cell, notes, parts, rows
from reports.document import problem_of
from reports.page import report_html
from tests.reports.builders import attribution, loads, small
from tests.reports.test_page import Page

WIRE = [400_000] * 300
NONE = {"n": 0, "mean_us": None, "not_to_be_had": "the kernel stamped no answer"}


def entry(**changes: Any) -> dict[str, Any]:
    """A measurement with another attribution."""
    found = loads()[0]
    found["attribution"] = {**attribution(WIRE), **changes}
    return found


def test_the_load_tells_what_lies_around_the_wire_and_the_probe_what_is_in_it() -> None:
    load, probe = rows(entry())
    assert load.cells == (Cell("0.0"), Cell("60"), Cell("400", 3), Cell("40"))
    assert probe.cells == tuple(map(Cell, ("0.0", "60", "15", "185", "200", "40")))
    assert (load.response, load.n, probe.response, probe.n) == ("500", 300, "500", 30)


def test_what_cannot_be_told_apart_stands_over_both_columns() -> None:
    _, probe = rows(entry(probe=attribution(WIRE, is_said=False)["probe"]))
    assert probe.cells[3] == Cell("385", 2)
    assert all(sum(cell.columns for cell in row.cells) == len(COLUMNS) for row in rows(entry()))


def test_too_few_samples_carry_no_percentile_but_a_mean() -> None:
    found = {name: (cells, n) for name, _, cells, n in parts(entry())}
    assert found["wire"] == (["400", "400", "400", "–"], 30)
    assert found["network at most"][1] == 30


def test_without_stamps_the_page_says_why() -> None:
    probe = Attribution(problems={"the kernel refuses SO_TIMESTAMPING: Operation not permitted"})
    bare = entry(load=NONE, probe=probe.table())
    assert (list(rows(bare)), list(parts(bare))) == ([], [])
    assert len(list(notes(bare))) == 2
    page = Page(report_html(small(load=[bare])))
    assert "not to be had: the kernel refuses SO_TIMESTAMPING" in page.words
    assert "Where the time of a request went" not in page.words


def test_a_run_from_before_has_neither_row_nor_note() -> None:
    old = entry()
    del old["attribution"]
    assert (list(rows(old)), list(notes(old)), list(parts(old))) == ([], [], [])
    assert problem_of(small(load=[old])) is None


def test_the_page_shows_it_and_the_schema_takes_it() -> None:
    summary = small(load=[entry(), entry(load=NONE)])
    assert problem_of(summary) is None
    page = Page(report_html(summary))
    assert page.unclosed == []
    assert page.words.count("the probe's requests in parts") == 2
    assert "server: Server-Timing: app" in page.words
    assert "percentiles of parts do not" in page.words
