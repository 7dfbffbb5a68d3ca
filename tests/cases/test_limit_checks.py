"""Checks of the rate limit, on every kind of window, from afar, and where others pay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cases import library, limits
from conformance.cases.claim import Verdict
from conformance.transport.in_process import InProcess
from conformance.transport.interface import Sent
from conformance.wire.http import Request, Response
from reference_exchange.config import ExchangeConfig, LimiterConfig
from reference_exchange.exchange import ReferenceExchange
from tests.cases.security_stage import (
    STILL,
    Handle,
    Stage,
    Wrong,
    never_refuses,
    other_than_pass,
    unauthorized_after_login,
    verdicts,
)
from tests.stage import TARGET

# The same with fewer requests: what the target's file says is documented.
FEW = TARGET.model_copy(
    update={"limits": TARGET.limits.model_copy(update={"requests_per_minute": 120})}
)


def few(kind: str = "fixed", limit: int = 120) -> ExchangeConfig:
    """An exchange that serves so many a minute."""
    return replace(STILL, limiter=LimiterConfig(limit=limit, kind=kind))  # type: ignore[arg-type]


LIMITS = {
    "one too few": (few(limit=119), "limits.1200-a-minute-are-served"),
    "half": (few(limit=60), "limits.1200-a-minute-are-served"),
    "none": (few(limit=0), "limits.beyond-1200-refused"),
    "far too many": (few(limit=500), "limits.beyond-1200-refused"),
}


@pytest.mark.parametrize("kind", ["fixed", "sliding_log", "token_bucket"])
def test_each_kind_of_window_passes(kind: str, tmp_path: Path) -> None:
    for tried in library.of(limits):
        assert other_than_pass(Stage(tmp_path, config=few(kind), target=FEW).claims(tried)) == []


@pytest.mark.parametrize("limit", LIMITS)
def test_another_limit_than_documented_fails(limit: str, tmp_path: Path) -> None:
    config, requirement = LIMITS[limit]
    claims = Stage(tmp_path, config=config, target=FEW).claims(limits.documented_rate)
    assert {each.requirement for each in claims if each.verdict is Verdict.FAIL} == {requirement}


class Slow(InProcess):
    """Every request takes a while."""

    def send(self, request: Request, source: str = "") -> Sent:
        """Send, and let time pass before the answer is there."""
        sent = super().send(request)
        self.wait(600)
        return replace(sent, received_ns=self.now_ms() * 1_000_000)


def test_from_too_far_away_the_limit_cannot_be_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, config=few(), target=FEW)
    stage.session = stage.by(Slow(stage.exchange, stage.clock))
    claims = stage.claims(limits.documented_rate)
    assert verdicts(claims) == {Verdict.INCONCLUSIVE}
    assert "the limit cannot be reached" in claims[0].title


def without_rate_headers(handle: Handle, request: Request, client: str) -> Response:
    response = handle(request, client)
    kept = tuple(item for item in response.headers if not item[0].startswith("X-RateLimit"))
    return replace(response, headers=kept)


def charge_the_victim(exchange: ReferenceExchange) -> None:
    check = exchange.signatures.check

    def careless(request: Request, client: str) -> object:
        key = exchange.keys.find(request.header("X-FT-APIKEY") or "")
        if key is not None:
            exchange.limiter.take(f"account {key.account}")
        return check(request, client)

    exchange.signatures.check = careless  # type: ignore[method-assign, assignment]


def share_one_limit(exchange: ReferenceExchange) -> None:
    take = exchange.limiter.take
    exchange.limiter.take = lambda *_: take("everybody")  # type: ignore[method-assign]


VICTIMS = [
    (without_rate_headers, None, Verdict.PASS),
    (without_rate_headers, charge_the_victim, Verdict.FAIL),
    (without_rate_headers, share_one_limit, Verdict.INCONCLUSIVE),
    (None, charge_the_victim, Verdict.FAIL),
    (unauthorized_after_login, None, Verdict.INCONCLUSIVE),
    (never_refuses, None, Verdict.FAIL),
]


@pytest.mark.parametrize(("wrong", "fault", "verdict"), VICTIMS)
def test_who_pays_for_forged_requests(
    wrong: Wrong | None,
    fault: Callable[[ReferenceExchange], None] | None,
    verdict: Verdict,
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, wrong, few(), FEW)
    if fault is not None:
        fault(stage.exchange)
    assert verdicts(stage.claims(limits.victims_quota)) == {verdict}
