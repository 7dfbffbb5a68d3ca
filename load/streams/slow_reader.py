"""A client that does not read: what does the exchange do with it, and do the others notice?

The kernels of both sides hold some megabytes before an exchange can see that nobody reads; the reader's own buffer is
made small, so that the exchange sees it early. How much waited is said with what was found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from load.streams.events import Delivered

BEFORE, DURING = "before_slow_reader", "with_slow_reader"
CLOSE_CODE: Final = re.compile(r"closed the stream: (\d{4})\b")


@dataclass(frozen=True, slots=True)
class Silence:
    """What came of a client that read nothing for a time.

    `is_past`: what happened after the silence has come too, so whatever is missing will not come any more.
    `noticed_after_s`: when the kernel knew that the other side had hung up, None if it did not while nothing was
    read. `last_event_after_s`: where it was disconnected, how late into the
    silence the last event was that came at all: it stopped sending after that.
    """

    silent_s: float
    waited_bytes: int
    came: Delivered
    gaps: int
    is_past: bool
    why_ended: str | None = None
    noticed_after_s: float | None = None
    last_event_after_s: float | None = None


def told(seen: Silence) -> dict[str, Any]:
    """The finding."""
    return {
        "did": _did(seen),
        "silent_s": round(seen.silent_s, 2),
        "waited_bytes": seen.waited_bytes,
        "delivered": seen.came.delivered,
        "expected": seen.came.expected,
        "gaps": seen.gaps,
        "close_code": close_code(seen.why_ended),
        "ended_because": seen.why_ended,
        "noticed_after_s": _rounded(seen.noticed_after_s),
        "last_event_after_s": _rounded(seen.last_event_after_s),
    }


def _did(seen: Silence) -> str:
    if seen.why_ended:
        return "disconnected it"
    if seen.gaps or seen.came.delivered < seen.came.expected:
        return (
            "dropped some" if seen.gaps or seen.is_past else "was still behind when the trial ended"
        )
    return "kept everything"


def close_code(why: str | None) -> int | None:
    """The code of a close frame, from why a stream ended; None when it ended without one."""
    found = CLOSE_CODE.search(why or "")
    return int(found[1]) if found else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
