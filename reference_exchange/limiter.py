"""Count requests against the limit, a subject (account or address) at a time, in three kinds of window."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from reference_exchange.config import LimiterConfig

MOST_SUBJECTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the limiter says of one request. `reset_ms` is when a refused one may come again."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_ms: int


class Window(Protocol):
    """The requests of one subject."""

    def take(self, now_ms: int) -> Allowance:
        """Count one request if there is room."""


class FixedWindow:
    """So many requests from the first one on; then, a whole window later, so many again."""

    def __init__(self, config: LimiterConfig) -> None:
        self._config = config
        self._start_ms = -config.window_ms
        self._count = 0

    def take(self, now_ms: int) -> Allowance:
        """Count one request if there is room."""
        limit, window_ms = self._config.limit, self._config.window_ms
        if now_ms - self._start_ms >= window_ms:
            self._start_ms, self._count = now_ms, 0
        is_allowed = self._count < limit
        self._count += is_allowed
        reset_ms = self._start_ms + window_ms - now_ms
        return Allowance(is_allowed, limit, limit - self._count, reset_ms)


class SlidingLog:
    """So many requests in any stretch of a window's length."""

    def __init__(self, config: LimiterConfig) -> None:
        self._config = config
        self._times: deque[int] = deque()

    def take(self, now_ms: int) -> Allowance:
        """Count one request if there is room."""
        limit, window_ms = self._config.limit, self._config.window_ms
        while self._times and now_ms - self._times[0] >= window_ms:
            self._times.popleft()
        is_allowed = len(self._times) < limit
        if is_allowed:
            self._times.append(now_ms)
        reset_ms = self._times[0] + window_ms - now_ms if self._times else 0
        return Allowance(is_allowed, limit, limit - len(self._times), reset_ms)


class TokenBucket:
    """A bucket of so many, refilled evenly; counted in thousandths, so that no float is needed."""

    def __init__(self, config: LimiterConfig) -> None:
        self._config = config
        self._full = config.limit * config.window_ms
        self._level = self._full
        self._at_ms = 0

    def take(self, now_ms: int) -> Allowance:
        """Count one request if there is room."""
        limit, window_ms = self._config.limit, self._config.window_ms
        self._level = min(self._full, self._level + (now_ms - self._at_ms) * limit)
        self._at_ms = now_ms
        is_allowed = self._level >= window_ms
        self._level -= window_ms if is_allowed else 0
        reset_ms = -(-(window_ms - self._level) // limit) if self._level < window_ms else 0
        return Allowance(is_allowed, limit, self._level // window_ms, reset_ms)


KINDS: Final[dict[str, Callable[[LimiterConfig], Any]]] = {
    "fixed": FixedWindow,
    "sliding_log": SlidingLog,
    "token_bucket": TokenBucket,
}


class Limiter:
    """Every subject's window; the subjects that were longest silent are forgotten first."""

    def __init__(self, config: LimiterConfig, now_ms: Callable[[], int]) -> None:
        self.config = config
        self._now_ms = now_ms
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def take(self, subject: str) -> Allowance | None:
        """Count one request of a subject; None when there is no limit."""
        if self.config.limit <= 0:
            return None
        window = self._windows.get(subject)
        if window is None:
            window = KINDS[self.config.kind](self.config)
            self._windows[subject] = window
            if len(self._windows) > MOST_SUBJECTS:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(subject)
        return window.take(self._now_ms())

    def configure(self, config: LimiterConfig) -> None:
        """Count by other rules from now on."""
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self._windows.clear()
