"""What an SDK puts into its requests: operations, values, numbers, and nothing that was not given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from conformance.cases.claim import CannotTell, Claim, equal, holds
from sdk_gate.arrivals import Arrival
from sdk_gate.cases.case import ACCOUNT, case
from sdk_gate.driver import Answer
from sdk_gate.exchange import scripts
from sdk_gate.samples import WORDS
from sdk_gate.stage import Stage

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
    " a ",  # blanks that a careful hand would cut off
    "a\tb\nc",
    "a\r\nb\n",
    "e\u0301",  # é in two letters, which is another text than é in one
    "\u00a0a\u200b",
)
OVERLAP_MS: Final = 100
EQUAL_ORDERS: Final = 5
Answered = tuple[tuple[str, dict[str, Any]], Answer]


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
            example = stage.login
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


def _word(name: str, value: Any) -> Any:
    return WORDS[name][int(value)] if name in WORDS else value


@case("sdk.falsy-values-are-sent", "sdk.booleans-are-lower-case", needs=("token",))
def false_and_empty(stage: Stage) -> Iterator[Claim]:
    """A key is switched off and on, and given an empty remark."""
    stage.open("token")
    for enabled in (False, True):
        given = {"apiKey": stage.key.name, "enabled": enabled, "remark": ""}
        answer, arrivals = stage.sends("updateApiKey", **given)
        if not arrivals:
            yield unsent("sdk.falsy-values-are-sent", "an empty remark is sent", answer)
            continue
        form = form_of(arrivals[-1])
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
        answer, arrivals = stage.sends("updateApiKey", apiKey=stage.key.name, remark=remark)
        yield _arrives("remark", remark, answer, arrivals)


@case("sdk.values-arrive-as-given")
def passwords_of_any_script(stage: Stage) -> Iterator[Claim]:
    """So does a password, of which every sign counts."""
    stage.open()
    for password in REMARKS:
        params = {**stage.login, "password": password}
        answer, arrivals = stage.sends("login", **params)
        yield _arrives("password", password, answer, arrivals)


def _arrives(name: str, value: str, answer: Answer, arrivals: Sequence[Arrival]) -> Claim:
    title = f"the {name} {value!r} arrives as given"
    if not arrivals:
        return unsent("sdk.values-arrive-as-given", title, answer)
    found = form_of(arrivals[-1]).get(name)
    return equal("sdk.values-arrive-as-given", title, value, found)


@case("sdk.values-arrive-as-given", needs=(ACCOUNT,))
def symbols(stage: Stage) -> Iterator[Claim]:
    """A market's name has a slash, in a form and in a query."""
    stage.open_account()
    for operation, params in (("placeSpotOrder", LIMIT_BUY), ("listSpotOrders", A_MARKET)):
        found = sent(stage, operation, **params).get("symbol")
        title = f"the symbol of {operation} arrives as given"
        yield equal("sdk.values-arrive-as-given", title, "BTC/USDT", found)


def unsent(requirement: str, title: str, answer: Answer) -> Claim:
    """An SDK may refuse by itself what the exchange would refuse; anything else is a failure."""
    is_refused = answer.kind == "invalid"
    return holds(requirement, is_refused, title, "sent, or refused as invalid", answer.said)


@case("sdk.calls-at-once-do-not-mix", needs=("concurrency", ACCOUNT))
def fifty_at_once(stage: Stage) -> Iterator[Claim]:
    """Fifty calls at once, with a token and signed: tickers, orders with names of their own, and equal orders."""
    for by in ("token", "key"):
        if by in stage.features:
            # A slow machine is slow with fifty at once.
            stage.open(by, timing={"timeoutMs": 10_000})
            yield from _at_once(stage, by)


def _at_once(stage: Stage, by: str) -> Iterator[Claim]:
    coins = [stage.random.choice(("btc", "eth", "sol")) for _ in range(25)]
    asked: list[tuple[str, dict[str, Any]]] = [("getCoinTicker", {"coin": x}) for x in coins]
    orders = [{**LIMIT_BUY, "clientOrderId": f"{by}-{number}"} for number in range(20)]
    orders += [
        LIMIT_BUY
    ] * EQUAL_ORDERS  # whoever gives the same order five times wants it five times
    asked += [("placeSpotOrder", order) for order in orders]
    stage.random.shuffle(asked)
    before = len(stage.of("placeSpotOrder"))
    for operation in ("getCoinTicker", "placeSpotOrder"):
        # Else a fast machine would be done with one before the next is asked.
        stage.exchange.always(operation, scripts.late(OVERLAP_MS))
    answers = list(zip(asked, stage.calls(*asked), strict=True))
    yield from _own_answers(stage, by, answers)
    arrived = len(stage.of("placeSpotOrder")) - before
    title = f"each order is sent once (by {by})"
    yield equal("sdk.calls-at-once-do-not-mix", title, len(orders), arrived)


def _own_answers(stage: Stage, by: str, answers: Sequence[Answered]) -> Iterator[Claim]:
    made = {each.client_order_id: each.order_id for each in stage.orders()}
    for (operation, params), answer in answers:
        if operation == "getCoinTicker":
            due = f"{params['coin'].upper()}/"
            found = str((answer.result or {}).get("symbol")) if answer.ok else answer.said
            is_own = found.startswith(due)
        elif "clientOrderId" in params:
            due = made.get(params["clientOrderId"], "an order")
            found = str(answer.result) if answer.ok else answer.said
            is_own = found == due
        else:
            continue
        title = f"each call of {operation} gets its own answer (by {by})"
        yield holds("sdk.calls-at-once-do-not-mix", is_own, title, due, found)
    equal_orders = [x for (_, params), x in answers if params is LIMIT_BUY]
    found_ids = {str(x.result) for x in equal_orders if x.ok}
    title = f"each of {EQUAL_ORDERS} equal orders gets its own answer (by {by})"
    expected, actual = f"{EQUAL_ORDERS} ids", ", ".join(x.said for x in equal_orders)
    is_right = len(found_ids) == EQUAL_ORDERS
    yield holds("sdk.calls-at-once-do-not-mix", is_right, title, expected, actual)


def _shown(form: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in form.items())
