"""Faults of perpetual futures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from conformance.model.refusal import Refused
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, asking, fault
from reference_exchange.handlers import Call


@fault("futures.close-at-most-the-position")
def closing_too_much_closes_what_there_is(x: ReferenceExchange) -> None:
    """Closing more than is held is answered as if it had been done."""
    original = x.handlers["closeFuturesPosition"]
    last: list[Any] = []

    def lenient(exchange: ReferenceExchange, call: Call) -> Any:
        try:
            last[:] = [original(exchange, call)]
        except Refused:
            if not last:
                last[:] = [_made_up(call)]
        return last[0]

    x.handlers["closeFuturesPosition"] = lenient


def _made_up(call: Call) -> dict[str, Any]:
    zero = Decimal(0)
    names = (
        "entrustPrice",
        "tradedPrice",
        "principalAmount",
        "openFee",
        "closeFee",
        "profitAndLoss",
    )
    numbers = {"contractId": 1, "entrustType": 1, "direction": 1, "type": 1, "leverage": 1}
    numbers |= {"volume": 1, "tradedVolume": 1, "status": 3, "createTime": 0}
    return {"orderId": "CE0", "symbol": "BTC/USDT", **numbers, **dict.fromkeys(names, zero)}


@fault("futures.margin-is-notional-over-leverage")
def margin_ignores_the_leverage(x: ReferenceExchange) -> None:
    """Whatever leverage is asked for, one is used."""
    asking(
        x,
        "openFuturesPosition",
        lambda p: {
            **p,
            "leverage": 1 if p["leverage"] in (1, 2, 5, 10, 20, 50, 100) else p["leverage"],
        },
    )


@fault("futures.profit-follows-its-formula")
def profit_is_shown_a_hundredfold(x: ReferenceExchange) -> None:
    """Profit and loss is shown in percent of the margin, off by a constant."""

    def wrong(rows: Any) -> Any:
        key = "usdtTotalProfitAndLoss"
        held = ("usdtBuyPosition", "usdtSellPosition")
        return [{**r, key: r[key] + (1 if any(r[h] for h in held) else 0)} for r in rows]

    answering(x, "getFuturesWallets", wrong)


@fault("futures.leverage-not-offered-refused")
def any_leverage_is_taken(x: ReferenceExchange) -> None:
    """A leverage that is not offered is taken for the greatest that is."""
    offered = (1, 2, 5, 10, 20, 50, 100)
    asking(
        x,
        "openFuturesPosition",
        lambda p: p if p["leverage"] in offered else {**p, "leverage": max(offered)},
    )


@fault("futures.open-makes-a-position")
def opening_makes_one_contract_less(x: ReferenceExchange) -> None:
    """A position is one contract smaller than asked for."""
    asking(x, "openFuturesPosition", lambda p: {**p, "volume": max(1, p["volume"] - 1)})


@fault("futures.close-ends-the-position")
def closing_leaves_one_contract(x: ReferenceExchange) -> None:
    """One contract stays open."""
    asking(x, "closeFuturesPosition", lambda p: {**p, "volume": max(1, p["volume"] - 1)})
