"""Within a major version the gate only adds: the frozen driver and the frozen schema of 1.0 have to hold."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sdk_gate import protocol
from sdk_gate.cases import CASES
from sdk_gate.protocol import DriverError, check_result, check_step, read_answer
from tests.sdk import gate_runs

FROZEN = Path(__file__).with_name("frozen")
SCHEMA: dict[str, Any] = json.loads((FROZEN / "driver-1.0.schema.json").read_text(encoding="utf-8"))
FEATURES = ("token", "key", "concurrency", "sign", "streams", "private", "book")  # of 1.0
SESSION = (FROZEN / "session-1.0.jsonl").read_text(encoding="utf-8").splitlines()
DRIVER = (sys.executable, str(FROZEN / "driver_1_0.py"))


# What is published stays as it is: whoever has to change one of these makes it version 1.1, beside it.
PUBLISHED = {
    "driver-1.0.schema.json": "62b7499a05838d3612eca673e15034621216ce921f66ac03c661a921d7c3cff2",
    "driver_1_0.py": "a23b098822cae8f1325cc708935151b62166614b157a5f52f731bfa2b37b6be7",
    "session-1.0.jsonl": "7eef0790498b8375cf903374a9d611f0ce7a3d01c22f8c9a7f4ef47301bfe925",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_is_frozen_is_what_was_published(name: str) -> None:
    assert hashlib.sha256((FROZEN / name).read_bytes()).hexdigest() == PUBLISHED[name]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_frozen_driver_passes_what_it_has_features_for(tmp_path: Path) -> None:
    found = gate_runs.run(tmp_path, DRIVER)
    # It never tries again, and has but four operations: both are no must.
    assert found.of("failed", "inconclusive") == ["sdk.reads-are-tried-again"], found.said
    assert found.exit_code == 0
    assert "Traceback" not in found.said
    assert found.verdict("sdk.bare-answers-are-read") == "passed", found.said
    assert found.verdict("sdk.certificates-are-checked") == "passed"
    assert found.verdict("sdk.book-follows-the-feed") == "skipped"


@pytest.mark.parametrize("line", SESSION, ids=range(len(SESSION)))
def test_a_session_of_1_0_is_one_now(line: str) -> None:
    said = json.loads(line)
    check_step(said["step"])
    answer = read_answer(json.dumps(said["answer"]).encode())
    if answer["ok"]:
        check_result(said["step"]["do"], answer.get("result"))


def test_the_recorded_session_has_every_step_and_most_errors() -> None:
    said = [json.loads(line) for line in SESSION]
    steps = {"hello", "open", "call", "sign", "subscribe", "unsubscribe", "events", "book", "close"}
    assert {each["step"]["do"] for each in said} == steps
    kinds = {each["answer"]["error"]["kind"] for each in said if not each["answer"]["ok"]}
    assert len(kinds) >= 6


def test_no_feature_and_no_error_kind_of_1_0_is_taken_away() -> None:
    then = SCHEMA["$defs"]
    now = json.loads(protocol.SCHEMA.read_text(encoding="utf-8"))["$defs"]
    kinds = ("error", "properties", "kind", "enum")
    assert set(_at(then, kinds)) <= set(_at(now, kinds))
    assert set(FEATURES) <= set(protocol.FEATURES)


def test_a_feature_of_a_later_version_is_no_error() -> None:
    sdk = {"name": "later", "version": "9", "language": "Zig"}
    check_result("hello", {"protocol": "1.7", "sdk": sdk, "features": ["token", "candles"]})


def test_what_a_case_needs_is_a_feature() -> None:
    known = {*protocol.FEATURES, "account"}
    assert {need for each in CASES.values() for need in each.needs} <= known


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"hello\n", "not a line of JSON"),
        (b"[1]\n", "an object with id and ok"),
        (b'{"id": 1}\n', "an object with id and ok"),
        (b'{"id": 0, "ok": true}\n', "id: 0 is less than"),
        (b'{"id": 1, "ok": true, "result": 1.5, "more": []}\n', ""),
        (
            b'{"id": 1, "ok": false, "error": {"kind": "odd", "message": ""}}\n',
            'kind: "odd" is not one of',
        ),
        (b"\xff\xfe\n", "not a line of JSON"),
    ],
)
def test_a_line_that_is_no_answer_is_the_drivers_error(line: bytes, says: str) -> None:
    if not says:
        assert read_answer(line)["result"] == "number 1.5"
        return
    with pytest.raises(DriverError, match=says):
        read_answer(line)


@pytest.mark.parametrize("said", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_of_json_reaches_no_file(said: str) -> None:
    answer = read_answer(f'{{"id": 1, "ok": true, "result": [{said}]}}'.encode())
    assert answer["result"] == [f"number {said}"]


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        document = document[step]
    return document
