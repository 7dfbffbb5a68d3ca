"""Drives every connection of the process from one loop: asks at the planned times, reads what comes back.

The loop is the generator's hot path, so it is written flat. It sleeps in `select` on its epoll set, which
keeps microseconds where `epoll_wait` keeps milliseconds, and lets the other greenlets (Locust's heartbeats, its
web page) run between two turns.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import time_ns
from typing import Final, Protocol

import gevent
from gevent import monkey

from conformance.wire.http import Response
from load.answers import AnswerReader, body_at
from load.plan import SPIN_US
from load.recorder import ROW, Kind, Recorder
from load.sockets import StampedSocket

SELECT: Final = monkey.get_original("select", "select")
EPOLL: Final = monkey.get_original("select", "epoll")
EPOLLIN: Final = 1
LOOK_NS: Final = 20_000_000  # so often, timeouts are looked for
COMPARE_NS: Final = 1_000_000  # and at most so often, after a sleep, clocks are compared
BREATH_NS: Final = 5_000_000  # so often, the other greenlets run
A_TURN_S: Final = 1e-9  # with 0 gevent looks at timers and sockets every fiftieth time only
ROOM_NS: Final = 3_000_000  # as long as nothing is due within this
HELD_NS: Final = 50_000_000  # or when they have waited for this
OPENING_NS: Final = 500_000  # and so often while a connection opens
REOPEN_S: Final = 0.1
STALE_NS: Final = 2_000_000_000  # servers hang up on quiet connections, many after five seconds
FOLLOWS: Final = 1 << 20
PACK: Final = ROW.pack
YES: Final = (b'{"code":0,', b'{"code": 0,')

Composed = tuple[int, bytes]  # the operation's number, and the request as it travels


class Asker(Protocol):
    """What one connection asks, and what it makes of the answers."""

    def compose(self) -> Composed:
        """What the next planned time is used for, made before it is due."""

    def accepted(self, operation: int, body: bytes) -> Composed | None:
        """Said yes. What is returned is asked at once, on the same connection."""

    def judge(self, response: Response) -> str | None:
        """Why an answer is not a yes, or None."""

    def failed(self, operation: int, why: str) -> None:
        """Said no, or did not answer."""


class Lane:
    """One kept connection with at most one request under way."""

    __slots__ = (
        *("asker", "composed", "follows", "free_ns", "intended_ns", "is_between", "is_waiting"),
        *("number", "operation", "owed", "reader", "ready_ns", "sent_ns", "socket"),
    )

    def __init__(self, number: int, asker: Asker, socket: StampedSocket) -> None:
        self.number = number
        self.asker = asker
        self.socket = socket
        self.reader = AnswerReader()
        self.composed = asker.compose()
        self.operation = 0
        self.follows = 0  # FOLLOWS when what is under way had no planned time
        self.free_ns = time_ns()
        self.intended_ns = self.ready_ns = 0
        self.sent_ns = 0
        self.is_waiting = False  # for the answer to what was sent then
        self.owed: Composed | None = None  # what has to follow once the connection is open again
        self.is_between = True  # two answers: the next bytes begin one


class Engine:
    """Planned times, lanes that are free, lanes that wait for an answer."""

    def __init__(
        self,
        recorder: Recorder,
        connect: Callable[[], StampedSocket],
        timeout_s: float,
        spin_us: float = SPIN_US,
    ) -> None:
        self.idle_ns = 0  # how long there was nothing to do
        self.look: Callable[[], None] = lambda: None  # called after sleeps, and often without one
        self._recorder = recorder
        self._keep = recorder.keep
        self._connect = connect
        self._timeout_ns = round(timeout_s * 1e9)
        self._spin_ns = round(spin_us * 1000)
        self._epoll = EPOLL()
        self._readable: dict[int, Callable[[], None]] = {}
        self._lanes: list[Lane] = []
        self._idle: deque[Lane] = deque()
        self._times: array[int] = array("q")
        self._next = 0
        self._busy = self._opening = 0
        self._looked_ns = self._breathed_ns = self._compared_ns = 0
        self._is_stopped = False

    def join(self, asker: Asker) -> Lane:
        """A connection more. Raises OSError when it does not open."""
        lane = Lane(len(self._lanes), asker, self._open())
        self._lanes.append(lane)
        self._watch(lane)
        self._idle.append(lane)
        return lane

    def listen(self, fileno: int, readable: Callable[[], None]) -> None:
        """Call back whenever a descriptor of somebody else's can be read."""
        self._epoll.register(fileno, EPOLLIN)
        self._readable[fileno] = readable

    def unlisten(self, fileno: int) -> None:
        """Look at it no more."""
        if self._readable.pop(fileno, None):
            self._epoll.unregister(fileno)

    @contextmanager
    def giving_way(self) -> Iterator[None]:
        """Within the block the other greenlets have their turn after each of ours."""
        self._opening += 1
        try:
            yield
        finally:
            self._opening -= 1

    def stop(self) -> None:
        """Send nothing more; what is under way is waited for."""
        self._is_stopped = True

    def run(self, times_ns: array[int], until_ns: int) -> None:
        """Ask at each time, then listen to the end; returns when nothing is under way any more."""
        self._times, self._next = times_ns, 0
        while True:
            now_ns = self._send_due()
            if self._is_over(now_ns, until_ns):
                break
            for fileno, _ in self._events(now_ns, until_ns):
                # Looked up each time: what came before in this turn may have hung up.
                if readable := self._readable.get(fileno):
                    readable()

    def close(self) -> None:
        """Hang up."""
        for lane in self._lanes:
            lane.socket.close()
        self._epoll.close()

    def _is_over(self, now_ns: int, until_ns: int) -> bool:
        if now_ns > until_ns + self._timeout_ns:
            self._is_stopped = True  # too far behind: what is still unused was never offered
        is_used_up = self._is_stopped or self._next >= len(self._times)
        return is_used_up and not self._busy and (self._is_stopped or now_ns >= until_ns)

    def _send_due(self) -> int:
        idle, times = self._idle, self._times
        now_ns = time_ns()
        while idle and self._next < len(times) and not self._is_stopped:
            intended_ns = times[self._next]
            if intended_ns > now_ns:
                break
            self._next += 1
            lane = idle.popleft()
            lane.follows = 0
            self._ask(lane, lane.composed, intended_ns)
            now_ns = lane.sent_ns
        return now_ns

    def _ask(self, lane: Lane, composed: Composed, intended_ns: int) -> None:
        lane.operation, payload = composed
        lane.intended_ns = intended_ns
        free_ns = lane.free_ns
        lane.ready_ns = free_ns if free_ns > intended_ns else intended_ns
        socket = lane.socket
        if not socket.is_plain:
            payload = socket.seal(payload)
        self._busy += 1
        lane.is_waiting = True
        lane.sent_ns = time_ns()
        try:
            if socket.push(payload) < len(payload):
                raise ConnectionError("the connection takes no more")
        except OSError as error:
            self._lose(lane, error)

    def _answer(self, lane: Lane) -> None:
        try:
            data, kernel_ns = lane.socket.receive()
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(lane, error)
            return
        received_ns = time_ns()
        at = body_at(data) if lane.is_between and lane.is_waiting else -1
        if at < 0 or not data.startswith(YES, at):
            self._unusual(lane, data, kernel_ns, received_ns)
            return
        operation = lane.operation
        tag = operation | lane.follows | lane.number << 24
        self._keep(
            PACK(tag, lane.intended_ns, lane.ready_ns, lane.sent_ns, kernel_ns or 0, received_ns)
        )
        lane.is_waiting = False
        lane.free_ns = received_ns
        self._busy -= 1
        follows = lane.asker.accepted(operation, data[at:])
        if follows is None:
            lane.composed = lane.asker.compose()
            self._idle.append(lane)
        else:
            self._follow(lane, follows)

    def _unusual(self, lane: Lane, data: bytes, kernel_ns: int | None, received_ns: int) -> None:
        """An answer in pieces, one that is no envelope, a refusal, or no answer at all."""
        try:
            if not data:
                raise ConnectionError("the connection closed before the whole answer")
            if not lane.is_waiting:
                raise ConnectionError("an answer that nobody asked for")
            whole = lane.reader.take(data)
        except OSError as error:
            self._lose(lane, error)
            return
        lane.is_between = whole is not None
        if whole is None:
            return
        operation, problem = lane.operation, lane.asker.judge(whole.response)
        self._end(lane, Kind.REFUSED if problem else Kind.ANSWERED, kernel_ns, received_ns)
        if problem:
            lane.asker.failed(operation, problem)
        follows = None if problem else lane.asker.accepted(operation, whole.body)
        if whole.keeps_alive:
            self._go_on(lane, follows)
        else:
            lane.owed = follows
            self._reopen(lane)

    def _end(self, lane: Lane, kind: int, kernel_ns: int | None, received_ns: int) -> None:
        self._recorder.add(
            lane.operation | kind << 16 | lane.follows | lane.number << 24,
            lane.intended_ns,
            lane.ready_ns,
            lane.sent_ns,
            kernel_ns or 0,
            received_ns,
        )
        lane.is_waiting = False
        lane.free_ns = received_ns
        self._busy -= 1

    def _go_on(self, lane: Lane, follows: Composed | None) -> None:
        if follows is None:
            lane.composed = lane.asker.compose()
            self._idle.append(lane)
        else:
            self._follow(lane, follows)

    def _follow(self, lane: Lane, follows: Composed) -> None:
        lane.follows = FOLLOWS
        self._ask(lane, follows, time_ns())

    def _events(self, now_ns: int, until_ns: int) -> list[tuple[int, int]]:
        if now_ns - self._looked_ns > LOOK_NS:
            self._looked_ns = now_ns
            self.look()
            self._look(now_ns)
        if self._opening or self._may_breathe(now_ns):
            gevent.sleep(A_TURN_S)
            self._breathed_ns = now_ns = time_ns()
        # A lane that opens does so in another greenlet, which needs its turns.
        wake_ns = now_ns + (OPENING_NS if self._opening else LOOK_NS)
        if self._idle and self._next < len(self._times) and not self._is_stopped:
            wake_ns = min(wake_ns, self._times[self._next])
        elif not self._busy:
            wake_ns = min(wake_ns, until_ns)
        sleep_ns = wake_ns - now_ns - self._spin_ns
        if sleep_ns > 0:
            woken, _, _ = SELECT((self._epoll,), (), (), sleep_ns / 1e9)
            slept_ns = time_ns() - now_ns
            self.idle_ns += max(slept_ns, 0)  # the clock may have been set back meanwhile
            if not 0 <= now_ns + slept_ns - self._compared_ns < COMPARE_NS:
                self._compared_ns = now_ns + slept_ns
                self.look()
            if not woken:
                self._recorder.overslept(slept_ns - sleep_ns)
                return []
        found: list[tuple[int, int]] = self._epoll.poll(0)
        if not found and sleep_ns <= 0:
            self.idle_ns += time_ns() - now_ns
        return found

    def _may_breathe(self, now_ns: int) -> bool:
        """Whether the others may run: often while nothing is due soon, now and then in any case."""
        held_ns = now_ns - self._breathed_ns
        if held_ns < BREATH_NS:
            return False
        is_near = self._next < len(self._times) and self._times[self._next] - now_ns < ROOM_NS
        return held_ns > HELD_NS or not (is_near or self._busy)

    def _look(self, now_ns: int) -> None:
        """Give up what waits too long, and renew what was quiet for too long."""
        for lane in self._lanes:
            if lane.is_waiting and now_ns - lane.sent_ns > self._timeout_ns:
                self._lose(lane, TimeoutError("timed out"))
        while self._idle and now_ns - self._idle[0].free_ns > STALE_NS:
            self._reopen(self._idle.popleft())

    def _lose(self, lane: Lane, error: OSError) -> None:
        if lane.is_waiting:
            self._end(lane, Kind.LOST, None, time_ns())
            lane.asker.failed(lane.operation, str(error))
        elif lane in self._idle:
            self._idle.remove(lane)
        lane.is_waiting = False
        self._reopen(lane)

    def _reopen(self, lane: Lane) -> None:
        self._forget(lane)
        self._opening += 1
        gevent.spawn(self._open_again, lane)

    def _open_again(self, lane: Lane) -> None:
        try:
            while not self._is_stopped and not self._is_open_again(lane):
                gevent.sleep(REOPEN_S)
        finally:
            self._opening -= 1

    def _is_open_again(self, lane: Lane) -> bool:
        try:
            lane.socket = self._open()
        except OSError as error:
            lane.asker.failed(lane.operation, f"does not open again: {error}")
            return False
        lane.reader = AnswerReader()
        lane.is_between = True
        lane.free_ns = time_ns()
        self._watch(lane)
        owed, lane.owed = lane.owed, None
        self._go_on(lane, owed)
        return True

    def _open(self) -> StampedSocket:
        opened = self._connect()
        opened.make_immediate()
        return opened

    def _watch(self, lane: Lane) -> None:
        self.listen(lane.socket.fileno(), partial(self._answer, lane))

    def _forget(self, lane: Lane) -> None:
        self.unlisten(lane.socket.fileno())
        lane.socket.close()
