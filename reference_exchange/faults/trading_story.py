"""Faults of trading that show in a long story only: now and then, in a race, for one account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from conformance.model.book import LevelChange
from conformance.model.events import LevelsChanged
from conformance.model.orders import Order, Step
from conformance.model.refusal import Reason, Refused
from conformance.model.values import OrderStatus, OrderType, Side
from reference_exchange import views
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import answering, fault, wrap
from reference_exchange.handlers import Call

FIRST, SECOND = 1001, 1002
DUST = Decimal("0.00000001")
RESIDENTS = (1001, 1002, 1003)


def _orders(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    """Show every order of a list otherwise."""
    return lambda page: {**page, "content": [change(dict(row)) for row in page["content"]]}


def _ours(taker: Order, maker: Order) -> bool:
    return {taker.account, maker.account} <= set(RESIDENTS)


@fault("spot.many-trades-lose-nothing")
def one_leg_in_a_hundred_is_not_settled(x: ReferenceExchange) -> None:
    """Settling a seller fails once in a hundred trades, and the failure is swallowed."""
    count, skipped = [0], [False]

    def trade(original: Any, taker: Order, maker: Order, *rest: Any) -> Any:
        count[0] += taker.account in RESIDENTS
        skipped[0] = taker.account in RESIDENTS and count[0] % 100 == 0
        return original(taker, maker, *rest)

    def credit(original: Any, account: int, coin: str, amount: Decimal) -> None:
        if skipped[0] and coin == "USDT" and account in RESIDENTS:
            skipped[0] = False
            return
        original(account, coin, amount)

    wrap(x.spot, "_trade", trade)
    wrap(x.ledger, "credit", credit)


@fault("spot.wallets-are-the-sum-of-fills")
def sells_of_the_second_account_pay_the_fee_twice(x: ReferenceExchange) -> None:
    """The second account's sells are charged once as listed and once more in silence."""

    def trade(original: Any, taker: Order, maker: Order, *rest: Any) -> Any:
        done = original(taker, maker, *rest)
        seller = taker if taker.side is Side.SELL else maker
        if seller.account == SECOND:
            fee = seller.fills[-1].fee
            x.ledger.freeze(SECOND, "USDT", fee)
            x.ledger.pay_frozen(SECOND, "USDT", fee)
        return done

    wrap(x.spot, "_trade", trade)


@fault("spot.wallets-are-the-sum-of-fills")
def three_fills_in_one_order_settle_two(x: ReferenceExchange) -> None:
    """A buyer's third fill within one order is listed and not credited."""
    due: list[int] = []

    def trade(original: Any, taker: Order, maker: Order, *rest: Any) -> Any:
        buyer = taker if taker.side is Side.BUY else maker
        if buyer.account in RESIDENTS and len(buyer.fills) == 2:
            due.append(buyer.account)
        return original(taker, maker, *rest)

    def credit(original: Any, account: int, coin: str, amount: Decimal) -> None:
        if due and account == due[0] and coin != "USDT":
            due.clear()
            return
        original(account, coin, amount)

    wrap(x.spot, "_trade", trade)
    wrap(x.ledger, "credit", credit)


@fault("spot.open-orders-freeze-what-is-left")
def a_better_price_is_not_given_back(x: ReferenceExchange) -> None:
    """What a buy froze and did not need, because the price was better, stays frozen."""
    trading = [False]

    def trade(original: Any, *terms: Any) -> Any:
        trading[0] = True
        try:
            return original(*terms)
        finally:
            trading[0] = False

    def release(original: Any, *terms: Any) -> None:
        if not trading[0]:
            original(*terms)

    wrap(x.spot, "_trade", trade)
    wrap(x.ledger, "release", release)


@fault("spot.other-coins-are-untouched")
def trades_leave_dust_in_another_coin(x: ReferenceExchange) -> None:
    """A trade credits its taker with dust of a coin that was not traded."""

    def trade(original: Any, taker: Order, maker: Order, *rest: Any) -> Any:
        done = original(taker, maker, *rest)
        if taker.account in RESIDENTS and "ETH" not in taker.market.symbol:
            x.ledger.credit(taker.account, "ETH", DUST)
        return done

    wrap(x.spot, "_trade", trade)


@fault("spot.fee-is-the-same-for-everybody")
def the_first_member_pays_no_fee(x: ReferenceExchange) -> None:
    """Member 1001 is somebody's test account: its fees are given back."""

    def trade(original: Any, taker: Order, maker: Order, *rest: Any) -> Any:
        done = original(taker, maker, *rest)
        for order in {id(each): each for each in (taker, maker)}.values():
            if order.account == FIRST:
                last = order.fills[-1]
                coin = order.market.coin if order.side is Side.BUY else order.market.base
                x.ledger.credit(FIRST, coin, last.fee)
                order.fills[-1] = last._replace(fee=Decimal(0))
        return done

    wrap(x.spot, "_trade", trade)


