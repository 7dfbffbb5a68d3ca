"""Checks of lists: pages, filters, order and times."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from conformance.cases.asks import (
    BUY,
    SELL,
    away,
    cancel,
    decimal,
    eventually,
    last_price,
    member,
    place,
    rows,
    smallest_amount,
)
from conformance.cases.claim import CannotTell, equal, holds
from conformance.cases.script import Ask, Now, Record, Script, Steps, World, check
from conformance.cases.spot_asks import tidy
from conformance.cases.spot_orders import home_market
from conformance.target import Market

PAGES: Final = "spot.pages-make-up-the-list"
FILTERS: Final = "spot.lists-keep-to-their-filter"
TIMES: Final = "spot.order-times-are-of-now"
AS_SENT: Final = "spot.numbers-are-listed-as-sent"
LEGAL: Final = "rest.legal-input-accepted"
NEEDS: Final = ("trading",)
CLOCKS_MS: Final = 2000


def _page(world: World, **params: Any) -> Steps[tuple[Record, list[dict[str, Any]]]]:
    record = yield Ask("listSpotOrders", params, by=world.first)
    if not record.is_accepted:
        raise CannotTell(f"listSpotOrders is refused with {params}: {record.said}")
    return record, rows(member(record.data, "content", "listSpotOrders"), "the list")


def _ids(content: Sequence[Any]) -> list[str]:
    return [str(member(row, "orderId", "an order")) for row in content]


def some_orders(world: World, market: Market, number: int = 5) -> Steps[list[str]]:
    """Orders that rest away from the market, and one that is cancelled; oldest first."""
    last = yield from last_price(world, market)
    made: list[str] = []
    for step in range(number):
        price = away(market, last, BUY) + market.price_step * step
        amount = smallest_amount(market, price)
        made.append((yield from place(world, world.first, market, BUY, price, amount))[0])
    yield from cancel(world, world.first, made[0])
    return made


@check(PAGES, LEGAL, needs=NEEDS, requests=30)
def pages(world: World) -> Script:
    """Pages of two, one after the other, are the list of all: nothing twice, nothing left out, newest first."""
    market = home_market(world)
    made = yield from some_orders(world, market)
    try:
        record, whole = yield from _page(world, symbol=market.symbol, pageSize=100)
        wanted = _ids(whole)[:8]
        found: list[str] = []
        number = 1
        while len(found) < len(wanted):
            asked = {"symbol": market.symbol, "pageNo": number, "pageSize": 2}
            page = yield Ask("listSpotOrders", asked, by=world.first)
            title = f"page {number} of two orders each is given"
            if number < 4:
                yield holds(LEGAL, page.is_accepted, title, "a page", page.said, [page.number])
            content = page.data.get("content") if isinstance(page.data, dict) else None
            if not isinstance(content, list) or not content:
                break
            found += _ids(content)
            number += 1
        title = "pages of two make up the list, nothing twice and nothing left out"
        yield equal(PAGES, title, wanted, found[: len(wanted)], [record.number])
        yield from _totals(record, whole)
        shown = [each for each in _ids(whole) if each in made]
        yield equal(PAGES, "orders are listed newest first", made[::-1], shown, [record.number])
        beyond, none = yield from _page(world, symbol=market.symbol, pageNo=1000, pageSize=100)
        yield equal(PAGES, "a page behind the last is empty", [], none, [beyond.number])
    finally:
        yield from tidy(world, *((world.first, each) for each in made))


def _totals(record: Record, whole: Sequence[Any]) -> Script:
    total, size = record.data.get("totalElements"), record.data.get("size")
    known = isinstance(total, int) and isinstance(size, int)
    good = known and (total == len(whole) if len(whole) < 100 else total >= 100)
    title = "a page says how many orders there are in all"
    shown = f"totalElements {total}, size {size}, {len(whole)} shown"
    yield holds(PAGES, good, title, "as many as there are", shown, [record.number])
    pages, number = record.data.get("totalPages"), record.data.get("number")
    good = known and (pages, number) == (-(-total // 100), 1)
    title = "a page says which one it is and how many there are"
    yield holds(PAGES, good, title, "number 1", f"{number} of {pages}", [record.number])


@check(FILTERS, needs=NEEDS, requests=30)
def filters(world: World) -> Script:
    """A list of a status, or of a market, has all orders of it and no others."""
    market = home_market(world)
    made = yield from some_orders(world, market, 3)
    try:
        for status, wanted in (("CANCELED", made[:1]), ("TRADING", made[1:])):
            params = {"symbol": market.symbol, "status": status, "pageSize": 100}

            def look(params: dict[str, Any] = params) -> Steps[Any]:
                return (yield from _page(world, **params))

            def has_all(seen: Any, wanted: list[str] = wanted) -> bool:
                return set(wanted) <= set(_ids(seen[1]))

            record, content = yield from eventually(world, look, has_all)
            others = {str(row.get("status")) for row in content} - {status}
            missing = set(wanted) - set(_ids(content))
            title = f"the list of {status} orders has all of them and no others"
            shown = f"missing {sorted(missing)}, of other status {sorted(others)}"
            yield holds(FILTERS, not (others or missing), title, "so", shown, [record.number])
        for other in world.target.markets:
            record, content = yield from _page(world, symbol=other.symbol, pageSize=100)
            symbols = {str(row.get("symbol")) for row in content} - {other.symbol}
            title = f"the list of {other.symbol} has orders of this market alone"
            yield equal(FILTERS, title, set(), symbols, [record.number])
        record, content = yield from _page(world, pageSize=100)
        missing = set(made) - set(_ids(content))
        title = "the list without a filter has orders of every market and status"
        yield equal(FILTERS, title, set(), missing, [record.number])
    finally:
        yield from tidy(world, *((world.first, each) for each in made))


@check(TIMES, AS_SENT, needs=NEEDS, requests=14)
def times_and_numbers(world: World) -> Script:
    """An order is dated in milliseconds of now and shows every digit that was sent."""
    market = home_market(world)
    last = yield from last_price(world, market)
    start = yield Now()
    for direction in (BUY, SELL):
        price = away(market, last, direction) + market.price_step * world.random.randint(1, 999)
        amount = smallest_amount(market, price) * 7 + market.amount_step * 3
        identity, record = yield from place(world, world.first, market, direction, price, amount)
        yield from tidy(world, (world.first, identity))
        shown, content = yield from _page(world, symbol=market.symbol, pageSize=10)
        row = next((x for x in content if str(x.get("orderId")) == identity), None)
        if row is None:
            raise CannotTell(f"order {identity} is not listed")
        numbers = [record.number, shown.number]
        seen = tuple(decimal(row.get(name), name) for name in ("price", "amount"))
        yield equal(AS_SENT, "price and amount are listed as sent", (price, amount), seen, numbers)
        now = yield Now()
        stamps: dict[str, Any] = {
            name: row.get(name) for name in ("time", "canceledTime") if name in row
        }
        good = all(_is_of(each, start, now) for each in stamps.values()) and "time" in stamps
        good = good and _in_order(stamps)
        title = "the times of an order are milliseconds of now, the end not before the beginning"
        yield holds(TIMES, good, title, f"{start} to {now}", stamps, numbers)


def _is_of(stamp: Any, start: int, now: int) -> bool:
    is_number = isinstance(stamp, int | Decimal) and not isinstance(stamp, bool)
    return is_number and start - CLOCKS_MS <= stamp <= now + CLOCKS_MS


def _in_order(stamps: dict[str, Any]) -> bool:
    return "canceledTime" not in stamps or stamps["time"] <= stamps["canceledTime"]
