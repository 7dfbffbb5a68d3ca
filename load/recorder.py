"""Keep the times of every request in nanoseconds, and turn them into figures after the run.

Recording appends seven integers and computes nothing. A percentile is only given where the number
of samples carries it: with fewer than ln 0.05 / ln q the true quantile lies, with more than 5 %
probability, above everything that was seen.

    wire         kernel received - sent: the exchange and the network, without this process
    response     read by us - intended: what a client with this plan waits, queueing included
    send lag     sent - the later of intended and connection free: our own lateness
    receive lag  read by us - kernel received: our own lateness as well
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from math import ceil, log
from sys import byteorder
from typing import Any, BinaryIO, NamedTuple

from hdrh.histogram import HdrHistogram

MAX_SAMPLES = 5_000_000
HIGHEST_US = 3_600_000_000
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}

Figures = dict[str, float | None]


class Kind(IntEnum):
    """What became of a request: answered with a yes, answered with a no, or not answered."""

    ANSWERED = 0
    REFUSED = 1
    LOST = 2


class Sample(NamedTuple):
    """One request. `kernel_ns` is 0 without a stamp; a lost request was received when given up."""

    operation: int
    kind: int
    intended_ns: int
    free_ns: int
    sent_ns: int
    kernel_ns: int
    received_ns: int


class Recorder:
    """Samples in the order in which they ended. `dropped` counts what found no room."""

    def __init__(self, limit: int = MAX_SAMPLES) -> None:
        self.operations: list[str] = []
        self.dropped = 0
        self._numbers: dict[str, int] = {}
        self._values: array[int] = array("q")
        self._most = limit * len(Sample._fields)

    def __len__(self) -> int:
        return len(self._values) // len(Sample._fields)

    def number_of(self, operation: str) -> int:
        """The number under which an operation's samples are kept."""
        if operation not in self._numbers:
            self._numbers[operation] = len(self.operations)
            self.operations.append(operation)
        return self._numbers[operation]

    def add(self, sample: Sample) -> None:
        """Keep one sample."""
        if len(self._values) >= self._most:
            self.dropped += 1
            return
        self._values.extend(sample)

    def samples(self) -> Iterator[Sample]:
        """Every sample, oldest answer first."""
        width = len(Sample._fields)
        for start in range(0, len(self._values), width):
            yield Sample(*self._values[start : start + width])

    def describe(self) -> dict[str, Any]:
        """What a reader of the dumped samples must know."""
        return {
            "fields": list(Sample._fields),
            "kinds": [kind.name.lower() for kind in Kind],
            "operations": self.operations,
            "samples": len(self),
            "byte_order": byteorder,
            "item_bytes": self._values.itemsize,
        }

    def dump(self, file: BinaryIO) -> None:
        """The samples as they are: rows of 64-bit integers in this machine's byte order."""
        self._values.tofile(file)


def needed(quantile: float) -> int:
    """How many samples carry a quantile: 299 for 0.99, 2,995 for 0.999."""
    return ceil(log(0.05) / log(quantile))


def percentile(ordered: Sequence[int], quantile: float) -> int | None:
    """The smallest value that this share does not exceed, or None when too few carry it."""
    if len(ordered) < needed(quantile):
        return None
    # Rounded first: 0.999 * 3000 is 2997.0000000000005 in binary and must not become 2998.
    return ordered[ceil(round(quantile * len(ordered), 6)) - 1]


def figures(values_ns: Sequence[int]) -> Figures:
    """The percentiles and the maximum, in microseconds with a tenth."""
    ordered = sorted(values_ns)
    found = {name: _us(percentile(ordered, quantile)) for name, quantile in QUANTILES.items()}
    return {**found, "max": _us(ordered[-1] if ordered else None)}


def histogram(values_ns: Sequence[int]) -> str:
    """The values in whole microseconds, as a compressed HdrHistogram V2 in base64."""
    # Filled at the end and by distinct value: the codec takes microseconds for each value, and
    # drops without a word what is out of its range.
    kept = HdrHistogram(1, HIGHEST_US, 3)
    counts: Mapping[int, int] = Counter(
        min(max(round(value / 1000), 1), HIGHEST_US) for value in values_ns
    )
    for value, count in counts.items():
        kept.record_value(value, count)
    encoded: bytes = kept.encode()
    return encoded.decode("ascii")


def wire_ns(sample: Sample) -> int:
    """From our send to the kernel's receive stamp, or to our read where there is no stamp."""
    return (sample.kernel_ns or sample.received_ns) - sample.sent_ns


def response_ns(sample: Sample) -> int:
    """From the intended time to our read."""
    return sample.received_ns - sample.intended_ns


def send_lag_ns(sample: Sample) -> int:
    """How late we sent although a connection was free."""
    return sample.sent_ns - max(sample.intended_ns, sample.free_ns)


def receive_lag_ns(sample: Sample) -> int:
    """How long the answer waited in the kernel; 0 where there is no stamp."""
    return sample.received_ns - sample.kernel_ns if sample.kernel_ns else 0


def _us(value_ns: int | None) -> float | None:
    return None if value_ns is None else round(value_ns / 1000, 1)
