"""Every read that the document gives examples of is asked, a new one without any other edit."""

from __future__ import annotations

import pytest
import yaml

from conformance.spec.contract import SPECS, Contract
from conformance.target import load
from load.questions import following, following_none, questions

TARGET = load("reference", {})
NEW = {"operationId": "getNews", "responses": {}, "security": []}
FROM = {"name": "from", "in": "query", "required": True, "schema": {"type": "string"}}


def contract_with(tmp_path, **paths) -> Contract:
    document = yaml.safe_load((SPECS / "openapi.yaml").read_text())
    document["paths"].update({f"/{name}": item for name, item in paths.items()})
    file = tmp_path / "openapi.yaml"
    file.write_text(yaml.safe_dump(document))
    return Contract.load(file, settings=TARGET.settings)


def test_every_operation_of_the_contract_is_asked_or_follows_another():
    contract = Contract.load(settings=TARGET.settings)
    found, left_out = questions(contract, TARGET)
    follows = {step.operation for each in contract.operations.values() for step in each.then}
    assert {each.operation for each in found} | follows == set(contract.operations)
    assert left_out == {}


def test_a_write_is_asked_only_where_the_document_says_what_undoes_it(tmp_path):
    write = {**NEW, "operationId": "postNews", "x-scope": "trade"}
    undone = {**write, "x-load": {"then": [{"operation": "login", "given": {}}]}}
    for node, expected in ((write, False), (undone, True)):
        found, left_out = questions(contract_with(tmp_path, news={"post": node}), TARGET)
        assert ("postNews" in {each.operation for each in found}) is expected
        assert ("what undoes it" in left_out.get("postNews", "")) is not expected


def test_what_follows_an_answer_takes_its_values_from_there():
    contract = Contract.load(settings=TARGET.settings)
    for body in (b'{"code":0,"data":"E7"}', b'{"code":0,"data":{"orderId":"E7"}}'):
        ((name, request),) = following(contract, "placeSpotOrder", body, "token")
        assert (name, request.body) == ("cancelSpotOrder", b"orderId=E7")
        assert request.header("Authorization") == "token"
    made = b'{"code":0,"data":{"apiKey":"k1"}}'
    names = [name for name, _ in following(contract, "createApiKey", made, "token")]
    assert names == ["updateApiKey", "getApiKeyUsage", "deleteApiKey"]
    assert following(contract, "placeSpotOrder", b'{"code":0}', "token") == []


def test_a_position_is_closed_in_the_targets_own_contract():
    swaps = tuple(each.model_copy(update={"id": each.id + 10}) for each in TARGET.contracts)
    target = TARGET.model_copy(update={"contracts": swaps})
    contract = Contract.load(settings=target.settings)
    asked = {each.operation: each.request for each in questions(contract, target)[0]}
    ((name, request),) = following(contract, "openFuturesPosition", b'{"code":0}', "token")
    assert name == "closeFuturesPosition"
    for each in (asked["openFuturesPosition"], request):
        assert f"contractCoinId={swaps[0].id}&".encode() in each.body


@pytest.mark.parametrize(
    ("node", "target", "weight"),
    [
        (NEW, "/news", 1),
        ({**NEW, "x-load": {"weight": 7}}, "/news", 7),
        ({**NEW, "parameters": [{**FROM, "example": "a b"}]}, "/news?from=a+b", 1),
        ({**NEW, "parameters": [{**FROM, "required": False}]}, "/news", 1),
    ],
)
def test_a_new_read_is_asked_with_no_other_edit(tmp_path, node, target, weight):
    found, _ = questions(contract_with(tmp_path, news={"get": node}), TARGET)
    new = next(each for each in found if each.operation == "getNews")
    assert (new.request.target, new.weight) == (target, weight)


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ({**NEW, "parameters": [FROM]}, "no example of from"),
        ({**NEW, "x-load": {"weight": 0}}, "weight is 0"),
    ],
)
def test_what_cannot_be_asked_is_named(tmp_path, node, why):
    _, left_out = questions(contract_with(tmp_path, news={"get": node}), TARGET)
    assert why in left_out["getNews"]


def test_what_follows_nothing_that_is_asked_is_left_out_with_it():
    contract = Contract.load(settings=TARGET.settings)
    found = following_none(contract, {"createApiKey": "refused", "placeSpotOrder": "refused"})
    assert set(found) == {"updateApiKey", "getApiKeyUsage", "deleteApiKey", "cancelSpotOrder"}
    assert found["cancelSpotOrder"] == "it is asked after placeSpotOrder alone"
    assert following_none(contract, {}) == {}


def test_without_accounts_private_reads_are_left_out():
    contract = Contract.load(settings=TARGET.settings)
    found, left_out = questions(contract, TARGET.model_copy(update={"accounts": {}}))
    assert not any(each.is_private for each in found)
    assert "no account" in left_out["getSpotWallets"]


def test_only_private_questions_carry_the_token():
    found, _ = questions(Contract.load(settings=TARGET.settings), TARGET)
    for each in found:
        assert (each.by("token").header("Authorization") == "token") is each.is_private
