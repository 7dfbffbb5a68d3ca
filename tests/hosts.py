"""Hosts of our own on one machine: network namespaces on a switch, which last as long as a block.

Each has a network, a name and processes of its own; nothing of the machine's network is touched, and nothing in them
reaches it. It takes root and iproute2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from conformance.errors import ConfigurationError

ROOT: Final = Path(__file__).resolve().parents[1]
NETWORK: Final = "10.77.0"
SWITCH: Final = "switch"
STOP_S: Final = 5.0
START_S: Final = 10.0
# In a UTS namespace of its own, so that each host says its own name.
NAMED: Final = 'echo "$0" > /proc/sys/kernel/hostname && exec "$@"'


def what_is_missing() -> str | None:
    """Why this machine can have no such hosts, in a few words, or None."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    for program, package in (("ip", "iproute2"), ("unshare", "util-linux")):
        if shutil.which(program) is None:
            return f"there is no `{program}` (Debian package {package})"
    try:
        with hosts("probe"):
            return None
    except ConfigurationError as error:
        return str(error)


@contextmanager
def hosts(*names: str) -> Iterator[Hosts]:
    """Hosts with these names. Raises ConfigurationError where the kernel has no namespaces."""
    made = Hosts(names)
    try:
        made.build()
        yield made
    finally:
        made.remove()


class Hosts:
    """Namespaces, the cables between them, and what runs in them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._made: list[str] = []

    def address(self, name: str) -> str:
        """A host's address."""
        return f"{NETWORK}.{self.names.index(name) + 1}"

    def build(self) -> None:
        """A switch, and each host on a cable of its own."""
        self._namespace(SWITCH)
        self.ip(SWITCH, "link", "add", "bridge", "type", "bridge")
        self.ip(SWITCH, "link", "set", "bridge", "up")
        for name in self.names:
            self._namespace(name)
            self.ip(SWITCH, "link", "add", f"to-{name}", "type", "veth", "peer", "name", "cable")
            self.ip(SWITCH, "link", "set", "cable", "netns", self._of(name))
            self.ip(SWITCH, "link", "set", f"to-{name}", "master", "bridge", "up")
            self.ip(name, "address", "add", f"{self.address(name)}/24", "dev", "cable")
            self.ip(name, "link", "set", "cable", "up")

    def remove(self) -> None:
        """End what runs, and take everything away."""
        for process in self._processes:
            end(process)
        for namespace in reversed(self._made):
            subprocess.run(["ip", "netns", "delete", namespace], capture_output=True, check=False)

    def start(self, name: str, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
        """A process on a host; it ends with the block at the latest."""
        inside = ["ip", "netns", "exec", self._of(name), "unshare", "--uts", "sh", "-c", NAMED]
        with log.open("wb") as said:
            process = subprocess.Popen(
                [*inside, name, *command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def cut(self, name: str) -> None:
        """Pull a host's cable out of the switch."""
        self.ip(SWITCH, "link", "set", f"to-{name}", "down")

    def slow_down(self, name: str, other: str, number: int, delay_ms: float, log: Path) -> None:
        """Lead what goes between two hosts over a line that holds what `name` sends for so long."""
        ends = (f"slow-{number}a", f"slow-{number}b")
        line = (sys.executable, "-m", "tests.delay_line", *ends, str(delay_ms))
        self.start(SWITCH, line, log)
        deadline = time.monotonic() + START_S
        while "ready" not in log.read_text(encoding="utf-8"):
            if time.monotonic() > deadline:
                raise ConfigurationError(f"the slow line does not start, see {log}")
            time.sleep(0.02)
        for here, there, end in ((name, other, ends[0]), (other, name, ends[1])):
            self.ip(SWITCH, "link", "set", end, "netns", self._of(here))
            self.ip(here, "link", "set", end, "up")
            source = ("src", self.address(here))
            self.ip(here, "route", "add", f"{self.address(there)}/32", "dev", end, *source)

    def ip(self, name: str, *words: str) -> None:
        """An `ip` command on a host."""
        _must("ip", "-netns", self._of(name), *words)

    def _namespace(self, name: str) -> None:
        _must("ip", "netns", "add", self._of(name))
        self._made.append(self._of(name))
        self.ip(name, "link", "set", "lo", "up")

    def _of(self, name: str) -> str:
        return f"load-{os.getpid()}-{name}"


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process of ours to end, then make it."""
    for ask in (process.terminate, process.kill):
        if process.poll() is not None:
            return
        ask()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            continue


def _must(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ConfigurationError(f"`{' '.join(words)}` failed: {said}")
