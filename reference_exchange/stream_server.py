"""The stream port: WebSocket connections of the exchange's stream sessions.

An event goes out as the same bytes to everybody: it is framed once, and written to each connection
without waiting for any. What happens in one turn of the event loop is one write a connection, for
writing costs more than everything else. Whoever reads too slowly is disconnected at a named limit,
with nothing missing before the end.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State

from reference_exchange.exchange import ReferenceExchange
from reference_exchange.streams import StreamSession

PATH: Final = "/"
MOST_UNSENT: Final = 4 * 1024 * 1024
MOST_FRAME: Final = 1024 * 1024
CLOSE_TIMEOUT_S: Final = 0.5


class StreamServer:
    """Serves the exchange's streams on one socket."""

    def __init__(self, exchange: ReferenceExchange) -> None:
        self._exchange = exchange
        self._post = Post()

    async def start(self, listener: socket.socket) -> Server:
        """Serve what connects to a bound socket."""
        return await serve(
            self._serve,
            sock=listener,
            process_request=_check_path,
            compression=None,
            max_size=MOST_FRAME,
            ping_interval=None,
            close_timeout=CLOSE_TIMEOUT_S,
        )

    async def _serve(self, connection: ServerConnection) -> None:
        session = self._exchange.connect(connection.remote_address[0])
        Outlet(connection, session, self._post)
        try:
            async for frame in connection:
                session.receive(frame)
        except ConnectionClosed:
            pass
        finally:
            session.on_close = None
            session.close()


class Post:
    """Frames events, once for all that get them in turn, and empties the outlets after each turn."""

    def __init__(self) -> None:
        self._text = ""
        self._frame = b""
        self._filled: list[Outlet] = []

    def frame(self, text: str) -> bytes:
        """The bytes that travel; the same object as the last time is not framed again."""
        if text is not self._text:
            self._text = text
            self._frame = bytes(Frame(Opcode.TEXT, text.encode()).serialize(mask=False))
        return self._frame

    def collect(self, outlet: Outlet) -> None:
        """Empty an outlet at the end of this turn of the loop."""
        if not self._filled:
            asyncio.get_running_loop().call_soon(self._empty)
        self._filled.append(outlet)

    def _empty(self) -> None:
        filled, self._filled = self._filled, []
        for outlet in filled:
            outlet.empty()


class Outlet:
    """Where a session's frames go: to its connection, while that is open and its client reads."""

    def __init__(self, connection: ServerConnection, session: StreamSession, post: Post) -> None:
        self._connection = connection
        self._session = session
        self._post = post
        self._frames: list[bytes] = []
        session.on_frame = self.send
        session.on_close = self._close

    def send(self, text: str) -> None:
        """Let a frame go out with the others of this turn."""
        if not self._frames:
            self._post.collect(self)
        self._frames.append(self._post.frame(text))

    def empty(self) -> None:
        """Write without waiting, as `websockets.broadcast` does; the transport buffers."""
        frames, self._frames = self._frames, []
        connection = self._connection
        transport = connection.transport
        if connection.protocol.state is not State.OPEN or transport.is_closing() or not frames:
            return
        if transport.get_write_buffer_size() > MOST_UNSENT:
            self._session.on_close = None
            self._session.close()
            self._hang_up(CloseCode.POLICY_VIOLATION)
            return
        # Without extensions and masks a frame is the same for every connection.
        transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def _close(self) -> None:
        self.empty()
        self._hang_up(CloseCode.GOING_AWAY)

    def _hang_up(self, code: CloseCode) -> None:
        asyncio.get_running_loop().create_task(self._connection.close(code))


def _check_path(connection: ServerConnection, request: Request) -> Response | None:
    if request.path.partition("?")[0] == PATH:
        return None
    return connection.respond(404, f"streams are at {PATH}\n")
