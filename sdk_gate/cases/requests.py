"""What an SDK puts into its requests: operations, values, numbers, and nothing that was not given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

from conformance.cases.claim import CannotTell, Claim, Verdict, equal, holds
from sdk_gate.arrivals import Arrival
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.driver import Answer
from sdk_gate.exchange import scripts
from sdk_gate.stage import Stage

PLAIN: Final = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
LIMIT_BUY: Final = {
    "symbol": "BTC/USDT",
    "direction": "BUY",
    "type": "LIMIT",
    "price": "50000",
    "amount": "0.001",
}
A_MARKET: Final = {"symbol": "BTC/USDT"}
REMARKS: Final = (
    "a/b",
    "a+b",
    "a&b=c",
    "100%",
    "%2F",
    "a b",
    "é",
    "漢字",
    "~*'()!",
    "a;b,c:@?#",
    "🙂",
    '"x"\\',
)
AMOUNTS: Final = (
    "0.00001",
    "0.00000001",
    "0.3",
    "0.10",
    "1000000",
    "123456789.12345678",
    "0.1234567890123456",
    "12345678901234567890",
)
OVERLAP_MS: Final = 100
# How languages write what is not there.
NOTHING: Final = ("", "null", "none", "nil", "<nil>", "undefined", "nan", "0", "false")
# One that fits no step of the market, rounded up by whoever rounds to the nearest.
BETWEEN_STEPS: Final = (("0.0010009", "50000"), ("0.001", "50000.019"), ("0.00109999", "50000.009"))


def form_of(arrival: Arrival) -> dict[str, str]:
    """The parameters of a request, decoded once, wherever they stand."""
    request = arrival.request
    text = request.body.decode("latin-1") if request.method == "POST" else request.query
    return dict(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="replace"))


def sent(stage: Stage, operation: str, **params: Any) -> dict[str, str]:
    """Call an operation; the parameters that arrived. Raises CannotTell when nothing did, NotInSdk."""
    answer, arrivals = stage.sends(operation, **params)
    if not arrivals:
        raise CannotTell(f"no {operation} arrived: {answer.said}")
    return form_of(arrivals[-1])


@case(
    "sdk.works-with-every-operation",
    "sdk.asks-what-is-documented",
    "sdk.forms-are-forms",
    needs=(ACCOUNT,),
)
def every_operation(stage: Stage) -> Iterator[Claim]:
    """Each documented operation is called with the parameters of its example."""
    stage.open_account()
    for operation in stage.exchange.contract.operations.values():
        if operation.provenance != "documented":
            continue
        example = {k: _word(k, v) for k, v in operation.example.items() if k != "email"}
        if operation.id == "login":
            example = _login(stage)
        if operation.id == "cancelSpotOrder":
            example = {"orderId": stage.orders()[-1].order_id} if stage.orders() else example
        answer = stage.driver.step("call", operation=operation.id, params=example)
        yield holds(
            "sdk.works-with-every-operation",
            bool(stage.of(operation.id)),
            f"{operation.id} is called",
            f"{operation.method} {operation.path} arrives",
            answer.said,
        )


def _login(stage: Stage) -> dict[str, str]:
    return {stage.login_parameter: stage.person.login, "password": stage.person.password}


def _word(name: str, value: Any) -> Any:
    words = {"direction": ("BUY", "SELL"), "type": ("LIMIT", "MARKET")}
    return words[name][int(value)] if name in words else value


@case("sdk.enumerations-as-documented", "sdk.falsy-values-are-sent", needs=(ACCOUNT,))
def words_of_an_order(stage: Stage) -> Iterator[Claim]:
    """Orders in words arrive with the documented numbers; the numbers that are zero arrive as well."""
    stage.open_account()
    wanted = {"BUY": "0", "SELL": "1", "LIMIT": "0", "MARKET": "1"}
    for direction, kind in (("BUY", "LIMIT"), ("SELL", "MARKET"), ("SELL", "LIMIT")):
        order = {**LIMIT_BUY, "direction": direction, "type": kind}
        if kind == "MARKET":
            del order["price"]  # whoever checks it would refuse it
        form = sent(stage, "placeSpotOrder", **order)
        for name, word in (("direction", direction), ("type", kind)):
            if wanted[word] == "0":
                title = f"{name} 0 is sent"
                yield holds(
                    "sdk.falsy-values-are-sent", name in form, title, f"{name}=0", _shown(form)
                )
            if name in form:
                title = f"{name} {word} goes out as {wanted[word]}"
                yield equal("sdk.enumerations-as-documented", title, wanted[word], form[name])


@case("sdk.falsy-values-are-sent", "sdk.booleans-are-lower-case", needs=("token",))
def false_and_empty(stage: Stage) -> Iterator[Claim]:
    """A key is switched off and on, and given an empty remark."""
    stage.open("token")
    for enabled in (False, True):
        form = sent(stage, "updateApiKey", apiKey=stage.key.name, enabled=enabled, remark="")
        if not enabled:
            title = "enabled false is sent"
            yield holds(
                "sdk.falsy-values-are-sent", "enabled" in form, title, "enabled=false", _shown(form)
            )
            title = "an empty remark is sent"
            yield holds(
                "sdk.falsy-values-are-sent", "remark" in form, title, "remark=", _shown(form)
            )
        if "enabled" in form:
            title = f"{str(enabled).lower()} is written in lower case"
            yield equal("sdk.booleans-are-lower-case", title, str(enabled).lower(), form["enabled"])


@case("sdk.values-arrive-as-given", needs=("token",))
def values_of_any_script(stage: Stage) -> Iterator[Claim]:
    """A key's remark holds what people write: signs that mean something in a form, blanks, letters of any script."""
    stage.open("token")
    for remark in REMARKS:
        found = sent(stage, "updateApiKey", apiKey=stage.key.name, remark=remark).get("remark")
        yield equal("sdk.values-arrive-as-given", f"{remark!r} arrives as given", remark, found)


