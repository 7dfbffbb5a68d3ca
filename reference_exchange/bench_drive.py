"""Drives an exchange over real sockets: orders as fast as they are answered, at a rate, and with listeners.

One thread and one core. It writes requests ahead of time and hardly looks at answers, because a generator
that is slower than the exchange measures itself.
"""

from __future__ import annotations

import os
import re
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from conformance.errors import SuiteError
from conformance.wire.http import Request
from load.client import Answer, Client

FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")
SYMBOL: Final = "SOL/USDT"
TIMEOUT_S: Final = 5.0
CHUNK: Final = 262_144
LENGTH: Final = re.compile(rb"content-length: (\d+)\r\n", re.IGNORECASE)
ORDER_ID: Final = re.compile(rb'"data":"(\w+)"')
NUMBERS: Final = re.compile(rb'"type":"delta","seq":(\d+),"prevSeq":(\d+)')
Send = Callable[["Lane"], None]
MASK: Final = b"\0\0\0\0"  # legal, and it leaves the payload as it is
UPGRADE: Final = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def log_in(rest: str) -> str:
    """A token of the account that trades."""
    body = b"email=alice%40example.com&password=secret"
    client = Client(rest, TIMEOUT_S)
    answer = client.send(client.prepare(Request("POST", "/uc/v2/login", (FORM,), body)))
    client.close()
    found = re.search(rb'"Authorization":"([^"]+)"', answer.response.body)
    return found[1].decode() if found else "none"


def placing(number: int) -> bytes:
    """The form of an order that rests, on one of twenty price levels far from the market."""
    price = 50 + number % 20
    return f"symbol={SYMBOL}&direction=0&type=0&price={price}&amount=0.1".encode()


def order(token: str, number: int) -> Request:
    """A request to place it."""
    return Request("POST", "/tx/spot/add", (FORM, ("Authorization", token)), placing(number))


class Lane:
    """One kept connection with at most one request under way."""

    def __init__(self, rest: str, token: str, number: int) -> None:
        parts = urlsplit(rest)
        self.socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Client(rest, TIMEOUT_S)
        self._place = client.prepare(order(token, number))
        headers = (FORM, ("Authorization", token))
        self._cancel = client.prepare(Request("POST", "/tx/spot/cancel", headers, b"\n"))
        self._heard = b""
        self._is_placing = False
        self.resting: list[bytes] = []

    def place(self) -> None:
        """Send an order."""
        self._is_placing = True
        self.socket.sendall(self._place)

    def cancel(self) -> None:
        """Take the newest resting order back."""
        self._is_placing = False
        body = b"orderId=" + self.resting.pop()
        length = b"Content-Length: %d" % len(body)
        self.socket.sendall(self._cancel[:-1].replace(b"Content-Length: 1", length) + body)

    def answered(self) -> bool:
        """Read; True when the answer is whole. Raises SuiteError when it is a no."""
        self._heard += self.socket.recv(CHUNK)
        head, end, body = self._heard.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n") if end else None
        if length is None or len(body) < int(length[1]):
            return False
        if not body.startswith(b'{"code":0'):
            raise SuiteError(f"the exchange refused: {body[:200]!r}")
        found = ORDER_ID.search(body)
        if found and self._is_placing:
            self.resting.append(found[1])
        self._heard = b""
        return True


