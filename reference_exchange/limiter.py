"""Count requests against the limit, a subject (account, key, address, operation) at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from reference_exchange.config import LimiterConfig
from reference_exchange.windows import KINDS, Allowance, Window

MOST_SUBJECTS: Final = 10_000


class Limiter:
    """Every subject's window; the subjects that were longest silent are forgotten first."""

    def __init__(self, config: LimiterConfig, now_ms: Callable[[], int]) -> None:
        self.config = config
        self._now_ms = now_ms
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def subject(self, client: str, account: int, key: str, operation: str) -> str:
        """Whose request it is, as far as the limit is per something; who is nobody counts as his address."""
        whose = f"account {account}" if account else f"address {client}"
        parts = {
            "address": f"address {client}",
            "account": whose,
            "key": f"key {key}" if key else whose,
            "operation": operation,
        }
        return " ".join(parts[each] for each in self.config.scope)

    def take(self, subject: str, operation: str = "") -> Allowance | None:
        """Count one request of a subject; None when there is no limit."""
        if self.config.limit <= 0:
            return None
        now_ms = self._now_ms()
        window = self._windows.get(subject)
        if window is None:
            window = KINDS[self.config.kind](self.config, now_ms)
            self._windows[subject] = window
            if len(self._windows) > MOST_SUBJECTS:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(subject)
        return window.take(now_ms, self.config.weights.get(operation, 1))

    def configure(self, config: LimiterConfig) -> None:
        """Count by other rules from now on."""
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Forget what was counted."""
        self._windows.clear()
