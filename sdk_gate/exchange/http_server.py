"""HTTP/1.1 on one socket, by h11: requests exactly as they arrived, and answers that may break off anywhere.

uvicorn cannot cut a connection after a request was performed, nor tell the case of a header; h11 is what it uses.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import h11

from conformance.wire.http import Request, Response
from sdk_gate.exchange.scripts import WHOLE, Script

CHUNK: Final = 65_536
MOST_BODY: Final = 1_048_576
CHUNKED: Final = ("Transfer-Encoding", "chunked")
PLAIN: Final = Script("as usual")
# One request in, the answer that is due, and how it is to be written.
Answering = Callable[[Request, str, int], Awaitable[tuple[Response, Script]]]


class HttpServer:
    """Serves one listening socket; every connection has a number of its own."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(
        self, listener: socket.socket, context: ssl.SSLContext | None = None
    ) -> asyncio.Server:
        """Serve what connects."""
        return await asyncio.start_server(self._serve, sock=listener, ssl=context)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number, client = self._connections, writer.get_extra_info("peername")[0]
        # asyncio does so itself only where the listener names the protocol; else every second answer is 40 ms late.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = h11.Connection(h11.SERVER)
        with suppress(h11.ProtocolError, ConnectionError, asyncio.CancelledError):
            while True:
                request = await _read(connection, reader)
                if request is None:
                    break
                answer, script = await self._answering(request, client, number)
                if not await _write(connection, writer, request, answer, script):
                    break
                connection.start_next_cycle()
        writer.close()  # after what was written has gone out


async def _read(connection: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
    """The next request, or None when the client is done or broke off."""
    head: h11.Request | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
            if len(body) > MOST_BODY:
                return None
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, body)
        else:
            return None


def _request(head: h11.Request, body: bytes) -> Request:
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in head.headers.raw_items()
    )
    return Request(head.method.decode("ascii"), head.target.decode("latin-1"), headers, body)


async def _write(
    connection: h11.Connection,
    writer: asyncio.StreamWriter,
    request: Request,
    answer: Response,
    script: Script,
) -> bool:
    """Write an answer as its script says; False when the connection has to end here."""
    if not script.answers:
        writer.transport.abort()
        return False
    length = ("Content-Length", str(len(answer.body)))
    head = [*answer.headers, CHUNKED if script.is_chunked else length]
    writer.write(connection.send(h11.Response(status_code=answer.status, headers=head)) or b"")
    cut = script.body_bytes != WHOLE
    body = answer.body[: script.body_bytes] if cut else answer.body
    if request.method != "HEAD" and body:
        await _write_body(connection, writer, body, script)
    if cut:
        return False
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
    return connection.our_state is h11.DONE


async def _write_body(
    connection: h11.Connection, writer: asyncio.StreamWriter, body: bytes, script: Script
) -> None:
    middle = len(body) // 2 if script.stall_ms or script.is_chunked else 0
    if middle:
        writer.write(connection.send(h11.Data(data=body[:middle])) or b"")
        await asyncio.sleep(script.stall_ms / 1000)
    writer.write(connection.send(h11.Data(data=body[middle:])) or b"")