@dataclass(frozen=True, slots=True)
class Usage:
    """How much processor time a process has had."""

    pid: int
    used_ns: int

    @staticmethod
    def of(pid: int) -> Usage:
        """Its time so far."""
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return Usage(pid, ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK"))

    def pace(self, count: int, took_s: float) -> Pace:
        """How fast so many things were done since then, in so much time."""
        used_s = max(Usage.of(self.pid).used_ns - self.used_ns, 1) / 1e9
        return Pace(count / took_s, count / used_s, used_s / took_s)


@dataclass(frozen=True, slots=True)
class Pace:
    """So many a second; and so many a second of the server's own processor time."""

    per_s: float
    per_cpu_s: float
    server_share: float


class Orders:
    """Several lanes, each of which sends as soon as it is answered."""

    def __init__(self, rest: str, connections: int) -> None:
        token = log_in(rest)
        lanes = [Lane(rest, token, number) for number in range(connections)]
        self.lanes = {lane.socket.fileno(): lane for lane in lanes}
        self.answered = 0

    def begin(self, poll: select.epoll, send: Send) -> None:
        """Send the first requests."""
        for number, lane in self.lanes.items():
            poll.register(number, select.EPOLLIN)
            send(lane)

    def run(self, send: Send, goes_on: Callable[[Lane], bool]) -> None:
        """Send on each lane while it goes on."""
        poll = select.epoll()
        self.begin(poll, send)
        waiting = len(self.lanes)
        while waiting:
            events = poll.poll(TIMEOUT_S)
            if not events:
                raise SuiteError("the exchange stopped answering")
            for number, _ in events:
                lane = self.lanes[number]
                if not lane.answered():
                    continue
                self.answered += 1
                if goes_on(lane):
                    send(lane)
                else:
                    waiting -= 1
        poll.close()

    def close(self) -> None:
        """Hang up."""
        for lane in self.lanes.values():
            lane.socket.close()


def order_rate(rest: str, pid: int, seconds: float, connections: int) -> Pace:
    """Orders placed a second, in a closed loop. They are cancelled afterwards, uncounted."""
    orders = Orders(rest, connections)
    before, begun = Usage.of(pid), time.perf_counter()
    orders.run(Lane.place, lambda _: time.perf_counter() - begun < seconds)
    pace = before.pace(orders.answered, time.perf_counter() - begun)
    orders.run(Lane.cancel, lambda lane: bool(lane.resting))
    orders.close()
    return pace


def timed_orders(rest: str, per_s: int, seconds: float) -> Iterator[tuple[int, Answer]]:
    """(intended time, answer) of orders at a rate that does not wait for answers."""
    token = log_in(rest)
    client = Client(rest, TIMEOUT_S)
    payloads = [client.prepare(order(token, number)) for number in range(20)]
    client.connect()
    gap_ns = 1_000_000_000 // per_s
    start_ns = time.time_ns() + 10 * gap_ns
    for number in range(round(per_s * seconds)):
        intended_ns = start_ns + number * gap_ns
        _wait_until(intended_ns)
        yield intended_ns, client.send(payloads[number % 20])
    client.close()


def _wait_until(at_ns: int) -> None:
    # A sleep ends a little late; the last of it is spun.
    left_ns = at_ns - time.time_ns()
    if left_ns > 100_000:
        time.sleep((left_ns - 100_000) / 1e9)
    while time.time_ns() < at_ns:
        pass


class Listener:
    """One stream connection. What it hears is kept, and read when the clock has stopped."""

    def __init__(self, stream: str) -> None:
        parts = urlsplit(stream)
        self.socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT_S)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.sendall(UPGRADE)
        heard = self._until(b"\r\n\r\n", b"")
        payload = b'{"op":"subscribe","args":["depth.%s"],"id":"1"}' % SYMBOL.encode()
        self.socket.sendall(bytes([0x81, 0x80 | len(payload)]) + MASK + payload)
        self._until(b'"snapshot"', heard.partition(b"\r\n\r\n")[2])
        self.chunks: list[bytes] = []
        self.size = 0

    def _until(self, wanted: bytes, heard: bytes) -> bytes:
        while wanted not in heard:
            more = self.socket.recv(CHUNK)
            if not more:
                raise SuiteError(f"the stream ended before {wanted!r}")
            heard += more
        return heard

    def hear(self) -> int:
        """Keep what came; how many bytes that was."""
        chunk = self.socket.recv(CHUNK)
        if not chunk:
            raise SuiteError("the exchange disconnected a listener")
        self.chunks.append(chunk)
        return len(chunk)

    def deltas(self) -> Sequence[tuple[int, int]]:
        """(number, number of the one before) of every change that was heard."""
        found = NUMBERS.findall(b"".join(self.chunks))
        return [(int(number), int(before)) for number, before in found]


@dataclass(frozen=True, slots=True)
class FanOut:
    """What became of the changes that so many listeners were to hear."""

    pace: Pace
    changes: int
    is_whole: bool


def fan_out(rest: str, stream: str, pid: int, listeners: int, seconds: float, lanes: int) -> FanOut:
    """Orders and their cancellations as fast as they go, each of them heard by every listener."""
    ears = {each.socket.fileno(): each for each in (Listener(stream) for _ in range(listeners))}
    orders = Orders(rest, lanes)
    poll = select.epoll()
    for number in ears:
        poll.register(number, select.EPOLLIN)
    before, begun = Usage.of(pid), time.perf_counter()
    last_heard = _drive(orders, ears, poll, begun + seconds)
    pace = before.pace(orders.answered * listeners, last_heard - begun)
    heard = [ear.deltas() for ear in ears.values()]
    for ear in ears.values():
        ear.socket.close()
    orders.close()
    poll.close()
    return FanOut(pace, orders.answered, all(follows(each, orders.answered) for each in heard))


def _drive(orders: Orders, ears: dict[int, Listener], poll: select.epoll, until: float) -> float:
    """Send until then and listen until nothing more comes; when the last was heard."""
    orders.begin(poll, _alternate)
    waiting, last_heard = len(orders.lanes), time.perf_counter()
    while events := poll.poll(TIMEOUT_S if waiting else 0.5):
        now = time.perf_counter()
        for number, _ in events:
            lane = orders.lanes.get(number)
            if lane is None:
                ears[number].hear()
                last_heard = now
            elif lane.answered():
                orders.answered += 1
                if now < until:
                    _alternate(lane)
                else:
                    waiting -= 1
    return last_heard


def _alternate(lane: Lane) -> None:
    if lane.resting:
        lane.cancel()
    else:
        lane.place()


def follows(heard: Sequence[tuple[int, int]], count: int) -> bool:
    """True when so many changes were heard, each after the one before it."""
    return len(heard) == count and all(after[1] == before[0] for before, after in pairwise(heard))
