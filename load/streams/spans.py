"""What the others saw while one behaviour was tried: their messages, their latency, and the orders'.

A trial disturbs when they fare worse in its span than in the one before it.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import process_time_ns, time_ns
from typing import Any, Final, NamedTuple

from load.histogram import Histogram
from load.knee import DEPARTS
from load.recorder import Kind, Rows, kinds_of, operations_of
from load.streams.clocks import Offset, at_most_ns

MEASURED: Final = "measured"  # from the end of the warm-up to the first trial, or to the end
SPAN: Final = "span."  # what histograms and counts of spans begin with
EVENTS, ORDERS = ".events", ".orders"
COMPARED: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
KEPT_SHARE: Final = 0.9  # of the messages a second before


class Mark(NamedTuple):
    """One moment: our clock, our processor time, messages so far, and how many ages were kept."""

    at_ns: int
    cpu_ns: int
    messages: int
    ages: int


class Spans:
    """Named spans of one process. `look` gives messages so far and the number of ages kept."""

    def __init__(self, look: Callable[[], tuple[int, int]]) -> None:
        self._look = look
        self._spans: defaultdict[str, list[tuple[Mark, Mark]]] = defaultdict(list)
        self._open: dict[str, Mark] = {}

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """The block is one more span of this name."""
        self.begin(name)
        try:
            yield
        finally:
            self.end(name)

    def begin(self, name: str) -> None:
        """A span of this name begins."""
        self._open[name] = self._mark()

    def end(self, name: str) -> None:
        """The span that began ends, if one began."""
        began = self._open.pop(name, None)
        if began is not None:
            self._spans[name].append((began, self._mark()))

    def _mark(self) -> Mark:
        return Mark(time_ns(), process_time_ns(), *self._look())

    def counts(self) -> dict[str, dict[str, int]]:
        """By span, what adds up over processes; `process_ns` is time, once for each of them."""
        return {
            name: {
                "messages": sum(end.messages - begin.messages for begin, end in pairs),
                "process_ns": sum(end.at_ns - begin.at_ns for begin, end in pairs),
                "cpu_ns": sum(end.cpu_ns - begin.cpu_ns for begin, end in pairs),
                "processes": 1,
            }
            for name, pairs in self._spans.items()
        }

    def times_ns(
        self, ages_ns: array[int], offset: Offset | None, rows: Rows, operation: int
    ) -> dict[str, array[int]]:
        """By span and what it is of: at most how old events were, and the wire times of an operation."""
        found = {}
        for name, pairs in self._spans.items():
            ages = [age for begin, end in pairs for age in ages_ns[begin.ages : end.ages]]
            aged = [at_most_ns(age, offset) for age in ages] if offset else []
            found[f"{SPAN}{name}{EVENTS}"] = array("q", aged)
            wire = [wire for begin, end in pairs for wire in _wire(rows, operation, begin, end)]
            found[f"{SPAN}{name}{ORDERS}"] = array("q", wire)
        return found


def _wire(rows: Rows, operation: int, begin: Mark, end: Mark) -> list[int]:
    """The wire times in ns of what was sent within a span."""
    mine = (operations_of(rows) == operation) & (kinds_of(rows) == Kind.ANSWERED)
    mine &= (rows[:, 3] >= begin.at_ns) & (rows[:, 3] < end.at_ns) & (rows[:, 4] > 0)
    found: list[int] = (rows[mine, 4] - rows[mine, 3]).tolist()
    return found


def told(name: str, counts: Mapping[str, Any], histograms: Mapping[str, Histogram]) -> Any:
    """One span in figures, all processes together: None when it never was."""
    seen = counts.get(name)
    if not seen:
        return None
    seconds = seen["process_ns"] / 1e9 / max(seen["processes"], 1)
    return {
        "seconds": round(seconds, 2),
        "messages_per_s": round(seen["messages"] / seconds, 1) if seconds else None,
        "event_to_kernel_at_most_us": _figures(histograms.get(f"{SPAN}{name}{EVENTS}")),
        "order_wire_us": _figures(histograms.get(f"{SPAN}{name}{ORDERS}")),
    }


def disturbed(before: Mapping[str, Any] | None, during: Mapping[str, Any] | None) -> list[str]:
    """How the others fared worse: fewer messages, or a percentile three times what it was. Empty: they did not."""
    if before is None or during is None:
        return []
    found = []
    then, now = before["messages_per_s"], during["messages_per_s"]
    if then is not None and now is not None and now < KEPT_SHARE * then:
        found.append(f"{now:g} messages a second, before {then:g}")
    for figure in ("event_to_kernel_at_most_us", "order_wire_us"):
        for quantile in COMPARED:
            then, now = before[figure][quantile], during[figure][quantile]
            if then is not None and now is not None and now > DEPARTS * then:
                found.append(f"{figure} {quantile} {now:.0f}, before {then:.0f}")
    return found


def _figures(histogram: Histogram | None) -> dict[str, float | int | None]:
    found: dict[str, float | int | None] = {"n": len(histogram) if histogram else 0}
    for name, quantile in COMPARED.items():
        value_ns = histogram.quantile(quantile) if histogram else None
        found[name] = None if value_ns is None else round(value_ns / 1000, 1)
    return found
