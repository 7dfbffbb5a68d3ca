"""What GitHub shows of a run beside its page: at most ten annotations, all it takes of a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.text import one_line
from reports.wording import excused, ranked, standing

MOST_ANNOTATIONS = 10


def error_lines(summary: Mapping[str, Any]) -> list[str]:
    """A workflow command for each requirement that fails the run; the last counts the rest."""
    listed = excused(summary)
    failed = {
        each["requirement"]: each
        for each in reversed(ranked(summary))
        if standing(each, listed) == "fails the run"
    }
    first = list(reversed(failed.values()))
    if len(first) <= MOST_ANNOTATIONS:
        return [_error(each) for each in first]
    kept = first[: MOST_ANNOTATIONS - 1]
    rest = _command("more", f"{len(first) - len(kept)} more requirements fail: see the job page")
    return [*[_error(each) for each in kept], rest]


def _error(finding: Mapping[str, Any]) -> str:
    told = f"expected {one_line(finding['expected'])}; got {one_line(finding['actual'])}"
    return _command(finding["requirement"], f"{one_line(finding['sentence'])} {told}")


def _command(title: str, message: str) -> str:
    name = _escaped(one_line(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::error title={name}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
