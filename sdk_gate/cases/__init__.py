"""The situations that an SDK is put through."""

from sdk_gate.cases import (
    amounts,
    answers,
    book,
    books,
    channels,
    orders,
    parameters,
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
    "amounts",
    "answers",
    "book",
    "books",
    "channels",
    "orders",
    "parameters",
    "reconnects",
    "requests",
    "retries",
    "safety",
    "signing",
    "streams",
    "subscriptions",
]
