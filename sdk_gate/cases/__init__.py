"""The situations that an SDK is put through."""

from sdk_gate.cases import (
    answers,
    book,
    newer,
    orders,
    refusals,
    requests,
    retries,
    safety,
    signing,
    streams,
    subscriptions,
    writes,
)
from sdk_gate.cases.case import CASES

__all__ = [
    "CASES",
    "answers",
    "book",
    "newer",
    "orders",
    "refusals",
    "requests",
    "retries",
    "safety",
    "signing",
    "streams",
    "subscriptions",
    "writes",
]
