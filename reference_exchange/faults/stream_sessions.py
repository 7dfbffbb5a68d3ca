"""Faults of the streams that need a second session, a second subscription, or patience to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults.fault import fault, wrap

MOST_KEPT = 20
NUMBER = re.compile(r"0\.\d+")


def _sessions(x: ReferenceExchange, alter: Callable[[Any], None]) -> None:
    """Alter every session as it is opened."""

    def connect(original: Any, client: str) -> Any:
        session = original(client)
        alter(session)
        return session

    wrap(x, "connect", connect)


def _operation(session: Any, name: str, around: Callable[[Any, dict[str, Any]], None]) -> None:
    original = session.operations[name]
    session.operations[name] = lambda message: around(original, message)


@fault("stream.two-connections-agree")
def every_other_connection_misses_events(x: ReferenceExchange) -> None:
    """One event in seven reaches the connection that came first and no other."""
    count = [0]

    def deliver(original: Any, sessions: Any, text: str) -> None:
        count[0] += 1
        original(list(sessions)[:1] if count[0] % 7 == 0 else sessions, text)

    wrap(x.hub, "deliver", deliver)


@fault("stream.two-connections-agree")
def later_connections_get_other_digits(x: ReferenceExchange) -> None:
    """A connection beside the first gets deltas whose last digits are others."""

    def deliver(original: Any, sessions: Any, text: str) -> None:
        first, *others = list(sessions)
        original([first], text)
        is_delta = '"delta"' in text
        original(others, NUMBER.sub(lambda found: found[0][:-1] + "1", text) if is_delta else text)

    wrap(x.hub, "deliver", deliver)


@fault("stream.reconnecting-begins-anew")
def who_comes_back_gets_no_snapshot(x: ReferenceExchange) -> None:
    """A book that a closed connection had is taken up with deltas by the next one."""
    had: set[str] = set()

    def alter(session: Any) -> None:
        show, close = session.show_first, session.close

        def closing() -> None:
            had.update(topic for topic in session.topics if topic.startswith("depth."))
            close()

        session.close = closing
        session.show_first = lambda topic: had.discard(topic) if topic in had else show(topic)

    _sessions(x, alter)


@fault("stream.reconnecting-begins-anew")
def logins_outlive_their_connection(x: ReferenceExchange) -> None:
    """A connection from an address that logged in before is logged in."""
    known: dict[str, int] = {}

    def alter(session: Any) -> None:
        session.account = known.get(session.client, 0)

        def remember(original: Any, message: dict[str, Any]) -> None:
            original(message)
            known[session.client] = session.account

        _operation(session, "auth", remember)

    _sessions(x, alter)


@fault("stream.resubscribing-begins-anew")
def subscribing_again_goes_on_with_deltas(x: ReferenceExchange) -> None:
    """A topic that a connection had before is shown no snapshot when it is subscribed again."""

    def alter(session: Any) -> None:
        shown: set[str] = set()
        show = session.show_first

        def once(topic: str) -> None:
            if topic not in shown:
                shown.add(topic)
                show(topic)

        session.show_first = once

    _sessions(x, alter)


@fault("stream.resubscribing-begins-anew")
def subscriptions_pile_up(x: ReferenceExchange) -> None:
    """Each time a topic is subscribed again, its events come once more often."""

    def alter(session: Any) -> None:
        times: dict[str, int] = {}
        send = session.send

        def subscribe(original: Any, message: dict[str, Any]) -> None:
            for topic in message["args"]:
                if topic not in session.topics:
                    times[topic] = times.get(topic, 0) + 1
            original(message)

        def sending(text: str) -> None:
            again = [n for topic, n in times.items() if f'"topic":"{topic}"' in text]
            for _ in range(again[0] if again and '"delta"' in text else 1):
                send(text)

        _operation(session, "subscribe", subscribe)
        session.send = sending

    _sessions(x, alter)


@fault("stream.subscribing-is-all-or-nothing")
def good_topics_beside_bad_ones_are_taken(x: ReferenceExchange) -> None:
    """A subscription with an unknown topic is refused, and the topics before it are subscribed."""

    def alter(session: Any) -> None:
        def subscribe(original: Any, message: dict[str, Any]) -> None:
            for topic in message["args"][:-1]:
                if session.is_topic(topic) and x.hub.subscribe(session, topic):
                    session.topics[topic] = topic
            original(message)

        _operation(session, "subscribe", subscribe)

    _sessions(x, alter)


@fault("stream.unsubscribing-the-unknown-is-harmless")
def ending_what_never_was_is_refused(x: ReferenceExchange) -> None:
    """Unsubscribing a topic that was not subscribed is refused."""

    def alter(session: Any) -> None:
        def unsubscribe(original: Any, message: dict[str, Any]) -> None:
            if any(topic not in session.topics for topic in message["args"]):
                session.refuse(4102, "not subscribed", message["id"])
            else:
                original(message)

        _operation(session, "unsubscribe", unsubscribe)

    _sessions(x, alter)


@fault("stream.other-topics-go-on")
def unsubscribing_one_ends_the_market(x: ReferenceExchange) -> None:
    """Unsubscribing one topic of a market ends the others of it as well."""

    def alter(session: Any) -> None:
        def unsubscribe(original: Any, message: dict[str, Any]) -> None:
            for topic in message["args"]:
                market = topic.partition(".")[2]
                for other in [each for each in session.topics if market and market in each]:
                    x.hub.unsubscribe(session, session.topics.pop(other))
            original(message)

        _operation(session, "unsubscribe", unsubscribe)

    _sessions(x, alter)


@fault("stream.slow-readers-see-a-whole-book")
def slow_readers_lose_the_oldest_frames(x: ReferenceExchange) -> None:
    """A session that sends a lot within a second drops what it cannot send, without a word."""

    def alter(session: Any) -> None:
        send, recent = session.send, [0, 0]

        def sending(text: str) -> None:
            second = x.now_ms() // 1000
            recent[:] = [second, recent[1] + 1] if recent[0] == second else [second, 0]
            waiting = len(session.outbox) > MOST_KEPT or recent[1] > 2 * MOST_KEPT
            if not (waiting and '"delta"' in text):
                send(text)

        session.send = sending

    _sessions(x, alter)


@fault("stream.acknowledged-before-events")
def snapshots_come_before_their_acknowledgement(x: ReferenceExchange) -> None:
    """The first event of a subscription is sent before the subscription is acknowledged."""

    def alter(session: Any) -> None:
        held: list[str] = []
        say, show = session.acknowledge, session.show_first

        def acknowledge(message: dict[str, Any]) -> None:
            if message["op"] == "subscribe":
                for topic in message["args"]:
                    if topic not in session.topics and not topic.startswith(("orders", "account")):
                        show(topic)
                        held.append(topic)
            say(message)

        session.acknowledge = acknowledge
        session.show_first = lambda topic: held.remove(topic) if topic in held else show(topic)

    _sessions(x, alter)


@fault("stream.bad-frame-is-harmless")
def a_bad_frame_ends_the_subscriptions(x: ReferenceExchange) -> None:
    """A frame that cannot be read is refused, and every subscription of its connection ends in silence."""

    def alter(session: Any) -> None:
        refuse = session.refuse

        def refusing(code: int, message: str, identity: str | None) -> None:
            if code == 4100:
                for topic in list(session.topics):
                    x.hub.unsubscribe(session, session.topics.pop(topic))
            refuse(code, message, identity)

        session.refuse = refusing

    _sessions(x, alter)


@fault("stream.session-agrees-with-the-model")
def pings_are_answered_once(x: ReferenceExchange) -> None:
    """After the first ping of a connection, and only while something is subscribed, no pong comes."""

    def alter(session: Any) -> None:
        count = [0]

        def ping(original: Any, message: dict[str, Any]) -> None:
            count[0] += 1
            if count[0] <= 1 or not session.topics:
                original(message)

        _operation(session, "ping", ping)

    _sessions(x, alter)


@fault("stream.session-agrees-with-the-model")
def ending_a_topic_twice_brings_it_back(x: ReferenceExchange) -> None:
    """Unsubscribing a topic for the second time subscribes it again."""

    def alter(session: Any) -> None:
        ended: set[str] = set()

        def unsubscribe(original: Any, message: dict[str, Any]) -> None:
            again = [each for each in message["args"] if each in ended]
            original(message)
            ended.update(message["args"])
            for topic in again:
                if session.is_topic(topic) and x.hub.subscribe(session, topic):
                    session.topics[topic] = topic

        _operation(session, "unsubscribe", unsubscribe)

    _sessions(x, alter)
