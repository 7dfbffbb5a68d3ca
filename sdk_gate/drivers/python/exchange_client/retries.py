"""When a request goes out again, and after how long."""

from __future__ import annotations

import threading
import time

from exchange_client.errors import (
    CutShort,
    ExchangeError,
    RateLimited,
    ServerFailed,
    Timeout,
    TransportFailed,
)

READ_ATTEMPTS = 3
LIMITED_REPEATS = 2
LONGEST_WAIT_S = 10.0
BROKEN_GATEWAY = (502, 503, 504)


class RateLimit:
    """Until when the exchange wants to hear nothing; all calls of a client share it."""

    def __init__(self) -> None:
        self._until_s = 0.0
        self._lock = threading.Lock()

    def hold(self, seconds: float) -> None:
        """Let nothing out for so long."""
        with self._lock:
            self._until_s = max(self._until_s, time.monotonic() + seconds)

    def wait(self) -> None:
        """Come back when requests may go out. Raises RateLimited when that is too far away."""
        while (left_s := self._until_s - time.monotonic()) > 0:
            if left_s > LONGEST_WAIT_S:
                raise RateLimited("the exchange asked to wait", retry_after_ms=int(left_s * 1000))
            time.sleep(left_s)


class Retries:
    """The further attempts of one call."""

    def __init__(self, rate_limit: RateLimit, pause_s: float, *, is_read: bool) -> None:
        self._rate_limit = rate_limit
        self._pause_s = pause_s
        self._repeats_left = READ_ATTEMPTS - 1 if is_read else 0
        self._limited_left = LIMITED_REPEATS

    def wait_after(self, error: ExchangeError) -> None:
        """Pause before another attempt. Raises the error when there is to be none."""
        if isinstance(error, RateLimited):
            self._wait_for_limit(error)
        elif self._repeats_left and _may_pass(error):
            self._repeats_left -= 1
            self._pause()
        else:
            raise error

    def _wait_for_limit(self, error: RateLimited) -> None:
        """A request over the limit was not accepted: to repeat it is safe, for an order too."""
        wait_s = None if error.retry_after_ms is None else error.retry_after_ms / 1000
        if wait_s is not None:
            self._rate_limit.hold(wait_s)
        if not self._limited_left or (wait_s or 0.0) > LONGEST_WAIT_S:
            raise error
        self._limited_left -= 1
        if wait_s is None:
            self._pause()

    def _pause(self) -> None:
        time.sleep(self._pause_s)
        self._pause_s *= 2


def _may_pass(error: ExchangeError) -> bool:
    if isinstance(error, ServerFailed):
        return error.status in BROKEN_GATEWAY
    return isinstance(error, (Timeout, TransportFailed, CutShort))
