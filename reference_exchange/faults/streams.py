"""Faults of the streams."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import fault, wrap


def _sessions(x: ReferenceExchange, alter: Callable[[Any], None]) -> None:
    """Alter every session as it is opened."""

    def connect(original: Any, client: str) -> Any:
        session = original(client)
        alter(session)
        return session

    wrap(x, "connect", connect)


def _frames(
    x: ReferenceExchange, change: Callable[[str, str, Any, Any], tuple[str, Any, Any]]
) -> None:
    """Change (kind, data, more) of events by topic before they are encoded."""

    def frame(original: Any, topic: str, kind: str, data: Any, more: Any = None) -> Any:
        return original(topic, *change(topic, kind, data, dict(more or {})))

    wrap(x.hub, "frame", frame)


@fault("depth.sequence-without-gap")
def depth_numbers_skip_one_in_five(x: ReferenceExchange) -> None:
    """Every fifth delta names a sequence number that nobody has seen."""

    def skip(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if kind == "delta" and more["seq"] % 5 == 0:
            more = {**more, "prevSeq": more["prevSeq"] - 1}
        return kind, data, more

    _frames(x, skip)


@fault("depth.snapshot-and-deltas-make-a-fresh-snapshot")
def depth_deltas_lose_removals(x: ReferenceExchange) -> None:
    """A level that is gone is not removed by a delta."""

    def keep(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if kind == "delta":
            data = {side: [each for each in data[side] if each[1]] for side in data}
        return kind, data, more

    _frames(x, keep)


@fault("depth.never-crossed")
def depth_snapshots_are_crossed(x: ReferenceExchange) -> None:
    """The best ask of a snapshot stands below its best bid."""

    def cross(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if topic.startswith("depth.") and kind == "snapshot" and data["bids"] and data["asks"]:
            first = (data["bids"][0][0] - Decimal("0.01"), data["asks"][0][1])
            data = {**data, "asks": [first, *data["asks"]]}
        return kind, data, more

    _frames(x, cross)


@fault("depth.sorted-and-positive")
def depth_snapshots_are_unsorted(x: ReferenceExchange) -> None:
    """The bids of a snapshot come worst first."""

    def shuffle(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if topic.startswith("depth.") and kind == "snapshot":
            data = {**data, "bids": list(reversed(data["bids"]))}
        return kind, data, more

    _frames(x, shuffle)


@fault("depth.snapshot-first")
def depth_starts_with_deltas(x: ReferenceExchange) -> None:
    """A new subscriber of a book is not shown the book."""

    def nothing(original: Any, topic: str, account: int) -> Any:
        return None if topic.startswith("depth.") else original(topic, account)

    wrap(x.hub, "first", nothing)


@fault("depth.shows-own-order")
def depth_shows_half_of_each_amount(x: ReferenceExchange) -> None:
    """Levels of the quiet market show half of what rests there."""

    def halve(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if topic == "depth.SOL/USDT":
            data = {side: [(p, a / 2) for p, a in data[side]] for side in data}
        return kind, data, more

    _frames(x, halve)


@fault("trades.own-trade-appears-once")
def trades_are_told_twice(x: ReferenceExchange) -> None:
    """Every trade is sent twice."""

    def twice(original: Any, topic: str, kind: str, data: Any, *rest: Any, **named: Any) -> None:
        original(topic, kind, data, *rest, **named)
        if topic.startswith("trades."):
            original(topic, kind, data, *rest, **named)

    wrap(x.hub, "publish", twice)


@fault("trades.ids-unique-and-rising")
def trade_ids_fall(x: ReferenceExchange) -> None:
    """Trade ids count down."""

    def down(original: Any, trade: Any) -> None:
        original(replace(trade, id=900_000_000 - trade.id))

    wrap(x, "record", down)


@fault("kline.minute-is-not-month")
def a_month_is_a_minute(x: ReferenceExchange) -> None:
    """kline.*.1M shows the candle of a minute."""

    def first(original: Any, topic: str, account: int) -> Any:
        if topic.startswith("kline.") and topic.endswith(".1M"):
            shown = original(topic[:-1] + "m", account)
            return shown.replace(topic[:-1] + "m", topic) if shown else shown
        return original(topic, account)

    wrap(x.hub, "first", first)


@fault("kline.low-and-high-bound-open-and-close")
def candles_have_no_low(x: ReferenceExchange) -> None:
    """The low of a candle is its high."""

    def flat(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if topic.startswith("kline."):
            data = {**data, "low": data["high"] + 1}
        return kind, data, more

    _frames(x, flat)


@fault("kline.open-time-is-aligned")
def candles_open_a_second_late(x: ReferenceExchange) -> None:
    """Open times are a second after the boundary."""

    def late(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if topic.startswith("kline."):
            data = {**data, "openTime": data["openTime"] + 1000}
        return kind, data, more

    _frames(x, late)


@fault("kline.counts-own-trade")
def candles_do_not_count_volume(x: ReferenceExchange) -> None:
    """The volume of a candle stays at one."""

    def still(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if topic.startswith("kline."):
            data = {**data, "volume": Decimal(1)}
        return kind, data, more

    _frames(x, still)


@fault("stream.subscriptions-acknowledged")
def subscriptions_are_not_acknowledged(x: ReferenceExchange) -> None:
    """Data comes, an acknowledgement does not."""
    _sessions(x, lambda session: setattr(session, "acknowledge", lambda message: None))


@fault("stream.unsubscribe-stops-the-channel")
def unsubscribing_changes_nothing(x: ReferenceExchange) -> None:
    """An unsubscription is acknowledged and forgotten."""
    wrap(x.hub, "unsubscribe", lambda original, session, topic: None)


@fault("stream.nothing-unasked")
def every_subscriber_gets_every_trade(x: ReferenceExchange) -> None:
    """Trades of all markets go to every connection."""

    def publish(original: Any, topic: str, kind: str, data: Any, *rest: Any, **named: Any) -> None:
        if topic.startswith("trades."):
            x.hub.deliver(x.hub.sessions, x.hub.frame(topic, kind, data))
        else:
            original(topic, kind, data, *rest, **named)

    wrap(x.hub, "publish", publish)


@fault("stream.subscribing-twice-is-harmless")
def subscribing_twice_doubles_the_events(x: ReferenceExchange) -> None:
    """A second subscription of one topic sends its events twice."""

    def alter(session: Any) -> None:
        asked: dict[str, int] = {}

        def subscribe(original: Any, message: Any) -> None:
            for topic in message["args"]:
                asked[topic] = asked.get(topic, 0) + 1
            original(message)

        def send(original: Any, text: str) -> None:
            topic = json.loads(text).get("topic", "")
            for _ in range(max(1, asked.get(topic, 1))):
                original(text)

        session.operations["subscribe"] = lambda m, o=session.subscribe: subscribe(o, m)
        wrap(session, "send", send)

    _sessions(x, alter)


@fault("stream.unknown-topic-refused")
def unknown_topics_are_acknowledged(x: ReferenceExchange) -> None:
    """Any topic may be subscribed; nothing comes for those that do not exist."""

    def alter(session: Any) -> None:
        known = session.is_topic

        def first(original: Any, topic: str) -> None:
            if known(topic) or topic in ("orders", "account"):
                original(topic)

        session.is_topic = lambda topic: True
        wrap(session, "show_first", first)

    _sessions(x, alter)


@fault("stream.bad-frame-is-harmless")
def bad_frames_end_the_connection(x: ReferenceExchange) -> None:
    """A frame that cannot be read closes the connection."""

    def alter(session: Any) -> None:
        session.refuse = lambda code, message, identity: session.close()

    _sessions(x, alter)


@fault("stream.ping-is-answered")
def pings_are_not_answered(x: ReferenceExchange) -> None:
    """A ping frame is taken and not answered."""
    _sessions(x, lambda session: session.operations.update(ping=lambda message: None))


@fault("stream.frames-match-one-message")
def acknowledgements_lack_their_topics(x: ReferenceExchange) -> None:
    """An acknowledgement does not repeat the topics."""

    def alter(session: Any) -> None:
        def acknowledge(message: Any) -> None:
            session._say({"op": message["op"], "id": message["id"], "success": True})

        session.acknowledge = acknowledge

    _sessions(x, alter)


@fault("stream.private-channels-need-authentication")
def private_channels_are_open(x: ReferenceExchange) -> None:
    """Who has not authenticated is served the first account's private channels."""
    _sessions(x, lambda session: setattr(session, "account", 1001))


