"""Latency on a server whose every answer is due at a known time: ours, and what others say of the same server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from load.plan import Profile, Stage, plan
from reference_exchange.bench import Row
from tests.bench import peers
from tests.bench.peers import Said
from tests.bench.processes import ours, serving
from tests.bench.truth import MS, Pattern, Truth, truth

COMMAND: Final = "make bench ONLY=latency"
RATE_PER_S, SECONDS, WARM_UP_S = 1000, 15, 1.0
CONNECTIONS: Final = 64
NAMES: Final = ("p50", "p99", "p99.9")
SHARE, LEAST_US = 0.03, 30.0
BUSY_SHARE: Final = 0.8
SPIN_US: Final = 20_000.0  # the core is ours alone: never sleep
SECOND: Final = 1000 * MS

PATTERNS: Final = (
    Pattern("steady, 0.4 ms", 400_000),
    Pattern("a stall of 1 s", 10 * MS, stall_first=6 * SECOND, stall=SECOND),
    Pattern("slower and slower", 1 * MS, 10 * MS, 16 * SECOND),
    Pattern(
        "200 ms every 5 s", 10 * MS, stall_first=2 * SECOND, stall_every=5 * SECOND, stall=200 * MS
    ),
    Pattern("one at a time, 0.9 ms", 900_000, serial=True, stall_first=6 * SECOND, stall=100 * MS),
)


def measure(run: Path) -> list[Row]:
    """Every pattern, then a busy generator."""
    rows, table = [], []
    for number, pattern in enumerate(PATTERNS):
        folder = run / f"pattern-{number}"
        with serving(pattern) as port:
            entry = ours(port, _profile(), folder, SECONDS + 60)
        expected = _truth(pattern)
        rows += list(_rows(pattern, entry, expected))
        table += list(_table(pattern, entry, expected, _others(pattern, folder)))
    (run / "latency.txt").write_text("\n".join(table) + "\n", encoding="utf-8")
    print("\n".join(table))
    return [*rows, *_busy(run)]


def _profile(spin_us: float = SPIN_US) -> dict[str, Any]:
    return {
        "connections": CONNECTIONS,
        "warm_up_s": WARM_UP_S,
        "spin_us": spin_us,
        "probe_per_s": 0,  # the truth is of this plan's requests and no others
        "stages": [{"rate_per_s": RATE_PER_S, "duration_s": float(SECONDS)}],
    }


def _truth(pattern: Pattern) -> Truth:
    profile = Profile("any", "mixed", CONNECTIONS, WARM_UP_S, (Stage(RATE_PER_S, SECONDS),))
    planned = plan(profile)
    return truth(pattern, planned.offsets_ns, CONNECTIONS, planned.warm_up_ns)


def _others(pattern: Pattern, folder: Path) -> dict[str, Said]:
    log, found = folder / "peers.log", {}
    with serving(pattern) as port:
        found["stock Locust"] = peers.locust(
            port, CONNECTIONS, RATE_PER_S / CONNECTIONS, SECONDS, log
        )
    with serving(pattern) as port:
        found["autocannon -R"] = peers.autocannon(port, CONNECTIONS, RATE_PER_S, SECONDS, log)
    with serving(pattern) as port:
        found["wrk"] = peers.wrk(port, CONNECTIONS, SECONDS, log)
    return found


def _rows(pattern: Pattern, entry: dict[str, Any], expected: Truth) -> Iterator[Row]:
    for figure in ("wire_us", "response_us"):
        for name, true_us in zip(NAMES, getattr(expected, figure), strict=True):
            value = entry[figure][name.replace(".", "")]
            off_us = abs(value - true_us)
            goal = f"{true_us:,.0f} +- {max(SHARE * true_us, LEAST_US):,.0f}"
            title = f"{pattern.name}: {figure.removesuffix('_us')} {name}"
            reached = off_us <= max(SHARE * true_us, LEAST_US)
            yield Row(title, value, "us", goal, reached, {}, COMMAND)


def _table(
    pattern: Pattern, entry: dict[str, Any], expected: Truth, others: dict[str, Said]
) -> Iterator[str]:
    yield f"{pattern.name}: {'p50':>24} {'p99':>12} {'p99.9':>12}   (us, from the planned time)"
    yield _line("truth", expected.response_us)
    keys = [name.replace(".", "") for name in NAMES]
    yield _line("ours", [entry["response_us"][key] for key in keys])
    for name, said in others.items():
        yield _line(name, said.us)
    yield _line("truth on the wire", expected.wire_us)
    yield _line("ours on the wire", [entry["wire_us"][key] for key in keys])


def _line(name: str, values: Any) -> str:
    return f"  {name:<20}" + " ".join(
        "           -" if v is None else f"{v:12,.0f}" for v in values
    )


def _busy(run: Path) -> list[Row]:
    """The same server with users whose own code takes four fifths of the generator's core."""
    pattern, mine, stock = PATTERNS[0], {}, {}
    for share in (0.0, BUSY_SHARE):
        folder, burn_us = run / f"busy-{share:g}", share * 1_000_000 / RATE_PER_S
        with serving(pattern) as port:
            mine[share] = ours(port, _profile(), folder, SECONDS + 90, burn_us)
        with serving(pattern) as port:
            per_user_s, log = RATE_PER_S / CONNECTIONS, folder / "peers.log"
            stock[share] = peers.locust(port, CONNECTIONS, per_user_s, SECONDS, log, burn_us)
    quiet, busy = (mine[share]["wire_us"]["p50"] for share in (0.0, BUSY_SHARE))
    told = {f"ours p50, {share:.0%} busy": each["wire_us"]["p50"] for share, each in mine.items()}
    told |= {
        f"stock Locust p50, {share:.0%} busy": said.us[0] or 0 for share, said in stock.items()
    }
    told["and ours calls itself valid"] = float(mine[BUSY_SHARE]["valid"])
    moved = abs(busy / quiet - 1) * 100
    name = f"wire p50 with a generator {BUSY_SHARE:.0%} busy: moved"
    return [Row(name, round(moved, 1), "%", "below 10", moved < 10, told, COMMAND)]
