"""Whether what comes under load is what the document says: every so many-th message, judged after the run.

Judging one takes as long as counting a hundred, so it waits until nothing is measured any more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.spec.contract import Contract
from conformance.verdict.frames import FrameJudge

MOST_SAMPLES: Final = 10_000
MOST_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class Sampled:
    """By channel: how many were judged, and how many of them are no message of the document."""

    judged: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    first_wrong: str | None = None

    def as_counts(self) -> dict[str, Any]:
        """What adds up over processes."""
        return {
            "sampled": dict(self.judged),
            "wrong": dict(self.wrong),
            "left_out": self.left_out,
        }


class Sampler:
    """Keeps what is to be judged; of more than it can hold it counts the rest."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._kept: list[tuple[str, bytes]] = []
        self._left_out = 0

    def keep(self, topic: str, text: bytes) -> None:
        """One message that was chosen."""
        if len(self._kept) < MOST_SAMPLES:
            self._kept.append((topic, text))
        else:
            self._left_out += 1

    def judged(self) -> Sampled:
        """All that were kept, against the document."""
        judge, judged, wrong = FrameJudge(self._contract), Counter[str](), Counter[str]()
        first: str | None = None
        for topic, text in self._kept:
            channel = topic.partition(".")[0]
            judged[channel] += 1
            problem = judge.problem_of(text.decode("utf-8", "replace"))
            if problem:
                wrong[channel] += 1
                first = first or problem[:MOST_SHOWN]
        return Sampled(judged, wrong, self._left_out, first)
