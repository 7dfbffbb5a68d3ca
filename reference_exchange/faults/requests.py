"""Faults of lists, input, tokens and what one account may see of another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from conformance.model.refusal import Refused
from conformance.wire.http import Request
from reference_exchange import views
from reference_exchange.answers import Refusal
from reference_exchange.authentication import Caller
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, asking, fault, wrap
from reference_exchange.handlers import Call


def _claims(token: str) -> dict[str, Any]:
    """The claims of a token, whatever its signature; {} for none."""
    parts = token.split(".")
    try:
        text = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        found = json.loads(text)
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _account(x: ReferenceExchange, token: str) -> int | None:
    subject = str(_claims(token).get("sub", ""))
    return int(subject) if subject.isdigit() and int(subject) in x.members.by_id else None


@fault("auth.no-forgery-gets-in")
def alg_none_gets_in_in_mixed_case(x: ReferenceExchange) -> None:
    """`none` is refused as an algorithm, `nOnE` is not."""

    def account_of(original: Any, token: str) -> int | None:
        head = token.split(".")[0]
        named = _claims(f".{head}").get("alg", "")
        if str(named).lower() == "none" and named != "none":
            return _account(x, token)
        found: int | None = original(token)
        return found

    wrap(x.tokens, "account_of", account_of)


@fault("auth.no-forgery-gets-in")
def what_follows_a_token_does_not_count(x: ReferenceExchange) -> None:
    """A token is read up to its length; what stands behind it is ignored."""

    def account_of(original: Any, token: str) -> int | None:
        parts = token.replace(" ", ".").split(".")
        found: int | None = original(
            ".".join((*parts[:2], parts[2][:43] if len(parts) > 2 else ""))
        )
        return found

    wrap(x.tokens, "account_of", account_of)


@fault("auth.expired-token-refused")
def tokens_do_not_end(x: ReferenceExchange) -> None:
    """The end of a token is not looked at."""

    def account_of(original: Any, token: str) -> int | None:
        found: int | None = original(token)
        if found is not None:
            return found
        account = _account(x, token)
        claims = _claims(token)
        ended = int(claims.get("exp", 0)) * 1000 <= x.now_ms() and "exp" in claims
        return account if ended and _is_signed(x, token) else None

    wrap(x.tokens, "account_of", account_of)


def _is_signed(x: ReferenceExchange, token: str) -> bool:
    text, _, mark = token.rpartition(".")
    made = hmac.new(x.config.jwt_secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode() == mark


@fault("auth.token-counts-in-its-header-alone")
def cookies_log_in(x: ReferenceExchange) -> None:
    """A token in a cookie counts like one in its header."""

    def authenticate(original: Any, operation: Any, request: Request, client: str) -> Any:
        _, found, token = (request.header("Cookie") or "").partition("Authorization=")
        account = x.tokens.account_of(token) if found else None
        if account is not None and operation.is_private:
            return Caller(account)
        return original(operation, request, client)

    wrap(x, "authenticate", authenticate)


@fault("auth.token-counts-in-its-header-alone")
def another_header_logs_in(x: ReferenceExchange) -> None:
    """A token in x-auth-token, as in other code of the family, counts as well."""

    def authenticate(original: Any, operation: Any, request: Request, client: str) -> Any:
        token = request.header("X-Auth-Token")
        account = x.tokens.account_of(token) if token else None
        if account is not None and operation.is_private:
            return Caller(account)
        return original(operation, request, client)

    wrap(x, "authenticate", authenticate)


@fault("login.password-is-compared-whole")
def passwords_are_compared_without_case(x: ReferenceExchange) -> None:
    """SECRET logs in like secret."""
    wrap(x.members, "log_in", lambda original, login, given: original(login, given.lower()))


@fault("login.password-is-compared-whole")
def passwords_are_trimmed(x: ReferenceExchange) -> None:
    """Blanks around a password do not count."""
    wrap(x.members, "log_in", lambda original, login, given: original(login, given.strip()))


@fault("accounts.nothing-of-another-is-shown")
def profiles_show_who_traded_last(x: ReferenceExchange) -> None:
    """A profile carries, as promotionCode, the last order id of anybody."""
    last = [""]

    def place(original: Any, *terms: Any) -> Any:
        order = original(*terms)
        last[0] = order.order_id
        return order

    wrap(x.desk, "place", place)
    answering(x, "getUserInfo", lambda profile: {**profile, "promotionCode": last[0] or "FT0"})


@fault("accounts.nothing-of-another-is-shown")
def everybody_sees_every_key(x: ReferenceExchange) -> None:
    """The list of keys is that of all accounts."""
    x.handlers["listApiKeys"] = lambda _, __: [
        views.key(each) for member in x.members.by_id for each in x.keys.of(member)
    ]


@fault("spot.client-order-ids-are-each-accounts-own")
def client_order_ids_are_everybodys(x: ReferenceExchange) -> None:
    """A clientOrderId that any account has used is refused to all."""
    used: set[str] = set()

    def place(original: Any, *terms: Any) -> Any:
        name = terms[-1]
        if name and name in used:
            raise Refusal(400, 500, "An order with this clientOrderId exists already.")
        order = original(*terms)
        used.add(name)
        return order

    wrap(x.desk, "place", place)


@fault("spot.pages-make-up-the-list")
def pages_overlap_by_one(x: ReferenceExchange) -> None:
    """Each page but the first begins with the last order of the one before."""
    original = x.handlers["listSpotOrders"]

    def overlapping(exchange: ReferenceExchange, call: Call) -> Any:
        number, size = call.params.get("pageNo", 1), call.params.get("pageSize", 20)
        page = original(exchange, call)
        if number == 1 or size > 10 or not page["content"]:
            return page
        before = original(exchange, Call(call.account, {**call.params, "pageNo": number - 1}))[
            "content"
        ]
        return {**page, "content": [before[-1], *page["content"][:-1]]}

    x.handlers["listSpotOrders"] = overlapping


@fault("spot.pages-make-up-the-list")
def the_total_is_that_of_the_page(x: ReferenceExchange) -> None:
    """totalElements counts the rows of the page, totalPages is always one more than it is."""

    def wrong(page: Any) -> Any:
        return {**page, "totalPages": page["totalPages"] + 1}

    answering(x, "listSpotOrders", wrong)


@fault("spot.lists-keep-to-their-filter")
def cancelled_orders_cannot_be_filtered(x: ReferenceExchange) -> None:
    """A list of CANCELED orders is that of all that are over and all that are not."""
    asking(
        x,
        "listSpotOrders",
        lambda p: {k: v for k, v in p.items() if (k, v) != ("status", "CANCELED")},
    )


@fault("spot.order-times-are-of-now")
def orders_are_dated_in_local_time(x: ReferenceExchange) -> None:
    """Orders are dated eight hours ahead."""

    def ahead(page: Any) -> Any:
        rows = [{**row, "time": row["time"] + 8 * 3_600_000} for row in page["content"]]
        return {**page, "content": rows}

    answering(x, "listSpotOrders", ahead)


@fault("spot.numbers-are-listed-as-sent")
def amounts_are_listed_with_two_digits(x: ReferenceExchange) -> None:
    """The list shows an order's amount with two digits."""

    def short(page: Any) -> Any:
        cut = Decimal("0.01")
        rows = [{**row, "amount": row["amount"].quantize(cut)} for row in page["content"]]
        return {**page, "content": rows}

    answering(x, "listSpotOrders", short)


