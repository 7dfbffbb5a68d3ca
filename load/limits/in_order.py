"""An experiment in the order of its requests, for a picture: what was asked when, by whom, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from load.limits.steps import Batch

BATCHES_MOST: Final = 500


def in_order(batches: Sequence[Batch]) -> list[dict[str, Any]]:
    """The batches that were answered, in seconds since the first of all requests."""
    told = [each for each in batches if each.accepted_s or each.refusals]
    times = [sorted([*each.accepted_s, *(x.at_s for x in each.refusals)]) for each in told]
    began_s = min((each[0] for each in times), default=0.0)
    return [
        {
            "from_s": round(each[0] - began_s, 3),
            "until_s": round(each[-1] - began_s, 3),
            "accepted": batch.accepted,
            "refused": len(batch.refusals),
            "address": batch.subject.address,
            "account": batch.subject.account,
            "key": batch.subject.key,
            "operation": batch.subject.operation,
        }
        for batch, each in list(zip(told, times, strict=True))[:BATCHES_MOST]
    ]
