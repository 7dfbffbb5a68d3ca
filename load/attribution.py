"""Where the time of a request went, by who had it: pure, from the stamps of the probe's requests.

    planned ── ready ── sent ── out ── in ── read
      waiting           kernel out      client after
               client before    network and server
                        └───── wire ─────┘

Each part ends where the next begins, so the parts of one request are its response time to the nanosecond, and the
means of the parts are the mean of the whole. Percentiles of parts do not add up: the slowest tenth of one is not the
slowest tenth of another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple, Self

from load.histogram import Histogram, histogram_of

PARTS: Final = ("waiting", "client_before", "kernel_out", "network_and_server", "client_after")
WITHIN: Final = ("server", "beside_server", "network_at_most")  # of network_and_server
WHOLES: Final = ("wire", "response")
QUANTILES: Final = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99}
DELAYED_ACK_NS: Final = 35_000_000  # Linux holds an ACK back for 40 ms at least, others for longer
SILENT: Final = "the exchange does not say"
WITHOUT_STAMPS, OUT_OF_ORDER = "without_stamps", "out_of_order"
NOT_CREDIBLE: Final = "server_not_credible"  # it claims more than there was
NOT_ANSWERED: Final = "no request of the probe was answered"


class Stamps(NamedTuple):
    """One request of the probe; wall clock in ns, 0 where there is no stamp.

    `out_ns` is when the driver had it, `acked_ns` when the peer's kernel had confirmed it, `pure_acks` how many
    segments without data came with the answer, `fastest_ns` the fastest round trip that the kernel has seen on the
    connection. `server_ns` is what the answer says of itself, `said_by` in which header.
    """

    intended_ns: int
    ready_ns: int
    sent_ns: int
    out_ns: int
    acked_ns: int
    kernel_ns: int
    received_ns: int
    pure_acks: int = 0
    fastest_ns: int = 0
    server_ns: int | None = None
    said_by: str = ""

    @property
    def problem(self) -> str | None:
        """Why it cannot be divided: a stamp is missing, or they cannot be true."""
        if not (self.out_ns and self.kernel_ns):
            return WITHOUT_STAMPS
        times = (*self[:4], self.kernel_ns, self.received_ns)
        return None if all(one <= other for one, other in pairwise(times)) else OUT_OF_ORDER

    @property
    def network_ns(self) -> int | None:
        """From the driver to the peer's kernel and back, at most; None where the ACK does not tell.

        An ACK that rode on the answer, or was held back, says how long the server took. It came by itself when a
        segment without data came, and before the answer.
        """
        is_alone = self.pure_acks > 0 and self.out_ns <= self.acked_ns < self.kernel_ns
        took_ns = self.acked_ns - self.out_ns
        return took_ns if is_alone and took_ns < self.fastest_ns + DELAYED_ACK_NS else None


def divided(stamps: Stamps) -> dict[str, int]:
    """Every part of a complete request in ns, and the wholes that they make up."""
    beyond_ns = stamps.kernel_ns - stamps.out_ns
    parts = {
        "waiting": stamps.ready_ns - stamps.intended_ns,
        "client_before": stamps.sent_ns - stamps.ready_ns,
        "kernel_out": stamps.out_ns - stamps.sent_ns,
        "network_and_server": beyond_ns,
        "client_after": stamps.received_ns - stamps.kernel_ns,
        "wire": stamps.kernel_ns - stamps.sent_ns,
        "response": stamps.received_ns - stamps.intended_ns,
    }
    if stamps.network_ns is not None:
        parts["network_at_most"] = stamps.network_ns
    # A server that claims more than there was measures something else.
    if stamps.server_ns is not None and 0 <= stamps.server_ns <= beyond_ns:
        parts |= {"server": stamps.server_ns, "beside_server": beyond_ns - stamps.server_ns}
    return parts


@dataclass(slots=True)
class Tally:
    """Times of one part: a histogram for the percentiles, the exact sum for the mean."""

    histogram: Histogram = field(default_factory=Histogram)
    sum_ns: int = 0

    def add(self, values_ns: Sequence[int]) -> None:
        """Count times."""
        self.histogram.merge(histogram_of(values_ns))
        self.sum_ns += sum(values_ns)

    def merge(self, other: Tally) -> None:
        """Add what another counted."""
        self.histogram.merge(other.histogram)
        self.sum_ns += other.sum_ns

    def figures(self) -> dict[str, float | int | None]:
        """Percentiles where there are enough to carry them, and the mean to the nanosecond."""
        n = len(self.histogram)
        found = {name: self.histogram.quantile(each) for name, each in QUANTILES.items()}
        shown = {name: None if ns is None else round(ns / 1000, 1) for name, ns in found.items()}
        return {"n": n, **shown, "mean_us": round(self.sum_ns / n / 1000, 3) if n else None}


@dataclass(slots=True)
class Attribution:
    """What the probe of a process found; several add up. `problems`: why a process has no stamps."""

    operations: set[str] = field(default_factory=set)
    per_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, Tally] = field(
        default_factory=lambda: {name: Tally() for name in (*PARTS, *WITHIN, *WHOLES)}
    )
    said_by: set[str] = field(default_factory=set)
    fastest_ns: int = 0
    problems: set[str] = field(default_factory=set)

    def add(self, answered: Iterable[Stamps]) -> None:
        """Count the requests that were answered with a yes."""
        values: dict[str, list[int]] = {name: [] for name in self.tallies}
        for stamps in answered:
            self.counts["answered"] += 1
            self.fastest_ns = _least(self.fastest_ns, stamps.fastest_ns)
            problem = stamps.problem
            if problem:
                self.counts[problem] += 1
                continue
            parts = divided(stamps)
            for name, value_ns in parts.items():
                values[name].append(value_ns)
            if stamps.said_by:
                self.said_by.add(stamps.said_by)
                self.counts[NOT_CREDIBLE] += "server" not in parts
        for name, tally in self.tallies.items():
            tally.add(values[name])

    def merge(self, other: Attribution) -> None:
        """Add what another process found."""
        self.operations |= other.operations
        self.per_s += other.per_s
        self.counts.update(other.counts)
        for name, tally in self.tallies.items():
            tally.merge(other.tallies[name])
        self.said_by |= other.said_by
        self.fastest_ns = _least(self.fastest_ns, other.fastest_ns)
        self.problems |= other.problems

    def table(self) -> dict[str, Any]:
        """For the result."""
        answered, complete = self.counts["answered"], len(self.tallies["response"].histogram)
        parts = {name: tally.figures() for name, tally in self.tallies.items()}
        return {
            "operation": ", ".join(sorted(self.operations)) or None,
            "per_s": round(self.per_s, 2),
            **{name: self.counts[name] for name in ("answered", "refused", "lost")},
            "n": complete,
            "stamped_share": round(complete / answered, 4) if answered else None,
            **{name: self.counts[name] for name in (WITHOUT_STAMPS, OUT_OF_ORDER, NOT_CREDIBLE)},
            "usable_acks": parts["network_at_most"]["n"],
            "network_fastest_us": self.fastest_ns / 1000 if self.fastest_ns else None,
            "server_said_by": ", ".join(sorted(self.said_by)) or (SILENT if complete else None),
            "not_to_be_had": self._why_not(answered, complete),
            "parts": parts if complete else None,
        }

    def _why_not(self, answered: int, complete: int) -> str | None:
        if self.problems or complete:
            return "; ".join(sorted(self.problems)) or None
        if not answered:
            return NOT_ANSWERED
        bad = "came out of order" if self.counts[OUT_OF_ORDER] else "did not come"
        return f"the kernel's stamps {bad} for any of {answered} requests"

    def pack(self) -> dict[str, Any]:
        """For a message."""
        return {
            "operations": sorted(self.operations),
            "per_s": self.per_s,
            "counts": dict(self.counts),
            "tallies": {
                name: [each.histogram.pack(), each.sum_ns] for name, each in self.tallies.items()
            },
            "said_by": sorted(self.said_by),
            "fastest_ns": self.fastest_ns,
            "problems": sorted(self.problems),
        }

    @classmethod
    def unpack(cls, given: Mapping[str, Any]) -> Self:
        """What `pack` made."""
        return cls(
            operations=set(given["operations"]),
            per_s=given["per_s"],
            counts=Counter(given["counts"]),
            tallies={
                name: Tally(Histogram.unpack(tuple(packed)), sum_ns)
                for name, (packed, sum_ns) in given["tallies"].items()
            },
            said_by=set(given["said_by"]),
            fastest_ns=given["fastest_ns"],
            problems=set(given["problems"]),
        )


def _least(*times_ns: int) -> int:
    """The shortest of those that are known; 0 is not known."""
    return min(filter(None, times_ns), default=0)
