"""Faults in what futures do with money."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from conformance.model.refusal import Refused
from conformance.model.values import Side
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, fault, wrap
from reference_exchange.handlers import Call

SECOND = 1002
After = Callable[[ReferenceExchange, Call, Any, Any], None]


def _around(x: ReferenceExchange, operation: str, then: After, before: Any = None) -> None:
    """Let something happen to the caller's wallet after an operation; `before` notes what it was."""
    original = x.handlers[operation]

    def wrong(exchange: ReferenceExchange, call: Call) -> Any:
        wallet = exchange.futures.wallet(call.account, call.params["contractCoinId"])
        noted = before(wallet) if before else None
        answer = original(exchange, call)
        then(exchange, call, wallet, noted)
        return answer

    x.handlers[operation] = wrong


def _sides(wallet: Any) -> tuple[Any, Any]:
    return wallet.long, wallet.short


@fault("futures.entry-is-the-average")
def entry_is_that_of_the_last_opening(x: ReferenceExchange) -> None:
    """A second opening replaces the entry price of the first."""

    def then(exchange: ReferenceExchange, call: Call, wallet: Any, _: Any) -> None:
        price = exchange.price_of(wallet.contract.symbol)
        wallet.position(Side(call.params["direction"])).entry_price = price

    _around(x, "openFuturesPosition", then)


@fault("futures.entry-is-the-average")
def entry_is_that_of_the_first_opening(x: ReferenceExchange) -> None:
    """A second opening leaves the entry price of the first."""

    def then(_: ReferenceExchange, __: Call, wallet: Any, noted: Any) -> None:
        for side, old in zip(_sides(wallet), noted, strict=True):
            side.entry_price = old or side.entry_price

    before = lambda wallet: [each.entry_price for each in _sides(wallet)]  # noqa: E731
    _around(x, "openFuturesPosition", then, before)


@fault("futures.part-close-releases-its-share")
def closing_a_part_releases_all_margin(x: ReferenceExchange) -> None:
    """However little is closed, the whole margin of the side comes back."""

    def then(_: ReferenceExchange, __: Call, wallet: Any, ___: Any) -> None:
        for side in _sides(wallet):
            if side.volume:
                wallet.balance += side.principal
                side.principal = Decimal(0)

    _around(x, "closeFuturesPosition", then)


@fault("futures.part-close-keeps-the-entry")
def closing_a_part_marks_the_rest(x: ReferenceExchange) -> None:
    """After a part is closed the rest has the current price as entry."""

    def then(exchange: ReferenceExchange, _: Call, wallet: Any, __: Any) -> None:
        price = exchange.price_of(wallet.contract.symbol)
        for side in _sides(wallet):
            if side.volume and price:
                side.entry_price = price

    _around(x, "closeFuturesPosition", then)


@fault("futures.closing-pays-margin-and-profit")
def closing_takes_the_fee_twice(x: ReferenceExchange) -> None:
    """The fee of a close is taken once as shown and once more."""
    original = x.handlers["closeFuturesPosition"]

    def twice(exchange: ReferenceExchange, call: Call) -> Any:
        answer = original(exchange, call)
        wallet = exchange.futures.wallet(call.account, call.params["contractCoinId"])
        wallet.balance -= answer["closeFee"]
        return answer

    x.handlers["closeFuturesPosition"] = twice


@fault("futures.closing-pays-margin-and-profit")
def profits_of_shorts_are_not_paid(x: ReferenceExchange) -> None:
    """Closing a short gives the margin back and not the profit."""
    original = x.handlers["closeFuturesPosition"]

    def unpaid(exchange: ReferenceExchange, call: Call) -> Any:
        answer = original(exchange, call)
        wallet = exchange.futures.wallet(call.account, call.params["contractCoinId"])
        if call.params["direction"] == 0:
            wallet.balance -= answer["profitAndLoss"] + Decimal("0.01")
        return answer

    x.handlers["closeFuturesPosition"] = unpaid


@fault("futures.realised-profit-follows-its-formula")
def shorts_are_shown_the_profit_of_longs(x: ReferenceExchange) -> None:
    """The order that closes a short shows its profit with the wrong sign, and a cent more."""

    def shown(answer: Any) -> Any:
        wrong = -answer["profitAndLoss"] - Decimal("0.01")
        return {**answer, "profitAndLoss": wrong} if answer["direction"] == 0 else answer

    answering(x, "closeFuturesPosition", shown)


