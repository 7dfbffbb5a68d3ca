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
MOST_LINE: Final = 500  # characters that are kept of what is no request
SCHEMES: Final = ("http://", "https://")
# One request in, the answer that is due, and how it is to be written.
Answering = Callable[[Request, str, int], Awaitable[tuple[Response, Script]]]
# What came that is no request, why, and on which connection.
Malformed = Callable[[Request, str, int], None]


class HttpServer:
    """Serves one listening socket; every connection has a number of its own."""

    def __init__(self, answering: Answering, malformed: Malformed) -> None:
        self._answering = answering
        self._malformed = malformed
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
        with suppress(h11.LocalProtocolError, ConnectionError, asyncio.CancelledError):
            while True:
                incoming = _Incoming(connection, reader, writer)
                try:
                    request = await incoming.read()
                except h11.RemoteProtocolError as error:
                    if not incoming.is_ended:
                        self._malformed(incoming.first_line(), str(error), number)
                        _refuse(connection, writer)
                    break
                if request is None:
                    break
                answer, script = await self._answering(request, client, number)
                if not await _write(connection, writer, request, answer, script):
                    break
                connection.start_next_cycle()
        writer.close()  # after what was written has gone out


class _Incoming:
    """One request on its way in. `is_ended` tells that the client has closed its side."""

    def __init__(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._connection, self._reader, self._writer = connection, reader, writer
        self._begin = connection.trailing_data[0]  # what came behind the request before
        self.is_ended = False

    async def read(self) -> Request | None:
        """The request, or None when the client is done or broke off. Raises RemoteProtocolError."""
        head: h11.Request | None = None
        body = b""
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA:
                await self._more()
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
                if len(body) > MOST_BODY:
                    raise h11.RemoteProtocolError(f"a body of more than {MOST_BODY} bytes")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _request(head, body)
            else:
                return None

    def first_line(self) -> Request:
        """What came, as far as it can be read as a request's first line."""
        line = self._begin.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
        text = line.decode("utf-8", "backslashreplace")[:MOST_LINE]
        method, _, rest = text.partition(" ")
        return Request(method, rest.removesuffix(" HTTP/1.1"))

    async def _more(self) -> None:
        if self._connection.they_are_waiting_for_100_continue:
            going_on = h11.InformationalResponse(status_code=100, headers=[])
            self._writer.write(self._connection.send(going_on) or b"")
        data = await self._reader.read(CHUNK)
        self.is_ended = not data
        if len(self._begin) < MOST_LINE:
            self._begin += data
        self._connection.receive_data(data)


def _refuse(connection: h11.Connection, writer: asyncio.StreamWriter) -> None:
    """Answer what is no request, where an answer is possible."""
    if connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
        head = [("Content-Length", "0"), ("Connection", "close")]
        writer.write(connection.send(h11.Response(status_code=400, headers=head)) or b"")


def _request(head: h11.Request, body: bytes) -> Request:
    """The request; a target in absolute form, as a client may send it, in the form that it stands for."""
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in head.headers.raw_items()
    )
    target = _origin_form(head.target.decode("latin-1"))
    return Request(head.method.decode("ascii"), target, headers, body)


def _origin_form(target: str) -> str:
    if not target.lower().startswith(SCHEMES):
        return target
    behind = target.partition("://")[2]
    begin = min((behind.find(x) for x in "/?" if x in behind), default=len(behind))
    rest = behind[begin:]
    return rest if rest.startswith("/") else f"/{rest}"


async def _write(
    connection: h11.Connection,
    writer: asyncio.StreamWriter,
    request: Request,
    answer: Response,
    script: Script,
) -> bool:
    """Write an answer as its script says; False when the connection has to end here."""
    if not script.answers:
        if not script.is_closed:
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
