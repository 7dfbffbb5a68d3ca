"""What one process contributes to a run, and how all parts together become its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from load.asked import Asked
from load.histogram import Histogram
from load.judge import Bounds
from load.result import Ended, result
from load.streams.told import told
from load.timeline import Timeline
from load.watch import Watched


@dataclass(frozen=True, slots=True)
class Part:
    """One process's share. `facts` are the same whoever says them; `counts` add up.

    `stop_ns` is since the start of the plan. `watched` None: it was killed, and its journal is all there is.
    """

    worker: str
    timeline: Timeline
    stop_ns: int
    watched: Watched | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    first_error: str | None = None
    stopped_because: str | None = None
    exit_code: int | None = None

    def pack(self) -> dict[str, Any]:
        """For a message."""
        packed = {each: getattr(self, each) for each in PLAIN}
        return {
            **packed,
            "timeline": self.timeline.pack(),
            "watched": asdict(self.watched) if self.watched else None,
            "histograms": {name: each.pack() for name, each in self.histograms.items()},
        }

    @classmethod
    def unpack(cls, given: Mapping[str, Any]) -> Self:
        """What `pack` made."""
        watched = given["watched"]
        return cls(
            timeline=Timeline.unpack(given["timeline"]),
            watched=Watched.of(watched) if watched else None,
            histograms={
                name: Histogram.unpack(tuple(each)) for name, each in given["histograms"].items()
            },
            **{each: given[each] for each in PLAIN},
        )


PLAIN = ("worker", "stop_ns", "facts", "counts", "first_error", "stopped_because", "exit_code")


def conclude(
    asked: Asked, parts: Sequence[Part], lost: Sequence[str], bounds: Bounds
) -> dict[str, Any]:
    """The scenario's entry, from every part; `lost` says which workers are missing or incomplete."""
    whole = Timeline()
    counts: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    histograms: dict[str, Histogram] = {}
    for part in parts:
        for name, each in part.histograms.items():
            histograms.setdefault(name, Histogram()).merge(each)
        whole.merge(part.timeline)
        counts = added(counts, part.counts)
        facts = joined(facts, part.facts)
    extra, left = told(facts, counts, histograms, asked.profile)
    ended = Ended(
        profile=asked.profile,
        plan=asked.plan if asked.is_planned else None,
        stop_ns=max((part.stop_ns for part in parts), default=0),
        headline=asked.headline,
        watched={part.worker or "this process": part.watched for part in parts if part.watched},
        lost=tuple(lost),
        stopped_because=_first(part.stopped_because for part in parts),
        first_error=_first(part.first_error for part in parts),
        extra=extra,
        histograms=left,
    )
    return result(whole, ended, bounds)


def _first(values: Any) -> str | None:
    return next((value for value in values if value), None)


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of both; what mappings of the same name hold is joined likewise, else the first one's holds."""
    found = dict(one)
    for name, value in other.items():
        if isinstance(value, Mapping) and isinstance(found.get(name), Mapping):
            found[name] = joined(found[name], value)
        else:
            found.setdefault(name, value)
    return found


def added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers of the same name added, mappings of the same name likewise."""
    found = dict(one)
    for name, value in other.items():
        if isinstance(value, Mapping):
            found[name] = added(found.get(name, {}), value)
        else:
            found[name] = found.get(name, 0) + value
    return found
