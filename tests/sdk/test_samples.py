"""Parameters made of the document: every operation's, each of its kind; and the judges of decimals on the wire."""

from __future__ import annotations

from decimal import Decimal

import pytest

from conformance.spec.contract import Contract, Operation
from reference_exchange import forms
from reference_exchange.validation import Forms
from sdk_gate import samples
from sdk_gate.judges import decimals, requests

CONTRACT = Contract.load()
FORMS = Forms(CONTRACT)
KINDS = {
    "direction": "word",
    "type": "word",
    "price": "decimal",
    "amount": "decimal",
    "entrustPrice": "decimal",
    "volume": "integer",
    "enabled": "boolean",
    "ips": "string",
    "remark": "string",
    "status": "string",
    "coin": "string",
}
MANY = "123456789012.1234567890123456"


def field(operation: str, name: str) -> samples.Field:
    known = samples.fields(CONTRACT.operations[operation])
    return next(each for each in known if each.name == name)


def test_parameters_are_told_apart_by_their_kind() -> None:
    found = {x.name: x.kind for o in CONTRACT.operations.values() for x in samples.fields(o)}
    assert {name: found[name] for name in KINDS} == KINDS


@pytest.mark.parametrize("operation", CONTRACT.operations.values(), ids=lambda each: each.id)
def test_samples_are_what_the_document_allows(operation: Operation) -> None:
    whole, least = samples.whole(CONTRACT, operation), samples.least(CONTRACT, operation)
    assert set(whole) == set(forms.schema_of(operation).get("properties", {}))
    assert set(forms.schema_of(operation).get("required", ())) <= set(least) <= set(whole)
    for params in (whole, least):
        text = {name: samples.wire_value(name, value) for name, value in params.items()}
        given = forms.coerce(text, forms.schema_of(operation))
        assert FORMS.validators[operation.id].is_valid(given)


def test_orders_are_of_every_operation_side_and_type() -> None:
    placed = list(samples.orders(CONTRACT))
    kinds = {(x.id, params["direction"], params["type"]) for x, params in placed}
    operations = ("placeSpotOrder", "openFuturesPosition", "closeFuturesPosition")
    sides, types = samples.WORDS["direction"], samples.WORDS["type"]
    assert kinds == {(x, side, kind) for x in operations for side in sides for kind in types}
    assert len(placed) == len(kinds)
    for _, params in placed:
        assert bool({"price", "entrustPrice"} & set(params)) == (params["type"] == "LIMIT")


def test_a_key_is_not_asked_for_what_only_a_token_may() -> None:
    by_token = {each.id for each in samples.usual(CONTRACT, "token")}
    assert by_token == set(CONTRACT.operations) - {"login"}
    assert "createApiKey" in by_token
    assert "createApiKey" not in {each.id for each in samples.usual(CONTRACT, "key")}


@pytest.mark.parametrize(
    ("operation", "name", "value"),
    [
        ("placeSpotOrder", "price", "0"),
        ("openFuturesPosition", "volume", 0),
        ("updateApiKey", "enabled", False),
        ("updateApiKey", "remark", ""),
        ("getCoinTicker", "coin", ""),
        ("listSpotOrders", "pageNo", None),  # an SDK may know the first page by itself
        ("listSpotOrders", "symbol", None),  # an empty filter is none
        ("listSpotOrders", "status", None),
        ("placeSpotOrder", "direction", None),  # said in words
    ],
)
def test_what_a_careless_client_takes_for_nothing(operation: str, name: str, value: object) -> None:
    assert samples.falsy(field(operation, name)) == value


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("direction", "SELL", "1"), ("enabled", False, "false"), ("symbol", "BUY", "BUY")],
)
def test_samples_on_the_wire(name: str, value: object, text: str) -> None:
    assert samples.wire_value(name, value) == text


@pytest.mark.parametrize(
    ("text", "given", "steps", "is_same"),
    [
        ("0.10", "0.1", (), True),
        ("1E-7", "0.0000001", (), False),
        ("1,5", "1.5", (), False),
        ("", "1", (), False),
        (MANY, MANY, ("0.01",), True),
        ("123456789012.12", MANY, ("0.01",), True),
        ("123456789012.123", MANY, ("0.01",), False),
        ("0.01", "0.0199", ("0.01",), True),
        ("0.02", "0.0199", ("0.01",), False),
        ("-1", "-1", (), True),
        ("1", "-1", (), False),
    ],
)
def test_the_same_number_or_what_a_step_leaves_of_it(
    text: str, given: str, steps: tuple[str, ...], is_same: bool
) -> None:
    assert decimals.is_same(text, given, map(Decimal, steps)) is is_same


@pytest.mark.parametrize(
    ("text", "given", "is_at_most"),
    [("1", "1.0", True), ("0.99", "1", True), ("1.0000000001", "1", False), ("1", "-1", False)],
)
def test_never_more_than_what_was_given(text: str, given: str, is_at_most: bool) -> None:
    assert decimals.is_at_most(text, given) is is_at_most


def test_what_is_no_plain_number_is_not_at_most_anything() -> None:
    assert not decimals.is_at_most("1e0", "5")


@pytest.mark.parametrize(
    ("stamps", "are_whole"),
    [([1000, 2000, 2000], True), ([1000, 2001], False), ([1_795_668_996_123], False)],
)
def test_timestamps_without_milliseconds(stamps: list[int], are_whole: bool) -> None:
    assert requests.are_whole_seconds(stamps) is are_whole
