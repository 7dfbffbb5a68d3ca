"""What the exchange is measured beside: the same libraries, and others, with nothing behind the wire.

`python -m reference_exchange.bench_peers LIBRARY READY` answers every request with one and the same yes.
After an order it sends a change of the book, numbered, to all its stream connections.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import picows
import uvicorn
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from reference_exchange.app import App, Message, Receive, Send
from reference_exchange.http_protocol import WithoutUpgrades

YES: Final = b'{"code":0,"message":"success","data":"E12345678"}'
HEADERS: Final = [
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(YES)),
]
ACK: Final = '{"op":"subscribe","id":"1","success":true,"args":["depth.SOL/USDT"]}'
SNAPSHOT: Final = '{"topic":"depth.SOL/USDT","type":"snapshot","seq":0,"ts":0,"data":{}}'
DELTA: Final = (
    '{"topic":"depth.SOL/USDT","type":"delta","seq":%d,"prevSeq":%d,"ts":1800000000000,'
    '"data":{"bids":[["150.001","1.000"]],"asks":[]}}'
)
Publish = Callable[[str], None]


class TrivialApp:
    """The least that an ASGI callable can do with an order."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._seq = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Read a request, tell the subscribers, answer."""
        if scope["path"].startswith("/tx/"):
            await receive()
            self._seq += 1
            self._publish(DELTA % (self._seq, self._seq - 1))
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": YES})


class PicowsStreams:
    """Streams by picows: the library frames each message for each connection."""

    def __init__(self) -> None:
        self.transports: set[Any] = set()

    async def start(self, listener: socket.socket) -> None:
        """Serve a bound socket."""
        await picows.ws_create_server(lambda _: _PicowsListener(self), sock=listener)

    def publish(self, text: str) -> None:
        """Send to all."""
        payload = text.encode()
        for transport in self.transports:
            transport.send(picows.WSMsgType.TEXT, payload)


class _PicowsListener(picows.WSListener):
    def __init__(self, streams: PicowsStreams) -> None:
        super().__init__()
        self._streams = streams

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        transport.send(picows.WSMsgType.TEXT, ACK.encode())
        transport.send(picows.WSMsgType.TEXT, SNAPSHOT.encode())
        self._streams.transports.add(transport)

    def on_ws_disconnected(self, transport: Any) -> None:
        self._streams.transports.discard(transport)


class WebsocketsStreams:
    """Streams by websockets: its own broadcast."""

    def __init__(self) -> None:
        self._connections: set[ServerConnection] = set()

    async def start(self, listener: socket.socket) -> None:
        """Serve a bound socket."""
        await serve(self._serve, sock=listener, compression=None, ping_interval=None)

    async def _serve(self, connection: ServerConnection) -> None:
        try:
            async for _ in connection:
                await connection.send(ACK)
                await connection.send(SNAPSHOT)
                self._connections.add(connection)
        except ConnectionClosed:
            pass
        finally:
            self._connections.discard(connection)

    def publish(self, text: str) -> None:
        """Send to all."""
        broadcast(self._connections, text)


LIBRARIES: Final[Mapping[str, type[PicowsStreams | WebsocketsStreams]]] = {
    "picows": PicowsStreams,
    "websockets": WebsocketsStreams,
}


async def _serve(library: str, ready: Path) -> None:
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=2048) for _ in range(2)]
    streams = LIBRARIES[library]()
    await streams.start(listeners[1])
    app: App = TrivialApp(streams.publish)
    config = uvicorn.Config(
        app, http=WithoutUpgrades, ws="none", lifespan="off", log_level="error", access_log=False
    )
    serving = asyncio.create_task(uvicorn.Server(config).serve(sockets=listeners[:1]))
    rest, stream = (each.getsockname()[1] for each in listeners)
    where = {"rest": f"http://127.0.0.1:{rest}", "stream": f"ws://127.0.0.1:{stream}/"}
    draft = ready.with_suffix(".draft")
    draft.write_text(json.dumps({**where, "pid": os.getpid()}), encoding="utf-8")
    os.replace(draft, ready)
    await serving


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1], Path(sys.argv[2])))
