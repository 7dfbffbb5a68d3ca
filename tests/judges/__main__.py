"""Ask all judges of the contract documents; exit code 0 only when each says what we want to hear."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from conformance.errors import ExitCode
from tests import judges


def main(words: list[str]) -> int:
    """Write figures.json into the run's folder and print a line for each figure."""
    parser = argparse.ArgumentParser(prog="python -m tests.judges", description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("runs/judges"), metavar="DIR")
    run = parser.parse_args(words).run
    rows = judges.main(run)
    (run / "figures.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    for row in rows:
        state = "reached" if row["reached"] else "short"
        print(f"{row['name']}: {row['value']} {row['unit']} (goal {row['goal']}) {state}")
    reached = sum(row["reached"] for row in rows)
    print(f"{reached} of {len(rows)} reached")
    return ExitCode.PASS if reached == len(rows) else ExitCode.FAIL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
