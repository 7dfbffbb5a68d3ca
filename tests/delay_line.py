"""`python -m tests.delay_line A B MS`: a cable that holds every packet from A to B for some milliseconds.

What `tc netem` does in kernels that have it. Two TUN interfaces, which the caller may move into any namespace; what
comes in at B goes out at A at once.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from select import select
from time import monotonic_ns
from typing import Final

TUNSETIFF: Final = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
MOST_BYTES: Final = 65536
TIMER_SLACK: Final = Path("/proc/self/timerslack_ns")


def main(a: str, b: str, delay_ms: str) -> None:
    """Carry packets until told to end."""
    TIMER_SLACK.write_text("1000", encoding="ascii")  # wake within a microsecond, not fifty
    ends, delay_ns = (_tun(a), _tun(b)), round(float(delay_ms) * 1e6)
    print("ready", flush=True)
    held: deque[tuple[int, bytes]] = deque()
    while True:
        wait_s = max(held[0][0] - monotonic_ns(), 0) / 1e9 if held else None
        readable, _, _ = select(ends, (), (), wait_s)
        while held and held[0][0] <= monotonic_ns():
            _put(ends[1], held.popleft()[1])
        if ends[0] in readable:
            held.append((monotonic_ns() + delay_ns, os.read(ends[0], MOST_BYTES)))
        if ends[1] in readable:
            _put(ends[0], os.read(ends[1], MOST_BYTES))


def _tun(name: str) -> int:
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return end


def _put(end: int, packet: bytes) -> None:
    with suppress(OSError):  # the other end is not up: a cable loses it as well
        os.write(end, packet)


if __name__ == "__main__":
    main(*sys.argv[1:])
