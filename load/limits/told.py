"""What an answer says of the limit: Retry-After (RFC 9110), X-RateLimit-*, RateLimit and RateLimit-Policy (a draft).

What is told is a hint for the experiment and is itself under test; it is never taken for the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from conformance.wire.http import Response

PREFIXES = ("X-RateLimit-", "RateLimit-", "X-Rate-Limit-")
AN_EPOCH = 1_000_000_000
FIELD = re.compile(r"(?:^|;)\s*(\w+)=(\d+)")


@dataclass(frozen=True, slots=True)
class Told:
    """In seconds and requests; None where nothing is said. `form` is how Retry-After is written."""

    retry_after_s: float | None = None
    form: str = ""
    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None
    window_s: float | None = None


def told(response: Response, wall_s: float) -> Told:
    """Read an answer that came at a wall-clock time."""
    retry_s, form = _retry_after(response, wall_s)
    policy = _fields(response, "RateLimit-Policy")
    state = _fields(response, "RateLimit")
    return Told(
        retry_after_s=retry_s,
        form=form,
        limit=_first(_number(response, "Limit"), policy.get("q")),
        remaining=_first(_number(response, "Remaining"), state.get("r")),
        reset_s=_seconds_left(_first(_number(response, "Reset"), state.get("t")), wall_s),
        window_s=policy.get("w"),
    )


def _retry_after(response: Response, wall_s: float) -> tuple[float | None, str]:
    value = (response.header("Retry-After") or "").strip()
    if not value:
        return None, ""
    if value.isascii() and value.isdigit():
        return float(value), "seconds"
    if re.fullmatch(r"\d+\.\d+", value):
        return float(value), "seconds with a fraction"
    try:
        at = parsedate_to_datetime(value)
        now = parsedate_to_datetime(response.header("Date") or "")
        return max(0.0, (at - now).total_seconds()), "date"
    except (TypeError, ValueError):
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - wall_s), "date"
    except (TypeError, ValueError):
        return None, f"unreadable: {value[:40]}"


def _number(response: Response, name: str) -> int | None:
    for prefix in PREFIXES:
        value = (response.header(prefix + name) or "").strip()
        if value.isascii() and value.isdigit():
            return int(value)
    return None


def _seconds_left(value: int | None, wall_s: float) -> float | None:
    """A reset in seconds from now, also where it is told as a point in time."""
    return value - wall_s if value is not None and value > AN_EPOCH else value


def _fields(response: Response, name: str) -> dict[str, int]:
    """The parameters of the first item of a list field, such as `"default";q=100;w=60`."""
    item = (response.header(name) or "").partition(",")[0]
    return {key: int(value) for key, value in FIELD.findall(item)}


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
