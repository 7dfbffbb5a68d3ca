"""An order as the standard libraries of four languages write it: different bytes, the same order.

The headers and the way of encoding were recorded from the libraries themselves against a listener
on loopback: Python 3.11 urllib, Node.js 20 fetch with URLSearchParams, Java 17 java.net.http with
URLEncoder (which asks to upgrade to HTTP/2). Those of Go's net/http with url.Values, which sorts
its keys, follow its documentation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from conformance.cases.asks import BUY, away, decimal, last_price, listed, order_id, smallest_amount
from conformance.cases.claim import holds
from conformance.cases.script import Raw, Script, World, check
from conformance.cases.spot_asks import tidy
from conformance.cases.spot_orders import home_market
from conformance.wire.http import Headers, Request

FORM: Final = "application/x-www-form-urlencoded"
IN_ORDER: Final = ("symbol", "direction", "type", "price", "amount")

# language -> (headers, order of the fields)
DIALECTS: Final[dict[str, tuple[Headers, tuple[str, ...]]]] = {
    "Python": (
        (
            ("Accept-Encoding", "identity"),
            ("Content-Type", FORM),
            ("User-Agent", "Python-urllib/3.11"),
            ("Connection", "close"),
        ),
        IN_ORDER,
    ),
    "Node.js": (
        (
            ("content-type", FORM + ";charset=UTF-8"),
            ("accept", "*/*"),
            ("accept-language", "*"),
            ("sec-fetch-mode", "cors"),
            ("user-agent", "node"),
            ("accept-encoding", "gzip, deflate"),
        ),
        IN_ORDER,
    ),
    "Java": (
        (
            ("Connection", "Upgrade, HTTP2-Settings"),
            ("HTTP2-Settings", "AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA"),
            ("Upgrade", "h2c"),
            ("User-Agent", "Java-http-client/17.0.15"),
            ("Content-Type", FORM),
        ),
        IN_ORDER,
    ),
    "Go": (
        (
            ("User-Agent", "Go-http-client/1.1"),
            ("Content-Type", FORM),
            ("Accept-Encoding", "gzip"),
        ),
        tuple(sorted(IN_ORDER)),
    ),
}


def body_of(fields: dict[str, str], order: tuple[str, ...]) -> bytes:
    """The form as all four libraries encode it: the slash of a symbol becomes %2F."""
    return "&".join(f"{name}={fields[name].replace('/', '%2F')}" for name in order).encode()


@check("sdk.wire-dialects", needs=("trading",), requests=16)
def wire_dialects(world: World) -> Script:
    """Four orders, one in each language's way of writing it: all are taken, and listed alike."""
    market = home_market(world)
    price = away(market, (yield from last_price(world, market)), BUY)
    amount = smallest_amount(market, price)
    fields = {"symbol": market.symbol, "direction": "0", "type": "0"}
    fields |= {"price": f"{price:f}", "amount": f"{amount:f}"}
    path = world.contract.operations["placeSpotOrder"].path
    for language, (headers, order) in DIALECTS.items():
        request = Request("POST", path, headers, body_of(fields, order))
        record = yield Raw(request, by=world.first, operation="placeSpotOrder")
        title = f"an order as {language} writes it is taken, and listed as it was meant"
        numbers = [record.number]
        if not record.is_accepted:
            yield holds("sdk.wire-dialects", False, title, "an order id", record.said, numbers)
            continue
        identity = order_id(record)
        try:
            row = yield from listed(world, world.first, market.symbol, identity)
        finally:
            yield from tidy(world, (world.first, identity))
        shown = _numbers(row)
        good = row.get("symbol") == market.symbol and shown == (price, amount)
        yield holds("sdk.wire-dialects", good, title, fields, row, numbers)


def _numbers(row: dict[str, object]) -> tuple[Decimal, Decimal]:
    return decimal(row.get("price"), "price"), decimal(row.get("amount"), "amount")
