"""The samples of one process: kept as rows of six 64-bit integers, and written down twice a second.

wire         kernel received - sent: the exchange and the network, without this process
service      read by us - sent: what a client's own clock shows
response     read by us - intended: what a client with this plan waits, queueing included
send lag     sent - the later of intended and connection free: our own lateness
receive lag  read by us - kernel received: our own lateness as well
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

FIELDS: Final = ("tag", "intended_ns", "ready_ns", "sent_ns", "kernel_ns", "received_ns")
ROW: Final = Struct("<6q")
Rows = NDArray[np.int64]


class Kind(IntEnum):
    """What became of a request: answered with a yes, answered with a no, or not answered."""

    ANSWERED = 0
    REFUSED = 1
    LOST = 2


class Recorder:
    """Rows since they were last taken, and how late our own sleeps ended.

    A tag is `operation | kind << 16 | follows << 20 | connection << 24`: what follows another request on
    its connection has no planned time of its own. `kernel_ns` is 0 without a stamp; a request that is
    lost was received when it was given up.
    """

    __slots__ = ("_parts", "keep", "oversleeps_ns")

    def __init__(self) -> None:
        self.oversleeps_ns: list[int] = []
        self._parts: list[bytes] = []
        self.keep = self._parts.append  # one packed `ROW`; the engine's way, without a call between

    def add(
        self, tag: int, intended: int, ready: int, sent: int, kernel: int, received: int
    ) -> None:
        """Keep one sample; times in ns."""
        self.keep(ROW.pack(tag, intended, ready, sent, kernel, received))

    def overslept(self, ns: int) -> None:
        """Keep how much later than asked for a sleep of ours ended."""
        self.oversleeps_ns.append(ns)

    def take(self) -> bytes:
        """The rows since the last call, as they are."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def rows_of(data: bytes) -> Rows:
    """Rows as an array of six columns; a row that was cut off at the end is left out."""
    whole = len(data) // ROW.size
    return np.frombuffer(data, "<i8", whole * len(FIELDS)).reshape(whole, len(FIELDS))


def operations_of(rows: Rows) -> Rows:
    """The operation's number of each row."""
    return rows[:, 0] & 0xFFFF


def kinds_of(rows: Rows) -> Rows:
    """The outcome of each row, a `Kind`."""
    return rows[:, 0] >> 16 & 0xF


def follow_ups_of(rows: Rows) -> Rows:
    """1 for each row that followed another request, 0 for one with a planned time."""
    return rows[:, 0] >> 20 & 1
