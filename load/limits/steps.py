"""What an experiment on a rate limiter does and sees. Times are seconds on one clock that is never set.

A script yields steps and is sent what came of them. It knows no socket and no clock, so the same one runs against
a limiter in virtual time and against an exchange over sockets.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Literal

from load.limits.told import Told

Dimension = Literal["operation", "key", "account", "address"]
DIMENSIONS: tuple[Dimension, ...] = ("operation", "key", "account", "address")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks what, from where. `key` "" is the account's token, `account` "" is nobody."""

    address: str
    account: str
    key: str
    operation: str

    def asking(self, operation: str) -> Subject:
        """The same one with another question."""
        return replace(self, operation=operation)


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask up to `most` times, and stop at the first refusal; on `lanes` connections at once at the most."""

    subject: Subject
    most: int
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing until then."""

    until_s: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """One request that was refused, and what it said of itself."""

    at_s: float
    took_s: float
    status: int
    code: int | None
    told: Told


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of an `Ask`. Each time is known to within `within_s`; `lost` were not answered.

    `first` is what the first accepted answer said of the limit; `took_s` is how long accepted ones took.
    """

    subject: Subject
    accepted_s: tuple[float, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    within_s: float = 0.001
    took_s: tuple[float, ...] = ()
    first: Told = Told()
    lost: int = 0

    @property
    def accepted(self) -> int:
        """How many were let through."""
        return len(self.accepted_s)

    @property
    def sent(self) -> int:
        """How many were sent."""
        return len(self.accepted_s) + len(self.refusals) + self.lost


Step = Ask | Wait
# A wait is answered by an empty batch; every step by the time at which it was done.
Done = tuple[float, Batch | None]
Script = Generator[Step, Done, None]
