"""Start the reference exchange as a process of its own, on free loopback ports, and end it again."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conformance.errors import ConfigurationError, SuiteError
from conformance.target import Target

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 5


@contextmanager
def embedded(
    target: Target, seed: int, faults: Sequence[str] = (), settings: Sequence[str] = ()
) -> Iterator[Target]:
    """The target at the addresses of an exchange that lives as long as the block. Raises SuiteError.

    `settings` are further options of `python -m reference_exchange`.
    """
    with tempfile.TemporaryDirectory(prefix="exchange-") as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "reference_exchange", "--ready-file", str(ready)]
        command += ["--port", "0", "--stream-port", "0", "--control-port", "0", "--seed", str(seed)]
        command += ["--while-stdin", "--manner", target.manner, *settings]
        command += [word for name in faults for word in ("--fault", name)]
        with (Path(folder) / "said.txt").open("w+b") as said:
            # It ends with its input, which is ours: also when we are killed.
            process = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.PIPE)
            try:
                addresses = _await(process, ready)
                if addresses is None:
                    said.seek(0)
                    raise _why(said.read().decode("utf-8", "replace"), process.poll())
                yield target.at(addresses["rest"], addresses["stream"], addresses["control"])
            finally:
                _stop(process)


def _await(process: subprocess.Popen[bytes], ready: Path) -> dict[str, str] | None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if ready.exists():
            addresses: dict[str, str] = json.loads(ready.read_text(encoding="utf-8"))
            return addresses
        time.sleep(0.02)
    return None


def _why(said: str, code: int | None) -> SuiteError:
    lines = [line for line in said.splitlines() if line.strip()] or ["it said nothing"]
    if code == ConfigurationError.exit_code:
        return ConfigurationError(lines[-1])
    return SuiteError(f"the reference exchange did not start: {lines[-1]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
