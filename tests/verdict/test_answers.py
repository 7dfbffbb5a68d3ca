"""The judge of every answer: rows of answers, and the requirement that each breaks."""

from __future__ import annotations

import json

import pytest

from conformance.cases.claim import Verdict
from conformance.cases.script import Record
from conformance.verdict.answers import AnswerJudge
from conformance.wire.http import Request, Response
from conformance.wire.rest import outcome_of
from tests import stage

JSON = (("Content-Type", "application/json"),)
WALLET = {
    "coin": {"unit": "BTC", "name": "Bitcoin"},
    "balance": "1",
    "frozenBalance": "0",
    "isLock": 0,
}


def record(operation: str, response: Response | None, number: int = 1) -> Record:
    described = stage.CONTRACT.operations[operation]
    request = Request(described.method, described.path)
    return Record(number, operation, request, response, outcome_of(response), "gone")


def ok(data: object) -> Response:
    return Response(200, JSON, json.dumps({"code": 0, "message": "success", "data": data}).encode())


@pytest.mark.parametrize(
    ("operation", "response", "broken"),
    [
        ("getSpotWallets", ok([WALLET]), None),
        ("getSpotWallets", None, "rest.no-server-error"),
        ("getSpotWallets", Response(502, JSON, b"{}"), "rest.no-server-error"),
        ("getSpotWallets", ok([{**WALLET, "balance": 1}]), "operation.getSpotWallets"),
        ("getSpotWallets", ok([{"coin": {}}]), "operation.getSpotWallets"),
        ("getSpotWallets", Response(200, JSON, b"{}"), "operation.getSpotWallets"),
        (
            "getSpotWallets",
            Response(200, (("Content-Type", "text/html"),), b"hi"),
            "rest.answers-are-json",
        ),
        (
            "getSpotWallets",
            Response(418, JSON, b'{"code":1,"message":"x"}'),
            "rest.statuses-are-described",
        ),
        (
            "getSpotWallets",
            Response(401, JSON, b'{"code":0,"message":"x"}'),
            "rest.refusals-carry-a-code",
        ),
        ("getSpotWallets", Response(401, JSON, b'{"code":7,"message":"x"}'), None),
        ("getSpotWallets", Response(200, JSON, b'{"code":7,"message":"x"}'), None),
    ],
)
def test_one_answer(operation: str, response: Response | None, broken: str | None) -> None:
    claims = AnswerJudge(stage.CONTRACT).judge(record(operation, response))
    failed = {claim.requirement for claim in claims if claim.verdict is Verdict.FAIL}
    assert (broken in failed) if broken else not failed


def test_a_field_that_changes_its_kind_is_found() -> None:
    judge = AnswerJudge(stage.CONTRACT)
    judge.judge(record("getSpotWallets", ok([WALLET])))
    claims = judge.judge(record("getSpotWallets", ok([{**WALLET, "balance": 1}]), 2))
    assert "rest.number-kinds-are-stable" in {claim.requirement for claim in claims}


def test_an_envelope_that_comes_and_goes_is_found() -> None:
    judge = AnswerJudge(stage.CONTRACT)
    judge.judge(record("getConvertPrice", ok("1")))
    claims = judge.judge(record("getConvertPrice", Response(200, JSON, b'"1"'), 2))
    assert "rest.envelope-is-stable" in {claim.requirement for claim in claims}


def test_a_secret_in_a_later_answer_is_found() -> None:
    judge = AnswerJudge(stage.CONTRACT)
    made = {
        "apiKey": "k",
        "secret": "s" * 32,
        "remark": "",
        "scopes": [],
        "ips": [],
        "enabled": True,
        "createTime": 0,
    }
    assert not judge.judge(record("createApiKey", ok(made)))
    claims = judge.judge(record("listApiKeys", ok([made]), 2))
    assert "rest.no-secrets-in-answers" in {claim.requirement for claim in claims}


def test_nothing_asked_passes_nothing() -> None:
    assert list(AnswerJudge(stage.CONTRACT).close()) == []
