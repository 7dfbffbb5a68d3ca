"""Messages arrive whole and stamped, and a stream that ends says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from time import monotonic

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


def listen(client: StreamClient) -> Iterator[tuple[bytes, int | None, int]]:
    """Every message with its times, until the stream ends."""
    for text in client.kept():
        yield text, None, 0
    while True:
        texts, kernel_ns, received_ns = client.read()
        yield from ((text, kernel_ns, received_ns) for text in texts)


@pytest.mark.parametrize("length", [0, 1, 125, 126, 40_000])
def test_messages_of_every_length_come_whole(length):
    text = "ü" * length
    with serving(echo) as url:
        client = StreamClient(url, 2.0)
        client.say(text)
        heard = next(listen(client))[0]
        client.close()
    assert heard.decode() == text


def test_fragments_are_joined_and_pings_are_no_messages():
    def handler(connection: ServerConnection) -> None:
        connection.ping()
        connection.send(iter(["one ", "message"]))
        connection.send("another")

    with serving(handler) as url:
        client = StreamClient(url, 2.0)
        listening = listen(client)
        heard = [next(listening)[0] for _ in range(2)]
        client.close()
    assert heard == [b"one message", b"another"]


def test_messages_are_stamped_by_the_kernel():
    with serving(echo) as url:
        client = StreamClient(url, 2.0)
        listening = listen(client)
        heard = []
        # The kernel begins to stamp a little after it was asked to, on a busy machine later.
        deadline = monotonic() + 5
        while monotonic() < deadline and not any(kernel for _, kernel, _ in heard):
            client.say("x")
            heard.append(next(listening))
        client.close()
    stamped = [(kernel, received) for _, kernel, received in heard if kernel is not None]
    assert stamped
    assert all(kernel < received for kernel, received in stamped)


def test_the_end_of_a_stream_is_an_error():
    with serving(lambda connection: connection.send("last")) as url:
        client = StreamClient(url, 2.0)
        listening = listen(client)
        assert next(listening)[0] == b"last"
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
