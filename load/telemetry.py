"""Live figures of a run for an OpenTelemetry collector, by OTLP over HTTP.

On where OTEL_EXPORTER_OTLP_ENDPOINT (or OTEL_EXPORTER_OTLP_METRICS_ENDPOINT) is set, by the standard variables.
The load's process only writes its samples into a pipe, which never blocks; a process of its own
(`load.telemetry_export`) folds and sends them. So a slow or dead collector costs the load nothing: no
time, no validity, no exit code. At worst samples are missing over there, and a line says so.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from load.recorder import ROW, Rows
from load.telemetry_export import DONE, VERDICT

if TYPE_CHECKING:  # it brings Locust, which changes the process that imports it
    from load.session import Tell

VARIABLES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
NEEDED: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
READY_S: Final = 10.0  # for importing the SDK, before anything is measured
CLOSE_S: Final = (
    5.0  # for the last export, after everything is measured; the exporter bounds itself at 2
)
PIPE_BYTES: Final = 1 << 20
MOST_PENDING: Final = 4 << 20
COMMAND: Final = (sys.executable, "-m", "load.telemetry_export")
ROOT: Final = Path(__file__).resolve().parents[1]


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether the standard variables name a collector for metrics and do not switch the SDK off."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if environment.get("OTEL_METRICS_EXPORTER", "otlp") != "otlp":
        return False
    return any(environment.get(name) for name in VARIABLES)


def missing() -> str | None:
    """Why nothing can be exported, or None."""
    for name in NEEDED:
        try:
            found = find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            return "no live figures: install the extra `telemetry`, or unset the OTEL variables"
    return None


class Telemetry:
    """Passes samples on to the next who shows them, and into the pipe. `facts` name the run to the collector."""

    def __init__(
        self, then: Tell, operations: Sequence[str], facts: Mapping[str, str], worker: str = ""
    ) -> None:
        self.measured_from_ns: Callable[[], int] = lambda: 0  # what was due before is warm-up
        self._then = then
        self._pending = bytearray()
        self._dropped = 0
        header = {"operations": list(operations), "facts": dict(facts), "worker": worker}
        self._to, self._process = _begun(json.dumps(header).encode() + b"\n")
        # Its imports must not take a processor away from what is measured.
        self._is_ready = _line(self._process, READY_S) == "ready"
        os.set_blocking(self._to, False)

    def samples(self, rows: Rows, operations: list[str]) -> None:
        """Show them, and send what is not warm-up."""
        self._then.samples(rows, operations)
        is_measured = rows[:, 1] >= self.measured_from_ns()
        self._send((rows if is_measured.all() else rows[is_measured]).tobytes())

    def failed(self, operation: str, why: str) -> None:
        """Its row says it already."""
        self._then.failed(operation, why)

    def close(self, is_valid: bool | None = None) -> str | None:
        """Say the judgement, if there is one here, and end; what went wrong, as a line."""
        if is_valid is not None:
            self._send(ROW.pack(VERDICT, int(is_valid), 0, 0, 0, 0))
        until = monotonic() + CLOSE_S
        while self._pending and select.select([], [self._to], [], max(until - monotonic(), 0))[1]:
            self._write()
        os.close(self._to)
        said = _line(self._process, until - monotonic())
        _end(self._process)
        problem = self._problem(said)
        return f"telemetry: {problem}" if problem else None

    def _problem(self, said: str | None) -> str | None:
        if not self._is_ready:
            return "the exporter did not start: no live figures"
        if said is None:
            return f"the exporter did not end within {CLOSE_S:g} s"
        if not said:
            return "the exporter died: no live figures from then on"
        if self._dropped:
            return f"{self._dropped} samples were not exported: the exporter was too slow"
        return None if said == DONE else said

    def _send(self, data: bytes) -> None:
        self._write()
        if not self._pending:
            data = data[self._written(data) :]
        # What follows part of a row is never dropped, so rows stay whole over there.
        if self._pending and len(self._pending) + len(data) > MOST_PENDING:
            self._dropped += len(data) // ROW.size
        elif data:
            self._pending += data

    def _write(self) -> None:
        if self._pending:
            del self._pending[: self._written(self._pending)]

    def _written(self, data: bytes | bytearray) -> int:
        """How much of it the pipe took at once."""
        try:
            return os.write(self._to, data) if data else 0
        except BlockingIOError:
            return 0
        except OSError:  # it died: its last word, or that there is none, is told at the end
            return len(data)


def _begun(header: bytes) -> tuple[int, subprocess.Popen[bytes]]:
    read, write = os.pipe()
    process = subprocess.Popen(
        COMMAND, stdin=read, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
    )
    os.close(read)
    with suppress(OSError):  # the system's bound on a user's pipes
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with suppress(OSError):
        os.write(write, header)
    return write, process


def _line(process: subprocess.Popen[bytes], limit_s: float) -> str | None:
    """Its next line on stdout, empty at its end, or None when it said no whole one in time."""
    assert process.stdout is not None
    line, until = b"", monotonic() + limit_s
    while not line.endswith(b"\n"):
        if not select.select([process.stdout], [], [], max(until - monotonic(), 0))[0]:
            return None
        byte = os.read(process.stdout.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode("utf-8", "replace").strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    """A process of ours never stays behind."""
    assert process.stdout is not None
    process.stdout.close()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def started(then: Tell, operations: Sequence[str], facts: Mapping[str, Any], worker: str) -> Tell:
    """Telemetry before `then`, or `then` alone with a line where the extra is missing."""
    problem = missing()
    if problem is None:
        return Telemetry(then, operations, {key: str(each) for key, each in facts.items()}, worker)
    print(f"telemetry: {problem}", file=sys.stderr, flush=True)
    return then
