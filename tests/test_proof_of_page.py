"""The parts of the proof that need no browser: what is drawn, counted and said."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from conformance.errors import RunError
from tests import proof_of_page as proof
from tests import screenshots
from tests.page.browser import View, pictures
from tests.page.judge import MOST_BYTES, Problem


def dies() -> str:
    raise TypeError("object of type 'int' has no len()")


def test_a_page_that_cannot_be_drawn_is_a_problem_and_the_others_are_looked_at(
    tmp_path, monkeypatch
) -> None:
    made = {"one": proof.Drawn(dies, []), "the other": proof.Drawn(lambda: "<p>é", [])}
    monkeypatch.setattr(proof, "pages", lambda: made)
    sizes, undrawn = proof._draw(tmp_path)
    assert sizes == {"the other": 5}
    assert (tmp_path / "the-other.html").read_text(encoding="utf-8") == "<p>é"
    assert [(each.page, each.kind) for each in undrawn] == [("one", "not drawn")]


def test_a_view_counts_only_when_nothing_is_wrong_in_it(monkeypatch) -> None:
    seen = [View(), View("dark")]
    monkeypatch.setattr(proof, "pages", lambda: {"whole": proof.Drawn(dies, seen)})
    found = [{"page": "whole", "view": asdict(each)} for each in seen]
    wrong = Problem("whole", seen[1].name, "overflow", "391 px in 390")
    assert [row["value"] for row in proof._of_pages(found, [wrong])] == [1]
    assert [row["reached"] for row in proof._of_pages(found, [])] == [True]
    assert [row["reached"] for row in proof._of_pages(found[:1], [])] == [False]


def test_a_problem_in_many_views_is_told_once() -> None:
    wrong = [Problem("whole", view, "overflow", "391 px in 390") for view in ("light", "dark")]
    assert [row["reached"] for row in proof._told(wrong)] == [False]


@pytest.mark.parametrize(
    ("size", "reached"), [(0, False), (1, True), (MOST_BYTES - 1, True), (MOST_BYTES, False)]
)
def test_a_page_has_to_be_there_and_small(size: int, reached: bool) -> None:
    assert proof._of_sizes({"whole": size})[0]["reached"] is reached


def test_a_run_without_a_page_has_no_pictures(tmp_path) -> None:
    with pytest.raises(RunError, match="make report RUN="):
        screenshots.take(tmp_path, tmp_path / "out")


def test_there_are_four_pictures_named_after_what_they_show(tmp_path) -> None:
    names = [each.picture.rpartition("/")[2] for each in pictures(tmp_path, "report")]
    assert sorted(names) == [
        f"report-{scheme}-{size}.png" for scheme in ("dark", "light") for size in ("narrow", "wide")
    ]
