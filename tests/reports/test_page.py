"""One page: offline, readable in both schemes, and deaf to whatever a target answers."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import reports
from reports import matrix
from reports.compared import Other
from reports.page import report_html
from tests.reports.builders import FAILED, deviation, finding, full_summary, loads, result, small
from tests.reports.nightly import nightly_loads, nightly_summary, trend

CSS = (Path(reports.__file__).parent / "templates" / "report.css").read_text()
VOID = {"meta", "br", "input", "link", "img", "hr"}
EVIL = "<script>alert(1)</script><img src=http://x.test onerror=a()>\"' onload=b \u202e\x1b[0m"
CHOICES = {"of", "verdict", "strength", "provenance", "state", "review_by", "started", "histograms"}


class Page(HTMLParser):
    """A page's elements; `unclosed` must be empty at the end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.unclosed: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def poisoned(value: Any, key: str = "") -> Any:
    """The same summary with HTML in every text that is free."""
    if isinstance(value, dict):
        return {name: poisoned(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [poisoned(each, key) for each in value]
    return value + EVIL if isinstance(value, str) and key not in CHOICES else value


def busy() -> dict[str, Any]:
    """A summary with something in every list."""
    summary = full_summary(tuple(FAILED))
    summary["deviations"] = [deviation(requirement="limits.retry-after-is-true")]
    return {**summary, "warnings": ["w"], "notes": ["n"], "fault": "late"}


@cache
def night(poison: Any = lambda value: value) -> str:
    """A page with every section that there is."""
    other = Other("before", poison({**nightly_summary(), "load": nightly_loads(480)}), None)
    return report_html(poison(nightly_summary()), poison(trend()), other)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: report_html(small()),
        lambda: report_html(full_summary()),
        lambda: report_html(busy()),
        lambda: report_html(poisoned(busy())),
        night,
        lambda: night(poisoned),
    ],
    ids=["small", "full", "busy", "poisoned", "night", "poisoned night"],
)
def test_the_page_is_well_formed_and_offline(draw: Any) -> None:
    text = draw()
    page = Page(text)
    assert page.unclosed == []
    assert page.all("script", "link", "iframe", "object", "embed", "base", "form") == []
    for attributes in page.all(*{tag for tag, _ in page.elements}):
        assert "src" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:image/png;base64,"))
        assert "style" not in attributes
    assert all(each["href"] for each in page.all("image"))
    assert "url(" not in text
    assert "@import" not in text


def test_every_text_of_a_target_is_escaped() -> None:
    page = Page(night(poisoned))
    assert page.words.count("<script>alert(1)</script>") > 100
    assert "\u202e" not in page.words
    assert "\x1b" not in page.words


def test_the_policy_forbids_everything_but_inline_style() -> None:
    policy = Page(report_html(small())).all("meta")[1]["content"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


def test_every_anchor_leads_somewhere_and_ids_are_unique() -> None:
    page = Page(night())
    ids = [each["id"] for _, each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))
    targets = {(each["href"] or "")[1:] for each in page.all("a")}
    labels = {
        each["aria-labelledby"] or "" for _, each in page.elements if "aria-labelledby" in each
    }
    assert targets | {part for label in labels for part in label.split()} <= set(ids)


def test_tables_name_their_columns_and_can_be_reached() -> None:
    page = Page(night())
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in each for each in page.all("th"))
    scrolled = [each for each in page.all("div") if each.get("class") == "scroll"]
    assert all(each["tabindex"] == "0" and each["role"] == "region" for each in scrolled)


def test_the_verdict_stands_before_everything_else() -> None:
    words = Page(report_html(busy())).words
    order = [
        "does not keep its contract",
        "Read this first",
        "Overview",
        "fails the run",
        "Latency in",
    ]
    places = [words.index(each, words.index("Skip to the findings")) for each in order]
    assert places == sorted(places)


def test_a_finding_shows_all_that_is_needed_to_see_it_again() -> None:
    words = Page(report_html(small(verdict="fail", findings=[finding(seed=77)]))).words
    for part in (
        "order 17 in the list",
        "an empty list",
        "List spot orders",
        "seed 77",
        "/uc/v2/login",
    ):
        assert part in words


def test_what_many_checks_found_against_one_requirement_stands_in_one_place() -> None:
    found = [finding(check=f"check-{n}", reproduce=f"step {n}") for n in range(30)]
    page = Page(report_html(small(verdict="fail", findings=found)))
    assert len(page.all("article")) == 1
    assert "29 more findings against this requirement" in page.words
    assert "step 20" in page.words
    assert "9 more findings left out of this page" in page.words


def test_what_could_not_be_judged_takes_one_row_each() -> None:
    unsure = {"verdict": "inconclusive", "title": "no log-in", "check": "auth/log-in"}
    found = [finding(requirement=each, **unsure) for each in ("a.b", "a.c", "a.c")]
    page = Page(report_html(small(verdict="inconclusive", findings=found)))
    assert page.all("article") == []
    assert page.words.count("no log-in") == 2
    assert "and 1 more check" in page.words


def test_a_run_without_load_says_so() -> None:
    assert "This run measured no load." in Page(report_html(small())).words


