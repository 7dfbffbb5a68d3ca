"""What operations count for: somebody whose limit is untouched asks each once, and then uses up the rest."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

from load.limits.fit import Fitted
from load.limits.history import shares
from load.limits.inquiry import Inquiry
from load.limits.steps import Batch, Done, Script, Step, Subject

RESTS: Final = 2.1  # windows, after which nothing is left of what was used up
FILLED: Final = 0.02  # a bucket is filled while it is emptied: so much more or less is no weight
FEW: Final = 50  # of so few, one more or less is to be seen


@dataclass(frozen=True, slots=True)
class Weighing:
    """Operations that were let through, each once, and what else was used of the limit before it was used up."""

    operations: tuple[str, ...]
    besides: int


class Scales:
    """Weighs all others at once, for mostly none counts for more than another; then halves until each is known."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._seen = inquiry.seen
        self._weighings: list[Weighing] = []
        self.heavy: list[Batch] = []  # no part of a history when something weighs more than another

    def weigh(self) -> Script:
        """All of them, with whoever has a limit of his own."""
        asks = self._inquiry.asks
        fresh = self._seen.fresh(asks)
        if self._seen.scope.get("operation"):
            self._seen.weights_unsure = "every operation has a limit of its own"
        elif not asks.others:
            self._seen.weights_unsure = "there is no other operation to ask"
        elif fresh is None:
            self._seen.weights_unsure = "there is nobody else whose limit is untouched"
        elif self._capacity() - self._used_by(fresh) <= len(asks.others):
            self._seen.weights_unsure = "the limit is too small to ask everything else once"
        else:
            yield from self._put(fresh, asks.others)
            self._say()

    def settle(self) -> Script:
        """Half of a group that is too heavy tells of the other half as well."""
        fresh = self._seen.fresh(self._inquiry.asks)
        answer = self._seen.verdict.answer if self._seen.verdict else None
        if answer is None or fresh is None:
            return
        self._say()
        while group := next((x for x in self._weighings if self._is_open(x)), None):
            half = group.operations[: len(group.operations) // 2]
            yield from self._inquiry.until(self._seen.now_s + RESTS * answer.window_s[1])
            weighed = yield from self._put(fresh, half)
            if weighed is None or weighed.operations != half:
                return
            self._weighings.remove(group)
            rest = group.operations[len(half) :]
            self._weighings.append(Weighing(rest, group.besides + self._cost(weighed)))
            self._say()

    def _put(
        self, fresh: Subject, operations: Sequence[str]
    ) -> Generator[Step, Done, Weighing | None]:
        """Ask each once, up to the first refusal, then use up the rest."""
        used, let_through = self._used_by(fresh), []
        for operation in operations:
            batch = yield from self._inquiry.ask(fresh.asking(operation), 1)
            self.heavy.append(batch)
            if batch.refusals:
                break
            if batch.accepted:
                let_through.append(operation)
        left = yield from self._inquiry.ask(fresh, self._inquiry.asks.most)
        self.heavy.append(left)
        if not left.refusals or not let_through:
            return None
        weighed = Weighing(tuple(let_through), used + left.accepted)
        self._weighings.append(weighed)
        return weighed

    def _cost(self, weighed: Weighing) -> int:
        return self._capacity() - weighed.besides

    def _is_even(self, weighed: Weighing) -> bool:
        return abs(self._cost(weighed) - len(weighed.operations)) <= self._slack()

    def _is_open(self, weighed: Weighing) -> bool:
        return len(weighed.operations) > 1 and not self._is_even(weighed)

    def _slack(self) -> int:
        answer = self._answer()
        if answer is not None and not (answer.kind.is_bucket or answer.kind.is_smooth):
            return 0
        return max(1, round(FILLED * self._capacity())) if self._capacity() > FEW else 0

    def _answer(self) -> Fitted | None:
        return self._seen.verdict.answer if self._seen.verdict else None

    def _capacity(self) -> int:
        """The limit, once it is known; until then the first burst, with what was asked to get ready."""
        answer = self._answer()
        if answer is not None and not answer.kind.is_bucket:
            return answer.limit
        burst = next(k for k, each in enumerate(self._seen.batches) if each.refusals)
        return self._accepted_by(self._inquiry.asks.first, self._seen.batches[: burst + 1])

    def _used_by(self, subject: Subject) -> int:
        """What may not have come back to a subject: all that it asked, until a window is known."""
        batches, answer = self._seen.batches, self._answer()
        if answer is not None:
            since_s = self._seen.now_s - RESTS * answer.window_s[1]
            batches = [x for x in batches if x.accepted_s and x.accepted_s[-1] > since_s]
        return self._accepted_by(subject, batches)

    def _accepted_by(self, subject: Subject, batches: Sequence[Batch]) -> int:
        scope = self._seen.separate
        return sum(each.accepted for each in batches if shares(each.subject, subject, scope))

    def _say(self) -> None:
        """Of whom each weighs one, of one alone what it weighs, of others their sum."""
        found: dict[str, int] = {}
        unsure = []
        for each in self._weighings:
            cost = self._cost(each)
            if self._is_even(each):
                found |= dict.fromkeys(each.operations, 1)
            elif len(each.operations) == 1 and cost >= 1:
                found[each.operations[0]] = cost
            else:
                unsure.append(f"{', '.join(each.operations)} together count for {cost}")
        self._seen.weights = found
        self._seen.weights_unsure = "; ".join(unsure) or (
            "" if found else "what was asked was not let through"
        )