@fault("futures.close-fee-is-the-rate")
def closing_costs_by_the_margin(x: ReferenceExchange) -> None:
    """The fee of a close is shown as a rate of the margin instead of the contracts' worth."""

    def shown(answer: Any) -> Any:
        return {**answer, "closeFee": answer["closeFee"] / 2}

    answering(x, "closeFuturesPosition", shown)


@fault("futures.both-sides-add-up")
def only_the_larger_side_counts(x: ReferenceExchange) -> None:
    """A wallet's profit is that of its long; a short beside it is left out."""

    def shown(rows: Any) -> Any:
        return [_long_only(dict(row)) for row in rows]

    answering(x, "getFuturesWallets", shown)


def _long_only(row: dict[str, Any]) -> dict[str, Any]:
    if not (row["usdtBuyPosition"] and row["usdtSellPosition"]):
        return row
    ratio = row["currentPrice"] / row["usdtBuyPrice"] - 1
    profit = ratio * row["usdtBuyPosition"] * row["usdtShareNumber"] + Decimal("0.01")
    return {**row, "usdtTotalProfitAndLoss": profit.quantize(Decimal("1e-8"))}


@fault("futures.never-beyond-the-balance")
def credit_is_given_for_positions(x: ReferenceExchange) -> None:
    """A position beyond the balance is opened; the wallet gets what it lacks."""
    original = x.handlers["openFuturesPosition"]

    def generous(exchange: ReferenceExchange, call: Call) -> Any:
        try:
            return original(exchange, call)
        except Refused:
            wallet = exchange.futures.wallet(call.account, call.params["contractCoinId"])
            wallet.balance += Decimal(10) ** 15
            return original(exchange, call)

    x.handlers["openFuturesPosition"] = generous


@fault("futures.refused-order-changes-nothing")
def a_refused_opening_costs_its_fee(x: ReferenceExchange) -> None:
    """An opening that is refused for its leverage has already paid."""
    original = x.handlers["openFuturesPosition"]

    def early(exchange: ReferenceExchange, call: Call) -> Any:
        try:
            return original(exchange, call)
        except Refused:
            for wallet in exchange.futures.wallets_of(call.account):
                wallet.balance -= Decimal("0.05")
            raise

    x.handlers["openFuturesPosition"] = early


@fault("futures.accounts-are-apart")
def leverage_is_set_for_everybody(x: ReferenceExchange) -> None:
    """Opening with a leverage sets that of the second account's position as well."""

    def then(exchange: ReferenceExchange, call: Call, _: Any, __: Any) -> None:
        other = exchange.futures.wallet(SECOND, call.params["contractCoinId"])
        other.long.leverage = call.params["leverage"]

    _around(x, "openFuturesPosition", then)


@fault("futures.contracts-are-apart")
def the_second_contract_pays_for_the_first(x: ReferenceExchange) -> None:
    """A cent of each opening is taken from the wallet of another contract."""

    def then(exchange: ReferenceExchange, call: Call, wallet: Any, _: Any) -> None:
        for other in exchange.futures.wallets_of(call.account):
            if other is not wallet:
                other.balance -= Decimal("0.01")

    _around(x, "openFuturesPosition", then)


@fault("futures.orders-have-ids-of-their-own")
def futures_ids_are_those_of_the_account(x: ReferenceExchange) -> None:
    """Every futures order of an account is answered with the same id."""
    answering(x, "openFuturesPosition", lambda answer: {**answer, "orderId": "CE1"})


@fault("futures.orders-are-listed")
def futures_orders_are_listed_oldest_first(x: ReferenceExchange) -> None:
    """The list of futures orders begins with the oldest."""
    wrap(x.futures, "orders_of", lambda original, account: tuple(reversed(original(account))))


@fault("futures.orders-are-listed")
def the_contract_filter_is_ignored(x: ReferenceExchange) -> None:
    """The list of futures orders is that of all contracts, whatever is asked for."""
    original = x.handlers["listFuturesOrders"]
    x.handlers["listFuturesOrders"] = lambda exchange, call: original(
        exchange,
        Call(call.account, {k: v for k, v in call.params.items() if k != "contractCoinId"}),
    )
