"""Draws a run's pages from its summary.json: `python -m reports RUN_DIR [--with OTHER_RUN_DIR] [--github]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path

from rich.console import Console
from rich.text import Text

from conformance.arguments import Arguments
from conformance.errors import ExitCode, RunError, SuiteError
from conformance.record import run_log
from conformance.spec.places import Documents, Place, places
from reports.badge import badge_json, badge_svg
from reports.case_page import case_html
from reports.cases import FOLDER, Case, read_cases
from reports.compared import Other
from reports.document import Summary, Trend, read, read_trend
from reports.github import annotation_lines
from reports.gitlab import load_performance
from reports.junit import junit_xml
from reports.markdown import summary_md
from reports.page import report_html
from reports.prometheus import metrics_prom
from reports.terminal import style_of, verdict_lines

PAGE = "report.html"
PAGES: dict[str, Callable[[Summary, Trend | None], str]] = {
    "summary.md": summary_md,
    "junit.xml": junit_xml,
    "load-performance.json": lambda summary, _: load_performance(summary),
    "metrics.prom": metrics_prom,
    "badge.svg": badge_svg,
    "badge.json": badge_json,
}


def main(words: list[str] | None = None) -> int:
    """Draw the pages and say the verdict; our own errors are one line on stderr."""
    try:
        options = _parser().parse_args(words)
        summary, trend = read(options.run), read_trend(options.run)
        cases = read_cases(options.run)
        draw(options.run, summary, trend, options.other and _other(options.other), cases)
        pages = {each.name: str(options.run / each.page) for each in cases}
        _print(verdict_lines(summary, str(options.run / PAGE), pages))
        if options.github:
            _to_github(options.run, summary, trend)
    except SuiteError as error:
        print(f"report: {error}", file=sys.stderr)
        return int(error.exit_code)
    return int(ExitCode.PASS)


def draw(
    folder: Path,
    summary: Summary,
    trend: Trend | None = None,
    other: Other | None = None,
    cases: Sequence[Case] = (),
) -> None:
    """Write everything that is made of a run, each whole or not at all. Raises RunError."""
    for name, page in PAGES.items():
        write(folder / name, page(summary, trend))
    write(folder / PAGE, report_html(summary, trend, other, cases))
    for case in cases:
        write(folder / FOLDER / f"{case.stem}.html", case_html(case, summary, cases))


def _other(folder: Path) -> Other:
    return Other(folder.resolve().name, read(folder), read_trend(folder))


def write(path: Path, text: str) -> None:
    """A file, whole or not at all. Raises RunError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from None


def _to_github(folder: Path, summary: Summary, trend: Trend | None) -> None:
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        try:
            with Path(page).open("a", encoding="utf-8") as file:
                file.write(summary_md(summary, trend))
        except OSError as error:
            raise RunError(f"cannot write $GITHUB_STEP_SUMMARY: {error.strerror}") from None
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path())
    for line in annotation_lines(summary, trend, _places(folder, summary), root):
        print(line)


def _places(folder: Path, summary: Summary) -> dict[str, Place]:
    """Where the documents of that run say what they say."""
    header = run_log.header(folder)
    named = {name: Path(header[name]) for name in ("openapi", "asyncapi") if name in header}
    return places(Documents(**named), summary["environment"]["spec_sha256"])


def _print(lines: list[str]) -> None:
    """Colours only on a terminal, never with NO_COLOR or in CI; the text is the same."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a C locale must not lose the verdict
    is_plain = "NO_COLOR" in os.environ or "CI" in os.environ or not sys.stdout.isatty()
    console = Console(highlight=False, color_system=None if is_plain else "auto")
    for line in lines:
        console.print(Text(line, style=style_of(line)), soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = Arguments(prog="python -m reports", description=__doc__)
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
