"""Checks made from the contract: which values a field is tried with, and what a finding says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cases import bad_input
from conformance.cases.claim import Verdict
from conformance.spec.contract import Contract, Operation
from conformance.wire.http import Request, Response
from tests.cases.security_stage import CHECKS, Handle, Stage, Wrong, other_than_pass, verdicts
from tests.stage import CONTRACT


def operation(form: dict[str, object]) -> Operation:
    """An operation of one optional form field."""
    schema = {"type": "object", "additionalProperties": False, "properties": {"field": form}}
    answers = {"200": {"description": "yes"}}
    parts = ("signed", "read", (), (), schema, {"field": "x"}, answers, 1)
    return Operation("addedLater", "POST", "/added/later", "", "documented", *parts)  # type: ignore[arg-type]


KINDS = [
    ({"type": "integer"}, "integer"),
    ({"type": "boolean"}, "boolean"),
    ({"type": "string", "pattern": r"^[0-9]{1,20}(\.[0-9]{1,16})?$"}, "decimal"),
    ({"type": "string", "pattern": "^[A-Z]+/[A-Z]+$"}, "symbol"),
    ({"type": "string", "enum": ["BTC/USDT"]}, "symbol"),
    ({"type": "string", "enum": ["TRADING"]}, "choice"),
    ({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}, "name"),
    ({"type": "string", "pattern": "^(read|trade)(,(read|trade))*$"}, "scopes"),
    ({"type": "string", "pattern": "^[0-9a-f.:/]+(,[0-9a-f.:/]+)*$"}, "addresses"),
    ({"type": "string", "maxLength": 64}, "text"),
]


@pytest.mark.parametrize(("schema", "kind"), KINDS)
def test_the_kind_of_a_field_follows_from_its_schema(schema: dict[str, object], kind: str) -> None:
    (field,) = bad_input.fields_of(operation(schema))
    assert field.kind == kind
    tried = bad_input.wrongs_of(field)
    assert 1 <= len(tried) <= 14


def test_an_operation_that_is_added_to_the_contract_is_tried_too() -> None:
    added = operation({"type": "integer", "minimum": 1})
    grown: Contract = replace(CONTRACT, operations={**CONTRACT.operations, added.id: added})
    found = {each.name for each in bad_input.checks(grown)}
    assert found - {each.name for each in bad_input.checks(CONTRACT)} == {"bad-input/added-later"}


def lenient(field: str) -> Wrong:
    """An exchange that leaves out a field that it does not understand."""

    def answer(handle: Handle, request: Request, client: str) -> Response:
        response = handle(request, client)
        if response.status != 400 or field not in request.target + request.body.decode():
            return response
        target, body = (
            "&".join(pair for pair in text.split("&") if not pair.startswith(field))
            for text in (request.query, request.body.decode())
        )
        whole = f"{request.path}?{target}" if target else request.path
        return handle(replace(request, target=whole, body=body.encode()), client)

    return answer


def test_a_finding_names_the_operation_the_field_and_what_was_wrong(tmp_path: Path) -> None:
    (tried,) = (each for each in CHECKS if each.name == "bad-input/list-spot-orders")
    claims = other_than_pass(Stage(tmp_path, lenient("pageSize")).claims(tried))
    titles = [each.title for each in claims]
    assert "listSpotOrders refuses a request with pageSize negative" in titles
    assert all("pageSize" in each for each in titles)
    assert verdicts(claims) == {Verdict.FAIL}


def test_wrong_passwords_are_tried_on_nobody(tmp_path: Path) -> None:
    asked: list[str] = []

    def listen(handle: Handle, request: Request, client: str) -> Response:
        asked.append(request.body.decode())
        return handle(request, client)

    (tried,) = (each for each in CHECKS if each.name == "bad-input/login")
    assert other_than_pass(Stage(tmp_path, listen).claims(tried)) == []
    ours = [body for body in asked if body.startswith("email=alice%40")]
    assert [body for body in ours if "password=secret" not in body] == []
