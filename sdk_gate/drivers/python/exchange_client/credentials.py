"""Who is asking: nobody, the holder of a token, or the holder of an API key."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from exchange_client.errors import Rejected
from exchange_client.requests import Request
from exchange_client.settings import ApiKey, Recipe
from exchange_client.signing import canonical, signature

NOT_LOGGED_IN = 4000
STALE_TIMESTAMP = 3003
WINDOW_MS = "5000"


class Credentials:
    """What goes along with a request to say who asks; these are nobody's, for what is public."""

    def headers(self, request: Request) -> dict[str, str]:
        """The headers of one attempt."""
        return {}

    def mend(self, error: Rejected, sent: dict[str, str]) -> bool:
        """Put right what the exchange refused, for another attempt; False if that makes no sense."""
        return False


class Token(Credentials):
    """A token from the login, fetched at first need and again when the exchange has forgotten it."""

    def __init__(self, log_in: Callable[[], str]) -> None:
        self._log_in = log_in
        self._token: str | None = None
        self._lock = threading.Lock()

    def current(self) -> str:
        """The token; of callers at once one logs in and the others wait for it."""
        with self._lock:
            if self._token is None:
                self._token = self._log_in()
            return self._token

    def forget(self, refused: str) -> None:
        """Log in at next need, unless somebody has done so since that token was sent."""
        with self._lock:
            if self._token == refused:
                self._token = None

    def headers(self, request: Request) -> dict[str, str]:
        """The token, raw."""
        return {"Authorization": self.current()}

    def mend(self, error: Rejected, sent: dict[str, str]) -> bool:
        """Forget a token that the exchange no longer knows."""
        is_unknown = error.status == 401 or error.code == NOT_LOGGED_IN
        if is_unknown:
            self.forget(sent["Authorization"])
        return is_unknown


class Key(Credentials):
    """An API key, and how far the exchange's clock is ahead of ours."""

    def __init__(self, key: ApiKey, recipe: Recipe) -> None:
        self._key = key
        self._recipe = recipe
        self._ahead_ms = 0

    def headers(self, request: Request) -> dict[str, str]:
        """A signature, stamped with the present time of the exchange's clock."""
        recipe, key = self._recipe, self._key
        timestamp = str(_now_ms() + self._ahead_ms)
        text = canonical(recipe, request, timestamp, WINDOW_MS, key.name)
        return {
            recipe.key_header: key.name,
            recipe.timestamp_header: timestamp,
            recipe.window_header: WINDOW_MS,
            recipe.signature_header: signature(recipe, key.secret, text),
        }

    def mend(self, error: Rejected, sent: dict[str, str]) -> bool:
        """Set our clock by the exchange's when it refused a timestamp."""
        if error.code != STALE_TIMESTAMP or error.exchange_time_ms is None:
            return False
        self._ahead_ms = error.exchange_time_ms - _now_ms()
        return True


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
