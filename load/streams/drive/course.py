"""Runs a profile's trials one after the other in the last stage of the plan, beside the orders and the listeners.

All workers of a fleet keep the same timetable, so that what they do together happens together. A process alone goes
on at once, and ends the stage when all is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import time_ns
from typing import Any, Final

import gevent
from gevent.pool import Pool

from load.plan import SECOND_NS
from load.session import Session
from load.streams.clocks import MS_NS, Offset
from load.streams.drive.processes import owners_of
from load.streams.drive.reader import TrialReader
from load.streams.events import Window, quiet
from load.streams.spans import MEASURED, Spans
from load.streams.trials import PAUSE_S, Trials, share

TOGETHER: Final = 16  # connections that are opened at once where it is no storm
LOOK_S: Final = 0.05
PATIENCE: Final = 2.0  # times the longest that a trial should take: a machine may be busy
UNKNOWN: Final = Offset(0, 0)

Trial = Callable[["Course"], None]


class Course:
    """One process's trials. `counts` adds up over processes, `facts` are of this one."""

    def __init__(
        self,
        session: Session,
        topics: Sequence[str],
        spans: Spans,
        offset: Offset | None,
        events: Callable[[], Counter[str]],
    ) -> None:
        self.session = session
        self.topics = topics
        self.spans = spans
        self._events = events
        self.offset = offset or UNKNOWN
        self.counts: dict[str, Any] = {}
        self.facts: dict[str, Any] = {}
        self.not_tried: dict[str, str] = {}
        self.trials: Trials = session.asked.profile.trials
        # Looked for now: later it would keep the orders waiting.
        self.owners = owners_of(session.target.stream) if self.trials.memory else ([], "not asked")
        self._readers: list[TrialReader] = []
        self._now_trying = ""
        self._running: gevent.Greenlet | None = None

    def start(self, kinds: Mapping[str, Trial]) -> None:
        """Begin; returns at once."""
        self._running = gevent.spawn(self._run, kinds)

    def close(self) -> None:
        """End, and say of what was not finished that it was cut short."""
        if self._running is not None:
            self._running.kill()
        if self._now_trying:
            self.not_tried[self._now_trying] = "cut short: the run ended"
        self.hang_up(self._readers)

    # --- what trials use ------------------------------------------------------------------------

    def share(self, total: int) -> int:
        """How many of all are this process's."""
        return share(total, self.session.number, self.session.of)

    def open(self, topics: Sequence[str], buffer_bytes: int = 0) -> TrialReader:
        """One more connection, subscribed. Raises OSError."""
        reader = TrialReader(self.session, buffer_bytes)
        try:
            if topics:
                reader.subscribe(topics)
        except BaseException:
            reader.close()  # not even after an interruption it stays behind
            raise
        self._readers.append(reader)
        return reader

    def open_many(self, count: int, topics: Sequence[str]) -> tuple[list[TrialReader], list[str]]:
        """As many as open, and why the others did not."""
        found: list[TrialReader] = []
        failures: list[str] = []

        def one(_: int) -> None:
            try:
                found.append(self.open(topics))
            except OSError as error:
                failures.append(str(error) or type(error).__name__)

        Pool(TOGETHER).map(one, range(count))
        return found, failures

    def hang_up(self, readers: Sequence[TrialReader]) -> None:
        """Close connections of ours."""
        gone = list(readers)
        for reader in gone:
            reader.close()
        self._readers = [each for each in self._readers if each not in gone]

    def quiet_topics(self) -> list[str]:
        """Those that had next to no events so far: being subscribed to them is no work."""
        return quiet(self.topics, self._events())

    def now_ms(self) -> int:
        """What the exchange's clock shows, as far as that is known."""
        return (time_ns() + self.offset.middle_ns) // MS_NS

    @contextmanager
    def window(self) -> Iterator[list[Window]]:
        """The block's span on the exchange's clock, given when it has ended."""
        found: list[Window] = []
        from_ms = self.now_ms()
        yield found
        found.append(Window(from_ms, self.now_ms()))

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass, or less when it is true before; whether it was."""
        end_ns = time_ns() + round(seconds * SECOND_NS)
        while not until():
            left_s = (end_ns - time_ns()) / SECOND_NS
            if left_s <= 0:
                return False
            gevent.sleep(min(LOOK_S, left_s))
        return True

    def meet(self, at_ns: int) -> None:
        """Where there are several workers, wait until all should be there."""
        if self.session.of > 1:
            self.wait((at_ns - time_ns()) / SECOND_NS)

    # --- the timetable --------------------------------------------------------------------------

    def _run(self, kinds: Mapping[str, Trial]) -> None:
        session = self.session
        session.began.wait()
        from_ns, until_ns = (session.start_ns + each for each in session.asked.plan.spans_ns[-1])
        if not self.trials.chosen:
            return
        self.wait((from_ns - time_ns()) / SECOND_NS)
        self.spans.end(MEASURED)
        for name in self.trials.chosen:
            most_ns = round(getattr(self.trials, name).most_s * SECOND_NS)
            self.meet(from_ns)
            from_ns += most_ns + round(PAUSE_S * SECOND_NS)
            if time_ns() + most_ns > until_ns:
                self.not_tried[name] = "the run is too short for it"
                continue
            self._try(name, kinds[name])
            self.wait(PAUSE_S)
        if session.of == 1:
            session.engine.stop()  # the last stage is there for them; workers keep its whole length

    def _try(self, name: str, trial: Trial) -> None:
        limit_s = getattr(self.trials, name).most_s * PATIENCE
        self._now_trying = name
        self.not_tried[name] = f"given up: it took longer than {limit_s:.0f} s"
        try:
            # Its turns between those of the engine have to come in time, or nothing of it does.
            with self.session.engine.giving_way(), gevent.Timeout(limit_s, False):
                trial(self)
                del self.not_tried[name]
        except OSError as error:
            self.not_tried[name] = f"failed: {error}"
        self._now_trying = ""
        self.hang_up(self._readers)
