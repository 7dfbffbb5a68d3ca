"""Faults of single answers and channels: a field that is missing or of another kind, a channel that is silent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reference_exchange.answers import Refusal
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, fault, wrap
from reference_exchange.handlers import Call


def _lacking(name: str) -> Any:
    return lambda row: {key: value for key, value in row.items() if key != name}


@fault("operation.getQuotationsHome")
def home_has_no_recommendations(x: ReferenceExchange) -> None:
    """The home page lacks `recommend`."""
    answering(x, "getQuotationsHome", _lacking("recommend"))


@fault("operation.getCoinTicker")
def coin_ticker_lacks_its_close(x: ReferenceExchange) -> None:
    """The ticker of a coin has no close."""
    answering(x, "getCoinTicker", _lacking("close"))


@fault("quickstart.ticker")
def coin_ticker_needs_a_second_parameter(x: ReferenceExchange) -> None:
    """The documented call of the ticker is refused."""
    original = x.handlers["getCoinTicker"]

    def strict(exchange: ReferenceExchange, call: Call) -> Any:
        if call.params["coin"] == "btc":
            raise Refusal(400, 3000, "say which base")
        return original(exchange, call)

    x.handlers["getCoinTicker"] = strict


@fault("operation.getSparklines")
def sparklines_have_no_trend(x: ReferenceExchange) -> None:
    """A sparkline lacks its line."""
    answering(x, "getSparklines", lambda rows: [_lacking("trend")(row) for row in rows])


@fault("operation.getConvertPrice")
def converted_prices_are_objects(x: ReferenceExchange) -> None:
    """The price comes as an object."""
    answering(x, "getConvertPrice", lambda price: {"price": price})


@fault("convert.triangle")
def crossing_three_units_costs(x: ReferenceExchange) -> None:
    """Prices that need two markets lose two percent."""
    original = x.handlers["getConvertPrice"]

    def costly(exchange: ReferenceExchange, call: Call) -> Any:
        price = original(exchange, call)
        pair = {call.params["fromUnit"], call.params["toUnit"]}
        return price * Decimal("1.02") if pair == {"BTC", "SOL"} else price

    x.handlers["getConvertPrice"] = costly


@fault("operation.listSymbolThumbs")
def symbol_thumbs_call_it_name(x: ReferenceExchange) -> None:
    """Tickers of the spot markets carry `name` instead of `zone`."""
    answering(
        x, "listSymbolThumbs", lambda rows: [{**_lacking("zone")(r), "name": ""} for r in rows]
    )


@fault("operation.getSpotWallets")
def wallets_lack_their_lock(x: ReferenceExchange) -> None:
    """A wallet does not say whether it is locked."""
    answering(x, "getSpotWallets", lambda rows: [_lacking("isLock")(row) for row in rows])


@fault("quickstart.wallets")
def wallets_are_empty(x: ReferenceExchange) -> None:
    """The spot wallets are an empty list."""
    answering(x, "getSpotWallets", lambda rows: [])


@fault("operation.getFuturesWallets")
def futures_wallets_lack_the_mark(x: ReferenceExchange) -> None:
    """A futures wallet does not show the current price."""
    answering(x, "getFuturesWallets", lambda rows: [_lacking("currentPrice")(row) for row in rows])


@fault("operation.listFuturesOrders")
def futures_orders_are_a_bare_list(x: ReferenceExchange) -> None:
    """The list of futures orders comes without its page."""
    answering(x, "listFuturesOrders", lambda page: page["content"])


@fault("operation.openFuturesPosition")
def opening_answers_with_the_id_alone(x: ReferenceExchange) -> None:
    """Opening a position is answered with the order's id instead of the order."""
    answering(x, "openFuturesPosition", lambda order: order["orderId"])


@fault("operation.closeFuturesPosition")
def closing_lacks_the_profit(x: ReferenceExchange) -> None:
    """Closing a position does not say the profit."""
    answering(x, "closeFuturesPosition", _lacking("profitAndLoss"))


@fault("operation.cancelSpotOrder")
def open_orders_cannot_be_cancelled(x: ReferenceExchange) -> None:
    """Every cancel is refused."""

    def refuse(exchange: ReferenceExchange, call: Call) -> Any:
        raise Refusal(400, 500, "cancelling is suspended")

    x.handlers["cancelSpotOrder"] = refuse


@fault("quickstart.place-order")
def round_prices_are_refused(x: ReferenceExchange) -> None:
    """An order at the price of the quick start, 74000, is refused."""
    original = x.handlers["placeSpotOrder"]

    def strict(exchange: ReferenceExchange, call: Call) -> Any:
        if call.params.get("price") == "74000":
            raise Refusal(400, 500, "exorbitant prices!")
        return original(exchange, call)

    x.handlers["placeSpotOrder"] = strict


