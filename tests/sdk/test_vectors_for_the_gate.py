"""The signing vectors as the gate asks a driver for them, and what it says of the driver's answer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest

from conformance.wire.http import Request
from conformance.wire.signing import Recipe, signature, signed_bytes
from sdk_gate.vectors import SigningVector, files, signing_vectors, wrong_stage
from sdk_gate.vectors.signing_keys import SIGNED_VALUES
from sdk_gate.vectors.values import VALUES
from tests.sdk.test_vectors import spoilt

PROTOCOL = Path(__file__).resolve().parents[2] / "sdk_gate/protocol/driver-1.0.schema.json"


def test_the_gate_gets_every_vector_as_a_step_of_the_protocol() -> None:
    schema = json.loads(PROTOCOL.read_text(encoding="utf-8"))
    step = jsonschema.Draft202012Validator({**schema, "$ref": "#/$defs/step"})
    vectors = list(signing_vectors())
    assert [each.id for each in vectors] == [
        each["id"] for each in files.load("signing")["vectors"]
    ]
    for each in vectors:
        step.validate({"id": 1, "do": "sign", **each.step()})
    with pytest.raises(dataclasses.FrozenInstanceError):
        vectors[0].path = "/"  # type: ignore[misc]  # mypy sees it as well


def answered(vector: SigningVector, query: str, body: str) -> dict[str, str]:
    """What a driver answers that encodes in its own way and signs that."""
    target = f"{vector.path}?{query}" if query else vector.path
    request = Request(vector.method, target, (), body.encode())
    text = signed_bytes(Recipe(), request, vector.timestamp, vector.window, vector.key)
    sign = signature(Recipe(), vector.secret, text)
    return {"query": query, "body": body, "canonical": text.decode(), "signature": sign}


def test_the_vectors_own_stages_are_a_right_answer() -> None:
    assert {each.id: wrong_stage(each, each.stages) for each in signing_vectors()} == {
        each.id: None for each in signing_vectors()
    }


def test_another_right_encoding_is_a_right_answer() -> None:
    changed = 0
    for each in signing_vectors():
        query, body = (
            text.replace("+", "%20").replace("%2F", "/").replace("%2A", "*").replace("%C3", "%c3")
            for text in (each.stages["query"], each.stages["body"])
        )
        query = "&".join(reversed(query.split("&")))
        assert wrong_stage(each, answered(each, query, body)) is None
        changed += (query, body) != (each.stages["query"], each.stages["body"])
    assert changed > 20


def test_one_wrong_byte_of_an_answer_is_named_by_its_stage() -> None:
    for each in signing_vectors():
        for stage, text in each.stages.items():
            for wrong in spoilt(text):
                assert wrong_stage(each, {**each.stages, stage: wrong}) == stage, each.id


MISTAKES = [
    (each.id, mistake) for each in VALUES if each.id in SIGNED_VALUES for mistake in each.wrong
]


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_known_mistake_is_named_even_when_it_is_signed_rightly(name: str, mistake: str) -> None:
    vector = next(each for each in signing_vectors() if each.id == f"get-value-{name}")
    assert wrong_stage(vector, answered(vector, f"symbol={mistake}", "")) == "query"


@pytest.mark.parametrize("raw", ["symbol=a b", "symbol=\u00e9", "symbol=a#b", "symbol=a\nb"])
def test_what_cannot_stand_in_a_request_line_is_wrong(raw: str) -> None:
    vector = next(iter(signing_vectors()))
    asked = dataclasses.replace(vector, query={"symbol": raw.partition("=")[2]})
    assert wrong_stage(asked, answered(asked, raw, "")) == "query"
