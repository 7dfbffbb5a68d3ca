"""Messages arrive whole and stamped, and a stream that ends says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from threading import Thread

import pytest
from websockets.sync.server import ServerConnection, serve

from load.stream_client import StreamClient


@contextmanager
def serving(handler: Callable[[ServerConnection], None]) -> Iterator[str]:
    with serve(handler, "127.0.0.1", 0, compression=None) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        server.shutdown()


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 40_000])
def test_messages_of_every_length_come_whole(length):
    text = "ü" * length
    with serving(echo) as url:
        client = StreamClient(url, 2.0)
        client.say(text)
        heard = next(client.listen())
        client.close()
    assert heard.text.decode() == text


def test_fragments_are_joined_and_pings_are_no_messages():
    def handler(connection: ServerConnection) -> None:
        connection.ping()
        connection.send(iter(["one ", "message"]))
        connection.send("another")

    with serving(handler) as url:
        client = StreamClient(url, 2.0)
        heard = [each.text for each in islice(client.listen(), 2)]
        client.close()
    assert heard == [b"one message", b"another"]


def test_messages_are_stamped_by_the_kernel():
    with serving(echo) as url:
        client = StreamClient(url, 2.0)
        listening = client.listen()
        heard = []
        for _ in range(50):
            client.say("x")
            heard.append(next(listening))
        client.close()
    stamped = [each for each in heard if each.kernel_ns is not None]
    assert stamped
    assert all(each.kernel_ns < each.received_ns for each in stamped)


def test_the_end_of_a_stream_is_an_error():
    with serving(lambda connection: connection.send("last")) as url:
        client = StreamClient(url, 2.0)
        listening = client.listen()
        assert next(listening).text == b"last"
        with pytest.raises(ConnectionError, match="closed the stream"):
            next(listening)
        client.close()


def test_an_address_that_is_no_stream_is_an_error():
    def refuse(connection: ServerConnection, request: object) -> object:
        return connection.respond(404, "no stream here\n")

    with serve(echo, "127.0.0.1", 0, process_request=refuse) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        with pytest.raises(ConnectionError, match="does not open"):
            StreamClient(url, 2.0)
        server.shutdown()
