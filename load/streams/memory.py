"""What a connection and a subscription cost in memory: the exchange's, where its process can be seen, and ours.

A resident set grows for many reasons while orders are placed. So it is looked at again and again while connections
are opened and subscribed in quarters, and a plane is laid through what was seen: so much at the start, so much a
second, so much a connection, so much a subscription.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

SURE: Final = 2.0  # standard errors on either side: about 95 %


class Look(NamedTuple):
    """One look at a resident set."""

    at_s: float
    connections: int
    subscriptions: int
    resident_bytes: int


def slopes(looks: Sequence[Look]) -> dict[str, Any] | None:
    """Bytes of a connection and of a subscription with their 95 % intervals; None when too little was seen."""
    terms = np.array([[1.0, x.at_s, x.connections, x.subscriptions] for x in looks])
    seen = np.array([float(each.resident_bytes) for each in looks])
    if len(looks) <= terms.shape[-1] or np.linalg.matrix_rank(terms) < terms.shape[1]:
        return None
    found, _, _, _ = np.linalg.lstsq(terms, seen, rcond=None)
    spread = float(((seen - terms @ found) ** 2).sum()) / (len(looks) - terms.shape[1])
    errors = np.sqrt(np.diag(np.linalg.inv(terms.T @ terms)) * spread)
    names = {"per_connection_bytes": 2, "per_subscription_bytes": 3}
    return {
        name: round(float(found[place]))
        for name, place in names.items()
    } | {
        f"{name}_interval": [
            round(float(found[place] - SURE * errors[place])),
            round(float(found[place] + SURE * errors[place])),
        ]
        for name, place in names.items()
    }  # fmt: skip


def told(exchange: Sequence[Look], ours: Sequence[Look], why_unseen: str | None) -> dict[str, Any]:
    """The finding."""
    fitted = None if why_unseen else slopes(exchange)
    reason = why_unseen or (None if fitted else "too little was seen")
    return {
        "connections": max((each.connections for each in ours), default=0),
        "subscriptions": max((each.subscriptions for each in ours), default=0),
        "exchange": fitted,
        "exchange_unknown_because": reason,
        "client": slopes(ours),
    }
