"""The engine keeps its plan whatever the server does, and loses nothing that it sent."""

from __future__ import annotations

import socket
from array import array
from time import sleep, time_ns

import gevent
import numpy as np
import pytest

from conformance.wire.http import Response
from load.client import Address
from load.engine import Composed, Engine
from load.recorder import Kind, Recorder, Rows, follow_ups_of, kinds_of, rows_of
from tests.load.test_client import OK, Peer, answering, serving

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
YES = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"code":0}'
NO = b'HTTP/1.1 400 Bad Request\r\nContent-Length: 10\r\n\r\n{"code":7}'


class Asking:
    """Asks the same again and again; `chain` more after each yes."""

    def __init__(self, chain: int = 0) -> None:
        self.failures: list[str] = []
        self._chain = chain

    def compose(self) -> Composed:
        return 0, GET

    def accepted(self, operation: int, body: bytes) -> Composed | None:
        return (operation + 1, GET) if operation < self._chain else None

    def judge(self, response: Response) -> str | None:
        return None if response.status == 200 else f"{response.status}"

    def failed(self, operation: int, why: str) -> None:
        self.failures.append(why)


def driven(
    peer: Peer,
    lanes: int = 2,
    per_s: int = 200,
    count: int = 40,
    chain: int = 0,
    timeout_s: float = 1.0,
) -> tuple[Rows, Asking]:
    """What came of a plan against a server."""
    recorder, asking = Recorder(), Asking(chain)
    with serving(peer) as url:
        engine = Engine(recorder, Address(url, timeout_s).connect, timeout_s)
        for _ in range(lanes):
            engine.join(asking)
        start_ns = time_ns() + 20_000_000
        times = array("q", (start_ns + k * 1_000_000_000 // per_s for k in range(count)))
        engine.run(times, times[-1])
        engine.close()
    return rows_of(recorder.take()), asking


@pytest.mark.parametrize("answer", [YES, OK], ids=["envelope", "bare"])
def test_every_planned_time_is_used_once_and_in_order(answer):
    found, asking = driven(answering(answer), lanes=1)
    assert kinds_of(found).tolist() == [Kind.ANSWERED] * 40
    assert (np.diff(found[:, 1]) == 5_000_000).all()
    assert asking.failures == []
    _, intended, ready, sent, kernel, received = found.T
    assert (intended <= ready).all()
    assert (ready <= sent).all()
    assert (sent < received).all()
    stamped = kernel != 0
    assert stamped.sum() >= 35
    assert ((sent < kernel) & (kernel < received))[stamped].all()


@pytest.mark.parametrize("spin_us", [80.0, 20_000.0], ids=["sleeping", "awake"])
def test_the_clock_is_looked_at_whether_the_engine_sleeps_or_not(spin_us):
    looks: list[int] = []
    with serving(answering(YES)) as url:
        engine = Engine(Recorder(), Address(url, 1.0).connect, 1.0, spin_us)
        engine.look = lambda: looks.append(time_ns())
        engine.join(Asking())
        start_ns = time_ns()
        engine.run(array("q", (start_ns + k * 5_000_000 for k in range(40))), start_ns)
        engine.close()
    assert len(looks) >= 8
    assert spin_us > 80 or len(looks) >= 30


def test_a_slow_server_does_not_change_the_plan():
    def slow(connection: socket.socket, number: int) -> None:
        while connection.recv(65536):
            sleep(0.02)
            connection.sendall(YES)

    found, _ = driven(slow, lanes=1, count=20)
    waited = found[:, 2] - found[:, 1]
    assert (np.diff(found[:, 1]) == 5_000_000).all()
    # Each answer takes four gaps: the twentieth waits for fifteen of them, and that is no lateness of ours.
    assert waited[-1] > 200_000_000
    assert np.median(found[:, 3] - found[:, 2]) < 20_000_000


def test_what_follows_is_asked_at_once_on_the_same_connection():
    found, _ = driven(answering(YES), chain=2, count=10)
    assert (found[:, 0] & 0xFFFF).tolist().count(2) == 10
    assert follow_ups_of(found).sum() == 20
    lanes = found[:, 0] >> 24
    for lane in (0, 1):
        mine = (found[lanes == lane][:, 0] & 0xFFFF).tolist()
        assert mine == [0, 1, 2] * (len(mine) // 3)


def test_a_refusal_is_no_answer_and_the_connection_is_kept():
    found, asking = driven(answering(NO), count=6)
    assert kinds_of(found).tolist() == [Kind.REFUSED] * 6
    assert asking.failures == ["400"] * 6


def test_a_server_that_hangs_up_after_each_answer_is_asked_again():
    def once(connection: socket.socket, number: int) -> None:
        if connection.recv(65536):
            connection.sendall(YES.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    found, asking = driven(once, lanes=1, count=8)
    assert kinds_of(found).tolist() == [Kind.ANSWERED] * 8
    assert asking.failures == []


def test_a_dropped_request_is_lost_and_the_next_has_a_connection_of_its_own():
    def sometimes(connection: socket.socket, number: int) -> None:
        while connection.recv(65536):
            if number == 0:
                return
            connection.sendall(YES)

    found, asking = driven(sometimes, lanes=1, count=5)
    assert kinds_of(found).tolist() == [Kind.LOST] + [Kind.ANSWERED] * 4
    assert "closed" in asking.failures[0]


def test_silence_is_given_up_and_counted_as_lost():
    def silent(connection: socket.socket, number: int) -> None:
        while connection.recv(65536):
            pass

    found, asking = driven(silent, lanes=2, count=2, timeout_s=0.1)
    assert kinds_of(found).tolist() == [Kind.LOST] * 2
    assert asking.failures == ["timed out"] * 2
    assert (found[:, 5] - found[:, 3] >= 100_000_000).all()


def test_answers_in_pieces_are_put_together():
    found, _ = driven(answering(YES[:20], YES[20:50], YES[50:]), count=5)
    assert kinds_of(found).tolist() == [Kind.ANSWERED] * 5


def test_the_others_have_their_turns_while_there_is_always_something_to_read():
    ours, theirs = socket.socketpair()
    engine = Engine(Recorder(), lambda: pytest.fail("nothing is asked"), 1.0)
    ticks: list[int] = []

    def tick() -> None:
        while True:
            gevent.sleep(0.05)
            ticks.append(time_ns())

    theirs.send(b"never read")
    engine.listen(ours.fileno(), lambda: sleep(0.01))
    ticking = gevent.spawn(tick)
    engine.run(array("q"), time_ns() + 1_500_000_000)
    ticking.kill()
    for each in (ours, theirs):
        each.close()
    engine.close()
    # One in every fifty milliseconds; a few would do, but the end of the run is no turn.
    assert len(ticks) > 3