@fault("stream.private-events-are-the-owners")
def order_updates_go_to_everybody(x: ReferenceExchange) -> None:
    """An order update reaches all who subscribed to their own."""

    def changed(original: Any, order: Any) -> None:
        from reference_exchange import views

        for key in list(x.hub._subscribers):
            if key.startswith("orders#"):
                x.hub.publish("orders", "update", views.order(order), key)

    wrap(x.hub, "order_changed", changed)


@fault("stream.order-updates")
def order_updates_never_come(x: ReferenceExchange) -> None:
    """The private channel of orders stays silent."""
    wrap(x.hub, "order_changed", lambda original, order: None)


@fault("stream.account-events")
def account_events_never_come(x: ReferenceExchange) -> None:
    """Balances that change are not told."""
    wrap(x.hub, "balance_changed", lambda original, account, coin: None)


@fault("stream.market-data-in-real-time")
def trades_are_told_a_minute_late(x: ReferenceExchange) -> None:
    """Trades reach no subscriber for a minute."""
    wrap(x.hub, "traded", lambda original, trade, closed: None)


@fault("channel.ticker")
def tickers_on_the_stream_lack_their_volume(x: ReferenceExchange) -> None:
    """A required field of the streamed ticker is missing."""

    def shorter(topic: str, kind: str, data: Any, more: Any) -> tuple[str, Any, Any]:
        if topic.startswith("ticker."):
            data = {key: value for key, value in data.items() if key != "volume"}
        return kind, data, more

    _frames(x, shorter)


@fault("channel.kline")
def there_are_no_weekly_candles(x: ReferenceExchange) -> None:
    """kline.*.1w is an unknown topic."""

    def alter(session: Any) -> None:
        wrap(session, "is_topic", lambda original, t: original(t) and not t.endswith(".1w"))

    _sessions(x, alter)


@fault("stream.unlimited-subscriptions")
def a_connection_has_at_most_thirty_topics(x: ReferenceExchange) -> None:
    """The thirty-first subscription of a connection is refused."""

    def alter(session: Any) -> None:
        wrap(
            session,
            "is_topic",
            lambda original, topic: original(topic) and len(session.topics) < 30,
        )

    _sessions(x, alter)
