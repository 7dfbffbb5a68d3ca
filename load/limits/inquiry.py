"""Asks and waits for an experiment: keeps the budget, tells refusals for the rate from others, and remembers."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

from load.limits.budget import Budget
from load.limits.fit import Verdict
from load.limits.guesses import Range
from load.limits.history import shares
from load.limits.steps import Ask, Batch, Dimension, Done, Refusal, Script, Step, Subject, Wait


@dataclass(frozen=True, slots=True)
class Asks:
    """Whom there is to ask. `variants`: others that differ from `first` in one thing alone."""

    first: Subject
    variants: dict[Dimension, Subject]
    operations: tuple[str, ...] = ()
    most: int = 2500

    @property
    def others(self) -> list[str]:
        """What else there is to ask."""
        return [each for each in self.operations if each != self.first.operation]


@dataclass(frozen=True, slots=True)
class Recovery:
    """When, after a refusal, something was let through again: later than `low_s`, at `high_s`; and how many."""

    low_s: float
    high_s: float
    back: int


@dataclass(slots=True)
class Seen:
    """Everything that came of it."""

    batches: list[Batch] = field(default_factory=list)
    scope: dict[Dimension, bool] = field(default_factory=dict)  # True: one limit for each
    unsure: dict[Dimension, str] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    weights_unsure: str = ""
    first_burst: int = 0
    recovery: Recovery | None = None  # from the first refusal
    window: Range | None = None
    verdict: Verdict | None = None
    stopped: str = ""
    now_s: float = 0.0

    @property
    def separate(self) -> frozenset[Dimension]:
        """What there is one limit for each of."""
        return frozenset(name for name, is_separate in self.scope.items() if is_separate)

    def fresh(self, asks: Asks) -> Subject | None:
        """Somebody else with a limit of his own, of the same size."""
        for name in ("account", "address", "key"):
            if self.scope.get(name) and name in asks.variants:
                return asks.variants[name]
        return None


class Inquiry:
    """One experiment's way of asking. `seen` grows with every step."""

    def __init__(self, asks: Asks, budget: Budget, before: Sequence[Batch]) -> None:
        self.asks = asks
        self.seen = Seen(batches=list(before))
        self._budget = budget
        self._form: tuple[int, int | None] | None = (
            None  # status and code of a refusal for the rate
        )

    def ask(self, subject: Subject, most: int) -> Generator[Step, Done, Batch]:
        """Ask and remember. Raises Stopped when the budget is used up, or the exchange begins to punish."""
        allowed = self._budget.allow(most, self.seen.now_s)
        lanes = self._budget.refusals - self._budget.refused
        now_s, batch = yield Ask(subject, allowed, lanes)
        assert batch is not None
        self.seen.now_s = now_s
        is_plain = subject.operation == self.asks.first.operation and not subject.key
        if self._form is None and batch.refusals:
            self._form = (batch.refusals[0].status, batch.refusals[0].code)
        if not is_plain:
            batch = self._for_the_rate(batch)
        self.seen.batches.append(batch)
        self._budget.spend(batch, is_plain)
        return batch

    def until(self, at_s: float) -> Script:
        """Wait. Raises Stopped at once when that is beyond the time that there is."""
        self._budget.allow(1, at_s)
        self.seen.now_s, _ = yield Wait(at_s)

    def last_refusal(self) -> Refusal:
        """The latest of whoever shares the limit that is looked at."""
        return next(
            each.refusals[-1]
            for each in reversed(self.seen.batches)
            if each.refusals and shares(each.subject, self.asks.first, self.seen.separate)
        )

    def margin_s(self) -> float:
        """How far from a moment one has to stay to be sure to be before or after it."""
        return 4 * max(each.within_s for each in self.seen.batches[-20:]) + 0.005

    def _for_the_rate(self, batch: Batch) -> Batch:
        """What is refused otherwise than the first was is not refused for the rate: it may not ask that at all."""
        kept = tuple(x for x in batch.refusals if (x.status, x.code) == self._form)
        return replace(batch, refusals=kept, lost=batch.lost + len(batch.refusals) - len(kept))
