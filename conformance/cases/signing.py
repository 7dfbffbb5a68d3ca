"""Checks of signed requests: what a signature covers, how fresh it has to be, and over which bytes it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from conformance.cases.asks import BUY, away, last_price, order_id, smallest_amount
from conformance.cases.claim import CannotTell, Claim, holds
from conformance.cases.key_asks import create, delete, use
from conformance.cases.script import Ask, Raw, Record, Script, Steps, World, check
from conformance.cases.spot_asks import tidy
from conformance.cases.spot_orders import home_market
from conformance.target import Market
from conformance.wire.http import Request
from conformance.wire.rest import FORM
from conformance.wire.signing import Key

KEYS: Final = ("keys",)
SECOND_MS: Final = 1000
WINDOW_MS: Final = 5000


def refused(requirement: str, record: Record, title: str) -> Claim:
    """A claim that a try was refused."""
    return holds(requirement, record.is_rejected, title, "a refusal", record.said, [record.number])


def _working(world: World, scopes: str) -> Steps[Key]:
    """A key that works. Raises CannotTell when a rightly signed request is refused."""
    key = yield from create(world, world.first, scopes)
    record = yield use(key)
    if not record.is_accepted:
        yield from delete(world, world.first, key.name)
        raise CannotTell(f"a rightly signed request is refused: {record.said}")
    return key


@check("signing.hmac-sha256-accepted", needs=KEYS, requests=6)
def signed_request(world: World) -> Script:
    """A request signed by the target's recipe authenticates, with a window of its own and without."""
    key = yield from create(world, world.first, "read")
    try:
        for window in ("", "4000"):
            record = yield use(key, window=window)
            yield holds(
                "signing.hmac-sha256-accepted",
                record.is_accepted,
                f"a signed request with {'a window of ' + window if window else 'no window'} is taken",
                "the wallets",
                record.said,
                [record.number],
            )
        for operation in ("listSpotOrders", "getUserInfo"):
            record = yield Ask(operation, key=key)
            title = f"a signed {operation} is taken"
            yield holds(
                "signing.hmac-sha256-accepted",
                record.is_accepted,
                title,
                "accepted",
                record.said,
                [record.number],
            )
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
    requests=9,
)
def wrong_signatures(world: World) -> Script:
    """Another secret, a changed digit at either end, half a signature, a key that is not there."""
    header = world.target.conventions.signing.signature_header
    key = yield from _working(world, "read")
    try:
        record = yield use(Key(key.name, "0" * len(key.secret)))
        yield refused(
            "signing.wrong-secret-refused", record, "another secret's signature is refused"
        )
        for what, change in (
            ("with its last digit changed", _change_last),
            ("with its first digit changed", lambda text: _digit(text[0]) + text[1:]),
            ("cut in half", lambda text: text[: len(text) // 2]),
            ("that is empty", lambda text: ""),
        ):
            record = yield use(key, alter=_altered(header, change))
            title = f"a signature {what} is refused"
            yield refused("signing.whole-signature-compared", record, title)
        record = yield use(Key(key.name + "x", key.secret))
        yield refused("signing.unknown-key-refused", record, "a key that does not exist is refused")
    finally:
        yield from delete(world, world.first, key.name)


def _change_last(text: str) -> str:
    return text[:-1] + _digit(text[-1])


def _digit(old: str) -> str:
    return "0" if old != "0" else "1"


@check(
    "signing.covers-path",
    "signing.covers-query",
    "signing.covers-timestamp",
    needs=KEYS,
    requests=8,
)
def signature_covers_the_head(world: World) -> Script:
    """Change path, query or timestamp after signing: each is refused."""
    key = yield from _working(world, "read")
    other = world.contract.operations["getFuturesWallets"].path
    stamp = world.target.conventions.signing.timestamp_header
    try:
        record = yield use(key, alter=lambda request: replace(request, target=other))
        title = "a signature for one path does not serve another"
        yield refused("signing.covers-path", record, title)
        record = yield Ask(
            "listSpotOrders",
            {"pageSize": 10},
            key=key,
            alter=lambda request: replace(request, target=request.target.replace("10", "20")),
        )
        title = "a query that was changed after signing is refused"
        yield refused("signing.covers-query", record, title)
        record = yield Ask(
            "listSpotOrders",
            key=key,
            alter=lambda request: replace(request, target=request.target + "?pageSize=20"),
        )
        yield refused("signing.covers-query", record, "a query added after signing is refused")
        later = _altered(stamp, lambda text: str(int(text) + 1))
        record = yield use(key, alter=later)
        title = "a timestamp that was changed after signing is refused"
        yield refused("signing.covers-timestamp", record, title)
    finally:
        yield from delete(world, world.first, key.name)


@check(
    "signing.stale-timestamp-refused", "signing.future-timestamp-refused", needs=KEYS, requests=8
)
def freshness(world: World) -> Script:
    """Older than its window, or more than a second ahead, is refused; inside it is taken.

    The edges to the millisecond need the exchange's clock; a second of slack covers the way there.
    """
    key = yield from _working(world, "read")
    try:
        for shift, window in ((-WINDOW_MS - SECOND_MS, ""), (-3 * SECOND_MS, "1000")):
            record = yield use(key, shift_ms=shift, window=window)
            title = f"a timestamp {-shift} ms old is refused with a window of {window or WINDOW_MS}"
            yield refused("signing.stale-timestamp-refused", record, title)
        record = yield use(key, shift_ms=3 * SECOND_MS)
        yield refused(
            "signing.future-timestamp-refused", record, "a timestamp 3 s ahead is refused"
        )
        record = yield use(key, shift_ms=-2 * SECOND_MS)
        yield holds(
            "signing.stale-timestamp-refused",
            record.is_accepted,
            "a timestamp 2 s old is taken",
            "accepted",
            record.said,
            [record.number],
        )
    finally:
        yield from delete(world, world.first, key.name)


@check(
    "signing.covers-body",
    "signing.encoded-bytes-are-signed",
    needs=("keys", "trading"),
    requests=16,
)
def signature_covers_the_body(world: World) -> Script:
    """A changed body is refused; a slash may travel as itself or as %2F, as long as it is what was signed."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    amount = smallest_amount(market, price)
    key = yield from _working(world, "read,trade")
    made: list[str] = []
    try:
        for symbol in (market.symbol, market.symbol.replace("/", "%2F")):
            record = yield _order(world, market, symbol, price, amount, key)
            made += [order_id(record)] if record.is_accepted else []
            yield holds(
                "signing.encoded-bytes-are-signed",
                record.is_accepted,
                f"an order signed over symbol={symbol} is taken",
                "an order id",
                record.said,
                [record.number],
            )
        for what, change in (
            ("another amount", lambda body: body.replace(b"amount=", b"amount=1")),
            ("another direction", lambda body: body.replace(b"direction=0", b"direction=1")),
            ("one byte more", lambda body: body + b"0"),
        ):
            record = yield _tampered(market, price, amount, key, change)
            made += [order_id(record)] if record.is_accepted else []
            title = f"a body with {what} than was signed is refused"
            yield refused("signing.covers-body", record, title)
    finally:
        yield from tidy(world, *((world.first, each) for each in made))
        yield from delete(world, world.first, key.name)


def _order(
    world: World, market: Market, symbol: str, price: Decimal, amount: Decimal, key: Key
) -> Raw:
    body = f"symbol={symbol}&direction=0&type=0&price={price:f}&amount={amount:f}"
    path = world.contract.operations["placeSpotOrder"].path
    request = Request("POST", path, (("Content-Type", FORM),), body.encode())
    return Raw(request, key=key, operation="placeSpotOrder")


def _tampered(
    market: Market, price: Decimal, amount: Decimal, key: Key, change: Callable[[bytes], bytes]
) -> Ask:
    form = {"symbol": market.symbol, "direction": 0, "type": 0, "price": price, "amount": amount}
    return Ask(
        "placeSpotOrder",
        form,
        key=key,
        alter=lambda request: replace(request, body=change(request.body)),
    )
