"""The stream port: WebSocket connections of the exchange's stream sessions."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from reference_exchange.exchange import ReferenceExchange
from reference_exchange.streams import StreamSession

MOST_UNSENT: Final = 4 * 1024 * 1024
MOST_FRAME: Final = 1024 * 1024
GOING_AWAY: Final = 1001
TOO_SLOW: Final = 1008


class StreamServer:
    """Serves streams; a client that does not read is disconnected at a named limit, never conflated."""

    def __init__(self, exchange: ReferenceExchange) -> None:
        self._exchange = exchange

    async def start(self, listener: socket.socket) -> Server:
        """Serve what connects to a bound socket."""
        return await serve(
            self._serve,
            sock=listener,
            compression=None,
            max_size=MOST_FRAME,
            ping_interval=None,
            close_timeout=1,
        )

    async def _serve(self, connection: ServerConnection) -> None:
        session = self._exchange.connect(connection.remote_address[0])
        loop = asyncio.get_running_loop()
        session.on_frame = _Outlet(connection, session).send
        session.on_close = lambda: _close_later(loop, connection)
        try:
            async for frame in connection:
                session.receive(frame)
        except ConnectionClosed:
            pass
        finally:
            session.on_close = None
            session.close()


class _Outlet:
    """Writes frames to a connection without waiting; closes the session of a reader that is too slow."""

    def __init__(self, connection: ServerConnection, session: StreamSession) -> None:
        self._connection = connection
        self._session = session

    def send(self, text: str) -> None:
        connection = self._connection
        if connection.transport.get_write_buffer_size() > MOST_UNSENT:
            self._session.close()
            return
        # What `websockets.broadcast` does for one connection: write now, do not wait for the peer.
        try:
            connection.protocol.send_text(text.encode())
            connection.send_data()
        except Exception:  # noqa: BLE001 - the peer is gone; reading tells, and ends the session
            return


def _close_later(loop: asyncio.AbstractEventLoop, connection: ServerConnection) -> None:
    loop.create_task(connection.close(GOING_AWAY))
