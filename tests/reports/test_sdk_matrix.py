"""SDKs beside each other: what each run says stands in its column, and leads to the case that said it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports.document import problem_of, schema
from reports.sdk_matrix import headline, lines, main, matrix_html
from reports.sdk_table import SCHEMA, columns, document
from tests.page.hostile import PAYLOADS, poisoned, speaker
from tests.reports.builders import counted, result, small
from tests.reports.gate_runs import (
    ONCE,
    SDK,
    SIGNED,
    UNDECLARED,
    WRAPPED,
    case,
    failing_case,
    gate_summary,
    skipped_case,
)
from tests.reports.test_page import Page


def summary(failed: tuple[str, ...] = (), **sdk: Any) -> dict[str, Any]:
    made = gate_summary(failed)
    counts = counted(made["requirement_results"])
    return {**made, "requirements": counts, "sdk": {**SDK, **sdk}}


GOOD = (summary(name="good", language="Python"), [case(), skipped_case()])
BAD = (summary((ONCE,), name="bad"), [failing_case()])
INDEX = document(columns([GOOD, BAD]))
COUNT = len(INDEX["requirements"])


def row(name: str, index: Any = INDEX) -> dict[str, Any]:
    return next(each for each in index["requirements"] if each["id"] == name)


def test_the_index_is_in_its_schemas_form() -> None:
    assert problem_of(INDEX, SCHEMA) is None
    assert problem_of({**INDEX, "sdks": []}, SCHEMA) is not None
    jsonschema.Draft202012Validator.check_schema(schema(SCHEMA))


def test_a_cell_says_what_that_run_says_and_where() -> None:
    good, bad = row(ONCE)["cells"]
    assert (good["verdict"], bad["verdict"]) == ("passed", "failed")
    page = "bad-node-js/cases/orders-connection-breaks-after-it.html"
    told = {"case": "orders/connection-breaks-after-it", "verdict": "failed", "page": page}
    assert bad["cases"] == [told]
    assert row(ONCE)["verdicts"]["failed"] == 1
    assert row(SIGNED)["cells"][0]["reason"] == UNDECLARED


def test_other_documents_are_told_where_not_all_have_the_same() -> None:
    said = "not all judged by the same documents"
    assert said not in matrix_html(INDEX)
    environment = {**BAD[0]["environment"], "spec_sha256": "0123456789abcdef"}
    index = document(columns([GOOD, ({**BAD[0], "environment": environment}, BAD[1])]))
    page = matrix_html(index)
    assert said in page
    assert "documents 01234567<" in page


def test_rows_stand_in_the_order_of_the_catalogue() -> None:
    ids = [each["id"] for each in INDEX["requirements"]]
    assert ids == [each["id"] for each in GOOD[0]["requirement_results"]]


def test_what_only_a_later_run_knows_is_not_covered_in_the_others() -> None:
    later = {**BAD[0], "requirement_results": [result(id="sdk.new-one")]}
    index = document(columns([GOOD, (later, [])]))
    assert [each["verdict"] for each in row("sdk.new-one", index)["cells"]] == [
        "not_covered",
        "passed",
    ]
    assert "no such requirement" in row("sdk.new-one", index)["cells"][0]["reason"]
    assert row(ONCE, index)["cells"][1]["verdict"] == "not_covered"


def test_sdks_of_one_name_have_folders_of_their_own() -> None:
    found = columns([GOOD, GOOD, (summary(name="../../etc", language=""), [])])
    assert [each.folder for each in found] == ["good-python", "good-python-2", "etc"]
    assert columns([(summary(name="…", language="…"), [])])[0].folder == "sdk"


def test_two_names_that_make_one_folder_still_have_one_each() -> None:
    named = [("a", "2"), ("a-2", ""), ("a", "2"), ("a 2", "")]
    found = columns([(summary(name=name, language=way), []) for name, way in named])
    assert len({each.folder for each in found}) == 4


def test_how_many_may_ship() -> None:
    assert headline(INDEX) == "May these releases ship? 1 of 2 SDKs may"
    assert list(lines(INDEX)) == [
        f"good 1.4.0 (Python): pass, {COUNT - 1} of {COUNT} requirements passed, {COUNT - 1} of {COUNT} gating",
        f"bad 1.4.0 (Node.js): fail, {COUNT - 2} of {COUNT} requirements passed, {COUNT - 2} of {COUNT} gating",
    ]


def test_a_selection_does_not_let_ship() -> None:
    rows = [result(id="sdk.a"), result(id="sdk.b", verdict="not_covered")]
    part = {**GOOD[0], "requirement_results": rows, "requirements": counted(rows)}
    assert headline(document(columns([(part, [])]))) == "What was asked holds for 1 of 1 SDK"


def test_every_verdict_has_a_sign_and_words_and_leads_to_its_case() -> None:
    page = Page(matrix_html(INDEX))
    words = " ".join(page.words.split())
    assert "✕ failed" in words
    assert f"{COUNT - 1} of {COUNT}" in words
    assert f"1 requirement{UNDECLARED}{SIGNED}" in words
    links = [each["href"] for each in page.all("a")]
    assert "bad-node-js/cases/orders-connection-breaks-after-it.html" in links
    titles = [each["title"] for each in page.all("abbr")]
    assert titles.count(UNDECLARED) == 2


def test_a_cell_of_many_cases_lists_the_gravest_first() -> None:
    many = [case(f"a/{n}") for n in range(20)]
    page = Page(matrix_html(document(columns([(BAD[0], [*many, failing_case()])]))))
    words = " ".join(page.words.split())
    assert "21 cases for bad 1.4.0 (Node.js)" in words
    assert "all cases" in words
    links = [each["href"] or "" for each in page.all("a")]
    first = next(each for each in links if "/cases/" in each)
    assert first.endswith("orders-connection-breaks-after-it.html")


def hostile() -> dict[str, Any]:
    return dict(poisoned(INDEX, schema(SCHEMA), speaker()))


@pytest.mark.parametrize("index", [INDEX, hostile()], ids=["whole", "hostile"])
def test_the_page_is_well_formed_and_offline(index: Any) -> None:
    page = Page(matrix_html(index))
    assert page.unclosed == []
    assert page.all("script", "link", "iframe", "img", "form", "base") == []
    for _, attributes in page.elements:
        assert not {"src", "style"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in each for each in page.all("th"))
    ids = [each["id"] for _, each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))


def test_whatever_an_sdk_is_called_is_text() -> None:
    page = Page(matrix_html(hostile()))
    assert page.words.count("<script>alert(1)</script>") > 3
    assert all(payload[:10] in page.words for payload in PAYLOADS[:5])
    assert "\u202e" not in page.words


def test_many_sdks_stay_below_the_limit() -> None:
    cases = [case(f"a/{n}") for n in range(53)]
    rows = [{**x, "reason": "<" * 3000} for x in BAD[0]["requirement_results"]]
    made = {**BAD[0], "requirement_results": rows}
    text = matrix_html(document(columns([(made, cases)] * 40)))
    assert len(text.encode()) < 1_500_000
    assert "left out of this page: index.json holds all" in text


def run_folder(folder: Path, run: Any) -> Path:
    (folder / "cases").mkdir(parents=True)
    made, cases = run
    (folder / "summary.json").write_text(json.dumps(made))
    for each in cases:
        (folder / "cases" / f"{each.stem}.json").write_text(json.dumps(each.document))
    return folder


def test_the_command_writes_a_folder_that_leads_nowhere_else(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    good, bad = run_folder(tmp_path / "a", GOOD), run_folder(tmp_path / "b", BAD)
    before = sorted(os.listdir(good))
    out = tmp_path / "out"
    assert main([str(good), str(bad), "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"matrix: {out}/index.html"
    assert json.loads((out / "index.json").read_text()) == INDEX
    for page in [out / "index.html", *out.glob("*/report.html"), *out.glob("*/cases/*.html")]:
        for each in Page(page.read_text()).all("a"):
            target = (each["href"] or "").partition("#")[0]
            assert (page.parent / target).resolve().is_relative_to(out)
            assert (page.parent / target).exists()
    assert sorted(os.listdir(good)) == before


def test_a_run_of_another_kind_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = run_folder(tmp_path / "a", (small(), []))
    assert main([str(folder), "--out", str(tmp_path / "out")]) == 3
    said = capsys.readouterr().err
    assert "is a run of conformance, not of the SDK gate" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = run_folder(tmp_path / "a", GOOD)
    (tmp_path / "out").write_text("a file")
    assert main([str(folder), "--out", str(tmp_path / "out")]) == 3
    assert capsys.readouterr().err.startswith("sdk matrix: cannot write to ")


def test_a_wrapped_sdk_has_a_column_as_well() -> None:
    made = {**GOOD[0], "sdk": WRAPPED}
    index = document(columns([(made, []), BAD]))
    assert problem_of(index, SCHEMA) is None
    assert "npm" in Page(matrix_html(index)).words
