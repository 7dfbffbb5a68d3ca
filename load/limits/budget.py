"""What an experiment may cost, stated beforehand, and when it has to stop so that nobody is banned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from load.job import Prepared
from load.limits.steps import Batch, Refusal

REFUSALS_MAX: Final = 60
REQUESTS_FOR: Final = 9  # times what is documented a minute: so often the limit may be used up
REQUESTS_MORE: Final = 600
SPARE_S: Final = 1.0  # of the profile's time, for writing down
LOST_MAX: Final = 3  # in a row: something is wrong, and more requests do not make it right
BANS: Final = (418,)
GROWS: Final = 2.0  # times what was told at first: the exchange punishes
GROWS_LEAST_S: Final = 5.0


def budget_of(prepared: Prepared) -> Budget:
    """For the limit that the target documents, and the time that the profile gives."""
    limit = prepared.target.limits.requests_per_minute
    seconds = prepared.profile.duration_s - SPARE_S
    return Budget(REQUESTS_FOR * limit + REQUESTS_MORE, REFUSALS_MAX, seconds)


class Stopped(Exception):
    """The experiment ends here; what was seen until now counts. The message says why."""


@dataclass(slots=True)
class Budget:
    """At most so many requests, so many of them refused, in so many seconds."""

    requests: int
    refusals: int
    seconds: float
    sent: int = 0
    refused: int = 0
    _lost: int = 0
    _form: tuple[int, int | None] | None = None
    _since: list[Refusal] = field(default_factory=list)  # refusals since something was let through

    @property
    def said(self) -> str:
        """For people, before anything is sent."""
        return (
            f"at most {self.requests} requests, {self.refusals} of them refused, "
            f"in at most {self.seconds:g} s"
        )

    def allow(self, most: int, until_s: float) -> int:
        """How many of `most` may be sent. Raises Stopped when that is none, or time is up."""
        if until_s > self.seconds:
            raise Stopped(f"what comes next is beyond the {self.seconds:g} s that it may take")
        if self.refused >= self.refusals:
            raise Stopped(f"{self.refused} requests were refused, and no more may be")
        left = self.requests - self.sent
        if left <= 0:
            raise Stopped(f"all {self.requests} requests are used up")
        return min(most, left)

    def spend(self, batch: Batch, is_plain: bool = True) -> None:
        """Count what came of an ask. Raises Stopped when the exchange begins to punish.

        What is not `is_plain` may be refused, or fail, for reasons of its own.
        """
        self.sent += batch.sent
        self.refused += len(batch.refusals)
        if not is_plain:
            return
        self._lost = batch.lost if batch.accepted or batch.refusals else self._lost + batch.lost
        if self._lost >= LOST_MAX:
            raise Stopped(f"{self._lost} requests in a row were not answered")
        if batch.accepted:
            self._since.clear()
        for refusal in batch.refusals:
            self._since.append(refusal)
            self._look(refusal)

    def _look(self, refusal: Refusal) -> None:
        if refusal.status in BANS:
            raise Stopped(f"status {refusal.status}: the exchange bans")
        form = (refusal.status, refusal.code)
        self._form = self._form or form
        if form != self._form:
            told = f"{form[0]} {form[1] or ''}".strip()
            before = f"{self._form[0]} {self._form[1] or ''}".strip()
            raise Stopped(f"refused with {told} after {before}: it may be a ban")
        first, wait_s = self._since[0].told.retry_after_s, refusal.told.retry_after_s
        if first is None or wait_s is None:
            return
        grown_s = refusal.at_s + wait_s - self._since[0].at_s - first
        if grown_s > max((GROWS - 1) * first, GROWS_LEAST_S):
            raise Stopped(f"Retry-After grows with every refusal, from {first:g} to {wait_s:g} s")
