"""Each stream check passes on a right exchange and fails on the one thing that it looks for."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from conformance.cases import (
    depth_stream,
    kline_stream,
    private_streams,
    streams,
    trade_stream,
)
from conformance.cases.claim import Claim, Verdict
from conformance.cases.run import run
from conformance.cases.script import Check, Step, World
from conformance.cases.stream_frames import UNKNOWN_TOPIC, ClientFrame, client_frames, judge_frame
from conformance.record.run_log import RunLog
from conformance.session import Session
from conformance.session import world as session_world
from conformance.transport.in_process import InProcess, ManualClock
from reference_exchange.config import ExchangeConfig
from reference_exchange.exchange import ReferenceExchange
from tests.cases.stream_stage import CONTRACT, TARGET, Stage

AREAS = (streams, depth_stream, trade_stream, kline_stream, private_streams)
CHECKS = [
    *(each for area in AREAS for each in vars(area).values() if isinstance(each, Check)),
    *streams.checks(CONTRACT),
]
# These trade with themselves, for which the stage has no engine.
TRADES = {
    "kline-stream/own-trade-counts",
    "private-streams/trades-are-told",
    "trade-stream/own-trade-appears-once",
    "trade-stream/own-trade-in-real-time",
}
STAGED = [each for each in CHECKS if each.name not in TRADES]
# This one watches others, and only where we may not trade ourselves.
WATCHES = "trade-stream/trades-of-others-in-real-time"


def world(name: str = "", stream: str = TARGET.stream, trading: bool = True) -> World:
    """What a script may know."""
    allows = TARGET.allows.model_copy(update={"trading": trading and name != WATCHES})
    target = TARGET.model_copy(update={"stream": stream, "allows": allows})
    return World(CONTRACT, target, 1, Random(f"1:{name}"))


def claims_of(tried: Check, fault: str = "") -> list[Claim]:
    """What a check concludes about a stage with that fault."""
    return run(tried, world(tried.name), Stage(fault))


@pytest.mark.parametrize("tried", CHECKS, ids=lambda check: check.name)
def test_where_trading_is_not_allowed_nothing_is_tried_and_nothing_fails(tried: Check) -> None:
    stage = Stage()
    claims = run(tried, world(tried.name, trading=False), stage)
    assert {each.verdict for each in claims} <= {Verdict.PASS, Verdict.SKIPPED}
    assert stage.orders == {}


def failed(claims: list[Claim]) -> set[str]:
    """The requirements that failed."""
    return {each.requirement for each in claims if each.verdict is Verdict.FAIL}


SUBSCRIBE = '{"op": "subscribe", "args": ["ticker.BTC/USDT"], "id": "1"}'
UNKNOWN = '{"op": "subscribe", "args": ["ticker.NOSUCH/COIN"], "id": "1"}'


@pytest.mark.parametrize("tried", STAGED, ids=lambda check: check.name)
def test_every_check_passes_where_nothing_is_wrong(tried: Check) -> None:
    assert [each for each in claims_of(tried) if each.verdict is not Verdict.PASS] == []


FAULTS = {
    "number skipped": {"depth.sequence-without-gap"},
    "gap": {"depth.sequence-without-gap", "depth.shows-own-order"},
    "delta first": {"depth.snapshot-first", "depth.sequence-without-gap"},
    "crossed": {"depth.never-crossed"},
    "unsorted": {"depth.sorted-and-positive"},
    "level stays": {
        "depth.snapshot-and-deltas-make-a-fresh-snapshot",
        "depth.shows-own-order",
    },
    "own order missing": {"depth.shows-own-order"},
    "goes on": {"stream.unsubscribe-stops-the-channel"},
    "unasked": {"stream.nothing-unasked"},
    "twice": {"stream.subscribing-twice-is-harmless"},
    "silent subscribe": {"stream.subscriptions-acknowledged"},
    "silent unsubscribe": {"stream.subscriptions-acknowledged"},
    "any topic": {"stream.unknown-topic-refused"},
    "dies of bad frames": {"stream.bad-frame-is-harmless"},
    "ignores bad frames": {"stream.bad-frame-is-harmless"},
    "no pong": {"stream.ping-is-answered"},
    "no protocol pong": {"stream.ping-is-answered"},
    "limit": {"stream.unlimited-subscriptions"},
    "strangers": {"stream.private-channels-need-authentication"},
    "any token": {"stream.private-channels-need-authentication"},
    "foreign orders": {"stream.private-events-are-the-owners"},
    "foreign balances": {"stream.private-events-are-the-owners"},
    "no order events": {"stream.order-updates", "channel.orders"},
    "no account events": {"stream.account-events"},
    "ids fall": {"trades.ids-unique-and-rising"},
    "unaligned": {"kline.open-time-is-aligned"},
    "month is minute": {"kline.minute-is-not-month", "kline.open-time-is-aligned"},
    "low above open": {"kline.low-and-high-bound-open-and-close"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_what_it_breaks_and_nothing_else(fault: str) -> None:
    found = set[str]().union(*(failed(claims_of(check, fault)) for check in STAGED))
    assert found == FAULTS[fault]


DOCUMENTED = {
    "stream.market-data-in-real-time",
    "stream.order-updates",
    "stream.account-events",
    "stream.unlimited-subscriptions",
    "market.order-books-available",
    "market.trades-available",
    "market.klines-available",
    "market.public-without-authentication",
    *(f"channel.{name}" for name in CONTRACT.channels),
}


@pytest.mark.parametrize("tried", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("address", ["ws://127.0.0.1:1/", ""])
def test_without_a_stream_nothing_passes(tried: Check, address: str) -> None:
    claims = run(tried, world(tried.name, address), Stage("no stream"))
    assert {each.verdict for each in claims} <= {Verdict.FAIL, Verdict.INCONCLUSIVE}
    expected = DOCUMENTED & set(tried.requirements) if address else set()
    assert failed(claims) == expected


# What is slow or filtered away says nothing of the judge.
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(client_frames(CONTRACT))
def test_generated_frames_fare_as_they_should(generated: ClientFrame) -> None:
    claims = judge_frame(world(), Stage(), *generated)
    assert [each for each in claims if each.verdict is not Verdict.PASS] == []


GENERATED = [
    ("silent subscribe", ClientFrame(SUBSCRIBE, True, ""), "stream.subscriptions-acknowledged"),
    ("ignores bad frames", ClientFrame("{", False, "no JSON"), "stream.bad-frame-is-harmless"),
    ("dies of bad frames", ClientFrame(b"{", False, "binary"), "stream.bad-frame-is-harmless"),
    ("any topic", ClientFrame(UNKNOWN, False, UNKNOWN_TOPIC), "stream.unknown-topic-refused"),
    ("no pong", ClientFrame("{", False, "no JSON"), "stream.bad-frame-is-harmless"),
]


@pytest.mark.parametrize(("fault", "generated", "requirement"), GENERATED)
def test_a_generated_frame_fails_a_fault(
    fault: str, generated: ClientFrame, requirement: str
) -> None:
    assert failed(judge_frame(world(), Stage(fault), *generated)) == {requirement}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session with the reference exchange, without sockets."""
    clock = ManualClock(1_800_000_000_000)
    exchange = ReferenceExchange(CONTRACT, ExchangeConfig(seed=1), clock)
    log = RunLog(tmp_path_factory.mktemp("run"), ())
    return Session(session_world(CONTRACT, TARGET, 1), InProcess(exchange, clock), log)