@case("sdk.values-arrive-as-given", needs=(ACCOUNT,))
def symbols(stage: Stage) -> Iterator[Claim]:
    """A market's name has a slash, in a form and in a query."""
    stage.open_account()
    for operation, params in (("placeSpotOrder", LIMIT_BUY), ("listSpotOrders", A_MARKET)):
        found = sent(stage, operation, **params).get("symbol")
        title = f"the symbol of {operation} arrives as given"
        yield equal("sdk.values-arrive-as-given", title, "BTC/USDT", found)


@case("sdk.absent-values-are-left-out", needs=(ACCOUNT,))
def nothing_given(stage: Stage) -> Iterator[Claim]:
    """A market order without a price and without a name of its own; a list of orders of any status."""
    stage.open_account()
    order = {**LIMIT_BUY, "type": "MARKET", "price": None, "clientOrderId": None}
    page = {"symbol": "BTC/USDT", "status": None, "pageNo": None}
    for operation, params in (("placeSpotOrder", order), ("listSpotOrders", page)):
        form = sent(stage, operation, **params)
        for name in (name for name, value in params.items() if value is None):
            # An SDK may name orders by itself, and know the first page; a price it must not make up.
            is_own = name != "price" and form.get(name, "").lower() not in NOTHING
            is_right = name not in form or is_own
            title = f"{name} is left out of {operation}"
            yield holds("sdk.absent-values-are-left-out", is_right, title, "not sent", _shown(form))