@fault("spot.fee-is-charged-once")
def makers_pay_on_the_wrong_side(x: ReferenceExchange) -> None:
    """A resting seller's fee is worked out from the coin amount instead of the turnover."""

    def trade(original: Any, taker: Order, maker: Order, *rest: Any) -> Any:
        done = original(taker, maker, *rest)
        if maker.side is Side.SELL and maker.account in RESIDENTS:
            last = maker.fills[-1]
            wrong = last.amount * maker.market.fee_rate
            x.ledger.credit(maker.account, maker.market.base, last.fee - wrong)
            maker.fills[-1] = last._replace(fee=wrong)
        return done

    wrap(x.spot, "_trade", trade)


@fault("spot.nothing-is-ordered-unasked")
def requests_at_once_are_placed_twice(x: ReferenceExchange) -> None:
    """Two orders of one account in one millisecond: the second goes in twice."""
    last: dict[int, int] = {}

    def place(original: Any, account: int, *terms: Any) -> Any:
        again = last.get(account) == x.now_ms()
        last[account] = x.now_ms()
        if again:
            original(account, *terms)
        return original(account, *terms)

    wrap(x.desk, "place", place)


@fault("spot.order-over-stays-over")
def cancelling_a_completed_order_marks_it_canceled(x: ReferenceExchange) -> None:
    """Cancelling what is filled is refused, and the order reads CANCELED from then on."""

    def cancel(original: Any, account: int, order_id: str) -> None:
        try:
            original(account, order_id)
        except Refused as refused:
            if refused.reason is Reason.ORDER_NOT_OPEN:
                x.spot.order(order_id).status = OrderStatus.CANCELED
            raise

    wrap(x.desk, "cancel", cancel)


@fault("spot.traded-amount-never-falls")
def traded_amount_is_that_of_the_last_fill(x: ReferenceExchange) -> None:
    """tradedAmount shows the last fill instead of their sum."""

    def last_only(row: dict[str, Any]) -> dict[str, Any]:
        fills = row["detail"]
        return {**row, "tradedAmount": fills[-1]["amount"]} if fills else row

    answering(x, "listSpotOrders", _orders(last_only))


@fault("spot.fills-do-not-change")
def fills_are_merged_into_one(x: ReferenceExchange) -> None:
    """An order's fills are listed as one, at their average price, as soon as there are two."""

    def merged(row: dict[str, Any]) -> dict[str, Any]:
        fills = row["detail"]
        if len(fills) < 2:
            return row
        names = ("amount", "turnover", "fee")
        sums = {name: sum(each[name] for each in fills) for name in names}
        return {
            **row,
            "detail": [{**fills[-1], **sums, "price": sums["turnover"] / sums["amount"]}],
        }

    answering(x, "listSpotOrders", _orders(merged))


@fault("spot.completed-means-filled")
def half_filled_is_called_completed(x: ReferenceExchange) -> None:
    """An order that has traded half of its amount is listed as COMPLETED."""

    def early(row: dict[str, Any]) -> dict[str, Any]:
        half = row["type"] == "LIMIT_PRICE" and row["tradedAmount"] * 2 >= row["amount"]
        return {**row, "status": "COMPLETED"} if half else row

    answering(x, "listSpotOrders", _orders(early))


@fault("spot.limit-price-never-violated")
def the_second_account_pays_a_step_more(x: ReferenceExchange) -> None:
    """Limit buys of the second account may trade a price step above their limit."""

    def match(original: Any, order: Order, at_ms: int) -> None:
        if order.account != SECOND or order.side is not Side.BUY or not order.price:
            original(order, at_ms)
            return
        step = order.market.price_step
        x.ledger.credit(SECOND, order.market.base, step * order.amount)
        x.ledger.freeze(SECOND, order.market.base, step * order.amount)
        order.price, order.frozen = order.price + step, order.frozen + step * order.amount
        original(order, at_ms)

    def shown(original: Any, order: Order) -> Any:
        row = original(order)
        if order.account == SECOND and order.side is Side.BUY and order.price:
            row = {**row, "price": order.price - order.market.price_step}
        return row

    wrap(x.spot, "match", match)
    original_list = x.handlers["listSpotOrders"]

    def listed(exchange: ReferenceExchange, call: Call) -> Any:
        page = original_list(exchange, call)
        by_id = {order.order_id: order for order in exchange.spot.orders_of(call.account)}
        rows = [shown(lambda _, row=row: row, by_id[row["orderId"]]) for row in page["content"]]
        return {**page, "content": rows}

    x.handlers["listSpotOrders"] = listed


