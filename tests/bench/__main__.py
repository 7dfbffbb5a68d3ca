"""`make bench`: measure ourselves beside peers, print each figure against its goal, and keep `figures.json`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from conformance.errors import SuiteError
from reference_exchange.bench import Row
from tests.bench import generator, latency, limiter, streams, telemetry


def exchange(run: Path) -> list[Row]:
    """In a process of its own: it changes how the scheduler and the collector treat it."""
    words = [sys.executable, "-m", "reference_exchange.bench", "--run", str(run / "exchange")]
    subprocess.run(words, stdout=subprocess.DEVNULL, check=False)
    text = (run / "exchange" / "figures.json").read_text(encoding="utf-8")
    return [Row(**row) for row in json.loads(text)]


BENCHES: dict[str, Callable[[Path], list[Row]]] = {
    "exchange": exchange,
    "generator": generator.measure,
    "latency": latency.measure,
    "limiter": limiter.measure,
    "streams": streams.measure,
    "telemetry": telemetry.measure,
}


def main(words: list[str] | None = None) -> int:
    """0 when every goal is reached, 1 when not, 3 when it cannot be told."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHES))
    wanted = [parser.parse_args(words).only] if parser.parse_args(words).only else sorted(BENCHES)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    run = Path("runs") / f"bench-{'-'.join(wanted)}-{stamp}"
    try:
        run.mkdir(parents=True, exist_ok=True)
        rows = [row for name in wanted for row in BENCHES[name](run.resolve())]
    except (SuiteError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 3
    text = json.dumps([asdict(row) for row in rows], indent=1) + "\n"
    (run / "figures.json").write_text(text, encoding="utf-8")
    for row in rows:
        print(line(row))
    print(f"{sum(row.reached for row in rows)} of {len(rows)} reached")
    return 0 if all(row.reached for row in rows) else 1


def line(row: Row) -> str:
    """A row as a person reads it."""
    told = "".join(f", {name} {_number(value)}" for name, value in row.peers.items())
    verdict = "reached" if row.reached else "short"
    return f"{row.name}: {_number(row.value)} {row.unit} (goal {row.goal}{told}) {verdict}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:g}"


if __name__ == "__main__":
    sys.exit(main())
