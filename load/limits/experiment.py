"""The experiment: what to ask whom and when, so that limit, window, kind, scope and weights show. A pure script.

It uses up a limit once and looks who else is refused (scope) and what operations cost (weights); it comes back when
it is told to, and just before (the truth of Retry-After); then it spends half of the limit, and the other half
later, and looks what is given back when (the kind). Between these it waits, so it provokes few refusals.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from math import floor
from typing import Final

from load.limits.budget import Budget, Stopped
from load.limits.fit import fit
from load.limits.guesses import Range
from load.limits.history import history_of
from load.limits.inquiry import Asks, Inquiry, Recovery
from load.limits.scales import Scales
from load.limits.steps import DIMENSIONS, Batch, Dimension, Done, Script, Step

SMALLEST: Final = 3  # requests: below that kinds differ by fractions of one
PROBES: Final = 5  # what another subject is asked, to see whether it is let through
FULL: Final = 0.9  # as much of the first burst as this came back at once: a window, not a trickle
GRAIN_S: Final = 1.05  # Retry-After is in whole seconds
LONG_S: Final = 20.0  # so long that a whole second more or less is no matter
FIRST_GAP_S: Final = 0.02
RATIO: Final = 3.0
ROUGH: Final = 1.4  # times the shortest that a window may be
RECOVERIES: Final = 4
TRICKLES: Final = (8, 16, 32)  # what is to have come in before one looks again
PRECISE: Final = 0.03  # so well the length of a window has to be known
SPREADS: Final = ((1.35, 0.4), (1.15, 0.3), (1.55, 0.25), (1.25, 0.2))
EDGE: Final = 0.025
LATER: Final = 0.75
SHARPER: Final = 4
PUSHES: Final = 4  # refused on purpose, to see whether they count


class Experiment:
    """One run of it. `seen` grows while `script` is played."""

    def __init__(self, asks: Asks, budget: Budget, before: Sequence[Batch] = ()) -> None:
        self._inquiry = Inquiry(asks, budget, before)
        self.seen = self._inquiry.seen
        self._scales = Scales(self._inquiry)
        self._asks = asks
        self._first = asks.first
        self._ask, self._until = self._inquiry.ask, self._inquiry.until
        self._is_told_true = True
        self._edge_s = 0.0  # when something had just come back

    def script(self) -> Script:
        """All of it, as far as the budget goes."""
        try:
            yield from self._play()
        except Stopped as stopped:
            self.seen.stopped = str(stopped)
        except GeneratorExit:
            self.seen.stopped = "it was interrupted"
            raise
        finally:
            self._conclude()

    # --- the parts ------------------------------------------------------------------------------

    def _play(self) -> Script:
        yield from self._use_up()
        yield from self._find_scope()
        yield from self._scales.weigh()
        recovery = yield from self._recover(None)
        self.seen.recovery = recovery
        window_s = yield from self._find_window(recovery)
        for rest, later in SPREADS:
            yield from self._spread(window_s, rest, later)
            self._conclude()
            verdict = self.seen.verdict
            if verdict is not None and verdict.answer is not None:
                break
        yield from self._sharpen()
        yield from self._scales.settle()

    def _use_up(self) -> Script:
        burst = yield from self._ask(self._first, self._asks.most)
        self.seen.first_burst = burst.accepted
        if not burst.accepted:
            said = f"status {burst.refusals[0].status}" if burst.refusals else "no answer"
            raise Stopped(f"{self._first.operation} is not served even when asked once: {said}")
        if burst.lost and not burst.refusals:
            raise Stopped(f"request {burst.sent} of the first burst was not answered")
        if not burst.refusals:
            raise Stopped(f"nothing was refused within {burst.accepted} requests")
        if burst.accepted < SMALLEST:
            raise Stopped(f"a limit of {burst.accepted} is too small to tell its kind and scope")

    def _find_scope(self) -> Script:
        """While one subject is refused, ask those that differ from it in one thing."""
        # Half a limit at most: where it is a common one that has just come back, some of it must be left.
        most = min(PROBES, self.seen.first_burst // 2)
        for name in DIMENSIONS:
            if name not in self._asks.variants:
                self.seen.unsure[name] = "there is no other to ask with"
            else:
                other = yield from self._ask(self._asks.variants[name], most)
                again = yield from self._ask(self._first, most)
                self._judge_scope(name, other, again, most)

    def _judge_scope(self, name: Dimension, other: Batch, again: Batch, most: int) -> None:
        if not other.accepted and not other.refusals:
            self.seen.unsure[name] = "the other one was not let in at all"
        elif not other.accepted:
            self.seen.scope[name] = False
        elif other.accepted == again.accepted == most or not again.refusals:
            self.seen.unsure[name] = "the first one was let through again as well"
        elif other.accepted == most and not again.accepted:
            self.seen.scope[name] = True
        else:
            # What came in meanwhile was used up by whoever asked first.
            self.seen.scope[name] = other.accepted > 2 * (again.accepted + 1)

    def _recover(self, known: Range | None) -> Generator[Step, Done, Recovery]:
        """Wait until something is let through again, and use it up."""
        refusal = self._inquiry.last_refusal()
        start_s, margin_s = refusal.at_s, self._inquiry.margin_s()
        told_s = refusal.told.retry_after_s if self._is_told_true else None
        low_s = 0.0
        for probe_s in self._early(told_s, known):
            if probe_s <= self.seen.now_s - start_s + margin_s:
                continue
            yield from self._until(start_s + probe_s)
            if (yield from self._ask(self._first, 1)).accepted:
                # A second early may be rounding; more is not what was told.
                self._is_told_true &= told_s is None or probe_s > told_s - GRAIN_S
                rest = yield from self._ask(self._first, self._asks.most)
                self._edge_s = start_s + (low_s + probe_s) / 2
                return Recovery(low_s, probe_s, 1 + rest.accepted)
            low_s = probe_s
        gap_s = max(told_s or FIRST_GAP_S, known.high_s if known else 0.0) + margin_s
        ratio = RATIO if known is None else 1 + 2 * PRECISE
        while True:
            gap_s = max(gap_s, self.seen.now_s - start_s + margin_s)
            yield from self._until(start_s + gap_s)
            batch = yield from self._ask(self._first, self._asks.most)
            if batch.accepted:
                self._edge_s = start_s + (low_s + gap_s) / 2
                return Recovery(low_s, gap_s, batch.accepted)
            self._is_told_true = False
            low_s, gap_s, ratio = gap_s, gap_s * ratio, RATIO

    def _early(self, told_s: float | None, known: Range | None) -> Sequence[float]:
        """When to look before something is due: once a second early, or four times where a second is much."""
        if known is not None and (told_s is None or known.high_s - known.low_s < GRAIN_S):
            low_s, high_s, many = known.low_s, known.high_s, 4
        elif told_s is not None:
            low_s, high_s = told_s - GRAIN_S, told_s
            many = 1 if told_s >= LONG_S else 4
        else:
            return ()
        return [low_s + (high_s - low_s) * k / many for k in range(many)]

    def _find_window(self, first: Recovery) -> Generator[Step, Done, float]:
        """About how long a window is; for what trickles in, how long until all is back."""
        recovery, window_s = first, first.high_s
        shortest_s, longest_s = first.low_s, first.high_s
        for _ in range(RECOVERIES):
            if recovery.back < FULL * self.seen.first_burst:
                rate = yield from self._trickle(recovery)
                window_s = max(longest_s, self.seen.first_burst / rate)
                break
            told_s = self._inquiry.last_refusal().told.retry_after_s if self._is_told_true else None
            if told_s is not None and told_s >= LONG_S:
                # From the edge on, and without what was rounded up, on the average.
                window_s = self._inquiry.last_refusal().at_s - self._edge_s + told_s - GRAIN_S / 2
                yield from self._doubt(told_s, first)
                break
            known = Range(recovery.low_s, recovery.high_s)
            recovery = yield from self._recover(None if told_s else known)
            shortest_s = min(shortest_s, recovery.low_s)
            longest_s = max(longest_s, recovery.high_s)
            window_s = recovery.high_s
            if (
                recovery.high_s <= ROUGH * recovery.low_s
                and recovery.back >= FULL * self.seen.first_burst
            ):
                break
        longest_s = max(longest_s, window_s)
        self.seen.window = Range(max(shortest_s, longest_s / 20) / 2, longest_s * 1.5)
        return window_s

    def _doubt(self, told_s: float, first: Recovery) -> Script:
        """What is told this time is longer than it took the first time: see whether it is so again."""
        at_s = self._inquiry.last_refusal().at_s + first.high_s + self._inquiry.margin_s()
        if told_s > first.high_s * (1 + PRECISE) + GRAIN_S:
            yield from self._until(at_s)
            yield from self._ask(self._first, 1)

    def _trickle(self, recovery: Recovery) -> Generator[Step, Done, float]:
        """Look a few times what has come in; how many a second it is."""
        rate = recovery.back / (recovery.high_s - recovery.low_s)
        start_s, number = self._inquiry.last_refusal().at_s, 0
        for due in TRICKLES:
            wanted = min(due, max(1.0, self.seen.first_burst / 2))
            yield from self._until(self._inquiry.last_refusal().at_s + (wanted + 0.5) / rate)
            batch = yield from self._ask(self._first, self._asks.most)
            number += batch.accepted
            if number:
                rate = number / (self.seen.now_s - start_s)
        return rate

    def _spread(self, window_s: float, rest: float, later: float) -> Script:
        """Half of the limit after a rest, the other half later; then look what is given back, and when.

        Whoever has a limit of his own does the same a little later: windows that begin with a request then begin at
        different times, those that the clock begins do not.
        """
        first, other = self._first, self.seen.fresh(self._asks)
        half, most = max(1, self.seen.first_burst // 2), self._asks.most
        told = self._is_told_true and self._inquiry.last_refusal().told.retry_after_s is not None
        start_s = max(self.seen.now_s, self._edge_s + rest * window_s)
        edge = (self._edge_s - start_s) / window_s
        edge -= floor(edge - later - 0.1)  # the first that comes after the second half
        close = max(EDGE, (2 * self._inquiry.margin_s() + (GRAIN_S / 2 if told else 0)) / window_s)
        moments = [
            *((0.0, first, half), (later, first, most)),
            *((later + 0.01, first, 1) for _ in range(PUSHES)),
            # Where a window by the clock would end, and one that began with the first of these.
            *((each, first, most) for end in (edge, 1) for each in (end - close, end + close)),
        ]
        if other is not None:
            begin = later * LATER
            moments += [
                *((begin, other, half), (later + 0.15, other, most)),
                *((1 + close, other, most), (1 + begin - close, other, most)),
                (1 + begin + close, other, most),
            ]
        for share, subject, many in sorted(moments, key=lambda x: x[0]):
            yield from self._until(start_s + share * window_s)
            yield from self._ask(subject, many)

    def _sharpen(self) -> Script:
        """Look at the edge of a window again until its length is known well enough."""
        for _ in range(SHARPER):
            answer = self.seen.verdict.answer if self.seen.verdict else None
            if answer is None or answer.kind.is_bucket or answer.kind.is_smooth:
                return
            low, high = answer.window_s
            if high - low <= PRECISE * high:
                return
            yield from self._ask(self._first, self._asks.most)
            yield from self._recover(Range(low, high))
            self._conclude()

    def _conclude(self) -> None:
        if self.seen.window is None:
            return
        subjects = [each for each in (self._first, self.seen.fresh(self._asks)) if each is not None]
        found = [history_of(self._plain(), each, self.seen.separate) for each in subjects]
        histories = [each for each in found if len(each.refused_s)]
        self.seen.verdict = fit(histories, self.seen.window)

    def _plain(self) -> Sequence[Batch]:
        """Without the requests that may count for more than one."""
        if all(each == 1 for each in self.seen.weights.values()) and not self.seen.weights_unsure:
            return self.seen.batches
        return [each for each in self.seen.batches if each not in self._scales.heavy]