@pytest.mark.parametrize("tried", CHECKS, ids=lambda check: check.name)
def test_every_check_passes_on_the_reference_exchange(tried: Check, reference: Session) -> None:
    claims = reference.check(tried)
    good = (Verdict.PASS, Verdict.SKIPPED)
    assert [each for each in claims if each.verdict not in good] == []


# What is slow or filtered away says nothing of the judge.
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(client_frames(CONTRACT))
def test_generated_frames_fare_as_they_should_on_the_reference_exchange(
    reference: Session, generated: ClientFrame
) -> None:
    claims = judge_frame(reference.world, reference.perform, *generated)
    assert [each for each in claims if each.verdict is not Verdict.PASS] == []


class Replay:
    """Performs from what another performer answered, and never asks whether it was enough."""

    def __init__(self, answers: list[Any]) -> None:
        self._answers = iter(answers)

    def __call__(self, step: Step) -> Any:
        """The next answer."""
        return next(self._answers)


@pytest.mark.parametrize("fault", ["", "limit", "silent subscribe", "gap"])
@pytest.mark.parametrize("tried", STAGED, ids=lambda check: check.name)
def test_a_saved_conversation_is_concluded_alike(tried: Check, fault: str) -> None:
    stage, answers = Stage(fault), list[Any]()

    def perform(step: Step) -> Any:
        answers.append(stage(step))
        return answers[-1]

    live = run(tried, world(tried.name), perform)
    assert run(tried, world(tried.name), Replay(answers)) == live
