"""A reference exchange whose answers may pass through something wrong, for the tests of checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conformance.cases import (
    accounts_apart,
    authentication,
    bad_input,
    key_matrix,
    keys,
    library,
    limits,
    rest,
    sdk_dialects,
    signed_bytes,
    signing,
)
from conformance.cases.claim import Claim, Verdict
from conformance.cases.script import Check
from conformance.record.run_log import RunLog
from conformance.session import Session
from conformance.session import world as session_world
from conformance.target import Target, Timing
from conformance.transport.in_process import InProcess, ManualClock
from conformance.wire.http import Request, Response
from reference_exchange.config import ExchangeConfig
from reference_exchange.exchange import ReferenceExchange
from tests.stage import CONTRACT, SERVED, START_MS
from tests.stage import TARGET as AT_ONCE

# Some exchanges here take their time, so they are given some; the clock is ours.
TARGET = AT_ONCE.model_copy(update={"timing": Timing(settle_ms=1500, frame_ms=3000)})

AREAS = (
    authentication,
    accounts_apart,
    keys,
    key_matrix,
    signing,
    signed_bytes,
    limits,
    rest,
    sdk_dialects,
)
WRITTEN = [each for area in AREAS for each in library.of(area)]
CHECKS = [*WRITTEN, *bad_input.checks(CONTRACT)]
QUICK = [each for each in CHECKS if not each.name.startswith("limits/")]
# Without a background there is less to wait for.
STILL = ExchangeConfig(history_hours=2, has_flow=False)
JSON = (("Content-Type", "application/json"),)
SUCCESS = Response(200, JSON, b'{"code":0,"message":"success"}')

Handle = Callable[[Request, str], Response]
Wrong = Callable[[Handle, Request, str], Response]


def by_name(check: Check) -> str:
    return check.name


class Stage:
    """A check's session on a reference exchange, whose answers may pass through something wrong."""

    def __init__(
        self,
        folder: Path,
        wrong: Wrong | None = None,
        config: ExchangeConfig | None = None,
        target: Target = TARGET,
    ) -> None:
        self.target = target
        self.clock = ManualClock(START_MS)
        self.exchange = ReferenceExchange(SERVED, config or STILL, self.clock)
        self.right = self.exchange.handle
        if wrong is not None:
            handle = self.right
            self.exchange.handle = lambda request, client: wrong(handle, request, client)  # type: ignore[method-assign]
        self.folder = folder
        self.session = self.by(InProcess(self.exchange, self.clock))

    def by(self, transport: InProcess) -> Session:
        """A session over a transport of its own."""
        return Session(session_world(CONTRACT, self.target, 1), transport, RunLog(self.folder))

    def claims(self, check: Check) -> list[Claim]:
        """What a check itself concludes, without the judges of every answer."""
        found = self.session.check(check)
        return [each for each in found if each.requirement in check.requirements]

    def left_behind(self) -> dict[str, int]:
        """What our accounts still have in the exchange that nobody had at the start."""
        orders = [
            order
            for resident in self.exchange.config.residents
            for order in self.exchange.spot.orders_of(resident.id)
            if str(order.status) == "TRADING"
        ]
        made = [
            key for each in self.exchange.config.residents for key in self.exchange.keys.of(each.id)
        ]
        return {"orders": len(orders), "keys": len(made)}


def verdicts(claims: list[Claim]) -> set[Verdict]:
    return {each.verdict for each in claims}


def other_than_pass(claims: list[Claim]) -> list[Claim]:
    return [each for each in claims if each.verdict is not Verdict.PASS]


def unauthorized(handle: Handle, request: Request, client: str) -> Response:
    return Response(401, JSON, b'{"code":4000,"message":"not logged in"}')


def empty_object(handle: Handle, request: Request, client: str) -> Response:
    return Response(200, JSON, b"{}")


def success(handle: Handle, request: Request, client: str) -> Response:
    return SUCCESS


def server_error(handle: Handle, request: Request, client: str) -> Response:
    return Response(500, JSON, b'{"code":5000,"message":"internal error"}')


def web_page(handle: Handle, request: Request, client: str) -> Response:
    return Response(200, (("Content-Type", "text/html"),), b"<html></html>")


def unauthorized_after_login(handle: Handle, request: Request, client: str) -> Response:
    if request.path.endswith("/login"):
        return handle(request, client)
    return unauthorized(handle, request, client)


def success_after_login(handle: Handle, request: Request, client: str) -> Response:
    if request.path.endswith("/login"):
        return handle(request, client)
    return SUCCESS


def never_refuses(handle: Handle, request: Request, client: str) -> Response:
    """Whatever is refused is answered with success."""
    response = handle(request, client)
    return response if response.status < 400 else SUCCESS
