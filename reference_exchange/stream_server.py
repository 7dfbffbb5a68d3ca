"""The stream port: WebSocket connections of the exchange's stream sessions.

An event goes out as the same bytes to everybody: it is framed once, and written to each connection
without waiting for any. Whoever reads too slowly is disconnected at a named limit, with nothing
missing before the end.
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
        self._framer = Framer()

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
        Outlet(connection, session, self._framer)
        try:
            async for frame in connection:
                session.receive(frame)
        except ConnectionClosed:
            pass
        finally:
            session.on_close = None
            session.close()


class Framer:
    """Makes a server's text frame of an event, once for all the connections that get it in turn."""

    def __init__(self) -> None:
        self._text = ""
        self._frame = b""

    def frame(self, text: str) -> bytes:
        """The bytes that travel; the same object as the last time is not framed again."""
        if text is not self._text:
            self._text = text
            self._frame = bytes(Frame(Opcode.TEXT, text.encode()).serialize(mask=False))
        return self._frame


class Outlet:
    """Where a session's frames go: to its connection, while that is open and its client reads."""

    def __init__(
        self, connection: ServerConnection, session: StreamSession, framer: Framer
    ) -> None:
        self._connection = connection
        self._session = session
        self._framer = framer
        self._code = CloseCode.GOING_AWAY
        session.on_frame = self.send
        session.on_close = self._close

    def send(self, text: str) -> None:
        """Write without waiting, as `websockets.broadcast` does; the transport buffers."""
        connection = self._connection
        transport = connection.transport
        if connection.protocol.state is not State.OPEN or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_UNSENT:
            self._code = CloseCode.POLICY_VIOLATION
            self._session.close()
            return
        # Without extensions and masks a frame is the same for every connection.
        transport.write(self._framer.frame(text))

    def _close(self) -> None:
        asyncio.get_running_loop().create_task(self._connection.close(self._code))


def _check_path(connection: ServerConnection, request: Request) -> Response | None:
    if request.path.partition("?")[0] == PATH:
        return None
    return connection.respond(404, f"streams are at {PATH}\n")
