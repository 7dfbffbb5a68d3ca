"""A shell command, run to its end and attended to meanwhile: what it says is kept without secrets."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from conformance.errors import ConfigurationError, RunError
from conformance.record.run_log import HIDDEN

END_S: Final = 5
LOOK_EVERY_S: Final = 1.0
POLL_S: Final = 0.1
READ_BYTES: Final = 65_536
MOST_LINE_BYTES: Final = 1_000_000
MOST_KEPT_BYTES: Final = 20_000_000
LOOPBACK: Final = "127.0.0.1,localhost,::1"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, whether that was by its limit, and the secrets that it said."""

    exit_code: int
    was_stopped: bool
    secrets_said: frozenset[str]


@dataclass(slots=True)
class Log:
    """What a command says, for a file and perhaps a terminal; `secrets` are those that are known by now."""

    file: BinaryIO
    secrets: Callable[[], Iterable[str]]
    is_shown: bool
    found: set[str] = field(default_factory=set)
    _kept_bytes: int = 0

    def take(self, line: bytes) -> None:
        """Keep a line."""
        for secret in self.secrets():
            if secret.encode() in line:
                self.found.add(secret)
                line = line.replace(secret.encode(), HIDDEN.encode())
        if self._kept_bytes > MOST_KEPT_BYTES:
            return
        self._kept_bytes += len(line)
        if self._kept_bytes > MOST_KEPT_BYTES:
            line = b"(what it says after this is not kept)\n"
        # A full disk is told where the run's log is written, and a terminal may have been closed.
        with suppress(OSError):
            self.file.write(line)
            self.file.flush()
        if self.is_shown:
            with suppress(OSError):
                print("  | " + line.decode("utf-8", "replace").rstrip("\n"), flush=True)


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, where, with which variables beside those of the environment, and for how long at most."""

    words: str
    folder: Path
    given: Mapping[str, str]
    limit_s: float

    def run(
        self,
        path: Path,
        secrets: Callable[[], Iterable[str]],
        attend: Callable[[], None],
        is_shown: bool,
    ) -> Ended:
        """Run it, and attend to it every second. Raises ConfigurationError when there is no shell, RunError."""
        deadline, over = time.monotonic() + self.limit_s, threading.Event()
        try:
            file = path.open("wb")
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror}") from None
        with file:
            log = Log(file, secrets, is_shown)
            process = self._start()
            copying = threading.Thread(target=_copy, args=(process, log, over), daemon=True)
            try:
                copying.start()
                while is_going := _is_going(process):
                    if time.monotonic() >= deadline:
                        break
                    attend()
            finally:
                _end(process)
                # Something that the command left behind in a session of its own may hold the pipe for ever.
                if copying.ident is not None:
                    copying.join(END_S)
                    over.set()
                    copying.join()
                assert process.stdout is not None
                process.stdout.close()
        return Ended(process.returncode, is_going, frozenset(log.found))

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [*_shell(), self.words],
                cwd=self.folder,
                env={**environment(), **self.given},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            why = f"{self.words!r} cannot be started: {error.strerror}"
            raise ConfigurationError(why) from None


def environment() -> dict[str, str]:
    """This process's variables, with loopback out of the reach of any proxy: credentials stay on this machine."""
    found = dict(os.environ)
    for name in ("NO_PROXY", "no_proxy"):
        found[name] = ",".join(filter(None, (os.environ.get(name), LOOPBACK)))
    return found


def _shell() -> tuple[str, ...]:
    """A shell in which `npm test | tee log` fails when the tests do, where there is one."""
    bash = shutil.which("bash")
    return (bash, "-o", "pipefail", "-c") if bash else ("/bin/sh", "-c")


def _is_going(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(LOOK_EVERY_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _copy(process: subprocess.Popen[bytes], log: Log, over: threading.Event) -> None:
    assert process.stdout is not None
    pipe, rest = process.stdout.fileno(), b""
    while not over.is_set():
        if not select.select([pipe], [], [], POLL_S)[0]:
            continue
        chunk = os.read(pipe, READ_BYTES)
        if not chunk:
            break
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            log.take(line + b"\n")
        if len(rest) > MOST_LINE_BYTES:
            log.take(rest + b"\n")
            rest = b""
    if rest:
        log.take(rest)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command with all that it started; what is left of its group gets no second request."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