@case("sdk.decimals-are-sent-plainly", needs=(ACCOUNT,))
def small_and_long_decimals(stage: Stage) -> Iterator[Claim]:
    """Amounts and prices that a binary number cannot hold, or that print with an exponent."""
    stage.open_account()
    for amount in AMOUNTS:
        order = {**LIMIT_BUY, "amount": amount, "price": amount}
        answer, arrivals = stage.sends("placeSpotOrder", **order)
        if not arrivals:
            yield unsent("sdk.decimals-are-sent-plainly", f"{amount} is sent", answer)
            continue
        form = form_of(arrivals[-1])
        for name in ("amount", "price"):
            found = form.get(name, "")
            # An SDK that knows the market may cut off what does not fit its step.
            step = stage.step_of(LIMIT_BUY["symbol"], name)
            wanted = (Decimal(amount), Decimal(amount) // step * step)
            is_same = bool(PLAIN.fullmatch(found)) and Decimal(found) in wanted
            title = f"{name} {amount} is sent plainly"
            yield holds("sdk.decimals-are-sent-plainly", is_same, title, amount, found)


@case("sdk.amounts-are-never-raised", needs=(ACCOUNT,))
def between_two_steps(stage: Stage) -> Iterator[Claim]:
    """Amounts and prices that fit no step of the market: sent as they are, or refused, never more."""
    stage.open_account()
    for amount, price in BETWEEN_STEPS:
        order = {**LIMIT_BUY, "amount": amount, "price": price}
        answer, arrivals = stage.sends("placeSpotOrder", **order)
        if not arrivals:
            title = f"{amount} at {price} is sent or refused"
            yield unsent("sdk.amounts-are-never-raised", title, answer)
            continue
        form = form_of(arrivals[-1])
        for name, given in (("amount", amount), ("price", price)):
            found = form.get(name, "")
            is_at_most = bool(PLAIN.fullmatch(found)) and Decimal(found) <= Decimal(given)
            title = f"{name} {given} is not raised"
            yield holds(
                "sdk.amounts-are-never-raised", is_at_most, title, f"at most {given}", found
            )


def unsent(requirement: str, title: str, answer: Answer) -> Claim:
    """An SDK may refuse by itself what the exchange would refuse; anything else is a failure."""
    is_refused = answer.kind == "invalid"
    return holds(requirement, is_refused, title, "sent, or refused as invalid", answer.said)


@case("sdk.arguments-stay-unchanged", needs=(ACCOUNT,))
def arguments(stage: Stage) -> Iterator[Claim]:
    """The parameters are looked at after the call."""
    stage.open_account()
    told = 0
    for operation, params in (
        ("getCoinTicker", {"coin": "btc"}),
        ("placeSpotOrder", {**LIMIT_BUY, "clientOrderId": None}),
        ("listSpotOrders", {**A_MARKET, "pageNo": 1}),
    ):
        answer = stage.call(operation, **params)
        if answer.given is None:
            continue
        told += 1
        title = f"the parameters of {operation} are as before"
        yield equal("sdk.arguments-stay-unchanged", title, params, dict(answer.given))
    if not told:
        title = "the driver does not tell what the parameters are after a call (`given`)"
        yield Claim("sdk.arguments-stay-unchanged", Verdict.SKIPPED, title)


@case("sdk.calls-at-once-do-not-mix", needs=("concurrency", ACCOUNT))
def fifty_at_once(stage: Stage) -> Iterator[Claim]:
    """Fifty calls at once, with a token and signed: tickers of several coins and orders with names of their own."""
    for by in ("token", "key"):
        if by in stage.features:
            # A slow machine is slow with fifty at once.
            stage.open(by, timing={"timeoutMs": 10_000})
            yield from _at_once(stage, by)


def _at_once(stage: Stage, by: str) -> Iterator[Claim]:
    coins = [stage.random.choice(("btc", "eth", "sol")) for _ in range(25)]
    names = [f"{by}-{number}" for number in range(25)]
    asked: list[tuple[str, dict[str, Any]]] = [("getCoinTicker", {"coin": x}) for x in coins]
    asked += [("placeSpotOrder", {**LIMIT_BUY, "clientOrderId": name}) for name in names]
    stage.random.shuffle(asked)
    before = len(stage.of("placeSpotOrder"))
    for operation in ("getCoinTicker", "placeSpotOrder"):
        # Else a fast machine would be done with one before the next is asked.
        stage.exchange.always(operation, scripts.late(OVERLAP_MS))
    answers = stage.calls(*asked)
    made = {each.client_order_id: each.order_id for each in stage.orders()}
    for (operation, params), answer in zip(asked, answers, strict=True):
        if operation == "getCoinTicker":
            due = f"{params['coin'].upper()}/"
            found = str((answer.result or {}).get("symbol")) if answer.ok else answer.said
            is_own = found.startswith(due)
        else:
            due = made.get(params["clientOrderId"], "an order")
            found = str(answer.result) if answer.ok else answer.said
            is_own = found == due
        title = f"each call of {operation} gets its own answer (by {by})"
        yield holds("sdk.calls-at-once-do-not-mix", is_own, title, due, found)
    arrived = len(stage.of("placeSpotOrder")) - before
    title = f"each order is sent once (by {by})"
    yield equal("sdk.calls-at-once-do-not-mix", title, len(names), arrived)


def _shown(form: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in form.items())