def test_an_invalid_measurement_is_never_shown_without_its_reason() -> None:
    load = loads()
    load[0] |= {"valid": False, "why_invalid": "sent late"}
    words = Page(report_html(small(load=load))).words
    assert "order_latency is not valid: sent late. Its figures prove nothing." in words


@pytest.mark.parametrize(
    "actual",
    ["short", "<" * 100_000, "\x00é" * 50_000],
    ids=["short", "markup", "invisible"],
)
def test_ten_thousand_findings_stay_below_the_limit(actual: str) -> None:
    ids = [f"spot.requirement-{n}" for n in range(10_000)]
    found = [finding(requirement=each, actual=actual) for each in ids]
    rows = [result(id=each, verdict="failed", reason=actual) for each in ids]
    text = report_html(small(findings=found, requirement_results=rows, notes=[actual[:900]] * 5000))
    assert len(text.encode()) < 1_500_000
    assert "more failed requirements left out of this page" in text
    assert "more requirements left out of this page" in text


def test_the_same_summary_gives_the_same_page() -> None:
    assert report_html(busy()) == report_html(busy())


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
@pytest.mark.parametrize("ground", ["page", "panel"])
def test_text_stands_out_from_its_ground(scheme: int, ground: str) -> None:
    shown = colours(re.findall(r":root \{([^}]*)\}", CSS)[scheme])
    names = ("strong", "text", "quiet", "link", "passed", "failed", "unsure")
    for name in names:
        light, dark = sorted((luminance(shown[name]), luminance(shown[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground)


@pytest.mark.parametrize(
    "text", ["n" * 40, "<" * 3000, "\x00é" * 1500], ids=["short", "markup", "invisible"]
)
def test_a_huge_night_stays_below_the_limit(text: str) -> None:
    base = nightly_summary()
    ids = [f"spot.requirement-{n}" for n in range(1000)]
    loads = [{**entry, "scenario": text + str(n)} for n in range(4) for entry in base["load"]]
    several = {
        "findings": [finding(requirement=each, actual=text) for each in ids],
        "requirement_results": [result(id=each, verdict="failed", reason=text) for each in ids],
        "load": loads,
        "operations": [{**row, "operation": text} for row in base["operations"]] * 100,
        "channels": [{"channel": text, "frames": 1}] * 1000,
        "warnings": [text] * 1000,
        "notes": [text] * 1000,
        "deviations": [deviation(reason=text)] * 1000,
    }
    nights = trend(100)
    one = {"id": ids[0], "sentence": text, "before": "passed", "now": "failed"}
    fact = {"name": text, "before": text, "now": text}
    nights["changed"] = {"requirements": [one] * 1000, "facts": [fact] * 1000}
    nights["series"] = [
        {**each, "series": f"{text}{n}"} for n in range(20) for each in nights["series"]
    ]
    summary = {**base, **several}
    other = Other(text, summary, nights)
    assert len(report_html(summary, nights, other).encode()) < 1_500_000


def test_a_section_without_data_is_left_out() -> None:
    page = Page(report_html(small()))
    assert not {"since", "beside", "history", "limiter", "streams"} & {
        each.get("id") for _, each in page.elements
    }
    assert page.all("figure") == []


def test_a_night_says_what_changed_before_anything_else() -> None:
    words = Page(night()).words
    order = [
        "2 latency series slower",
        "Compared with",
        "Beside before",
        "Gating requirements held",
    ]
    places = [words.index(each, words.index("Skip to the findings")) for each in order]
    assert places == sorted(places)


def test_every_picture_has_a_caption_and_its_numbers() -> None:
    page = Page(night())
    figures = len(page.all("figure"))
    assert figures > 12
    assert len(page.all("figcaption")) == figures
    assert len([each for each in page.all("details") if each.get("class") == "numbers"]) == figures
    named = [each for each in page.all("svg") if each.get("role") == "img"]
    assert len(named) == figures
    hidden = [each for each in page.all("svg") if each.get("aria-hidden") == "true"]
    assert len(hidden) + len(named) == len(page.all("svg"))


def test_the_first_night_has_none_before_it() -> None:
    alone = {**trend(1), "before": None, "changed": {"requirements": [], "facts": []}}
    assert "there is none to compare it with" in Page(report_html(small(), alone)).words


def test_the_machine_is_told_where_it_is_known() -> None:
    words = Page(night()).words
    for part in ("Processor", "Example CPU", "Memory, MiB", "31744"):
        assert part in words
    assert "Processor" not in Page(report_html(small())).words


def test_a_requirement_names_what_proves_it() -> None:
    row = result(checks=[f"check-{n}" for n in range(12)])
    words = Page(report_html(small(requirement_results=[row]))).words
    assert "proof: 12 judgements by check-0, check-1" in words
    assert "check-7 and 4 more" in words


def test_the_matrix_counts_by_provenance_and_strength() -> None:
    rows = [result(id="a.b"), result(id="a.c", strength="may", verdict="failed", claims=3)]
    rows.append(result(id="a.d", checks=["other"]))
    cells = matrix.matrix(rows)
    assert [(each.strength, each.total, each.checks, each.judgements) for each in cells] == [
        ("must", 2, 2, 24),
        ("may", 1, 1, 3),
    ]
    assert cells[1].by_verdict["failed"] == 1
