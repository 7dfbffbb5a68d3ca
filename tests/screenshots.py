"""Four pictures of a run's page, light and dark, wide and narrow: `python -m tests.screenshots RUN_DIR OUT_DIR`.

Of the window as it opens; of the whole page with `--whole`; of one element with `--of '#load'`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from conformance.errors import ExitCode, RunError, SuiteError
from reports.__main__ import PAGE
from tests.judges.tools import TOOLS
from tests.page.browser import Asked, looks, pictures


def main(words: list[str]) -> int:
    """Take the pictures; the exit code."""
    options = _parser().parse_args(words)
    try:
        for each in take(options.run, options.out, options.whole, options.of):
            print(each)
    except SuiteError as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return int(error.exit_code)
    return int(ExitCode.PASS)


def take(run: Path, out: Path, whole: bool = False, of: str = "") -> list[Path]:
    """The files of the pictures. Raises RunError, ConfigurationError."""
    page, work = run / PAGE, TOOLS / "screenshots"
    if not page.is_file():
        raise RunError(f"no {PAGE} in {run}: make report RUN={run}")
    for folder in (out, work):
        folder.mkdir(parents=True, exist_ok=True)
    views = pictures(out, page.stem, whole, of)
    looks([Asked(page.stem, page, views)], work, "screenshots", with_axe=False)
    return [Path(each.picture) for each in views]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("run", type=Path, help="a run's folder")
    parser.add_argument("out", type=Path, help="where the pictures go")
    parser.add_argument("--whole", action="store_true", help="the whole page, however long")
    parser.add_argument("--of", default="", help="one element of it, by its CSS selector")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
