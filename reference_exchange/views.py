"""What the exchange shows of its state, in the shapes of the two documents. Decimals stay Decimal here."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from conformance.model.book import LevelChange
from conformance.model.candles import Candle
from conformance.model.events import Traded
from conformance.model.ledger import Holding, Transfer
from conformance.model.market_data import Ticker
from conformance.model.orders import Fill, Order
from conformance.model.positions import FuturesOrder, FuturesWallet, total_profit
from conformance.model.values import ZERO, Side
from reference_exchange.keys import ApiKey, Usage
from reference_exchange.members import Member

NAMES: Final = {"USDT": "Tether", "BTC": "Bitcoin", "ETH": "Ethereum", "SOL": "Solana"}
TYPES: Final = ("LIMIT_PRICE", "MARKET_PRICE")
View = dict[str, Any]


def ticker(seen: Ticker, usd: Mapping[str, Decimal]) -> View:
    """CoinThumb; `usd` is the price of each unit in USDT."""
    coin, _, base = seen.symbol.partition("/")
    return {
        "symbol": seen.symbol,
        "open": seen.open,
        "high": seen.high,
        "low": seen.low,
        "close": seen.close,
        "chg": seen.chg,
        "change": seen.change,
        "volume": seen.volume,
        "turnover": seen.turnover,
        "lastDayClose": seen.last_day_close,
        "usdRate": usd.get(coin, ZERO),
        "baseUsdRate": usd.get(base, ZERO),
        "zone": 0,
    }


def order(seen: Order) -> View:
    """SpotOrder."""
    view: View = {
        "orderId": seen.order_id,
        "symbol": seen.market.symbol,
        "coinSymbol": seen.market.coin,
        "baseSymbol": seen.market.base,
        "direction": seen.side.name,
        "type": TYPES[seen.type],
        "price": seen.price or ZERO,
        "amount": seen.amount,
        "tradedAmount": seen.traded_amount,
        "turnover": seen.turnover,
        "status": str(seen.status),
        "time": seen.created_ms,
        "detail": [fill(each) for each in seen.fills],
    }
    if seen.completed_ms is not None:
        view["completedTime"] = seen.completed_ms
    if seen.canceled_ms is not None:
        view["canceledTime"] = seen.canceled_ms
    if seen.client_order_id is not None:
        view["clientOrderId"] = seen.client_order_id
    return view


def fill(seen: Fill) -> View:
    """OrderFill."""
    return {
        "price": seen.price,
        "amount": seen.amount,
        "turnover": seen.turnover,
        "fee": seen.fee,
        "time": seen.time_ms,
    }


def page(rows: list[View], total: int, number: int, size: int) -> View:
    """One page of so many rows in all; pages count from 1."""
    return {
        "content": rows,
        "totalElements": total,
        "totalPages": -(-total // size),
        "number": number,
        "size": size,
    }


def wallet(seen: Holding) -> View:
    """SpotWallet."""
    return {
        "coin": {"unit": seen.coin, "name": NAMES.get(seen.coin, seen.coin)},
        "balance": seen.balance,
        "frozenBalance": seen.frozen,
        "isLock": 0,
    }


def transfer(seen: Transfer) -> View:
    """Transfer."""
    return {
        "id": f"T{seen.id}",
        "coin": seen.coin,
        "amount": seen.amount,
        "status": "COMPLETED",
        "time": seen.at_ms,
    }


def futures_order(seen: FuturesOrder) -> View:
    """FuturesOrder."""
    return {
        "orderId": seen.order_id,
        "contractId": seen.contract_id,
        "symbol": seen.symbol,
        "entrustType": int(seen.entrust_type),
        "direction": int(seen.side),
        "type": int(seen.type),
        "entrustPrice": seen.entrust_price,
        "tradedPrice": seen.traded_price,
        "leverage": seen.leverage,
        "volume": seen.volume,
        "tradedVolume": seen.traded_volume,
        "principalAmount": seen.principal,
        "openFee": seen.open_fee,
        "closeFee": seen.close_fee,
        "profitAndLoss": seen.profit,
        "status": int(seen.status),
        "createTime": seen.created_ms,
    }


def futures_wallet(seen: FuturesWallet, price: Decimal) -> View:
    """FuturesWallet at a current price."""
    long, short = seen.long, seen.short
    return {
        "contractId": seen.contract.id,
        "symbol": seen.contract.symbol,
        "usdtBalance": seen.balance,
        "usdtFrozenBalance": seen.frozen,
        "usdtBuyLeverage": long.leverage,
        "usdtSellLeverage": short.leverage,
        "usdtBuyPosition": long.volume,
        "usdtFrozenBuyPosition": long.frozen_volume,
        "usdtBuyPrice": long.entry_price,
        "usdtBuyPrincipalAmount": long.principal,
        "usdtSellPosition": short.volume,
        "usdtFrozenSellPosition": short.frozen_volume,
        "usdtSellPrice": short.entry_price,
        "usdtSellPrincipalAmount": short.principal,
        "usdtShareNumber": seen.contract.share_number,
        "usdtTotalProfitAndLoss": total_profit(seen, price),
        "currentPrice": price,
    }


def profile(seen: Member) -> View:
    """UserInfo."""
    return {
        "id": seen.id,
        "username": seen.name,
        "email": seen.masked_email,
        "memberLevel": 1,
        "createTime": seen.created_ms,
        "promotionCode": f"FT{seen.id}",
    }


def key(seen: ApiKey) -> View:
    """ApiKey, without its secret."""
    return {
        "apiKey": seen.name,
        "remark": seen.remark,
        "scopes": list(seen.scopes),
        "ips": list(seen.addresses),
        "enabled": seen.is_enabled,
        "createTime": seen.created_ms,
    }


def usage(seen: Usage) -> View:
    """ApiKeyUsage."""
    return {
        "time": seen.time_ms,
        "ip": seen.address,
        "operation": seen.operation,
        "accepted": seen.accepted,
    }


def trade(seen: Traded) -> View:
    """PublicTrade."""
    return {
        "id": seen.id,
        "price": seen.price,
        "amount": seen.amount,
        "direction": seen.side.name,
        "time": seen.at_ms,
    }


def candle(seen: Candle) -> View:
    """Candle."""
    return {
        "openTime": seen.open_ms,
        "open": seen.open,
        "high": seen.high,
        "low": seen.low,
        "close": seen.close,
        "volume": seen.volume,
        "turnover": seen.turnover,
        "count": seen.count,
        "closed": seen.closed,
    }


def changes(seen: tuple[LevelChange, ...]) -> View:
    """Levels of a delta, bids and asks apart."""
    return {
        "bids": [(x.price, x.amount) for x in seen if x.side is Side.BUY],
        "asks": [(x.price, x.amount) for x in seen if x.side is Side.SELL],
    }
