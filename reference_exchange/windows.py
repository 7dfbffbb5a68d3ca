"""The windows that rate limiters count in. Times are whole milliseconds; what is counted is whole weights."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from reference_exchange.config import LimiterConfig


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the limiter says of one request. `reset_ms` is when a refused one may come again."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_ms: int


class Window(Protocol):
    """The requests of one subject."""

    def take(self, now_ms: int, weight: int) -> Allowance:
        """Count one request if there is room."""


class FixedWindow:
    """So many requests from the first one on; then, a whole window later, so many again."""

    def __init__(self, config: LimiterConfig, now_ms: int) -> None:
        self._config = config
        self._start_ms = -config.window_ms
        self._count = 0

    def take(self, now_ms: int, weight: int) -> Allowance:
        """Count one request if there is room."""
        limit, window_ms = self._config.limit, self._config.window_ms
        if now_ms - self._start_ms >= window_ms:
            self._start_ms, self._count = self._begin(now_ms), 0
        is_allowed = self._count + weight <= limit
        self._count += weight if is_allowed or self._config.counts_refused else 0
        reset_ms = self._start_ms + window_ms - now_ms
        return Allowance(is_allowed, limit, max(0, limit - self._count), reset_ms)

    def _begin(self, now_ms: int) -> int:
        return now_ms


class AlignedWindow(FixedWindow):
    """The same, but a window begins whenever the clock shows a whole number of them."""

    def _begin(self, now_ms: int) -> int:
        return now_ms - now_ms % self._config.window_ms


class SlidingLog:
    """So many requests in any stretch of a window's length."""

    def __init__(self, config: LimiterConfig, now_ms: int) -> None:
        self._config = config
        self._entries: deque[tuple[int, int]] = deque()
        self._count = 0

    def take(self, now_ms: int, weight: int) -> Allowance:
        """Count one request if there is room."""
        limit, window_ms = self._config.limit, self._config.window_ms
        while self._entries and now_ms - self._entries[0][0] >= window_ms:
            self._count -= self._entries.popleft()[1]
        is_allowed = self._count + weight <= limit
        if is_allowed or self._config.counts_refused:
            self._entries.append((now_ms, weight))
            self._count += weight
        remaining = max(0, limit - self._count)
        return Allowance(is_allowed, limit, remaining, self._reset_ms(now_ms))

    def _reset_ms(self, now_ms: int) -> int:
        count = self._count
        for at_ms, weight in self._entries:
            count -= weight
            if count < self._config.limit:
                return at_ms + self._config.window_ms - now_ms
        return 0


class SlidingCounter:
    """Two windows by the clock: the one before counts for as much of it as would still be within sight."""

    def __init__(self, config: LimiterConfig, now_ms: int) -> None:
        self._config = config
        self._index = now_ms // config.window_ms
        self._before = 0
        self._count = 0

    def take(self, now_ms: int, weight: int) -> Allowance:
        """Count one request if there is room."""
        limit, window_ms = self._config.limit, self._config.window_ms
        index, elapsed_ms = divmod(now_ms, window_ms)
        if index != self._index:
            self._before = self._count if index == self._index + 1 else 0
            self._index, self._count = index, 0
        used = self._before * (window_ms - elapsed_ms) + self._count * window_ms
        is_allowed = used + weight * window_ms <= limit * window_ms
        self._count += weight if is_allowed or self._config.counts_refused else 0
        used += weight * window_ms if is_allowed else 0
        remaining = max(0, limit * window_ms - used) // window_ms
        reset_ms = 0 if remaining else self._reset_ms(window_ms - elapsed_ms)
        return Allowance(is_allowed, limit, remaining, reset_ms)

    def _reset_ms(self, left_ms: int) -> int:
        """When there is room for one more. `left_ms` of the current window are left."""
        limit, window_ms = self._config.limit, self._config.window_ms
        if self._count < limit and self._before:
            return max(1, left_ms - (limit - self._count - 1) * window_ms // self._before)
        return left_ms + max(0, window_ms - (limit - 1) * window_ms // max(1, self._count))


class TokenBucket:
    """A bucket refilled evenly, or step by step; counted in fractions of a token, so that no float is needed."""

    def __init__(self, config: LimiterConfig, now_ms: int) -> None:
        self._config = config
        self._full = config.capacity * config.window_ms
        self._level = self._full
        self._at_ms = now_ms

    def take(self, now_ms: int, weight: int) -> Allowance:
        """Count one request if there is room."""
        limit, window_ms = self._config.limit, self._config.window_ms
        step_ms = self._config.step_ms or 1
        steps = (now_ms - self._at_ms) // step_ms
        self._at_ms += steps * step_ms
        self._level = min(self._full, self._level + steps * step_ms * limit)
        is_allowed = self._level >= weight * window_ms
        if is_allowed or self._config.counts_refused:
            self._level = max(-self._full, self._level - weight * window_ms)
        lacks_ms = -(-(window_ms - self._level) // limit)
        reset_ms = -(-lacks_ms // step_ms) * step_ms - (now_ms - self._at_ms) if lacks_ms > 0 else 0
        return Allowance(is_allowed, limit, max(0, self._level // window_ms), reset_ms)


class CellRate:
    """The generic cell rate algorithm: a theoretical arrival time that may run ahead by the burst.

    Times are in milliseconds times the limit, in which one request lasts a window's length.
    """

    def __init__(self, config: LimiterConfig, now_ms: int) -> None:
        self._config = config
        self._arrival = now_ms * config.limit

    def take(self, now_ms: int, weight: int) -> Allowance:
        """Count one request if there is room."""
        limit, window_ms = self._config.limit, self._config.window_ms
        now, burst = now_ms * limit, self._config.capacity * window_ms
        arrival = max(self._arrival, now) + weight * window_ms
        is_allowed = arrival - burst <= now
        if is_allowed or self._config.counts_refused:
            self._arrival = min(arrival, now + 2 * burst)
        ahead = max(self._arrival - now, 0)
        reset_ms = max(0, -(-(ahead + window_ms - burst) // limit))
        return Allowance(is_allowed, limit, max(0, (burst - ahead) // window_ms), reset_ms)


KINDS: Final[dict[str, Callable[[LimiterConfig, int], Window]]] = {
    "fixed": FixedWindow,
    "fixed_aligned": AlignedWindow,
    "sliding_log": SlidingLog,
    "sliding_counter": SlidingCounter,
    "token_bucket": TokenBucket,
    "gcra": CellRate,
}
