"""What an SDK makes of answers: every digit, what it does not know, and errors that can be told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from conformance.cases.claim import Claim, equal, holds
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.cases.requests import LIMIT_BUY
from sdk_gate.driver import Answer
from sdk_gate.exchange import scripts
from sdk_gate.exchange.scripts import Script
from sdk_gate.stage import Stage

DECIMALS: Final = (
    "0.1234567890123456",
    "12345678901234567.12345678",
    "0.00000001",
    "0.30000000000000004",
    "100000000000000000000",
    "12345678901234.1234567890123456",
)
# Of a payload that is nothing but a decimal: as it is written, and what it is worth.
PRICES: Final = (
    ('"74000.10"', "74000.10"),
    ("74000.10", "74000.10"),
    ("0", "0"),
    ('"0"', "0"),
    ("0.00", "0"),
    ("1.2345678901234567890E-7", "0.00000012345678901234567890"),
)
PAIR: Final = MappingProxyType({"fromUnit": "BTC", "toUnit": "USDT"})
TICKER: Final = json.dumps(
    {
        "symbol": "BTC/USDT",
        **dict.fromkeys(("open", "high", "low", "close", "volume", "turnover"), "1"),
        **dict.fromkeys(("chg", "change", "lastDayClose", "usdRate", "baseUsdRate"), "1"),
        "zone": 0,
    }
)
INTEGERS: Final = (
    9_223_372_036_854_775_807,
    9_007_199_254_740_993,
    0,
    -9_007_199_254_740_993,
    -9_223_372_036_854_775_807,
)


@case("sdk.decimals-are-read-exactly", needs=(ACCOUNT,))
def decimals(stage: Stage) -> Iterator[Claim]:
    """Balances with more digits than a binary number holds, written as text and as numbers, whole and in chunks."""
    stage.open_account()
    for text in DECIMALS:
        for written, how, is_chunked in (
            (f'"{text}"', "text", False),
            (text, "a number", False),
            (f'"{text}"', "text in chunks", True),
        ):
            payload = (
                f'[{{"coin":{{"unit":"BTC","name":"Bitcoin"}},"balance":{written},'
                f'"frozenBalance":{written},"isLock":0}}]'
            )
            script = replace(scripts.data(f"balance {written}", payload), is_chunked=is_chunked)
            stage.exchange.next("getSpotWallets", script)
            answer = stage.call("getSpotWallets")
            found = _field(answer, 0, "balance")
            title = f"{text} as {how} keeps its digits"
            yield holds(
                "sdk.decimals-are-read-exactly",
                _is_decimal(found, text),
                title,
                text,
                found if answer.ok else answer.said,
            )


@case("sdk.decimals-are-read-exactly", "sdk.bare-answers-are-read")
def prices(stage: Stage) -> Iterator[Claim]:
    """A price that is the whole of an answer, zero among others, with an envelope and without."""
    stage.open()
    for written, due in PRICES:
        for is_enveloped in (True, False):
            script = scripts.data(f"price {written}", written, enveloped=is_enveloped)
            stage.exchange.next("getConvertPrice", script)
            answer = stage.call("getConvertPrice", **PAIR)
            is_read = answer.ok and is_worth(answer.result, due)
            requirement = "decimals-are-read-exactly" if is_enveloped else "bare-answers-are-read"
            where = "in" if is_enveloped else "without"
            title = f"a price of {written} is read {where} an envelope"
            yield holds(f"sdk.{requirement}", is_read, title, due, answer.said)


def is_worth(found: Any, text: str) -> bool:
    """Whether something is a decimal, however it is written: the digits of an exponent are there as well."""
    return _is_decimal(f"{Decimal(found):f}" if _is_number(found) else found, text)


def _is_number(found: Any) -> bool:
    return isinstance(found, str) and bool(re.fullmatch(r"\d+(\.\d+)?[eE][-+]?\d{1,2}", found))


def _is_decimal(found: Any, text: str) -> bool:
    try:
        # A decimal without a fraction may be a number of JSON: no client can tell it from an integer.
        is_text = isinstance(found, str) and "e" not in found.lower()
        is_whole = isinstance(found, int) and not isinstance(found, bool)
        return (is_text or is_whole) and Decimal(found) == Decimal(text)
    except InvalidOperation:
        return False


@case("sdk.large-integers-are-read-exactly", needs=(ACCOUNT,))
def integers(stage: Stage) -> Iterator[Claim]:
    """An account's id with all the bits that it may have."""
    stage.open_account()
    for number in INTEGERS:
        change = scripts.altered(f"id {number}", partial(_with_id, number))
        stage.exchange.next("getUserInfo", change)
        answer = stage.call("getUserInfo")
        found = _field(answer, "id")
        title = f"the id {number} comes back whole"
        actual = found if answer.ok else answer.said
        yield equal("sdk.large-integers-are-read-exactly", title, str(number), str(actual))


