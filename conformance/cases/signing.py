"""Checks of signed requests: what a signature covers, how fresh it is, and over which bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from conformance.cases.asks import BUY, away, last_price, order_form, smallest_amount
from conformance.cases.claim import CannotTell
from conformance.cases.examples import take_back
from conformance.cases.key_asks import create, delete, soon, use, works
from conformance.cases.refusals import refused, taken
from conformance.cases.script import Ask, Raw, Record, Script, World, check
from conformance.cases.spot_orders import home_market
from conformance.target import Market
from conformance.wire.http import Request
from conformance.wire.rest import FORM, as_text
from conformance.wire.signing import Key

KEYS: Final = ("keys",)
SECOND_MS: Final = 1000
WINDOW_MS: Final = 5000


@check("signing.hmac-sha256-accepted", needs=KEYS, requests=9)
def signed_request(world: World) -> Script:
    """A request signed by the target's recipe authenticates, with a window and without."""
    key = yield from create(world, world.first, "read")
    requirement = "signing.hmac-sha256-accepted"
    try:
        record = yield from soon(world, use(key), lambda answer: answer.is_accepted)
        yield taken(requirement, record, "a signed request with no window is taken")
        record = yield use(key, window="4000")
        yield taken(requirement, record, "a signed request with a window of 4000 is taken")
        for operation, params in (("listSpotOrders", {"pageSize": 10}), ("getUserInfo", {})):
            record = yield Ask(operation, params, key=key)
            yield taken(requirement, record, f"a signed {operation} is taken")
    finally:
        yield from delete(world, world.first, key.name)


def _altered(header: str, change: Callable[[str], str]) -> Callable[[Request], Request]:
    def alter(request: Request) -> Request:
        headers = tuple((n, change(v) if n == header else v) for n, v in request.headers)
        return replace(request, headers=headers)

    return alter


