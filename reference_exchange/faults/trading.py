"""Faults of orders, matching, money and futures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from conformance.model.ledger import FEE_ACCOUNT
from conformance.model.refusal import Reason, Refused
from conformance.model.values import OrderType, Side
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, asking, fault, wrap
from reference_exchange.handlers import DONE, Call

CENT: Final = Decimal("0.01")
QUIET: Final = "SOL/USDT"


@fault("spot.type-0-is-limit")
def type_ordinals_are_swapped(x: ReferenceExchange) -> None:
    """type=0 is a market order and type=1 a limit order, as in other code of the family."""
    asking(
        x, "placeSpotOrder", lambda p: {**p, "type": 1 - p["type"], "price": p.get("price", "1")}
    )


@fault("spot.type-1-is-market")
def market_orders_rest(x: ReferenceExchange) -> None:
    """What a market order cannot fill rests at the last price."""

    def resting(params: Mapping[str, Any]) -> Mapping[str, Any]:
        if params["type"] == OrderType.LIMIT:
            return params
        price = x.price_of(params["symbol"]) or Decimal(1)
        return {**params, "type": 0, "price": format(price, "f")}

    asking(x, "placeSpotOrder", resting)


@fault("spot.direction-0-is-buy")
def directions_are_swapped(x: ReferenceExchange) -> None:
    """direction=0 sells and direction=1 buys."""
    asking(x, "placeSpotOrder", lambda p: {**p, "direction": 1 - p["direction"]})


@fault("spot.orders-can-be-listed")
def open_orders_are_not_listed(x: ReferenceExchange) -> None:
    """Only orders that are over are listed."""

    def over(page: Any) -> Any:
        return {**page, "content": [r for r in page["content"] if r["status"] != "TRADING"]}

    answering(x, "listSpotOrders", over)


@fault("spot.order-ids-are-unique")
def order_ids_repeat(x: ReferenceExchange) -> None:
    """Every other order is answered with the id of the one before."""
    last: list[str] = []

    def repeating(identity: Any) -> Any:
        last.append(identity)
        return last[-2] if len(last) % 4 == 0 else identity

    answering(x, "placeSpotOrder", repeating)


def _freeze_more(x: ReferenceExchange, is_wrong: Any, change: Any) -> None:
    def freeze(original: Any, account: int, coin: str, amount: Decimal) -> None:
        original(account, coin, change(amount) if is_wrong(account, coin) else amount)

    wrap(x.ledger, "freeze", freeze)


@fault("spot.buy-freezes-price-times-amount")
def buying_freezes_a_cent_more(x: ReferenceExchange) -> None:
    """A buy freezes a cent more of the base than it may cost."""
    _freeze_more(x, lambda account, coin: coin == "USDT" and account > 1000, lambda a: a + CENT)


@fault("spot.sell-freezes-amount")
def selling_freezes_half(x: ReferenceExchange) -> None:
    """A sell of the quiet coin freezes half of its amount."""
    _freeze_more(x, lambda account, coin: coin == "SOL" and account > 1000, lambda a: a / 2)
    wrap(x.ledger, "release", _at_most_frozen(x))


def _at_most_frozen(x: ReferenceExchange) -> Any:
    def release(original: Any, account: int, coin: str, amount: Decimal) -> None:
        original(account, coin, min(amount, x.ledger.frozen(account, coin)))

    return release


@fault("spot.cancel-releases-everything")
def cancel_keeps_a_cent(x: ReferenceExchange) -> None:
    """A cent stays frozen when an order is cancelled."""

    def release(original: Any, account: int, coin: str, amount: Decimal) -> None:
        original(account, coin, amount - CENT if account > 1000 and amount > CENT else amount)

    wrap(x.ledger, "release", release)


@fault("spot.second-cancel-changes-nothing")
def cancelling_again_pays_again(x: ReferenceExchange) -> None:
    """A second cancel succeeds and releases the order's cost once more."""
    original = x.handlers["cancelSpotOrder"]

    def generous(exchange: ReferenceExchange, call: Call) -> Any:
        try:
            return original(exchange, call)
        except Refused as refused:
            if refused.reason is Reason.ORDER_NOT_FOUND:
                raise
            order = exchange.spot.order(call.params["orderId"])
            exchange.ledger.credit(call.account, order.market.base, order.amount)
            return DONE

    x.handlers["cancelSpotOrder"] = generous


@fault("spot.cancel-takes-effect")
def cancelled_orders_are_listed_as_open(x: ReferenceExchange) -> None:
    """A cancelled order keeps its status in the list."""

    def stale(page: Any) -> Any:
        rows = [
            {**r, "status": "TRADING" if r["status"] == "CANCELED" else r["status"]}
            for r in page["content"]
        ]
        return {**page, "content": rows}

    answering(x, "listSpotOrders", stale)


