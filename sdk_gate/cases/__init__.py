"""The situations that an SDK is put through."""

from sdk_gate.cases import (
    answers,
    book,
    books,
    channels,
    orders,
    reconnects,
    requests,
    retries,
    safety,
    signing,
    streams,
    subscriptions,
)
from sdk_gate.cases.case import CASES

__all__ = [
    "CASES",
    "answers",
    "book",
    "books",
    "channels",
    "orders",
    "reconnects",
    "requests",
    "retries",
    "safety",
    "signing",
    "streams",
    "subscriptions",
]
