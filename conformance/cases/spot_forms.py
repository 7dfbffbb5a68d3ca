"""Checks of the order form: how a symbol may be written, names of the caller's own, parameters too many."""

from __future__ import annotations

from conformance.cases.asks import (
    BUY,
    away,
    last_price,
    listed,
    order_form,
    order_id,
    orders,
    smallest_amount,
)
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.script import Ask, Raw, Script, Together, World, check
from conformance.cases.spot_asks import tidy
from conformance.cases.spot_orders import TRADES, home_market
from conformance.wire.http import Request
from conformance.wire.rest import FORM


@check("spot.slash-encoded-or-not", needs=TRADES, requests=8)
def slash_or_encoded(world: World) -> Script:
    """symbol=BTC/USDT as the quick start prints it and symbol=BTC%2FUSDT are the same order."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    amount = smallest_amount(market, price)
    place_at = world.contract.operations["placeSpotOrder"].path
    for symbol in (market.symbol, market.symbol.replace("/", "%2F")):
        body = f"symbol={symbol}&direction=0&type=0&price={price}&amount={amount}"
        request = Request("POST", place_at, (("Content-Type", FORM),), body.encode())
        record = yield Raw(request, by=world.first, operation="placeSpotOrder")
        title = f"symbol={symbol} is understood"
        records = [record.number]
        if not record.is_accepted:
            expected = "an order id"
            yield holds("spot.slash-encoded-or-not", False, title, expected, record.said, records)
            continue
        identity = order_id(record)
        row = yield from listed(world, world.first, market.symbol, identity)
        yield from tidy(world, (world.first, identity))
        yield equal("spot.slash-encoded-or-not", title, market.symbol, row.get("symbol"), records)


@check("spot.client-order-id-once", needs=TRADES, requests=10)
def client_order_id_once(world: World) -> Script:
    """Sent twice with one clientOrderId, one after the other and at once, there is one order."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    name = f"c{world.random.getrandbits(60):x}"
    form = order_form(market, BUY, price, smallest_amount(market, price), clientOrderId=name)
    ask = Ask("placeSpotOrder", form, by=world.first)
    first = yield ask
    asked = [first, *(yield Together((ask, ask)))]
    if not first.is_accepted:
        raise CannotTell(f"an order with a clientOrderId is refused: {first.said}")
    made = {order_id(each) for each in asked if each.is_accepted}
    found = yield from orders(world, world.first, market.symbol)
    open_ones = [key for key, row in found.items() if row.get("clientOrderId") == name]
    yield from tidy(world, *((world.first, each) for each in {*made, *open_ones}))
    yield holds(
        "spot.client-order-id-once",
        len(made | set(open_ones)) == 1,
        "three tries with one clientOrderId make one order",
        "one order",
        f"{len(made | set(open_ones))} orders",
        [each.number for each in asked],
    )


@check("spot.other-parameters-do-not-change-the-owner", needs=("trading", "two"), requests=12)
def extra_parameters(world: World) -> Script:
    """memberId and its like in the form are refused or ignored; the order stays with the caller."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    form = order_form(market, BUY, price, smallest_amount(market, price))
    before = yield from orders(world, world.second, market.symbol)
    profile = yield Ask("getUserInfo", by=world.second)
    theirs = profile.data.get("id", 1) if isinstance(profile.data, dict) else 1
    made = []
    for name in ("memberId", "userId", "accountId"):
        record = yield Ask("placeSpotOrder", {**form, name: theirs}, by=world.first)
        made += [order_id(record)] if record.is_accepted else []
    after = yield from orders(world, world.second, market.symbol)
    yield from tidy(world, *((world.first, each) for each in made))
    yield equal(
        "spot.other-parameters-do-not-change-the-owner",
        "no order appears with the account that the extra parameters name",
        set(before),
        set(after),
    )