@fault("spot.cancel-of-a-part-filled-order-releases-the-rest")
def cancel_releases_what_was_traded_too(x: ReferenceExchange) -> None:
    """Cancelling a partly filled buy gives back its whole cost."""
    wrapped = x.spot.cancel

    def cancel(account: int, order_id: str, at_ms: int) -> Any:
        order = x.spot.order(order_id)
        traded = order.turnover if order.side is Side.BUY else Decimal(0)
        done = wrapped(account, order_id, at_ms)
        if traded:
            x.ledger.credit(account, order.market.base, traded)
        return done

    x.spot.cancel = cancel  # type: ignore[method-assign]


@fault("spot.unknown-order-refused")
def unknown_orders_are_cancelled_too(x: ReferenceExchange) -> None:
    """Cancelling what does not exist is answered with success."""
    original = x.handlers["cancelSpotOrder"]

    def lenient(exchange: ReferenceExchange, call: Call) -> Any:
        try:
            return original(exchange, call)
        except Refused:
            return DONE

    x.handlers["cancelSpotOrder"] = lenient


@fault("spot.only-the-owner-cancels")
def anybody_cancels(x: ReferenceExchange) -> None:
    """Whoever knows an order's id may cancel it."""
    original = x.handlers["cancelSpotOrder"]

    def lenient(exchange: ReferenceExchange, call: Call) -> Any:
        owner = exchange.spot.order(call.params["orderId"]).account
        return original(exchange, Call(owner, call.params))

    x.handlers["cancelSpotOrder"] = lenient


@fault("spot.foreign-and-unknown-orders-answer-alike")
def foreign_orders_are_forbidden_instead_of_unknown(x: ReferenceExchange) -> None:
    """Somebody else's order is refused in other words than one that does not exist."""
    original = x.handlers["cancelSpotOrder"]

    def telling(exchange: ReferenceExchange, call: Call) -> Any:
        order = exchange.spot.order(call.params["orderId"])
        if order.account != call.account:
            raise Refused(Reason.ORDER_NOT_OPEN, "operation forbidden")
        return original(exchange, call)

    x.handlers["cancelSpotOrder"] = telling


@fault("spot.trade-settles-both-sides")
def sellers_are_not_paid(x: ReferenceExchange) -> None:
    """The base of a trade reaches the fee account but not the seller."""

    def credit(original: Any, account: int, coin: str, amount: Decimal) -> None:
        if coin == "USDT" and account > 1000:
            account = FEE_ACCOUNT
        original(account, coin, amount)

    wrap(x.ledger, "credit", credit)


@fault("spot.money-is-conserved")
def buyers_get_a_little_more(x: ReferenceExchange) -> None:
    """A buyer is credited a thousandth more of the coin than was sold."""

    def credit(original: Any, account: int, coin: str, amount: Decimal) -> None:
        original(account, coin, amount * Decimal("1.001") if coin == "SOL" else amount)

    wrap(x.ledger, "credit", credit)


@fault("spot.fee-is-charged-once")
def fees_are_charged_twice(x: ReferenceExchange) -> None:
    """Both sides pay the fee twice."""
    for symbol, market in x.spot.markets.items():
        doubled = replace(market, fee_rate=market.fee_rate * 2)
        x.spot.markets = {**x.spot.markets, symbol: doubled}


@fault("spot.trades-at-the-resting-price")
def trades_happen_at_the_takers_price(x: ReferenceExchange) -> None:
    """A limit order that crosses pays its own limit, not the resting price."""

    def trade(original: Any, taker: Any, maker: Any, amount: Decimal, at_ms: int) -> Any:
        resting = maker.price
        if taker.price and taker.side is Side.BUY:
            maker.price = taker.price
        try:
            return original(taker, maker, amount, at_ms)
        finally:
            maker.price = resting

    wrap(x.spot, "_trade", trade)


@fault("spot.best-price-first")
def the_worst_price_is_taken_first(x: ReferenceExchange) -> None:
    """In the quiet market an incoming order takes the worst price that it accepts."""
    book = x.spot.book(QUIET)
    wrap(book, "best_order", lambda original, side: _last(book.orders(side), original(side)))


def _last(orders: Any, default: Any) -> Any:
    found = list(orders)
    return found[-1] if found else default


@fault("spot.first-come-first-served")
def the_last_order_at_a_price_is_filled_first(x: ReferenceExchange) -> None:
    """In the quiet market the newest order of the best price is filled first."""
    book = x.spot.book(QUIET)

    def newest(original: Any, side: Side) -> Any:
        best = original(side)
        same = [each for each in book.orders(side) if best and each.price == best.price]
        return same[-1] if same else best

    wrap(book, "best_order", newest)


