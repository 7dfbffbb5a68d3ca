"""The stream: one connection for all topics, opened again whenever it breaks."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from exchange_client.answers import parse
from exchange_client.credentials import Token
from exchange_client.errors import (
    ExchangeError,
    Invalid,
    Rejected,
    Timeout,
    TransportFailed,
    Unauthorized,
)
from exchange_client.feeds import Feed
from exchange_client.settings import Timing

PRIVATE_TOPICS = ("orders", "account")
LONGEST_PAUSE = 20  # times the first one
CLOSE_S = 0.5
MOST_BYTES = 2**24

log = logging.getLogger(__name__)
# The library writes whole frames to its debug log, and one of them carries the token.
frame_log = logging.getLogger(f"{__name__}.frames")
frame_log.setLevel(logging.INFO)


class Stream:
    """Subscriptions that outlive connections. All of it runs in one event loop."""

    def __init__(self, address: str, timing: Timing, token: Token | None) -> None:
        self._address = address
        self._timeout_s = timing.timeout_ms / 1000
        self._first_pause_s = self._pause_s = timing.retry_ms / 1000
        self._ping_s = timing.ping_ms / 1000
        self._silence_s = timing.silence_ms / 1000
        self._token = token
        self._is_authenticated = False
        self._feeds: dict[str, Feed] = {}
        self._asked: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._ids = itertools.count(1)
        self._connection: ClientConnection | None = None
        self._is_restored = asyncio.Event()
        self._changes = asyncio.Lock()  # one change of the subscriptions at a time

    async def subscribe(self, topic: str, feed: Feed) -> None:
        """Have a topic's messages given to a feed; returns once the exchange has acknowledged it."""
        async with self._changes:
            await self._restored()
            if topic in PRIVATE_TOPICS and not self._is_authenticated:
                await self._authenticate()
            if self._feeds.pop(topic, None) is not None:  # a new feed needs a snapshot of its own
                await self._ask("unsubscribe", [topic])
            self._feeds[topic] = feed  # before the answer: the first message comes right behind it
            try:
                await self._ask("subscribe", [topic])
            except ExchangeError:
                del self._feeds[topic]
                raise

    async def unsubscribe(self, topic: str) -> None:
        """End a subscription. Without a connection it is enough to forget it."""
        async with self._changes:
            if self._feeds.pop(topic, None) is not None and self._connection is not None:
                with suppress(TransportFailed):
                    await self._restored()
                    await self._ask("unsubscribe", [topic])

    async def stay_connected(self) -> None:
        """Connect, and connect again after every break, with pauses that grow while it fails."""
        while True:
            try:
                await self._live_once()
            # A ValueError is what the library makes of a redirect to another host.
            except* (OSError, WebSocketException, ExchangeError, ValueError) as broken:
                log.debug("the stream broke: %s", [repr(each) for each in broken.exceptions])
            self._lose()
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, self._first_pause_s * LONGEST_PAUSE)

    async def _live_once(self) -> None:
        """One connection, until it breaks."""
        async with connect(
            self._address,
            host=urlsplit(self._address).hostname,  # said, so that no redirect leads to another
            proxy=None,
            open_timeout=self._timeout_s,
            close_timeout=CLOSE_S,
            ping_interval=None,  # the exchange documents a ping of its own
            max_size=MOST_BYTES,
            logger=frame_log,
        ) as connection:
            log.debug("the stream is connected")
            self._connection = connection
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(connection, tasks))
                tasks.create_task(self._ping(connection))
                tasks.create_task(self._restore())

    async def _read(self, connection: ClientConnection, tasks: asyncio.TaskGroup) -> None:
        while True:
            async with asyncio.timeout(self._silence_s):
                text = await connection.recv()
            message = _message(text)
            answered = self._asked.get(str(message.get("id")))
            if answered is not None and not answered.done():
                answered.set_result(message)
            elif not self._give(message):
                tasks.create_task(self._begin_anew(message["topic"]))

    def _give(self, message: dict[str, Any]) -> bool:
        """Hand a message to its feed, if it has one; False when the feed has missed something."""
        feed = self._feeds.get(str(message.get("topic")))
        if feed is None:
            return True
        try:
            return feed.receive(message)
        except Exception:
            log.exception("a message of %s could not be taken", message["topic"])
            return True

    async def _ping(self, connection: ClientConnection) -> None:
        while True:
            await asyncio.sleep(self._ping_s)
            await connection.send(json.dumps({"op": "ping", "id": str(next(self._ids))}))

    async def _restore(self) -> None:
        """What the last connection had: who we are, then every topic, each once."""
        if self._is_authenticated:
            await self._authenticate()
        for topic in list(self._feeds):
            if topic in self._feeds:  # it may have been ended meanwhile
                await self._resubscribe(topic)
        self._pause_s = self._first_pause_s
        self._is_restored.set()

    async def _resubscribe(self, topic: str) -> None:
        try:
            await self._ask("subscribe", [topic])
        except Rejected as error:  # such as a market that is no more: the others go on
            log.warning("%s was not restored: %s", topic, error.message)

    async def _restored(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._is_restored.wait()
        except TimeoutError:
            raise TransportFailed("the stream is not connected") from None

    async def _begin_anew(self, topic: str) -> None:
        """Subscribe again, for a new snapshot. What goes wrong here ends the connection, and the next has one too."""
        async with self._changes:
            if topic in self._feeds:
                await self._ask("unsubscribe", [topic])
                await self._ask("subscribe", [topic])

    async def _authenticate(self) -> None:
        """Say who we are; a token that is refused is fetched anew, once."""
        if self._token is None:
            raise Invalid("private topics need a login")
        for is_last in (False, True):
            token = await asyncio.to_thread(self._token.current)
            try:
                await self._ask("auth", [token])
            except Rejected as error:
                self._token.forget(token)
                if is_last:
                    raise Unauthorized(error.message, code=error.code) from None
            else:
                self._is_authenticated = True
                return

    async def _ask(self, op: str, args: list[str]) -> None:
        """Send a request and wait for its acknowledgement. Raises Rejected when it is a refusal."""
        if self._connection is None:
            raise TransportFailed("the stream is not connected")
        identity = str(next(self._ids))
        answered = self._asked[identity] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._connection.send(json.dumps({"op": op, "args": args, "id": identity}))
                message = await answered
        except TimeoutError:
            raise Timeout(f"{op} was not acknowledged in time") from None
        except ConnectionClosed:
            raise TransportFailed("the stream broke") from None
        finally:
            del self._asked[identity]
        if message.get("success") is not True:
            raise Rejected(str(message.get("message")), code=message.get("code"))

    def _lose(self) -> None:
        self._connection = None
        self._is_restored.clear()
        for answered in self._asked.values():
            if not answered.done():
                answered.set_exception(TransportFailed("the stream broke"))
        for feed in self._feeds.values():
            feed.lose()


def _message(text: str | bytes) -> dict[str, Any]:
    """A frame's object; what is none counts as a message of an unknown type."""
    try:
        message = parse(text if isinstance(text, str) else text.decode())
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
