"""Events with marks: what is put in is found again, in whatever form an SDK gives it."""

from __future__ import annotations

from typing import Any

import pytest

from sdk_gate.judges.events import can_be_marked, marked, marks

TICKER = {"symbol": "BTC/USDT", "time": 5, "open": "74000.00", "close": "74001.00"}
WALLETS = [{"coin": {"unit": "USDT"}, "isLock": 0, "balance": "926"}, {"balance": "1"}]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TICKER, {**TICKER, "open": "7.25"}),
        (WALLETS, [{**WALLETS[0], "balance": "7.25"}, WALLETS[1]]),
        ({"at": 5, "close": 74001.5}, {"at": 5, "close": 7.25}),
        ({"rate": 0.5, "close": "74001.0"}, {"rate": 0.5, "close": "7.25"}),
        ({"id": "74001", "rate": 0.5}, {"id": "74001", "rate": 7.25}),
    ],
)
def test_the_first_decimal_is_the_mark(data: Any, expected: Any) -> None:
    assert marked(data, "7.25") == expected
    assert marks(data, [expected]) == ["7.25"]


@pytest.mark.parametrize("given", ["7.25", "7.2500", 7.25])
def test_a_mark_is_found_whatever_its_zeros_and_its_type(given: Any) -> None:
    assert marks(TICKER, [{"open": given}]) == ["7.25"]


@pytest.mark.parametrize("event", [None, "?", [], {}, {"open": None}, {"open": "much"}])
def test_an_event_without_a_mark_is_told_as_it_came(event: Any) -> None:
    assert marks(TICKER, [event]) == [str(event)]


@pytest.mark.parametrize("data", [None, {}, [], {"at": 5, "name": "x", "is": True}])
def test_what_has_no_decimal_has_no_place_for_a_mark(data: Any) -> None:
    assert not can_be_marked(data)