@fault("spot.fills-add-up")
def one_fill_is_missing_in_the_list(x: ReferenceExchange) -> None:
    """The list of an order's fills lacks its first."""

    def shorter(page: Any) -> Any:
        return {**page, "content": [{**r, "detail": r["detail"][1:]} for r in page["content"]]}

    answering(x, "listSpotOrders", shorter)


@fault("spot.never-spends-more-than-there-is")
def balances_are_not_checked(x: ReferenceExchange) -> None:
    """An order beyond the balance is accepted; the account gets what it lacks."""

    def freeze(original: Any, account: int, coin: str, amount: Decimal) -> None:
        missing = amount - x.ledger.balance(account, coin)
        if missing > 0:
            x.ledger.credit(account, coin, missing)
        original(account, coin, amount)

    wrap(x.ledger, "freeze", freeze)


@fault("spot.refused-order-changes-nothing")
def refused_orders_cost_a_cent(x: ReferenceExchange) -> None:
    """A refused order keeps a cent frozen."""
    original = x.handlers["placeSpotOrder"]

    def costly(exchange: ReferenceExchange, call: Call) -> Any:
        try:
            return original(exchange, call)
        except Refused:
            exchange.ledger.freeze(call.account, "USDT", CENT)
            raise

    x.handlers["placeSpotOrder"] = costly


@fault("spot.below-minimum-refused")
def there_is_no_minimum(x: ReferenceExchange) -> None:
    """Any amount will do."""
    least = Decimal("0.000000000001")
    x.spot.markets = {
        symbol: replace(each, min_amount=least, min_turnover=least)
        for symbol, each in x.spot.markets.items()
    }


@fault("spot.off-step-refused")
def amounts_are_rounded_up(x: ReferenceExchange) -> None:
    """An amount with too many digits is rounded up to the next step."""

    def rounded(params: Mapping[str, Any]) -> Mapping[str, Any]:
        market = x.spot.markets.get(params["symbol"])
        if market is None:
            return params
        steps = (Decimal(params["amount"]) / market.amount_step).to_integral_value("ROUND_CEILING")
        return {**params, "amount": format(steps * market.amount_step, "f")}

    asking(x, "placeSpotOrder", rounded)


@fault("spot.client-order-id-once")
def client_order_ids_are_ignored(x: ReferenceExchange) -> None:
    """A clientOrderId may name any number of orders."""
    asking(x, "placeSpotOrder", lambda p: {k: v for k, v in p.items() if k != "clientOrderId"})


@fault("spot.lifecycle-agrees-with-the-model")
def every_third_cancel_is_forgotten(x: ReferenceExchange) -> None:
    """Every third cancel is acknowledged and not done."""
    original, count = x.handlers["cancelSpotOrder"], [0]

    def forgetful(exchange: ReferenceExchange, call: Call) -> Any:
        count[0] += 1
        return DONE if count[0] % 3 == 0 else original(exchange, call)

    x.handlers["cancelSpotOrder"] = forgetful


@fault("wallet.private-to-the-owner")
def orders_of_all_are_listed(x: ReferenceExchange) -> None:
    """The list of orders holds those of other accounts as well."""

    def everybody(original: Any, account: int) -> Any:
        return tuple(o for each in x.members.by_id for o in original(each))

    wrap(x.spot, "orders_of", everybody)


@fault("wallet.user-profile-available")
def everybody_is_the_same_member(x: ReferenceExchange) -> None:
    """Every caller is shown the first member's profile."""
    answering(x, "getUserInfo", lambda profile: {**profile, "id": 1001})


@fault("wallet.spot-and-futures-apart")
def futures_margin_comes_from_spot(x: ReferenceExchange) -> None:
    """Opening a position takes a dollar from the spot wallet."""
    original = x.handlers["openFuturesPosition"]

    def mixed(exchange: ReferenceExchange, call: Call) -> Any:
        answer = original(exchange, call)
        exchange.ledger.freeze(call.account, "USDT", Decimal(1))
        return answer

    x.handlers["openFuturesPosition"] = mixed


@fault("wallet.balances-available")
def a_wallet_is_shown_twice(x: ReferenceExchange) -> None:
    """The first wallet is listed twice."""
    answering(x, "getSpotWallets", lambda rows: [*rows, rows[0]])


@fault("wallet.deposits-and-withdrawals-available")
def withdrawals_are_negative(x: ReferenceExchange) -> None:
    """Withdrawals are listed with negative amounts."""
    answering(
        x, "listWithdrawals", lambda rows: [{**row, "amount": -row["amount"]} for row in rows]
    )