def _with_id(number: int, data: Any) -> Any:
    return {**data, "id": number}


@case("sdk.bare-answers-are-read")
def bare(stage: Stage) -> Iterator[Claim]:
    """Market data without its envelope: an object, a list, a value."""
    stage.open()
    for operation, payload, read, due in (
        ("getCoinTicker", TICKER, lambda x: x["symbol"], "BTC/USDT"),
        ("getSparklines", "[]", lambda x: x or [], []),  # some languages have no empty list
        ("getSparklines", f'[{TICKER[:-1]},"trend":["1"]}}]', lambda x: x[0]["symbol"], "BTC/USDT"),
    ):
        stage.exchange.next(
            operation, scripts.data(f"bare {payload[:20]}", payload, enveloped=False)
        )
        params = {"coin": "btc"} if operation == "getCoinTicker" else {}
        answer = stage.call(operation, **params)
        found = _read(read, answer.result) if answer.ok else answer.said
        title = f"{operation} is read without an envelope ({_kind(payload)})"
        yield equal("sdk.bare-answers-are-read", title, due, found)


def _kind(payload: str) -> str:
    return "an empty list" if payload == "[]" else {"{": "an object", "[": "a list"}[payload[0]]


def _read(read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except (KeyError, IndexError, TypeError, InvalidOperation):
        return f"unreadable: {json.dumps(value)[:100]}"


@case(
    "sdk.unknown-fields-are-survived",
    "sdk.unknown-values-are-survived",
    "sdk.missing-values-are-survived",
    needs=(ACCOUNT,),
)
def what_is_not_known_yet(stage: Stage) -> Iterator[Claim]:
    """A newer exchange: more fields, a status nobody has heard of, optional fields that are null or not there."""
    stage.open_account()
    stage.call("placeSpotOrder", **LIMIT_BUY)
    changes: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
        ("unknown-fields", "a field zz", lambda x: {**x, "zz": {"a": [1, None]}}),
        ("unknown-values", "a status HALTED", lambda x: {**x, "status": "HALTED"}),
        ("unknown-values", "a type STOP_LIMIT", lambda x: {**x, "type": "STOP_LIMIT"}),
        ("missing-values", "completedTime null", lambda x: {**x, "completedTime": None}),
        ("missing-values", "clientOrderId null", lambda x: {**x, "clientOrderId": None}),
        ("missing-values", "no optional field", lambda x: _without(x, *OPTIONAL)),
    )
    for what, name, change in changes:
        script = scripts.altered(name, partial(_each, change))
        stage.exchange.next("listSpotOrders", script)
        answer = stage.call("listSpotOrders", symbol="BTC/USDT")
        found = _field(answer, "content", 0, "price") if answer.ok else answer.said
        is_right = answer.ok and _is_decimal(found, LIMIT_BUY["price"])
        title = f"an order with {name} is read"
        yield holds(f"sdk.{what}-are-survived", is_right, title, LIMIT_BUY["price"], found)


OPTIONAL: Final = ("completedTime", "canceledTime", "clientOrderId")


def _without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key not in names}


def _each(change: Callable[[Any], Any], page: dict[str, Any]) -> dict[str, Any]:
    return {**page, "content": [change(each) for each in page["content"]], "zz": None}


