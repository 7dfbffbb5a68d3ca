"""The verifying exchange in a thread of this process: started, arranged for a case, and stopped by the gate."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from conformance.errors import RunError
from conformance.spec.contract import Contract
from conformance.wire.http import Request, Response
from reference_exchange.config import ExchangeConfig
from reference_exchange.control import MovableClock
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.keys import ApiKey
from reference_exchange.streams import StreamSession
from sdk_gate.arrivals import (
    CONNECTED,
    EXCHANGE,
    GREETED,
    OTHER,
    UNTRUSTED,
    Arrival,
    Mark,
    Reached,
    Wire,
    keys_of,
    tokens_of,
)
from sdk_gate.exchange import listeners
from sdk_gate.exchange.http_server import PLAIN, HttpServer
from sdk_gate.exchange.scripts import Script, http_date
from sdk_gate.exchange.stream_server import StreamServer

T = TypeVar("T")
TICK_S: Final = 0.02
STOP_S: Final = 5
WAIT_S: Final = 30  # for what takes milliseconds, on a machine that is busy
ANY: Final = "*"  # in place of an operation: whatever is asked next
Choose = Callable[[str | None], Script | None]
NOBODY: Final = Response(404, (), b"")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where it listens. `other` is another host by name, `untrusted` has a certificate of nobody's."""

    rest: str
    stream: str
    other: str
    untrusted: str


