"""What can go wrong, as one kind of exception for each thing that a caller may do about it."""

from __future__ import annotations


class ExchangeError(Exception):
    """Anything that kept a request from its result.

    `may_have_happened` says that nobody knows whether the exchange did it: look before asking again.
    """

    kind = "error"
    may_have_happened = False

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        status: int | None = None,
        retry_after_ms: int | None = None,
        exchange_time_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.retry_after_ms = retry_after_ms
        self.exchange_time_ms = exchange_time_ms


class Invalid(ExchangeError):
    """The arguments cannot be sent; nothing was."""

    kind = "invalid"


class Unsupported(ExchangeError):
    """There is no such operation."""

    kind = "unsupported"


class Rejected(ExchangeError):
    """The exchange said no."""

    kind = "rejected"


class Unauthorized(Rejected):
    """The exchange did not accept the credentials."""

    kind = "unauthorized"


class RateLimited(ExchangeError):
    """Too many requests; `retry_after_ms` if the exchange said for how long."""

    kind = "rate_limited"


class Timeout(ExchangeError):
    """No answer in time."""

    kind = "timeout"
    may_have_happened = True


class TransportFailed(ExchangeError):
    """The connection failed, broke, or was not to be trusted."""

    kind = "transport"
    may_have_happened = True


class ServerFailed(ExchangeError):
    """The exchange answered with HTTP 5xx."""

    kind = "server"
    may_have_happened = True


class Unreadable(ExchangeError):
    """The answer is not what the contract says."""

    kind = "unreadable"
    may_have_happened = True


class CutShort(Unreadable):
    """The answer broke off."""
