"""A session on the reference exchange, in process, for tests of the suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from conformance.cases import library
from conformance.cases.claim import Claim
from conformance.cases.script import Check
from conformance.record.run_log import RunLog
from conformance.session import Session, world
from conformance.spec.contract import Contract
from conformance.spec.documents import Settings
from conformance.target import Target, load
from conformance.transport.in_process import InProcess, ManualClock
from reference_exchange import faults
from reference_exchange.config import MANNERS, ExchangeConfig
from reference_exchange.exchange import ReferenceExchange

START_MS = 1_800_000_000_000
TARGET: Target = load("reference")
CONTRACT: Contract = Contract.load(settings=TARGET.settings)
SERVED: Contract = Contract.load()
CHECKS: list[Check] = library.checks(CONTRACT)


@dataclass(frozen=True)
class Manner:
    """An exchange in one manner: how it is set up, the contract that it serves, and its target's file."""

    config: ExchangeConfig
    target: Target

    @cached_property
    def served(self) -> Contract:
        """The contract as the exchange reads it."""
        return Contract.load(settings=Settings(names=self.target.settings.names))

    @cached_property
    def contract(self) -> Contract:
        """The contract as the suite reads it."""
        return Contract.load(settings=self.target.settings)

    @cached_property
    def checks(self) -> list[Check]:
        """Every check, made for that contract."""
        return library.checks(self.contract)


DEFAULT = Manner(MANNERS["default"], TARGET)
DIFFERING = Manner(MANNERS["differing"], load("differing"))


def exchange(
    names: Sequence[str] = (), seed: int = 1, manner: Manner = DEFAULT
) -> tuple[ReferenceExchange, ManualClock]:
    """A reference exchange with these faults, on a clock of its own."""
    clock = ManualClock(START_MS)
    made = ReferenceExchange(manner.served, replace(manner.config, seed=seed), clock)
    faults.apply(made, names)
    return made, clock


def session(
    folder: Path, names: Sequence[str] = (), seed: int = 1, manner: Manner = DEFAULT
) -> Session:
    """A session of questions to that exchange."""
    made, clock = exchange(names, seed, manner)
    asking = world(manner.contract, manner.target, seed)
    return Session(asking, InProcess(made, clock), RunLog(folder))


def judging(requirement: str, manner: Manner = DEFAULT) -> list[Check]:
    """The checks that judge a requirement; for what is judged on every answer, those that ask the most."""
    found = [each for each in manner.checks if requirement in each.requirements]
    general = ("market-data/", "wallets/", "spot-orders/", "rest/", "authentication/")
    if requirement.startswith("stream."):
        general = ("streams/",)
    return found or [each for each in manner.checks if each.name.startswith(general)]


def ask(run: Session, requirement: str, manner: Manner = DEFAULT) -> list[Claim]:
    """Everything that the checks of a requirement, and the judges of every answer, conclude."""
    claims = [claim for check in judging(requirement, manner) for claim in run.check(check)]
    run.conclude()
    return claims