class VerifyingExchange:
    """The exchange, its log, and what it is told to do otherwise.

    The rules are those of the reference exchange, made anew by `begin`. Methods may be called from any thread.
    """

    def __init__(self, contract: Contract, config: ExchangeConfig) -> None:
        self.contract = contract
        self.wire = Wire()
        self._config = config
        self._scripts: dict[str, deque[Script]] = defaultdict(deque)
        self._standing: dict[str, Script] = {}
        self._choose: Choose = _as_usual
        self._secrets: list[str] = []
        self._loop = asyncio.new_event_loop()
        self.streams = StreamServer(self._connect, self.wire, self.now_ns)
        self._renew(config)

    # --- what the gate does -----------------------------------------------------------------------

    def begin(self, seed: int, behind_ms: int = 0) -> None:
        """Forget everything: accounts, orders, scripts, connections. The clock may begin behind the machine's."""
        self.do(lambda: self._renew(replace(self._config, seed=seed), behind_ms))

    def do(self, act: Callable[[], T]) -> T:
        """Do something in the exchange's thread, where nothing else happens meanwhile."""

        async def acting() -> T:
            return act()

        return self.wait(acting())

    def wait(self, acting: Coroutine[Any, Any, T]) -> T:
        """Do something that takes a while."""
        try:
            return asyncio.run_coroutine_threadsafe(acting, self._loop).result(WAIT_S)
        except TimeoutError:
            why = f"the exchange took more than {WAIT_S} s: is this machine overloaded?"
            raise RunError(why) from None

    def next(self, operation: str, *scripts: Script) -> None:
        """What to do with the next requests of an operation, in turn."""
        self.do(lambda: self._scripts[operation].extend(scripts))

    def always(self, operation: str, script: Script) -> None:
        """What to do with every request of an operation."""
        self.do(lambda: self._standing.__setitem__(operation, script))

    def choose_by(self, choose: Choose) -> None:
        """Let a function say what to do with each request of an operation; None is as usual."""
        self._choose = choose

    def advance_clock(self, ms: int) -> None:
        """Move the exchange's clock ahead of the machine's."""
        self.do(lambda: self.clock.advance(ms))

    def now_ms(self) -> int:
        """What the exchange's clock says."""
        return self.do(self.clock)

    @staticmethod
    def now_ns() -> int:
        """The log's clock."""
        return time.monotonic_ns()

    def key(self, account: int, scopes: tuple[str, ...] = ("read", "trade")) -> ApiKey:
        """A new API key of an account."""
        made = self.do(lambda: self.rules.keys.create(account, "", scopes, ()))
        assert made is not None
        self._secrets.append(made.secret)
        return made

    def learn(self, secret: str) -> None:
        """Have one more secret hidden in what is kept."""
        self._secrets.append(secret)

    def secrets(self) -> list[str]:
        """The secrets of the keys that were made, and the tokens of every log-in, of all cases."""
        seen = self.wire.since(Mark())
        made = keys_of(seen.of("createApiKey")).values()
        return [*self._secrets, *tokens_of(seen.of("login")), *made]

    # --- how it is served -------------------------------------------------------------------------

    @contextmanager
    def serving(self, certificate: ssl.SSLContext) -> Iterator[Addresses]:
        """Listen on free loopback ports for as long as the block lasts."""
        thread = threading.Thread(target=self._loop.run_forever, name="exchange", daemon=True)
        thread.start()
        try:
            yield self.wait(self._listen(certificate))
        finally:
            self.wait(_end_all())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(STOP_S)
            if not thread.is_alive():
                self._loop.close()

    async def _listen(self, certificate: ssl.SSLContext) -> Addresses:
        rest, stream = listeners.bound(), listeners.bound()
        other = listeners.bound_by_name(lambda: self._reached(OTHER, CONNECTED))
        untrusted = listeners.bound_by_name(lambda: self._reached(UNTRUSTED, CONNECTED))
        certificate.sni_callback = lambda *_: self._reached(UNTRUSTED, GREETED)
        await self._serve(EXCHANGE, [rest])
        await self._serve(OTHER, other)
        await self._serve(UNTRUSTED, untrusted, certificate)
        await self.streams.start(stream)
        self._ticking = self._loop.create_task(self._tick())
        ports = [each.getsockname()[1] for each in (rest, stream, other[0], untrusted[0])]
        return Addresses(
            f"http://{listeners.HOST}:{ports[0]}",
            f"ws://{listeners.HOST}:{ports[1]}/",
            f"http://localhost:{ports[2]}",
            f"https://localhost:{ports[3]}",
        )

    async def _serve(
        self, host: str, sockets: list[socket.socket], certificate: ssl.SSLContext | None = None
    ) -> None:
        server = HttpServer(self._answering(host), self._malformed(host))
        for each in sockets:
            await server.start(each, certificate)

    def _reached(self, host: str, kind: str) -> None:
        self.wire.reached.append(Reached(self.now_ns(), host, kind))

    async def _tick(self) -> None:
        while True:
            self.rules.advance()
            await asyncio.sleep(TICK_S)

    def _renew(self, config: ExchangeConfig, behind_ms: int = 0) -> None:
        self.streams.forget()
        self._scripts.clear()
        self._standing.clear()
        self._choose = _as_usual
        self.begun_ns = self.now_ns()
        self.clock = MovableClock(lambda: time.time_ns() // 1_000_000 - behind_ms)
        self.rules = ReferenceExchange(self.contract, config, self.clock)

    def _connect(self, client: str) -> StreamSession:
        return self.rules.connect(client)

    def _answering(
        self, host: str
    ) -> Callable[[Request, str, int], Coroutine[Any, Any, tuple[Response, Script]]]:
        async def answering(
            request: Request, client: str, connection: int
        ) -> tuple[Response, Script]:
            arrival = self._arrived(host, request, connection)
            script = PLAIN if host != EXCHANGE else self._script_of(arrival.operation)
            answer = self._answer(host, request, client, script)
            if script.delay_ms:
                await asyncio.sleep(script.delay_ms / 1000)
            told = answer if script.answers else None
            name = None if script is PLAIN else script.name
            self.wire.answered(arrival.number, told, name, self.now_ns())
            return answer, script

        return answering

    def _malformed(self, host: str) -> Callable[[Request, str, int], None]:
        def malformed(request: Request, why: str, connection: int) -> None:
            number = self._arrived(host, request, connection, why).number
            refused = Response(400, (), b"")
            self.wire.answered(number, refused, f"refuses with 400: {why}", self.now_ns())

        return malformed

    def _arrived(
        self, host: str, request: Request, connection: int, malformed: str = ""
    ) -> Arrival:
        operation = None if malformed else self.contract.find(request.method, request.path)
        arrival = Arrival(
            number=len(self.wire.arrivals) + 1,
            at_ns=self.now_ns(),
            exchange_ms=self.clock(),
            connection=connection,
            host=host,
            request=request,
            operation=operation.id if operation else None,
            malformed=malformed,
        )
        self.wire.arrived(arrival)
        return arrival

    def _script_of(self, operation: str | None) -> Script:
        for name in (operation, ANY):
            waiting = self._scripts.get(name or "")
            if waiting:
                return waiting.popleft()
        return self._standing.get(operation or "") or self._choose(operation) or PLAIN

    def _answer(self, host: str, request: Request, client: str, script: Script) -> Response:
        if host != EXCHANGE:
            answer = NOBODY
        else:
            ruled = self.rules.handle(request, client) if script.performs else None
            answer = script.change(ruled) if script.change else ruled or NOBODY
        date = ("Date", http_date(self.clock() // 1000))
        return Response(answer.status, (*answer.headers, date), answer.body)


def _as_usual(operation: str | None) -> Script | None:
    return None


async def _end_all() -> None:
    """End every task of the loop but this one."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
