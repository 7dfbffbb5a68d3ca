"""Other load generators on the same server, as their users run them, and what they say."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.processes import HERE, generator
from tests.judges import tools

WRK: Final = ("wrk", "libluajit-5.1-2", "libluajit-5.1-common")
UNITS: Final = {"us": 1.0, "ms": 1000.0, "s": 1e6}


class Said(NamedTuple):
    """What a generator says: requests a second, and p50, p99, p99.9 in microseconds (None: it does not say)."""

    per_s: float
    us: tuple[float | None, ...]


def wrk(port: int, connections: int, seconds: int, log: Path) -> Said:
    """wrk with one thread; its p99.9 comes from a script, for it does not print it."""
    script = log.parent / "wrk.lua"
    script.write_text(
        "done = function(summary, latency, requests)\n"
        '  for _, p in pairs({50, 99, 99.9}) do print("Q " .. latency:percentile(p)) end\nend\n',
        encoding="utf-8",
    )
    usr = tools.debian(log, WRK, "wrk")
    libraries = {"LD_LIBRARY_PATH": str(next(usr.glob("lib/*/libluajit-5.1.so.2")).parent)}
    words = [str(usr / "bin" / "wrk"), "-t1", f"-c{connections}", f"-d{seconds}s"]
    words += ["-s", str(script), f"http://127.0.0.1:{port}/"]
    said = generator(words, log, seconds + 30, libraries)
    quantiles = tuple(float(each) for each in re.findall(r"^Q ([\d.]+)$", said, re.MULTILINE))
    return Said(float(_found(r"Requests/sec:\s+([\d.]+)", said)), quantiles)


def bare_loop(port: int, connections: int, seconds: int, log: Path) -> float:
    """Requests a second of a loop in Python that only receives and sends: more is not to be had in it."""
    words = [sys.executable, str(HERE / "bare_loop.py"), str(port), str(connections), str(seconds)]
    return float(generator(words, log, seconds + 30))


def autocannon(port: int, connections: int, per_s: int, seconds: int, log: Path) -> Said:
    """autocannon at a rate, corrected for what it omits; whole milliseconds."""
    program = tools.node("autocannon", log)
    words = [str(program), "-c", str(connections), "-d", str(seconds), "-R", str(per_s), "--json"]
    said = generator([*words, "--no-progress", f"http://127.0.0.1:{port}/"], log, seconds + 60)
    found = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    latency = found["latency"]
    us = tuple(latency[name] * 1000.0 for name in ("p50", "p99", "p99_9"))
    return Said(found["requests"]["average"], us)


def locust(
    port: int, users: int, per_user_s: float, seconds: int, log: Path, burn_us: float = 0
) -> Said:
    """Stock Locust with FastHttpUser, headless, with its own statistics."""
    base = log.parent / "stock"
    words = [sys.executable, "-m", "locust", "-f", str(HERE / "stock_locustfile.py"), "--headless"]
    words += ["-u", str(users), "-r", str(users), "-t", f"{seconds}s", "--only-summary"]
    words += ["--host", f"http://127.0.0.1:{port}", "--csv", str(base)]
    settings = {"BENCH_PER_USER_S": str(per_user_s), "BENCH_BURN_US": str(burn_us)}
    generator(words, log, seconds + 60, settings)
    with base.with_name("stock_stats.csv").open(encoding="utf-8") as file:
        row = next(each for each in csv.DictReader(file) if each["Name"] == "Aggregated")
    us = tuple(float(row[name]) * 1000 for name in ("50%", "99%", "99.9%"))
    return Said(float(row["Requests/s"]), us)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise tools.ConfigurationError(f"nothing like {pattern!r} in what was said: {text[-300:]}")
    return match[1]
