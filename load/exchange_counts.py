"""What the exchange counted beside what we sent: both are equal when nothing was lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from conformance.errors import ConfigurationError
from conformance.target import Target
from load import control

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Beside:
    """The exchange's own count of a run, by operation. `is_ours_alone`: nobody else asks that exchange."""

    counted: Counts
    is_ours_alone: bool = False

    @classmethod
    def of(cls, before: Counts | None, after: Counts | None, is_ours_alone: bool) -> Self | None:
        """The difference of two looks; None where the target does not tell."""
        if before is None or after is None:
            return None
        names = sorted({*before, *after})
        grown = {name: after.get(name, 0) - before.get(name, 0) for name in names}
        return cls({name: count for name, count in grown.items() if count}, is_ours_alone)


def requests_at(target: Target) -> Counter[str] | None:
    """How many requests the target has answered so far, by operation; None where it does not tell.

    Raises TargetUnreachable for a control address at which nobody answers.
    """
    try:
        told = control.tell(target, "state")
    except ConfigurationError:  # some other control address, which knows no such question
        return None
    requests = (told or {}).get("requests")
    if not isinstance(requests, dict) or not all(isinstance(x, dict) for x in requests.values()):
        return None
    return Counter({name: sum(statuses.values()) for name, statuses in requests.items()})


def difference(sent: Counts, counted: Counts, uncertain: Counts) -> dict[str, int]:
    """How many more the exchange counted than we sent, where that is not what was lost on the way.

    `uncertain`: of the sent, those without an answer: the exchange may have served them or not.
    """
    found = {}
    for name in sorted({*sent, *counted}):
        more = counted.get(name, 0) - sent.get(name, 0)
        if more > 0 or -more > uncertain.get(name, 0):
            found[name] = more
    return found


def sentence(differing: Counts) -> str:
    """The difference in words."""
    words = [
        f"{abs(count)} {'more' if count > 0 else 'fewer'} {name}"
        for name, count in differing.items()
    ]
    return f"the exchange counted {', '.join(words)} than were sent"
