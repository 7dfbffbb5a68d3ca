"""One connection beside the load that asks a read now and then, and keeps every stamp of it.

The lanes of the engine are built for speed; reading the kernel's stamps of what was sent takes a few more system
calls a request. So a sample of requests is asked on a connection of its own, from the same loop, at times of its own
plan. None of them is among the load's figures.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial
from random import Random
from time import time_ns
from typing import Final

import gevent

from conformance.errors import TargetUnreachable
from conformance.spec.contract import Contract
from conformance.target import Target
from conformance.wire.http import Request
from conformance.wire.rest import outcome_of
from load.answers import AnswerReader, Whole
from load.asked import Asked
from load.attribution import Attribution, Stamps
from load.client import Address, Answer
from load.engine import Engine
from load.job import Prepared
from load.plan import SECOND_NS
from load.probe_socket import NoSendStamps, ProbeSocket, SendStamps, Way
from load.questions import Question, questions
from load.server_time import server_time
from load.timer import Timer

REOPEN_S: Final = 0.5
LOOK_NS: Final = 50_000_000  # so often, an answer that does not come is looked for


def cheapest_reads(contract: Contract, target: Target) -> list[Question]:
    """What a probe may ask: reads that need no log-in, the shortest first. Asking more of them harms nobody."""
    found, _ = questions(contract, target)
    public = [each for each in found if not each.is_private and each.request.method == "GET"]
    return sorted(public, key=lambda each: len(each.request.target))


def open_probe(
    prepared: Prepared,
    asked: Asked,
    engine: Engine,
    address: Address,
    ask: Callable[[Request], Answer],
) -> Probe | str:
    """A probe that is connected, or why there is none. `ask` asks once, before."""
    if not asked.is_planned:
        return "every request of a probe would use up the limit that is looked for"
    if not asked.probe_per_s:
        return "the profile wants no probe"
    try:
        question = _accepted(cheapest_reads(prepared.contract, prepared.target), ask)
        if question is None:
            return "the document has no read without a log-in that the exchange accepts"
        timeout_s = prepared.target.timing.request_ms / 1000
        payload, connect = address.prepare(question.request), partial(address.open, ProbeSocket)
        return Probe(engine, connect, question.operation, payload, timeout_s)
    except NoSendStamps as error:
        return str(error)
    except OSError as error:
        return f"the probe's connection failed: {error}"
    except TargetUnreachable as error:
        return str(error)


def _accepted(reads: list[Question], ask: Callable[[Request], Answer]) -> Question | None:
    """The first that the exchange says yes to."""
    for each in reads:
        if outcome_of(ask(each.request).response).is_accepted:
            return each
    return None


def probe_times(asked: Asked, seed: int) -> array[int]:
    """Offsets of the probe's requests: one in each gap, at a random place, or an even load would always meet it."""
    plan, draw, gap_ns = asked.plan, Random(f"{seed} probe"), SECOND_NS / asked.probe_per_s
    count = int((plan.end_ns - plan.warm_up_ns) / gap_ns)
    return array("q", (plan.warm_up_ns + round((k + draw.random()) * gap_ns) for k in range(count)))


