"""A session on the reference exchange, in process, for tests of the suite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance.cases import library
from conformance.cases.claim import Claim
from conformance.cases.script import Check
from conformance.record.run_log import RunLog
from conformance.session import Session, world
from conformance.spec.contract import Contract
from conformance.target import Target, load
from conformance.transport.in_process import InProcess, ManualClock
from reference_exchange import faults
from reference_exchange.config import ExchangeConfig
from reference_exchange.exchange import ReferenceExchange

START_MS = 1_800_000_000_000
TARGET: Target = load("reference")
CONTRACT: Contract = Contract.load(settings=TARGET.settings)
SERVED: Contract = Contract.load()
CHECKS: list[Check] = library.checks(CONTRACT)


def exchange(names: Sequence[str] = (), seed: int = 1) -> tuple[ReferenceExchange, ManualClock]:
    """A reference exchange with these faults, on a clock of its own."""
    clock = ManualClock(START_MS)
    made = ReferenceExchange(SERVED, ExchangeConfig(seed=seed), clock)
    faults.apply(made, names)
    return made, clock


def session(folder: Path, names: Sequence[str] = (), seed: int = 1) -> Session:
    """A session of questions to that exchange."""
    made, clock = exchange(names, seed)
    return Session(world(CONTRACT, TARGET, seed), InProcess(made, clock), RunLog(folder))


def judging(requirement: str) -> list[Check]:
    """The checks that judge a requirement; for what is judged on every answer, those that ask the most."""
    found = [each for each in CHECKS if requirement in each.requirements]
    general = ("market-data/", "wallets/", "spot-orders/", "rest/", "authentication/")
    if requirement.startswith("stream."):
        general = ("streams/",)
    return found or [each for each in CHECKS if each.name.startswith(general)]


def ask(run: Session, requirement: str) -> list[Claim]:
    """Everything that the checks of a requirement, and the judges of every answer, conclude."""
    claims = [claim for check in judging(requirement) for claim in run.check(check)]
    run.conclude()
    return claims
