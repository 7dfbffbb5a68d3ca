"""The situations that an SDK is put through."""

from sdk_gate.cases import (
    amounts,
    answers,
    book,
    books,
    channels,
    newer,
    orders,
    parameters,
    reconnects,
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
    "amounts",
    "answers",
    "book",
    "books",
    "channels",
    "newer",
    "orders",
    "parameters",
    "reconnects",
    "refusals",
    "requests",
    "retries",
    "safety",
    "signing",
    "streams",
    "subscriptions",
    "writes",
]
