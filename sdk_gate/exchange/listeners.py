"""Sockets that listen on loopback: by its address, or by the name `localhost`, which may mean ::1 as well."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, Final

from conformance.errors import RunError

HOST: Final = "127.0.0.1"
HOST_V6: Final = "::1"
TIMES: Final = 20  # to find a port that is free at both addresses
OnAccept = Callable[[], None]


class Counting(socket.socket):
    """A listener that tells of every connection, whatever becomes of it."""

    on_accept: OnAccept = staticmethod(lambda: None)

    def accept(self) -> tuple[socket.socket, Any]:
        """Take a connection."""
        accepted = super().accept()
        self.on_accept()
        return accepted


def bound(port: int = 0, host: str = HOST) -> Counting:
    """A listener at a port, or at any that is free. Raises RunError."""
    listener = Counting(socket.AF_INET6 if host == HOST_V6 else socket.AF_INET)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise RunError(f"cannot listen on {host}: {error.strerror}") from error
    return listener


def bound_by_name(on_accept: OnAccept) -> list[socket.socket]:
    """Listeners at one port of 127.0.0.1 and, where this machine has it, ::1. Raises RunError.

    A client may take either address for `localhost`; at one where nobody listens it would only look well-behaved.
    """
    for _ in range(TIMES):
        found = [bound()]
        try:
            if _has_v6():
                found.append(bound(found[0].getsockname()[1], HOST_V6))
        except RunError as error:
            found[0].close()
            if getattr(error.__cause__, "errno", None) != errno.EADDRINUSE:
                raise
            continue
        for each in found:
            each.on_accept = on_accept
        return [*found]
    raise RunError(f"no port is free on both {HOST} and {HOST_V6}")


def _has_v6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind((HOST_V6, 0))
    except OSError:
        return False
    return True
