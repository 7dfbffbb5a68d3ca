"""Draws a run's pages from its summary.json: `python -m reports RUN_DIR [--with OTHER_RUN_DIR] [--github]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path

from rich.console import Console
from rich.text import Text

from conformance.errors import ExitCode, RunError, SuiteError
from reports.compared import Other
from reports.document import Summary, read, read_trend
from reports.github import error_lines
from reports.junit import junit_xml
from reports.markdown import summary_md
from reports.page import report_html
from reports.terminal import style_of, verdict_lines

PAGE = "report.html"
PAGES: dict[str, Callable[[Summary], str]] = {
    "summary.md": summary_md,
    "junit.xml": junit_xml,
    PAGE: report_html,
}


def main(words: list[str] | None = None) -> int:
    """Draw the pages and say the verdict; our own errors are one line on stderr."""
    options = _parser().parse_args(words)
    try:
        summary = read(options.run)
        draw(options.run, summary, options.other and _other(options.other))
        _print(verdict_lines(summary, str(options.run / PAGE)))
        if options.github:
            _to_github(summary)
    except SuiteError as error:
        print(f"report: {error}", file=sys.stderr)
        return int(error.exit_code)
    return int(ExitCode.PASS)


def draw(folder: Path, summary: Summary, other: Other | None = None) -> None:
    """Write every page of a run, each whole or not at all. Raises RunError."""
    trend = read_trend(folder)
    for name, page in PAGES.items():
        text = report_html(summary, trend, other) if name == PAGE else page(summary)
        _write(folder / name, text)


def _other(folder: Path) -> Other:
    return Other(folder.resolve().name, read(folder), read_trend(folder))


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from None


def _to_github(summary: Summary) -> None:
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        try:
            with Path(page).open("a", encoding="utf-8") as file:
                file.write(summary_md(summary))
        except OSError as error:
            raise RunError(f"cannot write $GITHUB_STEP_SUMMARY: {error.strerror}") from None
    for line in error_lines(summary):
        print(line)


def _print(lines: list[str]) -> None:
    """Colours only on a terminal, never with NO_COLOR or in CI; the text is the same."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a C locale must not lose the verdict
    is_plain = "NO_COLOR" in os.environ or "CI" in os.environ or not sys.stdout.isatty()
    console = Console(highlight=False, color_system=None if is_plain else "auto")
    for line in lines:
        console.print(Text(line, style=style_of(line)), soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reports", description=__doc__)
    parser.add_argument("run", type=Path, help="a run's folder, such as runs/latest")
    parser.add_argument(
        "--with", dest="other", type=Path, help="another run's folder, laid over this one"
    )
    parser.add_argument(
        "--github",
        action="store_true",
        help="also append summary.md to $GITHUB_STEP_SUMMARY and print annotations",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