@fault("spot.fills-keep-the-steps")
def fills_show_half_a_step(x: ReferenceExchange) -> None:
    """A fill of several is listed with half an amount step too little, the next with as much more."""

    def shifted(row: dict[str, Any]) -> dict[str, Any]:
        fills = [dict(each) for each in row["detail"]]
        if len(fills) > 1:
            fills[0]["amount"] -= Decimal("0.0000005")
            fills[1]["amount"] += Decimal("0.0000005")
        return {**row, "detail": fills}

    answering(x, "listSpotOrders", _orders(shifted))


@fault("spot.crossing-orders-trade")
def orders_at_the_touch_rest(x: ReferenceExchange) -> None:
    """A limit order trades with better prices only; at exactly its own it rests."""
    taking: list[Order] = []

    def match(original: Any, taker: Order, at_ms: int) -> Any:
        taking[:] = [taker]
        try:
            return original(taker, at_ms)
        finally:
            taking.clear()

    wrap(x.spot, "_match", match)
    for symbol in x.spot.markets:

        def strictly(original: Any, side: Side) -> Any:
            best = original(side)
            same = best is not None and taking and best.price == taking[0].price
            return None if same and taking[0].account in RESIDENTS else best

        wrap(x.spot.book(symbol), "best_order", strictly)


@fault("spot.trades-have-two-sides")
def makers_are_shown_a_better_price(x: ReferenceExchange) -> None:
    """A maker's fill is listed a step better than the trade was, turnover included."""

    def trade(original: Any, taker: Order, maker: Order, *rest: Any) -> Any:
        done = original(taker, maker, *rest)
        last, step = maker.fills[-1], maker.market.price_step
        price = last.price + (step if maker.side is Side.SELL else -step)
        better = last._replace(price=price, turnover=price * last.amount)
        if _ours(taker, maker) and taker is not maker:
            maker.fills[-1] = better
        return done

    wrap(x.spot, "_trade", trade)


@fault("spot.part-filled-orders-keep-their-place")
def part_filled_orders_go_to_the_end(x: ReferenceExchange) -> None:
    """An order that is filled in part queues again behind the others at its price."""
    for symbol in x.spot.markets:
        book = x.spot.book(symbol)

        def again(original: Any, order: Order, amount: Decimal, book: Any = book) -> None:
            original(order, amount)
            if order.remaining:
                book.remove(order)
                book.add(order)

        wrap(book, "reduce", again)


@fault("spot.first-come-first-served")
def large_orders_come_first(x: ReferenceExchange) -> None:
    """At one price the largest order is filled first."""
    for symbol in x.spot.markets:
        book = x.spot.book(symbol)

        def largest(original: Any, side: Side, book: Any = book) -> Any:
            best = original(side)
            same = [each for each in book.orders(side) if best and each.price == best.price]
            return max(same, key=lambda each: each.remaining, default=best)

        wrap(book, "best_order", largest)


@fault("spot.repetition-loses-nothing")
def cancelling_loses_the_ninth_digit(x: ReferenceExchange) -> None:
    """What a cancelled order gives back is cut to three digits."""

    def close(original: Any, order: Order, step: Step, at_ms: int) -> None:
        cut = order.frozen - order.frozen.quantize(Decimal("0.001"), "ROUND_DOWN")
        if step is Step.CANCEL and order.account in RESIDENTS:
            order.frozen -= cut
            x.ledger.pay_frozen(order.account, order.frozen_coin, cut)
        original(order, step, at_ms)

    wrap(x.spot, "_close", close)


@fault("spot.cancel-against-fill-loses-nothing")
def a_cancel_beside_a_fill_releases_it_too(x: ReferenceExchange) -> None:
    """An order that is cancelled in the millisecond of a fill gets the fill's money back as well."""

    def cancel(original: Any, account: int, order_id: str, at_ms: int) -> Any:
        order = original(account, order_id, at_ms)
        recent = [each for each in order.fills if at_ms - each.time_ms <= 2]
        for each in recent:
            worth = each.turnover if order.side is Side.BUY else each.amount
            x.ledger.credit(account, order.frozen_coin, worth)
        return order

    wrap(x.spot, "cancel", cancel)


@fault("spot.cancels-at-once-release-once")
def cancels_at_once_each_release(x: ReferenceExchange) -> None:
    """Of two cancellations in one millisecond the second releases once more."""
    last: dict[str, int] = {}

    def cancel(original: Any, account: int, order_id: str) -> None:
        again = x.now_ms() - last.get(order_id, 0) <= 2
        last[order_id] = x.now_ms()
        try:
            original(account, order_id)
        except Refused:
            if not again:
                raise
        if again:
            order = x.spot.order(order_id)
            x.ledger.credit(account, order.frozen_coin, order.market.min_amount)

    wrap(x.desk, "cancel", cancel)


