"""A timer that an epoll set can wait for, at times of the wall clock; Python has none before 3.13."""

from __future__ import annotations

import ctypes
import os
from struct import Struct
from time import CLOCK_REALTIME
from typing import Final

TIMER_SPEC: Final = Struct("@llll")  # the interval, which is 0: once; then the time
ABSOLUTE: Final = 1
SECOND_NS: Final = 1_000_000_000


class Timer:
    """Readable from the time on for which it was set. Raises OSError where the system has none."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self._libc, "timerfd_create"):
            raise OSError("this system has no timerfd")
        self._fd = self._checked(
            self._libc.timerfd_create(CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
        )

    def fileno(self) -> int:
        """The descriptor, to be waited on."""
        return self._fd

    def set(self, at_ns: int) -> None:
        """Become readable once, at this time or at once if it is past; instead of any time before."""
        # A time of 0 would switch it off.
        seconds, nanoseconds = divmod(max(at_ns, 1), SECOND_NS)
        spec = TIMER_SPEC.pack(0, 0, seconds, nanoseconds)
        self._checked(self._libc.timerfd_settime(self._fd, ABSOLUTE, spec, None))

    def take(self) -> None:
        """No longer readable."""
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Give it back."""
        os.close(self._fd)

    def _checked(self, result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
