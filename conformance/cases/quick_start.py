"""The four commands of the documentation's quick start, asked as requests.

`contract_tests/test_quick_start.py` runs the printed commands themselves, with curl and jq, where the
machine has them; these scripts make the same requests, byte for byte in path, header and form, on any.
"""

from __future__ import annotations

from decimal import Decimal

from conformance.cases.asks import order_id, to_step
from conformance.cases.claim import holds
from conformance.cases.script import Ask, Raw, Script, World, check
from conformance.cases.spot_asks import tidy
from conformance.target import Market
from conformance.wire.http import Request
from conformance.wire.rest import FORM, encode_pairs

PRINTED = "BTC/USDT"
AMOUNT = Decimal("0.001")
FORM_HEADER = ("Content-Type", FORM)


@check("quickstart.ticker", requests=1)
def ticker_command(world: World) -> Script:
    """curl ".../market/data/quotations/coin?coin=btc"."""
    coin = (world.target.coins or (world.target.busy.coin,))[0].lower()
    request = Request("GET", f"/market/data/quotations/coin?coin={coin}")
    record = yield Raw(request, operation="getCoinTicker")
    shown = record.data.get("symbol", "") if isinstance(record.data, dict) else ""
    yield holds(
        "quickstart.ticker",
        record.is_accepted and str(shown).lower().startswith(coin),
        "the first command shows the ticker",
        f"the ticker of {coin}",
        record.said,
        [record.number],
    )


@check("quickstart.login", requests=1)
def login_command(world: World) -> Script:
    """curl -X POST .../uc/v2/login -d "...&password=..." | jq -r .data.Authorization."""
    account = world.target.accounts[world.first]
    pairs = [
        (world.target.conventions.login_parameter, account.login),
        ("password", account.password),
    ]
    body = encode_pairs(pairs).encode()
    record = yield Raw(Request("POST", "/uc/v2/login", (FORM_HEADER,), body), operation="login")
    token = record.data.get("Authorization") if isinstance(record.data, dict) else None
    yield holds(
        "quickstart.login",
        record.outcome.enveloped and isinstance(token, str) and token != "",
        "the second command captures a token from data.Authorization",
        '{"data": {"Authorization": "..."}}',
        record.said,
        [record.number],
    )


@check("quickstart.place-order", needs=("trading",), requests=3)
def place_command(world: World) -> Script:
    """curl -X POST .../tx/spot/add -H "Authorization: $TOKEN" -d "symbol=BTC/USDT&direction=0&...".

    On a target that is not the embedded one the price is halved, so that the order rests.
    """
    body = order_body(printed_market(world), Decimal(74000), is_safe=not world.target.embedded)
    request = Request("POST", "/tx/spot/add", (FORM_HEADER,), body.encode())
    record = yield Raw(request, by=world.first, operation="placeSpotOrder")
    yield holds(
        "quickstart.place-order",
        record.is_accepted,
        "the third command places an order",
        "an order id",
        record.said,
        [record.number],
    )
    if record.is_accepted:
        yield from tidy(world, (world.first, order_id(record)))


def printed_market(world: World) -> Market:
    """The market that the quick start prints, or else the target's first."""
    named = (each for each in world.target.markets if each.symbol == PRINTED)
    return next(named, world.target.busy)


def order_body(market: Market, price: Decimal, is_safe: bool) -> str:
    """The form as the quick start prints it, its slash as it is."""
    price = resting_price(market, price) if is_safe else price
    return f"symbol={market.symbol}&direction=0&type=0&price={price}&amount={AMOUNT}"


def resting_price(market: Market, printed: Decimal) -> Decimal:
    """Half of the printed price: far enough below the market to rest, and not too little to be taken."""
    least = market.min_turnover / AMOUNT
    return to_step(max(printed / 2, least), market.price_step)


@check("quickstart.wallets", requests=1)
def wallets_command(world: World) -> Script:
    """curl -H "Authorization: $TOKEN" ".../uc/asset/spot-wallets"."""
    record = yield Ask("getSpotWallets", by=world.first)
    yield holds(
        "quickstart.wallets",
        record.is_accepted and isinstance(record.data, list) and bool(record.data),
        "the fourth command shows the spot wallets",
        "wallets",
        record.said,
        [record.number],
    )