@check(
    "signing.wrong-secret-refused",
    "signing.whole-signature-compared",
    "signing.unknown-key-refused",
    needs=KEYS,
    requests=12,
)
def wrong_signatures(world: World) -> Script:
    """Another secret, a changed digit at either end, half a signature, a key that is not there."""
    header = world.target.conventions.signing.signature_header
    key = yield from create(world, world.first, "read")
    try:
        yield from works(world, key)
        record = yield use(Key(key.name, "0" * len(key.secret)))
        title = "a signature made with another secret is refused"
        yield refused("signing.wrong-secret-refused", record, title)
        for what, change in (
            ("with its last digit changed", _change_last),
            ("with its first digit changed", lambda text: _digit(text[0]) + text[1:]),
            ("cut in half", lambda text: text[: len(text) // 2]),
            ("that is empty", lambda text: text[:0]),
        ):
            record = yield use(key, alter=_altered(header, change))
            title = f"a signature {what} is refused"
            yield refused("signing.whole-signature-compared", record, title)
        named = world.target.conventions.signing.key_header
        longer = _altered(named, lambda text: text + "x")
        for record in (
            (yield use(Key(key.name + "x", key.secret))),
            (yield use(key, alter=longer)),
        ):
            title = "a key that does not exist is refused"
            yield refused("signing.unknown-key-refused", record, title)
    finally:
        yield from delete(world, world.first, key.name)


def _change_last(text: str) -> str:
    # base64 ends in padding, and in bits that mean nothing: there the digit before them is changed.
    place = len(text.rstrip("=")) - (2 if text.endswith("=") else 1)
    return text[:place] + _digit(text[place]) + text[place + 1 :]


def _digit(old: str) -> str:
    return "0" if old != "0" else "1"


@check(
    "signing.covers-path",
    "signing.covers-query",
    "signing.covers-timestamp",
    needs=KEYS,
    requests=10,
)
def signature_covers_the_head(world: World) -> Script:
    """Change path, query or timestamp after signing: each is refused."""
    key = yield from create(world, world.first, "read")
    other = world.contract.operations["getFuturesWallets"].path
    stamp = world.target.conventions.signing.timestamp_header
    try:
        yield from works(world, key)
        record = yield use(key, alter=lambda request: replace(request, target=other))
        title = "a signature for one path does not serve another"
        yield refused("signing.covers-path", record, title)
        for what, params, target in (
            ("changed", {"pageSize": 10}, "?pageSize=20"),
            ("added", {}, "?pageSize=20"),
            ("removed", {"pageSize": 10}, ""),
        ):
            record = yield Ask("listSpotOrders", params, key=key, alter=_with_query(target))
            title = f"a query that was {what} after signing is refused"
            yield refused("signing.covers-query", record, title)
        record = yield use(key, alter=_altered(stamp, lambda text: str(int(text) + 1)))
        title = "a timestamp that was changed after signing is refused"
        yield refused("signing.covers-timestamp", record, title)
    finally:
        yield from delete(world, world.first, key.name)


def _with_query(query: str) -> Callable[[Request], Request]:
    return lambda request: replace(request, target=request.path + query)


@check(
    "signing.stale-timestamp-refused", "signing.future-timestamp-refused", needs=KEYS, requests=9
)
def freshness(world: World) -> Script:
    """Older than its window, or more than a second ahead, is refused; inside it is taken.

    The edges to the millisecond need the exchange's clock; a second of slack covers the way there.
    """
    key = yield from create(world, world.first, "read")
    try:
        yield from works(world, key)
        for shift, window in ((-WINDOW_MS - SECOND_MS, ""), (-3 * SECOND_MS, "1000")):
            record = yield use(key, shift_ms=shift, window=window)
            title = f"a timestamp {-shift} ms old is refused with a window of {window or WINDOW_MS}"
            yield refused("signing.stale-timestamp-refused", record, title)
        record = yield use(key, shift_ms=3 * SECOND_MS)
        title = "a timestamp 3 s ahead is refused"
        yield refused("signing.future-timestamp-refused", record, title)
        record = yield use(key, shift_ms=-2 * SECOND_MS)
        yield taken("signing.stale-timestamp-refused", record, "a timestamp 2 s old is taken")
    finally:
        yield from delete(world, world.first, key.name)


@check(
    "signing.encoded-bytes-are-signed",
    "signing.covers-body",
    needs=("keys", "trading"),
    requests=20,
)
def signature_covers_the_body(world: World) -> Script:
    """A slash may travel as itself or as %2F, if so signed; a changed body is refused."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price))
    key = yield from create(world, world.first, "read,trade")
    made: list[Record] = []
    try:
        yield from works(world, key)
        for symbol in (market.symbol, market.symbol.replace("/", "%2F")):
            record = yield _order(world, {**form, "symbol": symbol}, key)
            made.append(record)
            title = f"an order signed over symbol={symbol} is taken"
            yield taken("signing.encoded-bytes-are-signed", record, title, "an order id")
            record = yield _orders(world, symbol, key)
            title = f"a list signed over ?symbol={symbol} is given"
            yield taken("signing.encoded-bytes-are-signed", record, title)
        if not any(each.is_accepted for each in made):
            raise CannotTell("no signed order was taken, so a refusal says nothing of its body")
        for what, change in _tampering(market, form):
            record = yield Ask("placeSpotOrder", form, key=key, alter=change)
            made.append(record)
            yield refused(
                "signing.covers-body", record, f"an order with {what} than signed is refused"
            )
    finally:
        for record in made:
            yield from take_back(world, record)
        yield from delete(world, world.first, key.name)


def _order(world: World, form: dict[str, object], key: Key) -> Raw:
    body = "&".join(f"{name}={as_text(value)}" for name, value in form.items())
    path = world.contract.operations["placeSpotOrder"].path
    request = Request("POST", path, (("Content-Type", FORM),), body.encode())
    return Raw(request, key=key, operation="placeSpotOrder")


def _orders(world: World, symbol: str, key: Key) -> Raw:
    path = world.contract.operations["listSpotOrders"].path
    return Raw(Request("GET", f"{path}?symbol={symbol}"), key=key, operation="listSpotOrders")


def _tampering(
    market: Market, form: dict[str, Decimal]
) -> list[tuple[str, Callable[[Request], Request]]]:
    """Changes that leave the order legal and resting, so that only the signature is wrong."""
    amount, price = form["amount"], form["price"]
    return [
        ("another amount", _replaced("amount", amount, amount + market.amount_step)),
        ("another price", _replaced("price", price, price - market.price_step)),
        ("one byte more", lambda request: replace(request, body=request.body + b"&")),
    ]


def _replaced(name: str, old: Decimal, new: Decimal) -> Callable[[Request], Request]:
    before, after = (f"{name}={as_text(value)}".encode() for value in (old, new))
    return lambda request: replace(request, body=request.body.replace(before, after))