@fault("quickstart.login")
def login_comes_without_an_envelope(x: ReferenceExchange) -> None:
    """The token stands at Authorization, not at data.Authorization."""

    def bare(original: Any, data: Any, is_market: bool = False) -> Any:
        if not (isinstance(data, dict) and "Authorization" in data):
            return original(data, is_market)
        response = original(data)
        body = x.writer.text(data).encode()
        return type(response)(response.status, response.headers, body)

    wrap(x.answers, "accepted", bare)


@fault("spot.direction-1-is-sell")
def selling_ties_up_the_base_too(x: ReferenceExchange) -> None:
    """A sell freezes a dollar beside the coin."""
    original = x.handlers["placeSpotOrder"]

    def careful(exchange: ReferenceExchange, call: Call) -> Any:
        answer = original(exchange, call)
        if call.params["direction"] == 1:
            exchange.ledger.freeze(call.account, "USDT", Decimal(1))
        return answer

    x.handlers["placeSpotOrder"] = careful


@fault("keys.trading-and-account-management")
def keys_cannot_trade_at_all(x: ReferenceExchange) -> None:
    """No key may trade, whatever its permissions."""

    def strict(original: Any, operation: Any, scopes: Any) -> None:
        original(operation, tuple(scope for scope in scopes if scope != "trade"))

    wrap(x, "check_scope", strict)


@fault("keys.cannot-manage-keys")
def keys_manage_keys(x: ReferenceExchange) -> None:
    """Key management takes a signature as well as a log-in."""

    def lenient(original: Any, operation: Any, request: Any, client: str) -> Any:
        if operation.access == "jwt" and x.signatures.is_signed(request):
            signed = x.contract.operations["getUserInfo"]
            return original(signed, request, client)
        return original(operation, request, client)

    wrap(x, "authenticate", lenient)


@fault("signing.hmac-sha256-accepted")
def signed_requests_are_refused(x: ReferenceExchange) -> None:
    """No signature is ever right."""

    def strict(original: Any, request: Any, client: str) -> Any:
        raise Refusal(401, 3002, "the signature does not match")

    wrap(x.signatures, "check", strict)


def _silent(x: ReferenceExchange, head: str) -> None:
    """Subscriptions of a channel are acknowledged, and nothing comes."""
    wrap(
        x.hub,
        "first",
        lambda original, t, account: None if t.startswith(head) else original(t, account),
    )

    def publish(original: Any, topic: str, *rest: Any, **named: Any) -> None:
        if not topic.startswith(head):
            original(topic, *rest, **named)

    wrap(x.hub, "publish", publish)


@fault("market.order-books-available")
def books_are_silent(x: ReferenceExchange) -> None:
    """Nothing comes on the depth channels."""
    _silent(x, "depth.")


@fault("channel.depth")
def books_lack_their_sequence(x: ReferenceExchange) -> None:
    """A snapshot of the book has no sequence number."""

    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        kept = {} if topic.startswith("depth.") and kind == "snapshot" else dict(more or {})
        return original(topic, kind, data, kept)

    wrap(x.hub, "frame", frame)


@fault("market.trades-available")
def trades_are_silent(x: ReferenceExchange) -> None:
    """Nothing comes on the trades channels."""
    _silent(x, "trades.")


@fault("channel.trades")
def trades_lack_their_direction(x: ReferenceExchange) -> None:
    """A trade does not say which side took."""

    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        if topic.startswith("trades."):
            data = [_lacking("direction")(row) for row in data]
        return original(topic, kind, data, dict(more or {}))

    wrap(x.hub, "frame", frame)


@fault("market.klines-available")
def candles_are_silent(x: ReferenceExchange) -> None:
    """Nothing comes on the kline channels."""
    _silent(x, "kline.")


@fault("channel.orders")
def order_updates_lack_their_status(x: ReferenceExchange) -> None:
    """A streamed order does not say how it stands."""

    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        changed = _lacking("status")(data) if topic == "orders" else data
        return original(topic, kind, changed, dict(more or {}))

    wrap(x.hub, "frame", frame)


@fault("channel.account")
def account_events_lack_what_is_frozen(x: ReferenceExchange) -> None:
    """A streamed wallet does not show its frozen balance."""

    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        if topic == "account":
            data = [_lacking("frozenBalance")(row) for row in data]
        return original(topic, kind, data, dict(more or {}))

    wrap(x.hub, "frame", frame)
