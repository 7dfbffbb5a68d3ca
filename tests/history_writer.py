"""Adds one run after another to a history until it is killed: `python -m tests.history_writer FOLDER SUMMARY FIRST`.

It says `ready` before it opens the history, and then the id of every run once it is added. The index's address
is in HISTORY_INDEX.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import count
from pathlib import Path

from reports.history.store import History


def main(folder: Path, summary: Path, first: int) -> None:
    """Add runs that differ in their seed, for ever."""
    content = json.loads(summary.read_text(encoding="utf-8"))
    print("ready", flush=True)
    with History.open(folder, os.environ.get("HISTORY_INDEX", "")) as history:
        for number in count(first):
            print(history.add({**content, "seed": number}, f"nightly-{number}"), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
