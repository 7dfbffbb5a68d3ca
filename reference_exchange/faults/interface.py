"""Faults of the REST interface: forms, statuses, envelopes, kinds of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from conformance.spec.contract import FORM
from conformance.wire.http import Response
from reference_exchange import forms
from reference_exchange.answers import Refusal
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, asking, fault, wrap


def _lenient(x: ReferenceExchange, operation: str, repair: Any) -> None:
    """Let an operation take what its document forbids, after repairing it."""

    def read(original: Any, asked: Any, request: Any) -> Any:
        if asked.id != operation:
            return original(asked, request)
        try:
            return original(asked, request)
        except Refusal:
            schema = forms.schema_of(asked)
            return repair(forms.coerce(forms.read(asked, request), schema))

    wrap(x.forms, "read", read)


@fault("spot.malformed-numbers-refused")
def numbers_are_read_as_floats(x: ReferenceExchange) -> None:
    """Whatever Python takes for a number is a price: 1e5, +1, NaN excepted."""

    def repaired(params: Mapping[str, Any]) -> Mapping[str, Any]:
        found = dict(params)
        for name in ("price", "amount"):
            try:
                value = Decimal(str(found[name]).strip())
            except (ArithmeticError, KeyError, ValueError):
                raise Refusal(400, 3000, f"{name} is no number") from None
            if not value.is_finite() or not 0 < value < 10**9:
                raise Refusal(400, 3000, f"{name} is no number")
            found[name] = format(value, "f")
        return found

    _lenient(x, "placeSpotOrder", repaired)


@fault("spot.unknown-symbol-refused")
def unknown_symbols_are_the_first_market(x: ReferenceExchange) -> None:
    """An order for a market that does not exist goes to the quiet one."""
    asking(
        x,
        "placeSpotOrder",
        lambda p: p if p["symbol"] in x.tapes else {**p, "symbol": "SOL/USDT"},
    )


@fault("spot.unknown-direction-or-type-refused")
def unknown_directions_buy(x: ReferenceExchange) -> None:
    """A direction other than 0 and 1 is taken for a buy."""

    def repaired(params: Mapping[str, Any]) -> Mapping[str, Any]:
        if params.get("direction") in (0, 1) or "amount" not in params or "symbol" not in params:
            raise Refusal(400, 3000, "the form is malformed")
        return {**params, "direction": 0}

    _lenient(x, "placeSpotOrder", repaired)


@fault("spot.limit-order-needs-a-price")
def limit_orders_without_a_price_cost_one(x: ReferenceExchange) -> None:
    """A limit order without a price is placed at 100."""
    asking(x, "placeSpotOrder", lambda p: {"price": "100", **p})


@fault("spot.slash-encoded-or-not")
def a_slash_has_to_be_encoded(x: ReferenceExchange) -> None:
    """A raw slash in a form is refused."""

    def strict(original: Any, operation: Any, request: Any) -> Any:
        if b"/" in request.body:
            raise Refusal(400, 3000, "the form is not encoded")
        return original(operation, request)

    wrap(x.forms, "read", strict)


@fault("spot.other-parameters-do-not-change-the-owner")
def a_member_id_in_the_form_is_the_owner(x: ReferenceExchange) -> None:
    """memberId in the form places the order for that member."""
    original_place = x.desk.place
    owner: list[int] = []

    def repaired(params: Mapping[str, Any]) -> Mapping[str, Any]:
        if "memberId" not in params:
            raise Refusal(400, 3000, "the form is malformed")
        owner[:] = [int(params["memberId"])]
        return {key: value for key, value in params.items() if key != "memberId"}

    def place(account: int, *rest: Any) -> Any:
        return original_place(owner.pop() if owner else account, *rest)

    _lenient(x, "placeSpotOrder", repaired)
    x.desk.place = place  # type: ignore[method-assign,assignment]


@fault("rest.no-server-error")
def an_unknown_order_crashes_the_server(x: ReferenceExchange) -> None:
    """Cancelling what does not exist is a 500."""
    original = x.handlers["cancelSpotOrder"]

    def fragile(exchange: ReferenceExchange, call: Any) -> Any:
        order = {o.order_id: o for o in exchange.spot.orders_of(call.account)}[
            call.params["orderId"]
        ]
        return original(exchange, replace(call, params={"orderId": order.order_id}))

    x.handlers["cancelSpotOrder"] = fragile


@fault("rest.answers-are-json")
def refusals_are_html(x: ReferenceExchange) -> None:
    """A 404 is an HTML page."""

    def html(original: Any, refusal: Refusal) -> Response:
        if refusal.status != 404:
            return original(refusal)  # type: ignore[no-any-return]
        return Response(404, (("Content-Type", "text/html"),), b"<h1>Not Found</h1>")

    wrap(x.answers, "refused", html)


@fault("rest.statuses-are-described")
def malformed_requests_are_422(x: ReferenceExchange) -> None:
    """A malformed request is answered with a status that no document has."""

    def other(original: Any, refusal: Refusal) -> Response:
        response = original(refusal)
        return replace(response, status=422) if refusal.code == 3000 else response  # type: ignore[no-any-return]

    wrap(x.answers, "refused", other)


@fault("rest.refusals-carry-a-code")
def refusals_have_code_zero(x: ReferenceExchange) -> None:
    """The code of every refusal is 0."""

    def zero(original: Any, refusal: Refusal) -> Response:
        return original(Refusal(refusal.status, 0, refusal.message, refusal.headers))  # type: ignore[no-any-return]

    wrap(x.answers, "refused", zero)


@fault("rest.number-kinds-are-stable")
def whole_balances_are_numbers(x: ReferenceExchange) -> None:
    """A balance that is a whole number is written as a number, another as text."""

    def mixed(rows: Any) -> Any:
        return [{**r, "balance": _maybe_number(r["balance"])} for r in rows]

    answering(x, "getSpotWallets", mixed)


def _maybe_number(value: Decimal) -> Any:
    return int(value) if value == value.to_integral_value() else value


@fault("rest.envelope-is-stable")
def every_other_answer_is_bare(x: ReferenceExchange) -> None:
    """Market data comes in an envelope and without it by turns."""
    count = [0]

    def turns(original: Any, data: Any, is_market: bool = False) -> Response:
        count[0] += 1
        x.answers._is_bare = bool(is_market and count[0] % 2)
        return original(data, is_market)  # type: ignore[no-any-return]

    wrap(x.answers, "accepted", turns)


@fault("operation.placeSpotOrder")
def order_ids_are_numbers(x: ReferenceExchange) -> None:
    """placeSpotOrder answers with a number; the document says text."""
    numbers: dict[str, str] = {}

    def number(identity: Any) -> Any:
        numbers[identity[1:]] = identity
        return int(identity[1:])

    answering(x, "placeSpotOrder", number)
    asking(x, "cancelSpotOrder", lambda p: {"orderId": numbers.get(p["orderId"], p["orderId"])})


@fault("operation.getUserInfo")
def profiles_lack_their_level(x: ReferenceExchange) -> None:
    """A required field of the profile is missing."""
    answering(x, "getUserInfo", lambda d: {k: v for k, v in d.items() if k != "memberLevel"})


@fault("operation.countReferrals")
def referrals_are_minus_one(x: ReferenceExchange) -> None:
    """Who has referred nobody has a count of -1."""
    answering(x, "countReferrals", lambda count: count - 1)


@fault("rest.bad-input-refused")
def page_sizes_are_not_limited(x: ReferenceExchange) -> None:
    """pageSize may be anything; what is no number is taken for 20."""

    def repaired(params: Mapping[str, Any]) -> Mapping[str, Any]:
        known = {k: v for k, v in params.items() if k in ("symbol", "status")}
        return {**known, "pageSize": 20, "pageNo": 1}

    _lenient(x, "listSpotOrders", repaired)


@fault("rest.legal-input-accepted")
def the_second_page_is_refused(x: ReferenceExchange) -> None:
    """Any page but the first is refused."""

    def first_only(params: Mapping[str, Any]) -> Mapping[str, Any]:
        if params.get("pageNo", 1) != 1:
            raise Refusal(400, 500, "there is no such page")
        return params

    asking(x, "listFuturesOrders", first_only)


@fault("rest.other-methods-refused")
def every_method_is_a_get(x: ReferenceExchange) -> None:
    """DELETE on a path is answered as GET."""

    def route(original: Any, request: Any) -> Any:
        method = "GET" if request.method == "DELETE" else request.method
        return original(replace(request, method=method))

    wrap(x, "route", route)


@fault("rest.unknown-path-refused")
def unknown_paths_are_the_home_page(x: ReferenceExchange) -> None:
    """A path that does not exist is answered with the home page."""

    def route(original: Any, request: Any) -> Any:
        try:
            return original(request)
        except Refusal as refusal:
            if refusal.status != 404:
                raise
            return x.contract.operations["getQuotationsHome"]

    wrap(x, "route", route)


@fault("rest.duplicate-parameters-refused")
def the_first_of_two_parameters_counts(x: ReferenceExchange) -> None:
    """A parameter given twice counts as given once."""

    def read(original: Any, operation: Any, request: Any) -> Any:
        def once(text: str) -> str:
            found: dict[str, str] = {}
            for pair in text.split("&"):
                found.setdefault(pair.partition("=")[0], pair)
            return "&".join(found.values())

        target = request.path + ("?" + once(request.query) if request.query else "")
        body = once(request.body.decode("latin-1")).encode("latin-1")
        return original(operation, replace(request, target=target, body=body))

    wrap(x.forms, "read", read)


@fault("rest.other-content-types-refused")
def json_bodies_are_taken_too(x: ReferenceExchange) -> None:
    """A form may come as JSON, or under any other type."""
    import json
    from urllib.parse import urlencode

    def read(original: Any, operation: Any, request: Any) -> Any:
        body = request.body
        if body.startswith(b"{"):
            body = urlencode(json.loads(body)).encode()
        headers = (("Content-Type", FORM),)
        return original(operation, replace(request, headers=headers, body=body))

    wrap(x.forms, "read", read)


@fault("rest.oversized-bodies-refused")
def oversized_bodies_are_cut(x: ReferenceExchange) -> None:
    """What is beyond 64 KiB is cut off; the rest is answered as if it were all."""

    def answer(original: Any, request: Any, client: str) -> Any:
        if len(request.body) > 65_536:
            return x.answers.done()
        return original(request, client)

    wrap(x, "handle", answer)


@fault("rest.gets-change-nothing")
def reading_the_profile_of_a_key_costs(x: ReferenceExchange) -> None:
    """Listing deposits freezes a cent."""
    original = x.handlers["listDeposits"]

    def costly(exchange: ReferenceExchange, call: Any) -> Any:
        exchange.ledger.freeze(call.account, "USDT", Decimal("0.01"))
        return original(exchange, call)

    x.handlers["listDeposits"] = costly


@fault("market.public-without-authentication")
def sparklines_need_a_token(x: ReferenceExchange) -> None:
    """Sparklines are refused to who has not logged in."""

    def strict(original: Any, operation: Any, request: Any, client: str) -> Any:
        is_known = x.tokens.account_of(request.header("Authorization") or "") is not None
        if operation.id == "getSparklines" and not is_known:
            raise Refusal(401, 4000, "not logged in")
        return original(operation, request, client)

    wrap(x, "authenticate", strict)


@fault("market.garbage-credentials-ignored")
def garbage_credentials_are_refused_everywhere(x: ReferenceExchange) -> None:
    """A bad token is refused even where none is needed."""

    def strict(original: Any, operation: Any, request: Any, client: str) -> Any:
        token = request.header("Authorization")
        if token and x.tokens.account_of(token) is None:
            raise Refusal(401, 4000, "not logged in")
        return original(operation, request, client)

    wrap(x, "authenticate", strict)


@fault("sdk.wire-dialects")
def content_types_with_a_charset_are_refused(x: ReferenceExchange) -> None:
    """Only the bare media type is understood."""

    def strict(original: Any, operation: Any, request: Any) -> Any:
        if request.body and (request.header("Content-Type") or "") != FORM:
            raise Refusal(415, 4150, "the body has to be a form")
        return original(operation, request)

    wrap(x.forms, "read", strict)
