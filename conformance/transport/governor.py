"""Keep a run below the target's own rate limit, so that no verdict is made of refusals we provoked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

MINUTE_MS: Final = 60_000
SLACK_MS: Final = 500


class Governor:
    """Counts what is sent and, at the end of the budget, has the limiter reset or waits for it."""

    def __init__(
        self,
        budget: int,
        now_ms: Callable[[], int],
        wait: Callable[[int], None],
        relieve: Callable[[], bool],
    ) -> None:
        self._budget = budget
        self._now_ms = now_ms
        self._wait = wait
        self._relieve = relieve
        self._sent: deque[int] = deque()
        self.total = 0
        self.waited_ms = 0

    def before(self, requests: int = 1) -> None:
        """Call before sending; returns when there is room for that many."""
        self.total += requests
        self._forget_old()
        excess = len(self._sent) + requests - self._budget
        if excess > 0:
            self._make_room(min(excess, len(self._sent)))
        self._sent.extend([self._now_ms()] * requests)

    def _make_room(self, excess: int) -> None:
        if self._relieve():
            self._sent.clear()
        elif excess > 0:
            self._pause_until(self._sent[excess - 1] + MINUTE_MS + SLACK_MS)
            self._forget_old()

    def _pause_until(self, at_ms: int) -> None:
        pause = max(0, at_ms - self._now_ms())
        self.waited_ms += pause
        self._wait(pause)

    def fresh(self) -> None:
        """Have a whole budget again: reset where the target lets us, else wait until the minute is over."""
        if self._sent and not self._relieve():
            self._pause_until(self._sent[-1] + MINUTE_MS + SLACK_MS)
        self._sent.clear()

    def spend(self, requests: int) -> None:
        """Count requests that were sent without asking."""
        self.total += requests
        self._sent.extend([self._now_ms()] * requests)

    def _forget_old(self) -> None:
        horizon = self._now_ms() - MINUTE_MS
        while self._sent and self._sent[0] <= horizon:
            self._sent.popleft()
