"""What every driver's client does on a stream that loses messages, falls silent, breaks off and refuses a token."""

from __future__ import annotations

import json

from websockets.sync.server import ServerConnection

from tests.sdk.driven import Driven, eventually
from tests.sdk.people import ALICE
from tests.sdk.scripted_server import answer, scripted_server
from tests.sdk.scripted_stream import break_off, scripted_stream

TIMING = {"timeoutMs": 2000, "pingMs": 100, "silenceMs": 500}


def depth(kind: str, seq: int, bids: list[list[str]], **more: int) -> str:
    """A message of the book of A/B, whose snapshots have one ask."""
    data = {"bids": bids, "asks": [["10.0", "1"]] if kind == "snapshot" else []}
    message = {"topic": "depth.A/B", "type": kind, "seq": seq, "ts": 1, "data": data}
    return json.dumps({**message, **more})


def test_a_gap_is_noticed_and_the_book_begins_anew(driver: Driven) -> None:
    def script(connection: ServerConnection, subscriptions: int) -> None:
        if subscriptions == 1:
            connection.send(depth("delta", 4, [["8", "1"]], prevSeq=3))
            connection.send(depth("snapshot", 5, [["9.0", "1.50"], ["8.0", "2"]]))
            connection.send(depth("delta", 6, [["8", "0"], ["9.5", "3"]], prevSeq=5))
            connection.send(depth("delta", 6, [["7", "1"]], prevSeq=5))
            connection.send(depth("delta", 7, [["9.5", "4.0"]], prevSeq=6))
            connection.send(depth("delta", 9, [["6", "1"]], prevSeq=8))
        elif subscriptions == 2:
            connection.send(depth("delta", 10, [["5", "1"]], prevSeq=9))

    subscribe, unsubscribe = (1, "subscribe", ["depth.A/B"]), (1, "unsubscribe", ["depth.A/B"])
    with scripted_stream(script) as stream:
        driver.open(stream=stream.address, timing={**TIMING, "silenceMs": 5000})
        driver.result("subscribe", topic="depth.A/B")
        eventually(stream.asked, lambda asked: asked == [subscribe, unsubscribe, subscribe])
        book = driver.result("book", symbol="A/B")
        assert not book["synced"]
        assert book["bids"] == [["9.5", "4.0"], ["9.0", "1.50"]]
        assert book["asks"] == [["10.0", "1"]]


def test_a_silent_or_broken_connection_is_restored(driver: Driven) -> None:
    def script(connection: ServerConnection, subscriptions: int) -> None:
        trades = [{"id": number, "price": "1.0"} for number in range(subscriptions)]
        connection.send(
            json.dumps({"topic": "trades.A/B", "type": "snapshot", "ts": 1, "data": trades})
        )
        if subscriptions == 3:
            break_off(connection)

    with scripted_stream(script) as stream:
        driver.open(stream=stream.address, timing=TIMING)
        for topic in ("trades.A/B", "ticker.A/B"):
            driver.result("subscribe", topic=topic)
        driver.result("unsubscribe", topic="ticker.A/B")
        # The first connection falls silent, for pings are not answered; the second breaks.
        trades = driver.events("trades.A/B", count=4)
    assert [each["id"] for each in trades] == [0, 1, 2, 3]
    assert (1, "ping", None) in stream.arrived
    restored = [each for each in stream.asked() if each[0] in (2, 3)]
    assert restored == [(number, "subscribe", ["trades.A/B"]) for number in (2, 3)]


def test_authentication_is_restored_first(driver: Driven) -> None:
    def script(connection: ServerConnection, subscriptions: int) -> None:
        if subscriptions == 1:
            break_off(connection)

    tokens = [answer(200, f'{{"code":0,"data":{{"Authorization":"{each}"}}}}') for each in "ab"]
    with scripted_server(*tokens) as server, scripted_stream(script, refused="a") as stream:
        driver.open(server.address, stream.address, login=ALICE, timing=TIMING)
        driver.result("subscribe", topic="orders")
        eventually(stream.asked, lambda asked: (2, "subscribe", ["orders"]) in asked)
    assert [each for each in stream.asked() if each[0] <= 2] == [
        (1, "auth", ["a"]),
        (1, "auth", ["b"]),
        (1, "subscribe", ["orders"]),
        (2, "auth", ["b"]),
        (2, "subscribe", ["orders"]),
    ]


def test_messages_that_nobody_knows_are_passed_over(driver: Driven) -> None:
    def script(connection: ServerConnection, subscriptions: int) -> None:
        for text in ("{", "[]", '"text"', '{"topic":"ticker.A/B"}', "1e999999999"):
            connection.send(text)
        connection.send('{"topic":"ticker.A/B","type":"update","ts":1,"data":{"close":1.50}}')

    with scripted_stream(script) as stream:
        driver.open(stream=stream.address)
        driver.result("subscribe", topic="ticker.A/B")
        assert driver.events("ticker.A/B") == [{"close": "1.50"}]
