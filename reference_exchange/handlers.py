"""What each operation does: one small function an operationId, from parameters to data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from conformance.model.convert import convert
from conformance.model.ledger import TransferKind
from conformance.model.positions import FuturesOrder
from conformance.model.refusal import Reason, Refused
from conformance.model.values import ZERO, OrderType, Side
from reference_exchange import keys, views
from reference_exchange.answers import Refusal
from reference_exchange.forms import BAD

if TYPE_CHECKING:
    from reference_exchange.exchange import ReferenceExchange

BUSINESS: Final = 500
MOST_RANKED: Final = 10


class Done:
    """There is no data in the answer."""


DONE: Final = Done()


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated, validated call. `account` is 0 for nobody."""

    account: int
    params: Mapping[str, Any]


def no(message: str) -> Refusal:
    """A refusal for a reason of business."""
    return Refusal(400, BUSINESS, message)


def bad(message: str) -> Refusal:
    """A refusal of a parameter."""
    return Refusal(400, BAD, message)


def of_rules(refused: Refused) -> Refusal:
    """The answer to what the rules refuse; an order of somebody else's is as unknown as none."""
    if refused.reason in (Reason.UNKNOWN_SYMBOL, Reason.UNKNOWN_CONTRACT):
        return bad(refused.sentence)
    if refused.reason is Reason.ORDER_NOT_FOUND:
        return no("there is no such order")
    return no(refused.sentence)


def get_quotations_home(x: ReferenceExchange, call: Call) -> Any:
    """MarketOverview: every market is recommended, the most changed ones are ranked."""
    tickers = x.tickers()
    ranked = sorted(tickers, key=lambda view: view["chg"], reverse=True)
    return {"recommend": tickers, "changeRank": ranked[:MOST_RANKED]}


def get_coin_ticker(x: ReferenceExchange, call: Call) -> Any:
    """CoinThumb of the coin against USDT."""
    symbol = f"{call.params['coin'].upper()}/USDT"
    if symbol not in x.tapes:
        raise bad("there is no such coin")
    return x.ticker(symbol)


def get_sparklines(x: ReferenceExchange, call: Call) -> Any:
    """Every ticker with its trend."""
    now_ms = x.now_ms()
    return [
        {**x.ticker(symbol), "trend": list(tape.hourly_closes(now_ms))}
        for symbol, tape in x.tapes.items()
    ]


def list_symbol_thumbs(x: ReferenceExchange, call: Call) -> Any:
    """Every ticker."""
    return x.tickers()


def get_convert_price(x: ReferenceExchange, call: Call) -> Any:
    """The price of one unit in another."""
    return convert(call.params["fromUnit"], call.params["toUnit"], x.prices())


def place_spot_order(x: ReferenceExchange, call: Call) -> Any:
    """The id of the new order."""
    params = call.params
    order_type = OrderType(params["type"])
    price = Decimal(params["price"]) if "price" in params else None
    order = x.desk.place(
        call.account,
        params["symbol"],
        Side(params["direction"]),
        order_type,
        price,
        Decimal(params["amount"]),
        params.get("clientOrderId"),
    )
    return order.order_id


def cancel_spot_order(x: ReferenceExchange, call: Call) -> Any:
    """Nothing: the order is cancelled."""
    x.desk.cancel(call.account, call.params["orderId"])
    return DONE


def list_spot_orders(x: ReferenceExchange, call: Call) -> Any:
    """SpotOrderPage, newest first."""
    symbol, status = call.params.get("symbol"), call.params.get("status")
    if symbol is not None and symbol not in x.tapes:
        raise bad("there is no such symbol")
    found = [
        order
        for order in reversed(x.spot.orders_of(call.account))
        if symbol in (None, order.market.symbol) and status in (None, str(order.status))
    ]
    return _page(found, call, views.order)


def _page(found: list[Any], call: Call, view: Callable[[Any], views.View]) -> views.View:
    number, size = call.params.get("pageNo", 1), call.params.get("pageSize", 20)
    start = (number - 1) * size
    shown = [view(each) for each in found[start : start + size]]
    return views.page(shown, len(found), number, size)


def get_spot_wallets(x: ReferenceExchange, call: Call) -> Any:
    """SpotWallets of the caller."""
    return [views.wallet(each) for each in x.ledger.holdings(call.account)]


def get_futures_wallets(x: ReferenceExchange, call: Call) -> Any:
    """FuturesWallets of the caller, one a contract."""
    return [
        views.futures_wallet(each, x.price_of(each.contract.symbol) or ZERO)
        for each in x.futures.wallets_of(call.account)
    ]


def open_futures_position(x: ReferenceExchange, call: Call) -> Any:
    """The FuturesOrder that was made of it."""
    params = call.params
    made = x.futures.open(
        call.account,
        params["contractCoinId"],
        Side(params["direction"]),
        OrderType(params["type"]),
        _price(params),
        params["leverage"],
        params["volume"],
        x.now_ms(),
    )
    return views.futures_order(made)


def close_futures_position(x: ReferenceExchange, call: Call) -> Any:
    """The FuturesOrder that was made of it."""
    params = call.params
    made = x.futures.close(
        call.account,
        params["contractCoinId"],
        Side(params["direction"]),
        OrderType(params["type"]),
        _price(params),
        params["volume"],
        x.now_ms(),
    )
    return views.futures_order(made)


