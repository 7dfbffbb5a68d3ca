"""Servers and generators as processes, each on a core of its own, ended with the block that started them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from conformance.errors import ConfigurationError, SuiteError
from tests.bench.truth import Pattern
from tests.judges.tools import TOOLS, must, need

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
START_S: Final = 10.0
AT_ONCE: Final = Pattern("at once", 0)


def cores() -> tuple[int, int]:
    """The server's and the generator's; the same one on a machine that has no more."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[0], mine[-1]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@dataclass
class Server:
    """A running server; `said` is what it said when it ended."""

    port: int
    said: str = ""


@contextmanager
def server(name: str, words: Sequence[str]) -> Iterator[Server]:
    """The program `NAME.c` of this folder on the server's core; ends with the block."""
    program = compiled(f"{name}.c", f"bench-{name}")
    running = Server(free_port())
    process = subprocess.Popen(
        [str(program), str(running.port), *words],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: alone_on(cores()[0]),
    )
    try:
        _await(running.port)
        yield running
    finally:
        process.terminate()
        running.said = process.communicate(timeout=START_S)[0]


@contextmanager
def serving(pattern: Pattern) -> Iterator[int]:
    """The port of a server with a pattern."""
    with server("server", pattern.words()) as running:
        yield running.port


def compiled(source: str, name: str, *options: str) -> Path:
    """A C program of ours in `.tools/`, compiled when it is not there or old."""
    program, text = TOOLS / name, HERE / source
    if not program.exists() or program.stat().st_mtime < text.stat().st_mtime:
        TOOLS.mkdir(exist_ok=True)
        must([need("gcc"), "-O2", *options, "-o", program, text], TOOLS / "bench.log")
    return program


def generator(
    words: Sequence[str], log: Path, seconds: float, settings: Mapping[str, str] | None = None
) -> str:
    """Run a generator on its own core; what it said. Raises SuiteError when it does not end."""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            list(words),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
            preexec_fn=lambda: alone_on(cores()[1]),
            env={**environment, **(settings or {})},
        )
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode("utf-8", "replace")
        log.write_text(f"$ {' '.join(words)}\n{said}\n", encoding="utf-8")
        raise SuiteError(f"{words[0]} did not end within {seconds:g} s, see {log}") from None
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(words)}\n{done.stdout}\n")
    return done.stdout


def written(port: int, profile: dict[str, Any], folder: Path) -> list[str]:
    """The files that a run on the bench server needs, and the options that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "target.toml").write_text(TARGET.format(port=port), encoding="utf-8")
    (folder / "openapi.yaml").write_text(DOCUMENT, encoding="utf-8")
    (folder / "profiles.toml").write_text(_toml(profile), encoding="utf-8")
    words = ["--scenario", "mixed", "--target", f"{folder}/target.toml", "--run", str(folder)]
    return [*words, "--profiles", f"{folder}/profiles.toml", "--spec", f"{folder}/openapi.yaml"]


def ours(
    port: int, profile: dict[str, Any], folder: Path, seconds: float, burn_us: float = 0
) -> dict[str, Any]:
    """One run of our own on the bench server, through Locust's own command; its entry.

    `burn_us`: what a user of it computes before every request.
    """
    file = HERE / "busy_locustfile.py" if burn_us else ROOT / "load" / "locustfile.py"
    return locust(port, profile, folder, seconds, file, {"BENCH_BURN_US": str(burn_us)})


def locust(
    port: int,
    profile: dict[str, Any],
    folder: Path,
    seconds: float,
    file: Path,
    settings: Mapping[str, str],
) -> dict[str, Any]:
    """One run of `mixed` as a locustfile has it; its entry."""
    options = written(port, profile, folder)
    users = str(profile["connections"])
    words = [sys.executable, "-m", "locust", "-f", str(file), "--headless"]
    words += ["-u", users, "-r", users]
    words += ["--load-profile", "bench", "--only-summary", *options]
    if profile.get("streams"):
        words += ["--host", f"http://127.0.0.1:{port}", "--stream-url", f"ws://127.0.0.1:{port}/"]
    generator(words, folder / "said.log", seconds, settings)
    try:
        entry: dict[str, Any] = json.loads((folder / "load-mixed.json").read_text(encoding="utf-8"))
    except OSError:
        raise SuiteError(f"our own run left no result, see {folder}/said.log") from None
    return entry


def alone_on(core: int) -> None:
    """Keep this process and its children on one core."""
    os.sched_setaffinity(0, {core})


def _await(port: int) -> None:
    deadline = monotonic() + START_S
    while monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            sleep(0.02)
        else:
            return
    raise ConfigurationError(f"the bench server does not listen on {port}")


def _toml(profile: dict[str, Any]) -> str:
    rows = "\n".join(
        f"{name} = {json.dumps(value)}" for name, value in profile.items() if name != "stages"
    )
    stages = ", ".join(
        "{ " + ", ".join(f"{name} = {value}" for name, value in stage.items()) + " }"
        for stage in profile["stages"]
    )
    bounds = (ROOT / "load" / "profiles.toml").read_text(encoding="utf-8").partition("\n# Only")[0]
    return f"{bounds}\n[bench.mixed]\n{rows}\nstages = [{stages}]\n"


TARGET: Final = """\
rest = "http://127.0.0.1:{port}"
coins = []

[[markets]]
symbol = "BTC/USDT"
price_step = "0.01"
amount_step = "0.01"
min_amount = "0.01"

[limits]
requests_per_minute = 1000000000
share = 1.0
"""
DOCUMENT: Final = """\
openapi: 3.0.3
info: { title: A server whose truth is known, version: "1" }
paths:
  /:
    get:
      operationId: getAnswer
      security: []
      responses: { "200": { description: Accepted. } }
"""
