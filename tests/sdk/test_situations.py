"""The pure parts of situations: answers of a newer exchange, orders that are one, pauses, secrets in other dress."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.cases.claim import Verdict
from conformance.spec.contract import Contract
from sdk_gate.cases.answers import is_worth
from sdk_gate.cases.refusals import told
from sdk_gate.cases.retries import each_apart
from sdk_gate.cases.writes import asked_for, is_told
from sdk_gate.driver import Answer
from sdk_gate.exchange import newer
from tests.sdk.seen import order

CONTRACT = Contract.load()
SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "required": ["status", "coin"],
        "properties": {
            "status": {"enum": [0, 1]},
            "coin": {"properties": {"unit": {"enum": ["BTC"]}}},
            "at": {"type": ["integer", "null"]},
            "rates": {"additionalProperties": {"type": "string"}},
        },
    },
}
EXAMPLE = [{"status": 1, "coin": {"unit": "BTC"}, "at": 5, "rates": {"x": "1"}}]


def test_each_object_of_known_fields_has_one_more() -> None:
    changed = newer.with_unknown_fields(EXAMPLE, SCHEMA)
    assert set(changed[0]) - set(EXAMPLE[0]) == {newer.UNKNOWN_FIELD}
    assert set(changed[0]["coin"]) == {"unit", newer.UNKNOWN_FIELD}
    assert changed[0]["rates"] == {"x": "1"}


def test_enumerations_have_values_of_their_own_kind() -> None:
    changed = newer.with_unknown_values(EXAMPLE, SCHEMA)
    due = {"status": newer.UNKNOWN_NUMBER, "coin": {"unit": newer.UNKNOWN_TEXT}}
    assert changed == [{**EXAMPLE[0], **due}]


def test_optional_fields_are_left_out_or_null() -> None:
    # The schema of a coin requires nothing, so that nothing of it is left.
    bare = newer.without_optional_fields(EXAMPLE, SCHEMA)
    assert bare == [{"status": 1, "coin": {}}]
    assert newer.with_nulls(EXAMPLE, SCHEMA) == [
        {"status": 1, "coin": {"unit": None}, "at": None, "rates": None}
    ]


def test_what_a_change_left_alone_is_kept_whatever_its_shape() -> None:
    changed = newer.with_unknown_values(EXAMPLE, SCHEMA)
    usual = {"orders": [{"status": "DONE", "at": "5", "heard": 123}]}
    assert newer.kept(EXAMPLE, changed, usual) == {("orders", 0, "at"): "5"}


def test_every_answer_of_the_document_has_a_schema_and_an_example() -> None:
    for operation in CONTRACT.operations.values():
        is_nothing = operation.id in ("cancelSpotOrder", "deleteApiKey")
        assert (newer.example_of(CONTRACT, operation) is None) is is_nothing, operation.id
        assert bool(newer.schema_of(CONTRACT, operation)) is not is_nothing, operation.id


def test_orders_of_one_name_are_one() -> None:
    named = order("symbol=BTC%2FUSDT&clientOrderId=a")
    assert asked_for([]) == 0
    assert asked_for([named, named]) == 1
    assert asked_for([named, order("symbol=BTC%2FUSDT&clientOrderId=b")]) == 2
    assert asked_for([order(), order()]) == 2


@pytest.mark.parametrize(
    ("pauses", "verdicts"),
    [
        ([], []),
        ([[0, 100]] * 3, [Verdict.PASS]),  # the first pause is nobody's business
        ([[100, 0]] * 3, [Verdict.FAIL]),
        ([[100, 0], [100, 0], [100, 50]], [Verdict.PASS]),
        ([[100, 0]] * 2, []),
        ([[100, 90, 1]] * 3, [Verdict.PASS, Verdict.FAIL]),
    ],
)
def test_no_pause_is_left_out_every_time(
    pauses: list[list[float]], verdicts: list[Verdict]
) -> None:
    assert [each.verdict for each in each_apart(pauses)] == verdicts


def test_an_error_holds_code_and_message_in_fields_or_in_words() -> None:
    def verdict(**said: Any) -> Verdict:
        return told(Answer(ok=False, kind="server", **said), 3999, "closed").verdict

    assert verdict(message="closed", code=3999) is Verdict.PASS
    assert verdict(message='HTTP 503: {"code":3999,"message":"closed"}') is Verdict.PASS
    assert verdict(message="closed") is Verdict.FAIL
    assert verdict(message="HTTP 503", code=3999) is Verdict.FAIL


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(ok=False, kind="timeout"), Verdict.PASS),
        (Answer(ok=False, kind="rejected"), Verdict.FAIL),
        (Answer(ok=True), Verdict.FAIL),
    ],
)
def test_an_unknown_outcome_is_an_error_that_says_so(answer: Answer, verdict: Verdict) -> None:
    assert is_told("an order", answer, []).verdict is verdict


@pytest.mark.parametrize(
    ("found", "is_right"),
    [("1.5E-7", True), ("0.00000015", True), ("1.5E-8", False), ("1.5.0E-7", False), (None, False)],
)
def test_a_decimal_may_have_an_exponent_where_only_its_digits_count(
    found: Any, is_right: bool
) -> None:
    assert is_worth(found, "0.00000015") is is_right
