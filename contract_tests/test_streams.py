"""Generated client frames, legal and illegal, made from the messages of the AsyncAPI document."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from conformance.cases.claim import Claim, Verdict
from conformance.cases.stream_frames import ClientFrame, client_frames, judge_frame
from conformance.session import Ledger, Session
from contract_tests.outcome import settle

NAME = "stream-frames/generated"
FRAMES = 40


def test_client_frames(session: Session, seed: int) -> None:
    """A legal frame is acknowledged, an illegal one refused; either way the connection goes on."""
    passed: dict[str, Claim] = {}
    failed: list[Claim] = []
    told: list[Ledger] = []
    _explore(session, seed, passed, failed, told)
    if told:
        session.resume(told[0])
    settle(session.end([*passed.values(), *failed]))


def _explore(
    session: Session,
    number: int,
    passed: dict[str, Claim],
    failed: list[Claim],
    told: list[Ledger],
) -> None:
    @seed(number)
    @settings(
        max_examples=FRAMES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    @given(frame=client_frames(session.world.contract))
    def ask(frame: ClientFrame) -> None:
        session.hang_up()
        session.begin(NAME)
        claims = judge_frame(session.world, session.perform, frame.frame, frame.legal, frame.why)
        wrong = [claim for claim in claims if claim.verdict is Verdict.FAIL]
        passed.update({claim.requirement: claim for claim in claims if claim not in wrong})
        if wrong:
            failed[:], told[:] = wrong, [session.so_far()]  # the last one is the shrunk one
            raise AssertionError(wrong[0].title)

    try:
        ask()
    except AssertionError:
        return
    except Exception as problem:  # noqa: BLE001 - what failed once has failed, though it be flaky
        if not failed:
            pytest.fail(f"the frames could not be generated: {problem}", pytrace=False)
