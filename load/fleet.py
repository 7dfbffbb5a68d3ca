"""How the processes of one run start together and come together: alone, as a worker, or as their master.

Locust connects them; these are our own messages on its line. A worker says that it is ready, compares its
clock with the master's, is told when the plan begins and which share of it is its own, and delivers what it
counted when it is done. A worker that dies is missed by Locust's heartbeats; what it wrote down is read from
its journal where the master can see it.
"""

from __future__ import annotations

from collections.abc import Callable
from socket import gethostname
from time import monotonic, time, time_ns
from typing import Any, Final, NamedTuple

import gevent
from gevent.event import AsyncResult, Event
from locust.rpc import Message
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from load.part import Part
from load.timeline import Timeline

LEAD_NS: Final = 100_000_000  # between "everybody is ready" and the first planned time
FLEET_LEAD_NS: Final = 500_000_000  # the same, when the word has to travel
CLOCK_ROUNDS: Final = 8
LOOK_S: Final = 0.25
DELIVER_S: Final = 20.0  # after the last planned time, for folding and sending
MASTER_SILENT_S: Final = 4.0

READY, CLOCK, GO, STOP, DONE = "load_ready", "load_clock", "load_go", "load_stop", "load_done"


class Start(NamedTuple):
    """When the plan begins on this machine's clock, and which share of it is ours.

    `clock_ns` is how far our clock is ahead of the master's, known to within `within_ns`.
    """

    start_ns: int
    number: int = 0
    of: int = 1
    clock_ns: int = 0
    within_ns: int = 0


class Alone:
    """One process."""

    name = ""

    def await_start(self) -> Start:
        """At once."""
        return Start(time_ns() + LEAD_NS)

    def deliver(self, part: Part) -> None:
        """Nobody else wants it."""

    def is_forsaken(self) -> bool:
        """There is no master to lose."""
        return False


class Worker:
    """One of several; the master says when."""

    def __init__(self, runner: WorkerRunner) -> None:
        self._runner = runner
        self._go: AsyncResult[dict[str, Any]] = AsyncResult()
        self._clock: AsyncResult[dict[str, Any]] = AsyncResult()
        self._is_spawned = Event()
        events: Any = runner.environment.events
        events.spawning_complete.add_listener(self._spawned)
        self.name = f"worker-{runner.worker_index}"
        runner.custom_messages.pop(GO, None)
        runner.custom_messages.pop(CLOCK, None)
        runner.register_message(GO, lambda msg, **_: self._go.set(msg.data))
        runner.register_message(CLOCK, lambda msg, **_: self._clock.set(msg.data))

    def await_start(self) -> Start:
        """Tell the master that we are ready, and wait for its word."""
        ahead_ns, within_ns = min(
            (self._compare() for _ in range(CLOCK_ROUNDS)), key=lambda x: x[1]
        )
        self._is_spawned.wait()
        self._runner.send_message(READY, {"name": self.name, "host": gethostname()})
        word = self._go.get()
        start_ns = word["start_ns"] + ahead_ns
        return Start(start_ns, word["number"], word["of"], ahead_ns, within_ns)

    def deliver(self, part: Part) -> None:
        """Send what was counted."""
        self._runner.send_message(DONE, part.pack())

    def is_forsaken(self) -> bool:
        """True when the master has been silent for longer than its heart beats."""
        last_s = self._runner.last_heartbeat_timestamp
        return last_s is not None and time() - last_s > MASTER_SILENT_S

    def _spawned(self, user_count: int, **_: Any) -> None:
        # Locust gives out users in turns; the last word is that everybody has them all.
        self._is_spawned.set()

    def _compare(self) -> tuple[int, int]:
        """How far our clock is ahead of the master's, and half of the way there and back."""
        self._clock = AsyncResult()
        asked_ns = time_ns()
        self._runner.send_message(CLOCK, {})
        theirs_ns = self._clock.get(timeout=DELIVER_S)["now_ns"]
        answered_ns = time_ns()
        return (asked_ns + answered_ns) // 2 - theirs_ns, (answered_ns - asked_ns) // 2


class Master:
    """Starts all workers at one time, and gathers what they deliver."""

    def __init__(self, runner: MasterRunner, finish: Callable[[], None]) -> None:
        self._runner = runner
        self._finish = finish
        self._names: dict[str, str] = {}
        self._hosts: dict[str, str] = {}
        self.parts: dict[str, Part] = {}
        self.lost: dict[str, float] = {}
        self.start_ns = 0
        self._is_done = Event()
        for name, listener in ((READY, self._ready), (CLOCK, self._tell_time), (DONE, self._done)):
            runner.custom_messages.pop(name, None)
            runner.register_message(name, listener)
        self._watcher = gevent.spawn(self._watch)

    def gather(self) -> None:
        """Have everybody stop, and wait a little for what they counted."""
        self._watcher.kill()
        for client, name in self._names.items():
            if name not in self.parts and name not in self.lost:
                self._runner.send_message(STOP, {}, client)
        deadline = monotonic() + DELIVER_S
        while self._awaited() and monotonic() < deadline:
            self._miss()
            gevent.sleep(LOOK_S)

    def lost_workers(self) -> list[Part]:
        """An empty part for each worker that did not deliver, which says what became of it."""
        found, names = [], list(self._names.values())
        for number, name in enumerate(names):
            if name in self.parts:
                continue
            after_s = self.lost.get(name)
            when = f" {after_s:.0f} s after the start" if after_s is not None else ""
            who = f"{name} on {self._hosts[name]}"
            why = f"{who} was lost{when}: its part of the load was not offered from then on"
            found.append(Part(name, Timeline(), 0, number=number, of=len(names), lost=why))
        return found

    def _ready(self, environment: Any, msg: Message, **_: Any) -> None:
        self._names[msg.node_id] = msg.data["name"]
        self._hosts[msg.data["name"]] = msg.data["host"]
        expected = [x for x in self._runner.clients.all if x.state != STATE_MISSING]
        if len(self._names) >= len(expected) and not self.start_ns:
            self.start_ns = time_ns() + FLEET_LEAD_NS
            for number, client in enumerate(self._names):
                word = {"start_ns": self.start_ns, "number": number, "of": len(self._names)}
                self._runner.send_message(GO, word, client)

    def _tell_time(self, environment: Any, msg: Message, **_: Any) -> None:
        self._runner.send_message(CLOCK, {"now_ns": time_ns()}, msg.node_id)

    def _done(self, environment: Any, msg: Message, **_: Any) -> None:
        part = Part.unpack(msg.data)
        self.parts[part.worker] = part

    def _watch(self) -> None:
        while not self.start_ns or self._awaited():
            gevent.sleep(LOOK_S)
            self._miss()
        gevent.spawn(self._finish)

    def _awaited(self) -> set[str]:
        return set(self._names.values()) - set(self.parts) - set(self.lost)

    def _miss(self) -> None:
        """Notice who is gone."""
        for client, name in self._names.items():
            node = self._runner.clients.get(client)
            is_gone = node is None or node.state == STATE_MISSING
            if is_gone and name not in self.parts and name not in self.lost:
                self.lost[name] = (time_ns() - self.start_ns) / 1e9 if self.start_ns else 0.0
