"""Which processes of this machine listen at an address, and how much memory they have."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from conformance.target import is_loopback

PROC: Final = Path("/proc")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
LISTENS: Final = "0A"  # the state of a listening socket in /proc/net/tcp


def owners_of(url: str) -> tuple[list[int], str | None]:
    """The processes of ours that listen at an address, or why they cannot be seen."""
    parts = urlsplit(url)
    if not is_loopback(parts.hostname or ""):
        return [], "it does not run on this machine"
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    found = [pid for pid in _processes() if _holds(pid, sockets)]
    return found, None if found else "no process that we may look at listens there"


def resident_bytes(processes: Sequence[int]) -> int:
    """The resident set of processes together; one that is gone has none."""
    found = 0
    for pid in processes:
        try:
            found += int((PROC / str(pid) / "statm").read_text(encoding="ascii").split()[1])
        except (OSError, ValueError, IndexError):
            continue
    return found * PAGE_BYTES


def _listening(port: int) -> set[str]:
    """The inodes of sockets that listen at a port."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _processes() -> list[int]:
    return sorted(int(each.name) for each in PROC.iterdir() if each.name.isdigit())


def _holds(pid: int, sockets: set[str]) -> bool:
    try:
        return any(os.readlink(each) in sockets for each in (PROC / str(pid) / "fd").iterdir())
    except OSError:
        return False