class Probe:
    """Asks one request again and again. `found` is what came of it, once it is closed."""

    def __init__(
        self,
        engine: Engine,
        connect: Callable[[], ProbeSocket],
        operation: str,
        payload: bytes,
        timeout_s: float,
    ) -> None:
        self.found = Attribution(operations={operation})
        self._answers: list[Stamps] = []  # folded at the end: that takes longer than asking
        self._engine = engine
        self._connect = connect
        self._payload = payload
        self._timeout_ns = round(timeout_s * SECOND_NS)
        self._times: array[int] = array("q")
        self._next = 0
        self._timer = Timer()
        self._reader = AnswerReader()
        self._is_waiting = self._is_closed = False
        self._intended_ns = self._ready_ns = self._sent_ns = 0
        self._free_ns = time_ns()
        self._stamps, self._before = SendStamps(), Way(0, 0)
        self._socket: ProbeSocket | None = None
        try:
            self._socket = self._open()
        except OSError:
            self._timer.close()
            raise

    @property
    def unanswered(self) -> int:
        """How many were sent and not answered, or not yet."""
        return self.found.counts["lost"] + self._is_waiting

    @property
    def sent(self) -> int:
        """How many were sent."""
        return len(self._answers) + self.found.counts["refused"] + self.unanswered

    def start(self, times_ns: array[int]) -> None:
        """Ask at each of these times, from the engine's loop."""
        self._times, self._next = times_ns, 0
        self._engine.listen(self._timer.fileno(), self._due)
        self._set_timer()

    def stop(self) -> None:
        """Ask nothing more."""
        self._next = len(self._times)

    def close(self) -> None:
        """Hang up. What is under way does not count."""
        if not self._is_closed:
            self._is_closed = True
            self._engine.unlisten(self._timer.fileno())
            self._timer.close()
            self._hang_up()
            self.found.add(self._answers)

    def _due(self) -> None:
        self._timer.take()
        if self._is_waiting and time_ns() - self._sent_ns > self._timeout_ns:
            self._lose()
        self._ask()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._next < len(self._times) or self._is_waiting:
            due_ns = self._times[self._next] if self._next < len(self._times) else 0
            now_ns = time_ns()
            self._timer.set(due_ns if due_ns > now_ns else now_ns + LOOK_NS)

    def _ask(self) -> None:
        """What is due, when the connection is free."""
        socket, is_used_up = self._socket, self._next >= len(self._times)
        if socket is None or self._is_waiting or is_used_up or self._times[self._next] > time_ns():
            return
        self._intended_ns = self._times[self._next]
        self._next += 1
        self._ready_ns = max(self._intended_ns, self._free_ns)
        self._is_waiting = True
        try:
            self._before = socket.way()
            sealed = socket.seal(self._payload)
            self._sent_ns = time_ns()
            self._stamps = socket.push_watched(sealed)
            socket.collect()
        except OSError:
            self._lose()

    def _readable(self) -> None:
        socket = self._socket
        assert socket is not None
        try:
            data, kernel_ns = socket.receive()
            received_ns = time_ns()
            socket.collect()
            whole = self._reader.take(data) if data and self._is_waiting else None
        except BlockingIOError:
            # Nothing to read: what woke us are stamps, which were not there after the push.
            self._collect(socket)
            return
        except OSError:
            self._lose()
            return
        if not (data and self._is_waiting):
            self._lose()
        elif whole is not None:
            self._answered(socket, whole, kernel_ns or 0, received_ns)
            self._ask()

    def _collect(self, socket: ProbeSocket) -> None:
        try:
            socket.collect()
        except OSError:
            self._lose()

    def _answered(
        self, socket: ProbeSocket, whole: Whole, kernel_ns: int, received_ns: int
    ) -> None:
        self._is_waiting, self._free_ns = False, received_ns
        response = whole.response
        if not outcome_of(response).is_accepted:
            self.found.counts["refused"] += 1
        else:
            said, way = server_time(response), socket.way()
            stamps = Stamps(
                self._intended_ns,
                self._ready_ns,
                self._sent_ns,
                self._stamps.out_ns,
                self._stamps.acked_ns,
                kernel_ns,
                received_ns,
                way.pure_acks - self._before.pure_acks,
                way.fastest_ns,
                *(said or (None, "")),
            )
            self._answers.append(stamps)
        if not whole.keeps_alive:
            self._lose()

    def _lose(self) -> None:
        """Count what is not answered, and connect anew."""
        if self._is_waiting:
            self.found.counts["lost"] += 1
        self._is_waiting = False
        self._hang_up()
        gevent.spawn(self._open_again)

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._engine.unlisten(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _open_again(self) -> None:
        while not self._is_closed:
            try:
                socket = self._open()
            except OSError:
                gevent.sleep(REOPEN_S)
                continue
            if self._is_closed:
                self._engine.unlisten(socket.fileno())
                socket.close()
                return
            self._socket, self._free_ns = socket, time_ns()
            return

    def _open(self) -> ProbeSocket:
        socket = self._connect()
        try:
            socket.make_immediate()
            socket.watch_sends()
        except OSError:
            socket.close()
            raise
        self._reader = AnswerReader()
        self._engine.listen(socket.fileno(), self._readable)
        return socket
