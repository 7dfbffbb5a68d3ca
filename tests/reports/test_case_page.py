"""A case's page shows what happened, whatever an SDK sends, and stays small enough to be used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import RunError
from reports.__main__ import main
from reports.case_page import case_html
from reports.cases import SCHEMA, Case, by_requirement, read_cases
from reports.document import problem_of, schema
from reports.text import visible
from reports.wire import CUT, OPEN
from tests.page.hostile import PAYLOADS, poisoned, speaker
from tests.reports.gate_runs import (
    ONCE,
    WRAPPED,
    case,
    claim,
    event,
    failing_case,
    gate_summary,
    large_case,
    request,
    skipped_case,
)
from tests.reports.test_page import Page

SUMMARY = gate_summary((ONCE,))


def page(found: Case) -> Page:
    return Page(case_html(found, SUMMARY, [found]))


def words(found: Case) -> str:
    return " ".join(page(found).words.split())


def hostile(first: int = 0) -> Case:
    """Markup in every text that the schema leaves free."""
    made = failing_case()
    return Case(made.stem, poisoned(made.document, schema(SCHEMA), speaker(first)))


@pytest.mark.parametrize(
    "found",
    [case(), failing_case(), skipped_case(), hostile(), large_case(50)],
    ids=["passed", "failed", "skipped", "hostile", "many rows"],
)
def test_the_page_is_well_formed_and_offline(found: Case) -> None:
    assert problem_of(found.document, SCHEMA) is None
    text = case_html(found, SUMMARY, [case("a/b"), found, case("z/z")])
    drawn = Page(text)
    assert drawn.unclosed == []
    assert drawn.all("script", "link", "iframe", "img", "form", "base") == []
    for _, attributes in drawn.elements:
        assert not {"src", "style"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    links = [each["href"] or "" for each in drawn.all("a")]
    own = r"#[\w-]+|\.\./report\.html|[\w-]+\.html"
    assert [each for each in links if not re.fullmatch(own, each)] == []
    ids = [each["id"] for _, each in drawn.elements if "id" in each]
    assert len(ids) == len(set(ids))
    assert {each[1:] for each in links if each.startswith("#")} <= set(ids)


@pytest.mark.parametrize("first", range(len(PAYLOADS)))
def test_whatever_an_sdk_says_is_text(first: int) -> None:
    drawn = page(hostile(first))
    shown = "".join(drawn.words.split())
    for payload in PAYLOADS:
        assert "".join(visible(payload).split()) in shown
    assert "\u202e" not in drawn.words
    assert "\x1b" not in drawn.words


def test_what_fails_comes_first_with_what_was_expected_and_its_requests() -> None:
    said = words(failing_case())
    assert "Expected1 Actual2 Requests1, 2" in said
    assert said.index("✕ failed an exchange that performs") < said.index("What holds")
    assert "An order whose answer did not come is never made a second time" in said


def test_the_wire_is_told_in_the_order_of_time() -> None:
    said = words(case())
    parts = (
        "10.0HTTP 1",
        "from the SDK: 1 POST /tx/spot/add",
        "200 after 2.5 ms",
        "amount=1",
        '{"code":0,"data":"17"}',
        "20.0HTTP 2",
        "instead of the usual: performs it and hangs up",
        CUT,
        "50.0WebSocket 7",
        "about the connection: opened",
        'from the SDK: {"op":"subscribe"}',
        'to the SDK: {"op":"subscribe"}',
        "to the SDK: ping",
        "from the SDK: pong",
        "from the SDK: ping",
        "about the connection: refused",
        "about the connection: closed",
    )
    places = [said.index(each) for each in parts]
    assert places == sorted(places)


def test_connections_are_told_apart() -> None:
    wire = [request(n, connection=n % 2) for n in range(4)]
    lanes = [each.get("class") for each in page(case(wire=wire)).all("li") if "class" in each]
    assert lanes == ["lane-0", "lane-1", "lane-0", "lane-1"]


def test_a_request_that_waits_until_the_end_was_not_cut() -> None:
    said = words(case(wire=[request(answer=None)]))
    assert OPEN in said
    assert CUT not in said


def test_a_request_to_another_host_says_so() -> None:
    assert "HTTP 1, at another host" in words(case(wire=[request(host="another host")]))


def test_a_body_is_shown_as_it_was_written() -> None:
    odd = '{"a":1.0,  "a":1e2}\t'
    drawn = page(case(wire=[request(body=odd), event(text=odd + "x" * 200)]))
    assert drawn.words.count(odd) == 2  # of the request and of the frame


def test_the_same_case_can_be_seen_again() -> None:
    again = "make sdk-gate 'SDK=node driver.js' MODE=driver TARGET=reference"
    assert f"{again} ONLY=orders/connection-breaks-after-it SEED=1" in words(case())
    wrapped = case_html(case(), gate_summary(sdk=WRAPPED))
    assert "SDK=npm test&#39; TARGET=reference SEED=1" in wrapped


def test_steps_stand_with_what_the_driver_answered() -> None:
    said = words(case())
    for part in (
        "call placeSpotOrder↳ error transport: the connection failed",
        "open↳ ok",
        "book BTC/USDT↳ no answer",
        '"params": {',
    ):
        assert part in said


def test_a_case_that_was_skipped_says_why_and_that_nothing_arrived() -> None:
    said = words(skipped_case())
    for part in ("– Skipped", "the driver does not declare sign", "needs sign", "Nothing arrived."):
        assert part in said


def test_a_large_case_shows_every_row_and_what_shows_the_failure() -> None:
    text = case_html(large_case(), SUMMARY)
    assert len(text.encode()) < 1_500_000
    lanes = [each.get("class") or "" for each in Page(text).all("li")]
    assert sum(each.startswith("lane") for each in lanes) == 2000
    assert "amount=the-last" in text
    assert "rows without headers and bodies, for there are too many" in text


@pytest.mark.parametrize(
    "text", ["<" * 5000, "\x00é" * 3000, "n" * 5000], ids=["markup", "invisible", "long"]
)
def test_a_huge_hostile_case_stays_below_the_limit(text: str) -> None:
    wire = [request(n, target=text, body=text, script=text) for n in range(2000)]
    claims = [claim(verdict="fail", title=text, expected=text, actual=text)] * 500
    steps = [{"step": {"do": text}, "answer": {"ok": True, "result": text}}] * 500
    found = case(text[:90], sentence=text, why=text, claims=claims, wire=wire, steps=steps)
    drawn = case_html(found, SUMMARY)
    assert len(drawn.encode()) < 1_500_000
    assert "left out of this page: the JSON beside this page holds all" in drawn


def test_a_requirement_has_the_cases_that_judged_it_gravest_first() -> None:
    found = by_requirement([case("a/passes"), failing_case(), skipped_case()])
    assert [(x.case.name, x.result) for x in found[ONCE]] == [
        ("orders/connection-breaks-after-it", "failed"),
        ("a/passes", "passed"),
    ]


def written(folder: Path, *cases: Case) -> None:
    (folder / "summary.json").write_text(json.dumps(SUMMARY))
    (folder / "cases").mkdir()
    for each in cases:
        (folder / "cases" / f"{each.stem}.json").write_text(json.dumps(each.document))


def test_the_command_draws_a_page_beside_each_case(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    written(tmp_path, failing_case(), skipped_case())
    assert main([str(tmp_path)]) == 0
    assert sorted(each.name for each in (tmp_path / "cases").glob("*.html")) == [
        "orders-connection-breaks-after-it.html",
        "signing-vectors.html",
    ]
    said = capsys.readouterr().out
    assert f"  case:     {tmp_path}/cases/orders-connection-breaks-after-it.html\n" in said


@pytest.mark.parametrize(("text", "says"), [("{", "is not JSON"), ("{}", "is no case of a gate")])
def test_a_case_that_cannot_be_read_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    written(tmp_path)
    (tmp_path / "cases" / "a.json").write_text(text)
    with pytest.raises(RunError, match=says):
        read_cases(tmp_path)


@pytest.mark.parametrize("key", case().document)
def test_no_key_of_a_case_may_be_missing(key: str) -> None:
    document: dict[str, Any] = dict(case().document)
    del document[key]
    assert key in (problem_of(document, SCHEMA) or "")
