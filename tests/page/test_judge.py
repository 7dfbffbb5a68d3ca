"""What was seen of a page is judged; a page without a defect has no problem."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from conformance.errors import ConfigurationError
from reports.page import report_html
from tests.page import bad, browser
from tests.page.hostile import PAYLOADS
from tests.page.judge import MOST_BYTES, problems, size_problems, slight
from tests.page.spoilt import HOSTILE, SPOILT, WHOLE
from tests.proof_of_page import is_caught
from tests.reports.builders import FAILED, full_summary

PAGES = {
    WHOLE: lambda: report_html(full_summary(tuple(FAILED))),
    HOSTILE: lambda: escape("".join(PAYLOADS)),
}
STOP = {"place": 0, "isRinged": True, "isInView": True, "isCovered": False, "overflows": False}
STOP |= {"what": 'a "Skip"'}
RULE = {
    "id": "color-contrast",
    "impact": "serious",
    "count": 1,
    "nodes": [{"target": "p", "html": "<p>", "why": "too pale"}],
}


def look(**changes: Any) -> dict[str, Any]:
    """A page without a defect, as the driver sees it."""
    none = ("requests", "console", "errors", "dialogs", "acts", "leads", "missing")
    return {
        "page": "good",
        **{name: [] for name in (*none, "tables", "pictures", "folded", "folds", "sticksOut")},
        "headings": [[1, "A page"], [2, "Text"], [3, "Part"], [2, "Text"]],
        "width": [390, 390],
        "axe": [],
        "tab": {"stops": ['a "Skip"'], "visited": [STOP]},
        "pdf": {"bytes": 20_000, "pages": 2, "text": "folded"},
        **changes,
    }


def kinds(**changes: Any) -> list[str]:
    return [each.kind for each in problems(look(**changes), "light")]


def test_a_page_without_a_defect_has_no_problem() -> None:
    assert kinds() == []


def tabbed(stops: list[str], *changes: dict[str, Any]) -> dict[str, Any]:
    return {"tab": {"stops": stops, "visited": [STOP | each for each in changes]}}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"requests": ["https://elsewhere.invalid/"]}, "request"),
        ({"console": ["error: broken"]}, "console"),
        ({"errors": ["broken"]}, "page error"),
        ({"dialogs": ["alert: 1"]}, "dialog"),
        ({"acts": ["script"]}, "acts"),
        ({"leads": ["a href=javascript:"]}, "leads away"),
        ({"missing": ["<script>"]}, "text is missing"),
        ({"width": [391, 390]}, "overflow"),
        ({"headings": [[1, "A"], [3, "B"]]}, "heading"),
        ({"headings": [[2, "A"], [1, "B"]]}, "heading"),
        ({"headings": []}, "heading"),
        ({"tables": ["table has no caption"]}, "table"),
        ({"pictures": ["svg has no name"]}, "picture"),
        ({"axe": [RULE]}, "axe"),
        (tabbed(["a", "b"], {}), "tab"),
        (tabbed(["a ", "b"], {"place": 1}, {"place": 0}), "tab"),
        (tabbed(["a "], {"isRinged": False}), "tab"),
        (tabbed(["a "], {"isInView": False}), "tab"),
        (tabbed(["a "], {"isCovered": True}), "tab"),
        (tabbed(["a "], {}, {"place": -1}), "tab"),
        ({"folded": ["details"]}, "print"),
        ({"folds": ["lost"]}, "print"),
        ({"pdf": {"bytes": 900, "pages": 1, "text": None}}, "print"),
    ],
)
def test_each_broken_promise_is_a_problem_of_its_kind(changes: dict[str, Any], kind: str) -> None:
    assert set(kinds(**changes)) == {kind}


def test_a_region_that_scrolls_may_be_a_stop_by_itself() -> None:
    assert kinds(**tabbed(["a "], {}, {"place": -1, "overflows": True})) == []


def test_what_is_not_grave_is_only_told() -> None:
    found = look(axe=[RULE | {"impact": "moderate"}])
    assert problems(found, "light") == []
    assert slight(found) == ["color-contrast (moderate), 1 nodes, first p"]


def test_a_page_may_be_as_large_as_it_is_said() -> None:
    assert size_problems("whole", MOST_BYTES - 1) == []
    assert [each.kind for each in size_problems("whole", MOST_BYTES)] == ["size"]


@pytest.mark.parametrize("name", bad.BAD)
def test_each_deliberate_defect_is_in_its_page_and_is_not_caught_as_another(name: str) -> None:
    defect = bad.BAD[name]
    assert defect.html != bad.GOOD.replace("<!--text-->", "").replace("<!--head-->", "")
    view = {each: getattr(defect.view, each) for each in browser.View.__slots__}
    assert not is_caught(look(page=name, view=view))


@pytest.mark.parametrize("name", SPOILT)
def test_a_real_page_is_spoilt_by_each(name: str) -> None:
    page = PAGES[SPOILT[name].of]()
    assert SPOILT[name].change(page) != page


def test_a_machine_without_chromium_is_told_what_to_install(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    with pytest.raises(ConfigurationError, match="apt-get install chromium"):
        browser.chromium(tmp_path / "log")


def test_no_two_defects_have_one_name() -> None:
    assert bad.BAD.keys() & SPOILT.keys() == set()
