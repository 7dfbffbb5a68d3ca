"""One process, one event loop, three ports: REST, streams and control around one exchange."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop

from conformance.errors import ConfigurationError
from conformance.spec.contract import Contract
from conformance.spec.documents import Settings
from reference_exchange import faults
from reference_exchange.app import Receive, RestApp, Send
from reference_exchange.config import ExchangeConfig
from reference_exchange.control import Control, OffsetClock
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.stream_server import StreamServer

TICK_S: Final = 0.02
BACKLOG: Final = 2048


@dataclass(frozen=True, slots=True)
class Ports:
    """Where to listen; port 0 is a free one."""

    host: str = "127.0.0.1"
    rest: int = 8080
    stream: int = 8081
    control: int = 8082


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the exchange can be reached."""

    rest: str
    stream: str
    control: str


def serve(
    config: ExchangeConfig, ports: Ports, names: list[str], ready: Path | None, greet: Any
) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigurationError when a port is in use."""
    faults.check_names(names)
    uvloop.run(_serve(config, ports, names, ready, greet))


async def _serve(
    config: ExchangeConfig, ports: Ports, names: list[str], ready: Path | None, greet: Any
) -> None:
    clock = OffsetClock(lambda: time.time_ns() // 1_000_000)
    contract = Contract.load(settings=Settings(names={"login-parameter": config.login_parameter}))
    exchange = ReferenceExchange(contract, config, clock)
    faults.apply(exchange, names)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    rest_socket, control_socket = _bind(ports.host, ports.rest), _bind(ports.host, ports.control)
    stream_socket = _bind(ports.host, ports.stream)
    control = Control(exchange, clock, names)
    servers = [_uvicorn(RestApp(exchange)), _uvicorn(_control_app(control))]
    streams = await StreamServer(exchange).start(stream_socket)
    running = [
        asyncio.create_task(server.serve(sockets=[each]))
        for server, each in zip(servers, (rest_socket, control_socket), strict=True)
    ]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.005)
    addresses = _addresses(ports.host, rest_socket, stream_socket, control_socket)
    _say_ready(ready, addresses)
    greet(addresses)
    ticking = asyncio.create_task(_tick(exchange))
    await stop.wait()
    ticking.cancel()
    exchange.hub.close()
    streams.close()
    for server in servers:
        server.should_exit = True
        server.force_exit = True
    with suppress(asyncio.CancelledError):
        await asyncio.wait([*running, asyncio.create_task(streams.wait_closed())], timeout=1)


def _uvicorn(app: Any) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=75,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    server.capture_signals = suppress  # type: ignore[assignment,method-assign]
    return server


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        hint = "say PORT=, or end what listens there"
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({error.strerror}): {hint}"
        ) from None
    listener.setblocking(False)
    return listener


def _addresses(host: str, *sockets: socket.socket) -> Addresses:
    shown = f"[{host}]" if ":" in host else host
    rest, stream, control = (each.getsockname()[1] for each in sockets)
    return Addresses(
        f"http://{shown}:{rest}", f"ws://{shown}:{stream}/", f"http://{shown}:{control}"
    )


def _say_ready(path: Path | None, addresses: Addresses) -> None:
    if path is None:
        return
    fields = {"rest": addresses.rest, "stream": addresses.stream, "control": addresses.control}
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({**fields, "pid": os.getpid()}), encoding="utf-8")
    os.replace(draft, path)


async def _tick(exchange: ReferenceExchange) -> None:
    """Let the market go on when nobody asks."""
    while True:
        await asyncio.sleep(TICK_S)
        exchange.advance()


def _control_app(control: Control) -> Any:
    async def app(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status, answer = control.handle(scope["method"], scope["path"], body)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return app