@fault("spot.orders-at-once-never-overspend")
def orders_at_once_see_the_same_balance(x: ReferenceExchange) -> None:
    """Orders of one account in one millisecond are each checked against the balance before it."""
    last: dict[int, int] = {}

    def freeze(original: Any, account: int, coin: str, amount: Decimal) -> None:
        at_once = x.now_ms() - last.get(account, 0) <= 2
        last[account] = x.now_ms()
        missing = amount - x.ledger.balance(account, coin)
        if at_once and missing > 0:
            x.ledger.credit(account, coin, missing)
        original(account, coin, amount)

    wrap(x.ledger, "freeze", freeze)


@fault("spot.self-trade-loses-nothing")
def trading_with_oneself_makes_coins(x: ReferenceExchange) -> None:
    """An account that takes its own order is credited the coin once too often."""

    def trade(original: Any, taker: Order, maker: Order, amount: Decimal, at_ms: int) -> Any:
        done = original(taker, maker, amount, at_ms)
        if taker.account == maker.account and taker.account in RESIDENTS:
            x.ledger.credit(taker.account, taker.market.coin, amount)
        return done

    wrap(x.spot, "_trade", trade)


@fault("spot.market-remainder-is-released")
def what_a_market_buy_did_not_spend_stays_frozen(x: ReferenceExchange) -> None:
    """A market buy that finds too little keeps the rest of its money frozen."""

    def close(original: Any, order: Order, step: Step, at_ms: int) -> None:
        if order.type is OrderType.MARKET and order.side is Side.BUY and order.fills:
            order.frozen = Decimal(0)
        original(order, step, at_ms)

    wrap(x.spot, "_close", close)


@fault("stream.orders-agree-with-rest")
def every_seventh_completion_is_not_told(x: ReferenceExchange) -> None:
    """Now and then the owner of an order does not hear that it is filled."""
    count = [0]

    def changed(original: Any, order: Order) -> None:
        count[0] += order.account in RESIDENTS and order.status is OrderStatus.COMPLETED
        if order.status is OrderStatus.COMPLETED and count[0] % 7 == 0:
            return
        original(order)

    wrap(x.hub, "order_changed", changed)


@fault("stream.order-updates-in-order")
def updates_overtake_each_other(x: ReferenceExchange) -> None:
    """A worker pool sends what is over before what came before it, once more behind it."""
    before: dict[str, str] = {}

    def changed(original: Any, order: Order) -> None:
        key = f"orders#{order.account}"
        text = x.hub.frame("orders", "update", views.order(order))
        original(order)
        if not order.is_open and order.order_id in before:
            x.hub.deliver(x.hub._subscribers.get(key, {}), before[order.order_id])
        before[order.order_id] = text

    wrap(x.hub, "order_changed", changed)


@fault("stream.account-agrees-with-rest")
def the_second_account_does_not_hear_of_coins(x: ReferenceExchange) -> None:
    """Account events of the second account are about the base alone."""

    def changed(original: Any, account: int, coin: str) -> None:
        if account != SECOND or coin == "USDT":
            original(account, coin)

    wrap(x.hub, "balance_changed", changed)


@fault("trades.agree-with-orders")
def every_tenth_trade_is_not_published(x: ReferenceExchange) -> None:
    """One trade in ten of ordinary accounts does not reach the channel."""
    count = [0]

    def traded(original: Any, trade: Any, closed: Any) -> None:
        ours = trade.buy_account in RESIDENTS or trade.sell_account in RESIDENTS
        count[0] += ours
        if not ours or count[0] % 10:
            original(trade, closed)

    wrap(x.hub, "traded", traded)


@fault("depth.agrees-with-open-orders")
def part_fills_do_not_reach_the_book(x: ReferenceExchange) -> None:
    """A level that is taken in part keeps its amount on the stream until it is gone."""
    shown: dict[tuple[str, Side, Decimal], Decimal] = {}

    def changed(original: Any, event: LevelsChanged) -> None:
        kept: list[LevelChange] = []
        for each in event.changes:
            key = (event.symbol, each.side, each.price)
            before = shown.get(key, Decimal(0))
            amount = before if 0 < each.amount < before else each.amount
            shown[key] = amount
            kept.append(each._replace(amount=amount))
        original(replace(event, changes=tuple(kept)))

    wrap(x.hub, "levels_changed", changed)
