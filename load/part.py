"""What one process contributes to a run, and how all parts together become its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from load.asked import Asked
from load.attribution import Attribution
from load.exchange_counts import Beside, difference, sentence
from load.histogram import Histogram
from load.judge import Bounds
from load.result import Ended, Share, result
from load.streams.told import told
from load.timeline import Timeline
from load.watch import Watched


@dataclass(frozen=True, slots=True)
class Part:
    """One process's share. `facts` are the same whoever says them; `counts` add up.

    `outside` has the requests by operation that have no sample, and `unanswered` those of them without an answer.
    `stop_ns` is since the start of the plan; `number` and `of` say which share of it was this process's.
    `watched` None: it was killed, and its journal is all there is; `lost` is the master's word of it.
    """

    worker: str
    timeline: Timeline
    stop_ns: int
    number: int = 0
    of: int = 1
    watched: Watched | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    attribution: Attribution = field(default_factory=Attribution)
    first_error: str | None = None
    stopped_because: str | None = None
    exit_code: int | None = None
    outside: Mapping[str, int] = field(default_factory=dict)
    unanswered: Mapping[str, int] = field(default_factory=dict)
    lost: str | None = None

    def pack(self) -> dict[str, Any]:
        """For a message."""
        packed = {each: getattr(self, each) for each in PLAIN}
        return {
            **packed,
            "timeline": self.timeline.pack(),
            "watched": asdict(self.watched) if self.watched else None,
            "histograms": {name: each.pack() for name, each in self.histograms.items()},
            "attribution": self.attribution.pack(),
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
            attribution=Attribution.unpack(given["attribution"]),
            **{each: given[each] for each in PLAIN},
        )


PLAIN = (
    *("worker", "stop_ns", "number", "of", "facts", "counts"),
    *("first_error", "stopped_because", "exit_code", "outside", "unanswered"),
)


def conclude(
    asked: Asked,
    parts: Sequence[Part],
    lost: Sequence[str],
    bounds: Bounds,
    beside: Beside | None = None,
) -> dict[str, Any]:
    """The scenario's entry, from every part; `lost` says what else is missing.

    `beside`: what the exchange counted meanwhile, where it tells.
    """
    whole = Timeline()
    counts: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    histograms: dict[str, Histogram] = {}
    attribution = Attribution()
    for part in parts:
        attribution.merge(part.attribution)
        for name, each in part.histograms.items():
            histograms.setdefault(name, Histogram()).merge(each)
        whole.merge(part.timeline)
        counts = added(counts, part.counts)
        facts = joined(facts, part.facts)
    numbers = _beside_ours(
        whole, parts, beside, is_whole=not lost and not any(x.lost for x in parts)
    )
    differing = numbers.get("count_difference")
    extra, left = told(facts, counts, histograms, asked.profile)
    ended = Ended(
        profile=asked.profile,
        plan=asked.plan if asked.is_planned else None,
        stop_ns=max((part.stop_ns for part in parts), default=0),
        headline=asked.headline,
        shares={part.worker: _share(part) for part in parts},
        lost=(*(part.lost for part in parts if part.lost), *lost),
        stopped_because=_first(_named(part) for part in parts),
        first_error=_first(part.first_error for part in parts),
        miscounted=sentence(differing) if differing and beside and beside.is_ours_alone else None,
        extra={**extra, **numbers},
        histograms=left,
        attribution=attribution,
    )
    return result(whole, ended, bounds)


def _beside_ours(
    whole: Timeline, parts: Sequence[Part], beside: Beside | None, is_whole: bool
) -> dict[str, dict[str, int]]:
    """What was sent by operation, warm-up and log-ins included, and what the exchange says of it."""
    sent, uncertain = whole.sent(), whole.lost()
    for part in parts:
        sent.update(part.outside)
        uncertain.update(part.unanswered)
    found = {"sent": dict(sorted(sent.items()))}
    if beside is None:
        return found
    found["exchange_counted"] = dict(beside.counted)
    # Of a process that was killed it is not known what it sent.
    differing = difference(sent, beside.counted, uncertain) if is_whole else {}
    return {**found, "count_difference": differing} if differing else found


def _share(part: Part) -> Share:
    return Share(
        timeline=part.timeline,
        number=part.number,
        of=part.of,
        watched=part.watched,
        lost=part.lost,
        stopped_because=part.stopped_because,
    )


def _named(part: Part) -> str | None:
    if part.worker and part.stopped_because:
        return f"{part.worker}: {part.stopped_because}"
    return part.stopped_because


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
