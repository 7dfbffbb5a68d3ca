"""Checks of orders that have to be refused: each wrong in one place, and none leaves a trace."""

from __future__ import annotations

from typing import Any

from conformance.cases.asks import (
    BUY,
    away,
    decimal,
    last_price,
    listed,
    member,
    order_form,
    order_id,
    orders,
    smallest_amount,
    wallets,
)
from conformance.cases.claim import holds
from conformance.cases.script import Ask, Script, Steps, World, check
from conformance.cases.spot_asks import tidy
from conformance.cases.spot_orders import TRADES, home_market, plain, same, shown
from conformance.target import Market


@check(
    "spot.refused-order-changes-nothing",
    "spot.below-minimum-refused",
    "spot.malformed-numbers-refused",
    "spot.unknown-symbol-refused",
    "spot.unknown-direction-or-type-refused",
    "spot.limit-order-needs-a-price",
    needs=TRADES,
    requests=40,
)
def bad_orders_are_refused(world: World) -> Script:
    """A table of orders that are each wrong in one place: refused, and nothing has changed."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    legal = order_form(market, BUY, price, smallest_amount(market, price))
    before = yield from wallets(world, world.first)
    listed_before = yield from orders(world, world.first, market.symbol)
    made: list[str] = []
    for requirement, title, form in bad_orders(market, legal):
        record = yield Ask("placeSpotOrder", form, by=world.first)
        made += [order_id(record)] if record.is_accepted else []
        title = f"an order with {title} is refused"
        yield holds(
            requirement, record.is_rejected, title, "a refusal", record.said, [record.number]
        )
    after = yield from wallets(world, world.first)
    listed_after = yield from orders(world, world.first, market.symbol)
    yield from tidy(world, *((world.first, each) for each in made))
    yield holds(
        "spot.refused-order-changes-nothing",
        same(before, after, market) and set(listed_after) - set(made) == set(listed_before),
        "refused orders leave no order and change no balance",
        f"{shown(before, market)}; {len(listed_before)} orders",
        f"{shown(after, market)}; {len(listed_after)} orders",
        [before.record, after.record],
    )


def bad_orders(market: Market, legal: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(requirement, what is wrong, form) for every order that has to be refused."""
    below = market.min_amount - market.amount_step
    numbers = ["0", "-1", "1e5", "+1", " 1", "1 ", "", "NaN", "Infinity", "0x10", "1,5", "٣", "１"]
    numbers += ["9" * 400, "1" + "0" * 40]
    cases = [
        ("spot.below-minimum-refused", f"amount {below}", {**legal, "amount": below}),
        ("spot.unknown-symbol-refused", "an unknown symbol", {**legal, "symbol": "NOSUCH/COIN"}),
        ("spot.unknown-symbol-refused", "an empty symbol", {**legal, "symbol": ""}),
        ("spot.limit-order-needs-a-price", "no price", _without(legal, "price")),
    ]
    cases += [
        ("spot.malformed-numbers-refused", f"{name} {_short(text)}", {**legal, name: text})
        for name in ("price", "amount")
        for text in numbers
    ]
    cases += [
        ("spot.unknown-direction-or-type-refused", f"{name} {value!r}", {**legal, name: value})
        for name in ("direction", "type")
        for value in ("2", "-1", "BUY", "")
    ]
    return cases


def _without(form: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in form.items() if key != name}


def _short(text: str) -> str:
    return repr(text) if len(text) <= 20 else f"of {len(text)} digits"


@check("spot.off-step-refused", needs=TRADES, requests=12)
def off_step(world: World) -> Script:
    """One digit too many is refused, or cut off: the same way each time, and never rounded up."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    amount = smallest_amount(market, price)
    for name, legal, step in (
        ("price", price, market.price_step),
        ("amount", amount, market.amount_step),
    ):
        form = order_form(market, BUY, price, amount)
        seen = yield from _tries(world, market, {**form, name: legal + step / 2}, name)
        yield holds(
            "spot.off-step-refused",
            len(set(seen)) == 1 and seen[0] in ("refused", str(plain(legal))),
            f"a {name} with a digit too many is refused or cut off, the same way each time",
            f"refused, or {legal}",
            seen,
        )


def _tries(world: World, market: Market, form: dict[str, Any], name: str) -> Steps[list[str]]:
    seen = []
    for _ in range(2):
        record = yield Ask("placeSpotOrder", form, by=world.first)
        if not record.is_accepted:
            seen.append("refused" if record.is_rejected else record.said)
            continue
        identity = order_id(record)
        row = yield from listed(world, world.first, market.symbol, identity)
        yield from tidy(world, (world.first, identity))
        seen.append(str(plain(decimal(member(row, name, "an order"), name))))
    return seen
