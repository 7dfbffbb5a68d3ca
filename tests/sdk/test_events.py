"""Events with marks: what is put in is found again, in whatever form an SDK gives it."""

from __future__ import annotations

from typing import Any

import pytest

from sdk_gate.judges.events import (
    UNKNOWN_WORD,
    marked,
    marks,
    with_unknown_field,
    with_unknown_words,
)

TICKER = {"symbol": "BTC/USDT", "time": 5, "open": "74000.00", "close": "74001.00"}
WALLETS = [{"coin": {"unit": "USDT"}, "isLock": 0, "balance": "926"}, {"balance": "1"}]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TICKER, {**TICKER, "open": "7.25"}),
        (WALLETS, [{**WALLETS[0], "balance": "7.25"}, WALLETS[1]]),
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


def test_an_unknown_field_is_in_every_row() -> None:
    assert [set(each) - {"zz"} for each in with_unknown_field(WALLETS)] == [*map(set, WALLETS)]
    assert all("zz" in each for each in with_unknown_field(WALLETS))
    assert "zz" in with_unknown_field(TICKER)


def test_words_of_enumerations_alone_become_unknown() -> None:
    schema = {
        "items": {"properties": {"status": {"enum": ["A"]}, "name": {}, "lock": {"enum": [0, 1]}}}
    }
    rows = [{"status": "A", "name": "x", "lock": 0, "more": "y"}]
    expected = [{"status": UNKNOWN_WORD, "name": "x", "lock": 0, "more": "y"}]
    assert with_unknown_words(rows, schema) == expected
