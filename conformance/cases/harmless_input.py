"""Checks that refused input leaves nothing behind: no order, no position, no key, no changed balance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.cases.asks import BUY, away, last_price, order_form, order_id, smallest_amount
from conformance.cases.bad_input import tries
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.examples import legal_params, take_back
from conformance.cases.key_asks import listed as listed_keys
from conformance.cases.script import Ask, Raw, Record, Script, Steps, Together, World, check
from conformance.cases.spot_asks import clear, open_orders, tidy
from conformance.cases.spot_orders import home_market
from conformance.spec.contract import Operation
from conformance.wire.http import Request
from conformance.wire.rest import FORM

NOTHING: Final = "rest.bad-input-changes-nothing"
SURVIVED: Final = "rest.odd-requests-are-survived"
ODD: Final = "spot.odd-orders-do-not-stop-the-market"
AT_ONCE: Final = "spot.client-order-id-once-at-once"
SAME: Final = 4
PRICED: Final = ("usdtTotalProfitAndLoss", "currentPrice")


def _state(world: World) -> Steps[dict[str, Any]]:
    """All that an account has: wallets, futures wallets, open orders, keys."""
    spot = yield Ask("getSpotWallets", by=world.first)
    futures = yield Ask("getFuturesWallets", by=world.first)
    still = yield from open_orders(world, world.first, None)
    keys, _ = yield from listed_keys(world, world.first)
    held = futures.data if isinstance(futures.data, list) else []
    return {
        "wallets": str(spot.data),
        "positions": [{k: str(v) for k, v in row.items() if k not in PRICED} for row in held],
        "orders": sorted(still),
        "keys": sorted(str(row.get("apiKey")) for row in keys),
    }


@check(NOTHING, needs=("trading",), requests=260)
def bad_input_changes_nothing(world: World) -> Script:
    """Every bad form of the operations that move money or open doors: afterwards everything is as before."""
    yield from clear(world, home_market(world))
    before = yield from _state(world)
    asked: list[Record] = []
    for operation in world.contract.operations.values():
        if operation.form is None or not operation.is_private:
            continue
        legal = legal_params(operation, world)
        for each in tries(operation, legal):
            asked.append((yield Ask(operation.id, each.params, by=world.first, alter=each.alter)))  # noqa: PERF401
    accepted = [done for done in asked if done.is_accepted]
    after = yield from _state(world)
    for done in accepted:
        yield from take_back(world, done)
    changed = {key: f"{before[key]} to {after[key]}" for key in before if before[key] != after[key]}
    title = f"{len(asked)} bad requests leave wallets, positions, orders and keys as they were"
    numbers = [done.number for done in accepted[:5]]
    yield holds(NOTHING, not changed, title, "as before", changed or "as before", numbers)


@check(SURVIVED, requests=60)
def odd_requests(world: World) -> Script:
    """NUL bytes, broken escapes, huge headers, odd paths and methods: answered below 500, each of them."""
    broken: list[Record] = []
    number = 0
    for request in _odd(world):
        record = yield Raw(request, by=world.first)
        number += 1
        if record.response is None or record.response.status >= 500:
            broken.append(record)
    record = yield Ask("getSpotWallets", by=world.first)
    title = f"{number} odd requests are answered without a server error, and the exchange goes on"
    shown = "; ".join(f"{x.request.method} {x.request.target[:60]}: {x.said}" for x in broken[:3])
    good = not broken and record.is_accepted
    numbers = [each.number for each in broken]
    yield holds(SURVIVED, good, title, "answers below 500", shown or record.said, numbers)


def _odd(world: World) -> Iterator[Request]:
    form = (("Content-Type", FORM),)
    for operation in world.contract.operations.values():
        if operation.form is not None and operation.id != "login":
            for body in (b"\x00", b"%", b"%ZZ=%", b"a" * 5000, b"&&&===", b"\xff\xfe=1", b"[]={}"):
                yield Request(operation.method, operation.path, form, body)
    path = _readable(world).path
    for target in (f"{path}/", f"/{path}", path.upper(), f"{path}?%", f"{path}?a[]=1&a[]=2"):
        yield Request("GET", target)
    for target in (f"{path}?{'a' * 4000}=1", f"{path}?coin=%00", f"{path}?coin=%FF%FE", "/%2e%2e/"):
        yield Request("GET", target)
    for method in ("HEAD", "OPTIONS"):
        yield Request(method, path)
    yield Request("GET", path, (("X-Long", "a" * 4000),))


def _readable(world: World) -> Operation:
    known = world.contract.operations.values()
    found = next((x for x in known if x.method == "GET" and x.access == "public"), None)
    if found is None:
        raise CannotTell("the contract has no public read")
    return found


@check(ODD, needs=("trading",), requests=20)
def odd_orders(world: World) -> Script:
    """Orders with trailing or leading zeros, of the least amount, with every digit: the next one is served."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    amount = smallest_amount(market, price)
    made: list[str] = []
    try:
        for shown_price, shown_amount in (
            (f"{price}0000", str(amount)),
            (str(price), f"{amount}000"),
            (f"0{price}", f"0{amount}"),
            (str(price + market.price_step), str(amount + market.amount_step)),
        ):
            form = {**order_form(market, BUY, price, amount)}
            form |= {"price": shown_price, "amount": shown_amount}
            record = yield Ask("placeSpotOrder", form, by=world.first)
            made += [order_id(record)] if record.is_accepted else []
        record = yield Ask("placeSpotOrder", order_form(market, BUY, price, amount), by=world.first)
        made += [order_id(record)] if record.is_accepted else []
        title = "after odd orders a plain one is still taken"
        yield holds(ODD, record.is_accepted, title, "accepted", record.said, [record.number])
    finally:
        yield from tidy(world, *((world.first, each) for each in made))


@check(AT_ONCE, needs=("trading",), requests=16)
def one_of_many(world: World) -> Script:
    """The same order four times at once: one with a clientOrderId, four without."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price))
    name = f"c{world.random.getrandbits(60):x}"
    made: list[str] = []
    try:
        for more, wanted in (({"clientOrderId": name}, 1), ({}, SAME)):
            ask = Ask("placeSpotOrder", {**form, **more}, by=world.first)
            asked = yield Together(tuple(ask for _ in range(SAME)))
            ids = [order_id(each) for each in asked if each.is_accepted]
            made += ids
            still = yield from open_orders(world, world.first, market.symbol)
            number = (
                len(set(ids) & still) if wanted == SAME else len(still - set(made[: -len(ids)]))
            )
            words = "with" if more else "without"
            title = f"{SAME} orders at once {words} one clientOrderId are {wanted}"
            numbers = [each.number for each in asked]
            yield equal(AT_ONCE, title, (wanted, wanted), (len(set(ids)), number), numbers)
            yield from clear(world, market)
    finally:
        yield from tidy(world, *((world.first, each) for each in made))
