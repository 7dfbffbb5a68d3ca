"""The stream port: the sessions of the exchange, every frame written down, and everything that can go wrong.

A topic can be taken over: then its subscribers get what the gate pushes and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Opcode
from websockets.frames import Frame as ProtocolFrame
from websockets.http11 import Request, Response
from websockets.protocol import Event

from reference_exchange.streams import StreamSession
from sdk_gate.arrivals import StreamEvent, Wire

CLOSE_TIMEOUT_S: Final = 0.5
MOST_FRAME: Final = 1_048_576
TEXT: Final = "text"  # in a frame: what is sent instead of the frame's own JSON
Frame = dict[str, Any]
# What a topic that was taken over shows to a new subscriber.
First = Callable[[], list[Frame]]


class Recorded(ServerConnection):
    """A connection that tells of the pings and pongs that it gets."""

    on_ping: Callable[[bytes], None] = staticmethod(lambda data: None)
    on_pong: Callable[[bytes], None] = staticmethod(lambda data: None)

    def process_event(self, event: Event) -> None:
        """Something came; the library has answered a ping already."""
        if isinstance(event, ProtocolFrame) and event.opcode is Opcode.PING:
            self.on_ping(bytes(event.data))
        super().process_event(event)

    def acknowledge_pings(self, data: bytes) -> None:
        """A pong came."""
        self.on_pong(data)
        super().acknowledge_pings(data)


class Listener:
    """One connection with its session. What is sent waits in a queue, so that the order is that of the events."""

    def __init__(self, number: int, connection: Recorded, session: StreamSession) -> None:
        self.number = number
        self.connection = connection
        self.session = session
        self.is_mute = False
        self.is_torn = False
        self._held: str | None = None
        self._frames: asyncio.Queue[str] = asyncio.Queue()

    def send(self, text: str) -> None:
        """Let a frame go out."""
        if not self.is_mute:
            self._frames.put_nowait(text)
        self.release()

    def hold(self, text: str, seconds: float) -> None:
        """Let a frame go out behind the next one, or after so long."""
        self._held = text
        asyncio.get_running_loop().call_later(seconds, self.release)

    def release(self) -> None:
        """Let go out what is held."""
        text, self._held = self._held, None
        if text is not None:
            self.send(text)

    async def write(self, note: Callable[[str], None]) -> None:
        """Write what waits, for as long as the connection lives."""
        with suppress(ConnectionClosed):
            while True:
                text = await self._frames.get()
                note(text)
                third = len(text) // 3
                torn = (text[:third], text[third : 2 * third], text[2 * third :])
                await self.connection.send(torn if self.is_torn else text)


class StreamServer:
    """Serves sessions, which `connect` makes; all its methods belong to the loop's thread."""

    def __init__(
        self, connect: Callable[[str], StreamSession], wire: Wire, now_ns: Callable[[], int]
    ) -> None:
        self._connect = connect
        self._wire = wire
        self._now_ns = now_ns
        self._count = 0
        self._open: dict[int, Listener] = {}
        self._taken: dict[str, First] = {}
        self._refusals = 0
        self._hangs_up = False
        self._hold_s = 0.0

    async def start(self, listener: socket.socket) -> Server:
        """Serve what connects."""
        return await serve(
            self._serve,
            sock=listener,
            process_request=self._admit,
            create_connection=Recorded,
            compression=None,
            max_size=MOST_FRAME,
            ping_interval=None,
            close_timeout=CLOSE_TIMEOUT_S,
        )

    # --- what the gate does -----------------------------------------------------------------------

    def take_over(self, topic: str, first: First) -> None:
        """From now on only the gate says what a topic's subscribers get."""
        self._taken[topic] = first

    def push(self, frame: Frame) -> int:
        """Send a frame to every subscriber of its topic; how many there were."""
        subscribers = self.subscribers(frame["topic"])
        for each in subscribers:
            each.send(_text(frame))
        return len(subscribers)

    def subscribers(self, topic: str) -> list[Listener]:
        """The connections on which a topic is subscribed."""
        return [each for each in self._open.values() if topic in each.session.topics]

    @property
    def connections(self) -> list[int]:
        """The connections that are open."""
        return list(self._open)

    def cut(self) -> None:
        """Break every connection, without a close frame."""
        for each in list(self._open.values()):
            each.connection.transport.abort()

    async def go_away(self) -> None:
        """Close every connection in order, as an exchange does that is to be restarted."""
        for each in list(self._open.values()):
            await each.connection.close(CloseCode.GOING_AWAY, "restart")

    def forget(self) -> None:
        """Break what is open, and end every arrangement."""
        self.cut()
        self._taken.clear()
        self._refusals = 0
        self._hangs_up = False
        self._hold_s = 0.0

    def refuse(self, times: int) -> None:
        """Refuse the next so many connections."""
        self._refusals = times

    def hang_up(self, is_on: bool) -> None:
        """Let connections in and break them at once from now on, or no more."""
        self._hangs_up = is_on

    def tear(self) -> None:
        """Send each message in fragments from now on, on the connections that are open."""
        for each in self._open.values():
            each.is_torn = True

    def hold(self, seconds: float) -> None:
        """Let the next answer to a frame go out behind the one after it, or after so long."""
        self._hold_s = seconds

    def mute(self) -> None:
        """Say nothing more on the connections that are open, not even a pong."""
        for each in self._open.values():
            each.is_mute = True
            each.connection.transport.pause_reading()

    async def ping(self, payload: bytes) -> int:
        """Send a ping of the WebSocket protocol on every connection; how many there were."""
        for each in list(self._open.values()):
            self._note(each.number, "ping", text_of(payload))
            await each.connection.ping(payload)
        return len(self._open)

    # --- what clients do --------------------------------------------------------------------------

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._refusals > 0:
            self._refusals -= 1
            self._count += 1
            self._note(self._count, "refused", request.path)
            return connection.respond(503, "come again\n")
        if request.path.partition("?")[0] != "/":
            return connection.respond(404, "streams are at /\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Recorded)
        session = self._connect(connection.remote_address[0])
        self._count += 1
        each = Listener(self._count, connection, session)
        self._arrange(each)
        self._note(each.number, "opened", connection.request.path if connection.request else "")
        if self._hangs_up:
            connection.transport.close()  # once the client has been let in
        writing = asyncio.create_task(each.write(lambda x: self._note(each.number, "sent", x)))
        try:
            async for frame in connection:
                text = frame if isinstance(frame, str) else frame.hex()
                self._note(each.number, "received", text)
                session.receive(frame)
        except ConnectionClosed:
            pass
        finally:
            writing.cancel()
            self._open.pop(each.number, None)
            session.on_close = None
            session.close()
            self._note(each.number, "closed")

    def _arrange(self, each: Listener) -> None:
        self._open[each.number] = each

        def note(kind: str) -> Callable[[bytes], None]:
            return lambda data: self._note(each.number, kind, text_of(data))

        def send(text: str) -> None:
            if self._hold_s and "id" in json.loads(text):
                each.hold(text, self._hold_s)
                self._hold_s = 0.0
            elif _topic_of(text) not in self._taken:
                each.send(text)

        each.connection.on_ping = note("asked")
        each.connection.on_pong = note("pong")
        each.session.on_frame = send
        each.session.on_close = each.connection.transport.abort
        self._take_part(each)

    def _take_part(self, each: Listener) -> None:
        """Let a session ask for what was taken over: documents may have more channels than our exchange."""
        session, is_usual, show_usual = each.session, each.session.is_topic, each.session.show_first

        def is_topic(topic: str) -> bool:
            return topic in self._taken or is_usual(topic)

        def show_first(topic: str) -> None:
            if topic not in self._taken:
                show_usual(topic)
                return
            for frame in self._taken[topic]():
                each.send(_text(frame))

        # Of this one session: a subclass would have to be made where the reference exchange makes its own.
        session.is_topic = is_topic  # type: ignore[method-assign]
        session.show_first = show_first  # type: ignore[method-assign]

    def _note(self, number: int, kind: str, text: str = "") -> None:
        self._wire.stream.append(StreamEvent(self._now_ns(), number, kind, text))


def text_of(payload: bytes) -> str:
    """The bytes of a ping or pong to be read and compared; what is no text stands there as numbers."""
    return payload.decode("utf-8", "backslashreplace")


def _text(frame: Frame) -> str:
    """A frame may come as text already, where its digits matter."""
    return str(frame.get(TEXT) or json.dumps(frame, separators=(",", ":")))


def _topic_of(text: str) -> Any:
    return json.loads(text).get("topic")