def _price(params: Mapping[str, Any]) -> Decimal | None:
    return Decimal(params["entrustPrice"]) if "entrustPrice" in params else None


def list_futures_orders(x: ReferenceExchange, call: Call) -> Any:
    """FuturesOrderPage, newest first."""
    wanted = call.params.get("contractCoinId")
    if wanted is not None and wanted not in x.futures.contracts:
        raise bad("there is no such contract")

    def is_wanted(order: FuturesOrder) -> bool:
        return wanted in (None, order.contract_id)

    found = [each for each in reversed(x.futures.orders_of(call.account)) if is_wanted(each)]
    return _page(found, call, views.futures_order)


def get_user_info(x: ReferenceExchange, call: Call) -> Any:
    """UserInfo of the caller."""
    return views.profile(x.members.by_id[call.account])


def count_referrals(x: ReferenceExchange, call: Call) -> Any:
    """How many the caller has referred: nobody can be referred here."""
    return 0


def log_in(x: ReferenceExchange, call: Call) -> Any:
    """LoginInfo with a fresh JWT."""
    login = call.params[x.config.login_parameter]
    member = x.members.log_in(login, call.params["password"])
    if member is None:
        raise Refusal(401, 4001, "unknown account or wrong password")
    token = x.tokens.issue(member.id)
    return {"Authorization": token, "id": member.id, "username": member.name}


def list_deposits(x: ReferenceExchange, call: Call) -> Any:
    """Transfers into the account."""
    found = x.ledger.transfers(call.account, TransferKind.DEPOSIT)
    return [views.transfer(each) for each in found]


def list_withdrawals(x: ReferenceExchange, call: Call) -> Any:
    """Transfers out of the account."""
    found = x.ledger.transfers(call.account, TransferKind.WITHDRAWAL)
    return [views.transfer(each) for each in found]


def create_api_key(x: ReferenceExchange, call: Call) -> Any:
    """ApiKeyCreated: the only answer with the secret."""
    made = x.keys.create(
        call.account,
        call.params.get("remark", ""),
        _scopes(call.params["scopes"]),
        _addresses(call.params.get("ips", "")),
    )
    if made is None:
        raise no(f"an account has at most {keys.MOST_KEYS} keys")
    return {**views.key(made), "secret": made.secret}


def _scopes(text: str) -> tuple[str, ...]:
    found = keys.split_scopes(text)
    if found is None:
        raise bad("scopes is no list of read, trade and withdraw")
    return found


def _addresses(text: str) -> tuple[str, ...]:
    found = keys.split_addresses(text)
    if found is None:
        raise bad("ips is no list of addresses")
    return found


def list_api_keys(x: ReferenceExchange, call: Call) -> Any:
    """The caller's ApiKeys."""
    return [views.key(each) for each in x.keys.of(call.account)]


def _own_key(x: ReferenceExchange, call: Call) -> keys.ApiKey:
    found = x.keys.owned(call.account, call.params["apiKey"])
    if found is None:
        raise no("there is no such key")
    return found


def update_api_key(x: ReferenceExchange, call: Call) -> Any:
    """The ApiKey as it is now; what was not given stays."""
    key, params = _own_key(x, call), call.params
    scopes = _scopes(params["scopes"]) if "scopes" in params else key.scopes
    addresses = _addresses(params["ips"]) if "ips" in params else key.addresses
    key.scopes, key.addresses = scopes, addresses
    key.remark = params.get("remark", key.remark)
    key.is_enabled = params.get("enabled", key.is_enabled)
    return views.key(key)


def delete_api_key(x: ReferenceExchange, call: Call) -> Any:
    """Nothing: the key is gone."""
    x.keys.delete(_own_key(x, call))
    return DONE


def get_api_key_usage(x: ReferenceExchange, call: Call) -> Any:
    """The last calls made with a key, newest first."""
    return [views.usage(each) for each in reversed(_own_key(x, call).usage)]


Handler = Callable[["ReferenceExchange", Call], Any]
HANDLERS: Final[Mapping[str, Handler]] = {
    "getQuotationsHome": get_quotations_home,
    "getCoinTicker": get_coin_ticker,
    "getSparklines": get_sparklines,
    "getConvertPrice": get_convert_price,
    "listSymbolThumbs": list_symbol_thumbs,
    "placeSpotOrder": place_spot_order,
    "cancelSpotOrder": cancel_spot_order,
    "listSpotOrders": list_spot_orders,
    "getSpotWallets": get_spot_wallets,
    "getFuturesWallets": get_futures_wallets,
    "openFuturesPosition": open_futures_position,
    "closeFuturesPosition": close_futures_position,
    "listFuturesOrders": list_futures_orders,
    "getUserInfo": get_user_info,
    "countReferrals": count_referrals,
    "login": log_in,
    "listDeposits": list_deposits,
    "listWithdrawals": list_withdrawals,
    "createApiKey": create_api_key,
    "listApiKeys": list_api_keys,
    "updateApiKey": update_api_key,
    "deleteApiKey": delete_api_key,
    "getApiKeyUsage": get_api_key_usage,
}
