"""One process, one event loop, three ports: REST, streams and control around one exchange."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import uvicorn
import uvloop
from websockets.asyncio.server import Server as WebSocketServer

from conformance.errors import ConfigurationError
from conformance.spec.contract import Contract
from conformance.spec.documents import Settings
from reference_exchange import faults
from reference_exchange.app import App, RestApp
from reference_exchange.config import ExchangeConfig
from reference_exchange.control import Control, ControlApp, MovableClock
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.http_protocol import WithoutUpgrades
from reference_exchange.stream_server import StreamServer

TICK_S: Final = 0.02
POLL_S: Final = 0.005
END_WITHIN_S: Final = 1
BACKLOG: Final = 2048
KEEP_ALIVE_S: Final = 75


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


Greet = Callable[[Addresses], None]


def serve(
    config: ExchangeConfig, ports: Ports, names: Sequence[str], ready: Path | None, greet: Greet
) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigurationError: unknown fault, port in use."""
    faults.check_names(names)
    uvloop.run(_serve(config, ports, names, ready, greet))


async def _serve(
    config: ExchangeConfig, ports: Ports, names: Sequence[str], ready: Path | None, greet: Greet
) -> None:
    stop = _stop_signal()
    exchange, control = _build(config, names)
    rest_socket, stream_socket, control_socket = _listen(ports)
    servers = [_http_server(RestApp(exchange)), _http_server(ControlApp(control))]
    streams = await StreamServer(exchange).start(stream_socket)
    serving = [
        asyncio.create_task(server.serve(sockets=[each]))
        for server, each in zip(servers, (rest_socket, control_socket), strict=True)
    ]
    while not all(server.started for server in servers):
        await asyncio.sleep(POLL_S)
    # What lives now lives to the end: without it among its candidates the collector pauses briefly.
    gc.collect()
    gc.freeze()
    addresses = _addresses(ports.host, rest_socket, stream_socket, control_socket)
    _say_ready(ready, addresses)
    greet(addresses)
    await _tick(exchange, stop)
    exchange.hub.close()
    await _end(servers, serving, streams)


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _build(config: ExchangeConfig, names: Sequence[str]) -> tuple[ReferenceExchange, Control]:
    clock = MovableClock(lambda: time.time_ns() // 1_000_000)
    contract = Contract.load(settings=Settings(names={"login-parameter": config.login_parameter}))
    exchange = ReferenceExchange(contract, config, clock)
    exchange.on_error = traceback.print_exception
    return exchange, Control(exchange, clock, names)


def _listen(ports: Ports) -> tuple[socket.socket, socket.socket, socket.socket]:
    return (
        _bind(ports.host, ports.rest),
        _bind(ports.host, ports.stream),
        _bind(ports.host, ports.control),
    )


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as problem:
        listener.close()
        why = problem.strerror if isinstance(problem, OSError) else problem
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({why}): choose another, or end what listens there"
        ) from None
    listener.setblocking(False)
    return listener


def _http_server(app: App) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=WithoutUpgrades,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        # A forwarded address is the client's claim; a key's list of addresses must not believe it.
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    server = uvicorn.Server(config)
    # Two servers share this process: its signals are ours.
    server.capture_signals = nullcontext  # type: ignore[assignment,method-assign]
    return server


def _addresses(host: str, *sockets: socket.socket) -> Addresses:
    shown = f"[{host}]" if ":" in host else host
    rest, stream, control = (each.getsockname()[1] for each in sockets)
    return Addresses(
        f"http://{shown}:{rest}", f"ws://{shown}:{stream}/", f"http://{shown}:{control}"
    )


def _say_ready(path: Path | None, addresses: Addresses) -> None:
    """Write the addresses; whoever sees the file sees all of it."""
    if path is None:
        return
    draft = path.with_name(path.name + ".draft")
    draft.write_text(json.dumps({**asdict(addresses), "pid": os.getpid()}), encoding="utf-8")
    os.replace(draft, path)


async def _tick(exchange: ReferenceExchange, stop: asyncio.Event) -> None:
    """Let the market go on when nobody asks, until told to stop."""
    while not stop.is_set():
        exchange.advance()
        try:
            await asyncio.wait_for(stop.wait(), TICK_S)
        except TimeoutError:
            continue


async def _end(
    servers: Sequence[uvicorn.Server],
    serving: Sequence[asyncio.Task[None]],
    streams: WebSocketServer,
) -> None:
    """Stop listening and hang up; what has not ended in time is abandoned."""
    streams.close()
    for server in servers:
        server.should_exit = True
        server.force_exit = True
    await asyncio.wait([*serving, asyncio.create_task(streams.wait_closed())], timeout=END_WITHIN_S)
