"""One night of one series, as the statistics take it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Night:
    """A figure of one run, block by block, in microseconds.

    `control` has the same figure of the control, round by round beside `target`; None where nothing was measured
    beside it. `started`: UTC, ISO 8601.
    """

    run: str
    started: str
    target: tuple[float, ...]
    control: tuple[float, ...] | None = None
