"""What a refusal proves: a try was refused for itself, by an exchange that serves what is right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conformance.cases.claim import CannotTell, Claim, Verdict, holds
from conformance.cases.examples import legal_params
from conformance.cases.script import Ask, Record, Steps, World

PRIVATE_READ: Final = "getSpotWallets"
RATE: Final = 429


def refused(
    requirement: str, record: Record, title: str, because_of: Iterable[Record] = ()
) -> Claim:
    """A claim that a try was refused; a refusal for the rate says nothing about the try."""
    numbers = [*(each.number for each in because_of), record.number]
    if record.outcome.status == RATE:
        why = f"not told, for the rate limit came first: {title}"
        return Claim(
            requirement, Verdict.INCONCLUSIVE, why, "a refusal", record.said, tuple(numbers)
        )
    return holds(requirement, record.is_rejected, title, "a refusal", record.said, numbers)


def taken(
    requirement: str,
    record: Record,
    title: str,
    expected: str = "accepted",
    because_of: Iterable[Record] = (),
) -> Claim:
    """A claim that a try was accepted."""
    numbers = [*(each.number for each in because_of), record.number]
    return holds(requirement, record.is_accepted, title, expected, record.said, numbers)


def token_works(world: World) -> Steps[Record]:
    """Raise CannotTell unless our token works: else a refusal says nothing of credentials."""
    record: Record = yield Ask(PRIVATE_READ, by=world.first)
    if not (record.is_accepted and record.data):
        raise CannotTell(f"{PRIVATE_READ} is not served even with our token: {record.said}")
    return record


def serves(world: World) -> Steps[Record]:
    """Raise CannotTell unless a public read is served: else a refusal says nothing at all."""
    known = world.contract.operations.values()
    public = (each for each in known if each.access == "public" and each.method == "GET")
    operation = next(public, None)
    if operation is None:
        return (yield from token_works(world))
    record: Record = yield Ask(operation.id, legal_params(operation, world))
    if not (record.is_accepted and record.data):
        raise CannotTell(f"{operation.id} is not served even when asked rightly: {record.said}")
    return record