@case("sdk.refusals-are-errors", "sdk.refusals-keep-code-and-message", needs=(ACCOUNT,))
def refusals(stage: Stage) -> Iterator[Claim]:
    """A refusal with 400, and refusals that come with 200."""
    stage.open_account()
    for status, code, message in (
        (400, 3010, "the amount is below the least"),
        (200, 500, "insufficient balance é"),
        (200, -1, "closed for today"),
    ):
        stage.exchange.next("placeSpotOrder", scripts.refusal(status, code, message))
        answer = stage.call("placeSpotOrder", **LIMIT_BUY)
        title = f"code {code} with HTTP {status} is an error"
        is_told = not answer.ok and answer.kind == "rejected"
        yield holds("sdk.refusals-are-errors", is_told, title, "error rejected", answer.said)
        if not answer.ok:
            title = f"the error holds code {code} and its message"
            found = f"{answer.code}: {answer.message}"
            is_whole = answer.code == code and message in answer.message
            yield holds(
                "sdk.refusals-keep-code-and-message", is_whole, title, f"{code}: {message}", found
            )


@case("sdk.errors-are-told-apart", needs=(ACCOUNT,))
def kinds_of_errors(stage: Stage) -> Iterator[Claim]:
    """One order, and everything that can become of it but success."""
    stage.open_account()
    # Those that an SDK may answer by logging in again, or by waiting, stay. To wait for longer than a call's time-out
    # is a fine answer to a 429 as well, which only then has to end.
    standing: tuple[tuple[Script, str], ...] = (
        (scripts.refusal(401, 4000, "not logged in"), "unauthorized"),
        (scripts.refusal(403, 3007, "the key lacks the permission trade"), "unauthorized"),
        (scripts.too_many("1"), "rate_limited"),
        (scripts.refusal(400, 3010, "the amount is below the least"), "rejected"),
        (scripts.broken(503), "server"),
        (scripts.hang_up(performs=False), "transport"),
        (scripts.text("answers what is not JSON", "<html>hello</html>"), "unreadable"),
    )
    for script, kind in standing:
        stage.open_account()
        stage.exchange.always("placeSpotOrder", script)
        answer = stage.call("placeSpotOrder", **LIMIT_BUY)
        kinds = (kind, "timeout") if kind == "rate_limited" else (kind,)
        title = f"an exchange that {script.name} is told as {' or '.join(kinds)}"
        actual = answer.said if answer.ok else answer.kind
        yield holds("sdk.errors-are-told-apart", actual in kinds, title, kind, actual)


@case("sdk.half-an-answer-is-none", needs=(ACCOUNT,))
def half_an_answer(stage: Stage) -> Iterator[Claim]:
    """Answers that break off within their body, of a read and of an order."""
    stage.open_account()
    for operation, params in (("getSpotWallets", {}), ("placeSpotOrder", LIMIT_BUY)):
        stage.exchange.always(operation, scripts.half_a_body())
        answer = stage.call(operation, **params)
        title = f"half an answer to {operation} is no result"
        is_error = not answer.ok and answer.kind in ("unreadable", "transport")
        # An SDK that finds its order in the list of orders knows it by the exchange's word.
        is_found = answer.ok and answer.result in [each.order_id for each in stage.orders()]
        expected = "error unreadable or transport, or the id of an order that was made"
        is_right = is_error or is_found
        yield holds("sdk.half-an-answer-is-none", is_right, title, expected, answer.said)


@case("sdk.half-an-answer-is-none", needs=(ACCOUNT,))
def half_a_price(stage: Stage) -> Iterator[Claim]:
    """A price breaks off within its digits: what came is a price as well, and another one."""
    stage.open_account()
    whole = scripts.data("writes half of a price", "74000.10", enveloped=False)
    stage.exchange.next("getConvertPrice", replace(whole, body_bytes=3))
    answer = stage.call("getConvertPrice", **PAIR)
    # An SDK may ask again, and has the price then.
    is_other = answer.ok and not _is_decimal(answer.result, "740")
    is_error = answer.kind in ("unreadable", "transport")
    expected = "error unreadable or transport, or the price of another attempt"
    title = "half of the digits are no price"
    yield holds("sdk.half-an-answer-is-none", is_error or is_other, title, expected, answer.said)


def _field(answer: Answer, *path: Any) -> Any:
    """What stands at a place of a result, or None."""
    value = answer.result
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