@fault("rest.bad-input-changes-nothing")
def bad_forms_are_half_done(x: ReferenceExchange) -> None:
    """An order that is refused for its form has frozen a cent before."""

    def read(original: Any, operation: Any, request: Request) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = original(operation, request)
        except Refusal:
            account = x.tokens.account_of(request.header("Authorization") or "")
            if operation.id == "placeSpotOrder" and account:
                x.ledger.freeze(account, "USDT", Decimal("0.01"))
            raise
        return found

    wrap(x.forms, "read", read)


@fault("rest.odd-requests-are-survived")
def a_nul_byte_breaks_the_parser(x: ReferenceExchange) -> None:
    """A NUL byte in a body is an internal error."""

    def handle(original: Any, request: Request, client: str) -> Any:
        if b"\x00" in request.body or "%00" in request.target:
            return x.answers.refused(Refusal(500, 5000, "internal error"))
        return original(request, client)

    wrap(x, "handle", handle)


@fault("spot.odd-orders-do-not-stop-the-market")
def leading_zeros_stop_the_market(x: ReferenceExchange) -> None:
    """After an order with many zeros no order of the account is taken any more."""
    stopped: set[int] = set()
    original = x.handlers["placeSpotOrder"]

    def place(exchange: ReferenceExchange, call: Call) -> Any:
        if call.account in stopped:
            raise Refusal(400, 500, "the market is halted")
        if str(call.params.get("price", "")).endswith("0000") and "." in call.params["price"]:
            stopped.add(call.account)
        return original(exchange, call)

    x.handlers["placeSpotOrder"] = place


@fault("spot.client-order-id-once-at-once")
def client_order_ids_race(x: ReferenceExchange) -> None:
    """A clientOrderId is looked up before and noted after: four at once are four orders."""
    noted: dict[tuple[int, str], int] = {}

    def place(original: Any, *terms: Any) -> Any:
        key = (terms[0], terms[-1] or "")
        at_once = x.now_ms() - noted.setdefault(key, x.now_ms()) <= 2
        try:
            return original(*terms)
        except Refused:
            if not at_once:
                raise
            return original(*terms[:-1], None)

    wrap(x.desk, "place", place)
