"""Within a major version the gate only adds: the frozen driver and the frozen schema of 1.0 have to hold."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis_jsonschema import from_schema

from sdk_gate import protocol
from sdk_gate.cases import CASES
from sdk_gate.protocol import DriverError, check_result, check_step, read_answer
from tests.sdk import gate_runs

FROZEN = Path(__file__).with_name("frozen")
SCHEMA: dict[str, Any] = json.loads(
    (FROZEN / "driver-1.0.schema.json").read_text(encoding="utf-8")
)
DRIVER = (sys.executable, str(FROZEN / "driver_1_0.py"))


def part(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_frozen_driver_passes_what_it_has_features_for(tmp_path: Path) -> None:
    found = gate_runs.run(tmp_path, DRIVER)
    assert not found.of("failed", "inconclusive") or found.of("failed") == [
        "sdk.works-with-every-operation"
    ], found.said
    assert found.verdict("sdk.bare-answers-are-read") == "passed", found.said
    assert found.verdict("sdk.certificates-are-checked") == "passed"
    assert found.verdict("sdk.book-follows-the-feed") == "skipped"


@settings(max_examples=60, deadline=None)
@given(from_schema(part(SCHEMA, "answer")))
def test_every_answer_of_1_0_is_an_answer_now(answer: dict[str, Any]) -> None:
    read_answer(json.dumps(answer).encode())


@pytest.mark.parametrize("step", ["hello", "sign", "events", "book"])
def test_every_result_of_1_0_is_a_result_now(step: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(from_schema(part(SCHEMA, f"results/{step}".replace("results/", "results/"))))
    def every(result: Any) -> None:
        check_result(step, result)

    every()


@settings(max_examples=60, deadline=None)
@given(from_schema(part(SCHEMA, "step")))
def test_every_step_of_1_0_is_a_step_now(step: dict[str, Any]) -> None:
    check_step(step)


def test_no_feature_and_no_error_kind_of_1_0_is_taken_away() -> None:
    then = SCHEMA["$defs"]
    now = json.loads(protocol.SCHEMA.read_text(encoding="utf-8"))["$defs"]
    features = ("results", "hello", "properties", "features", "items", "enum")
    kinds = ("error", "properties", "kind", "enum")
    for path in (features, kinds):
        assert set(_at(then, path)) <= set(_at(now, path))


def test_what_a_case_needs_is_a_feature() -> None:
    known = {*protocol.FEATURES, "account"}
    assert {need for each in CASES.values() for need in each.needs} <= known


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"hello\n", "not a line of JSON"),
        (b"[1]\n", "is not of type"),
        (b'{"id": 1}\n', "is not valid"),
        (b'{"id": 1, "ok": true, "result": 1.5, "more": []}\n', ""),
        (b'{"id": 1, "ok": false, "error": {"kind": "odd", "message": ""}}\n', "is not valid"),
        (b"\xff\xfe\n", "not a line of JSON"),
    ],
)
def test_a_line_that_is_no_answer_is_the_drivers_error(line: bytes, says: str) -> None:
    if not says:
        assert read_answer(line)["result"] == "number 1.5"
        return
    with pytest.raises(DriverError, match=says):
        read_answer(line)


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        document = document[step]
    return document
