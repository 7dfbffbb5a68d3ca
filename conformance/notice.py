"""Tells a chat or an alerting service that the verdict of a nightly run is not what it was the night before.

The address is a secret: it stands in no line that is printed and in no error. Whatever happens here, the run's
exit code stays what it is.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from conformance.target import is_loopback

VARIABLE = "NIGHTLY_WEBHOOK"
TIMEOUT_S = 10.0
TRIES = 3
PAUSE_S = 2.0  # before the second try, and twice that before the third
MOST_NAMED = 20
MOST_TEXT = 200
AGAIN = 429  # asked to come again, like every answer of 500 and above

Document = Mapping[str, Any]


def is_worth_telling(summary: Document, trend: Document | None) -> bool:
    """Whether the verdict of the run or of its trend changed; of a first night, whether it is bad."""
    before = trend["before"] if trend else None
    slower = trend is not None and trend["verdict"] == "worse"
    if before is None:
        return bool(summary["verdict"] != "pass" or slower)
    was_slower = before["trend"] == "worse"
    return bool(summary["verdict"] != before["verdict"] or slower != was_slower)


def message(summary: Document, trend: Document | None, link: str = "") -> dict[str, Any]:
    """What is sent: `text` for chats that read Slack's form, and the same by field."""
    before = trend["before"] if trend else None
    changed = trend["changed"]["requirements"] if trend else []
    failures = [row["id"] for row in summary["requirement_results"] if _fails(row)]
    if before is not None:
        new = {row["id"] for row in changed if row["now"] == "failed"}
        failures = [each for each in failures if each in new]
    series = trend["series"] if trend else []
    fields = {
        "target": _short(summary["target"]),
        "run": trend["run"] if trend else None,
        "started": summary["started"],
        "verdict": summary["verdict"],
        "verdict_before": before["verdict"] if before else None,
        "trend": trend["verdict"] if trend else None,
        "trend_before": before["trend"] if before else None,
        "worse_series": [_short(x["series"]) for x in series if x["verdict"] == "worse"],
        "new_failures": [_short(each) for each in failures],
        "link": link or None,
    }
    return {"text": _text(fields), **_bounded(fields)}


def notify(
    summary: Document,
    trend: Document | None,
    url: str | None = None,
    link: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Send what changed, if anything did and an address is set. Whether it was taken; a failure is one warning.

    `url` and `link` are the environment's where None: NIGHTLY_WEBHOOK, and the page of the CI job.
    """
    url = os.environ.get(VARIABLE, "") if url is None else url
    if not url or not is_worth_telling(summary, trend):
        return False
    link = link_of(os.environ) if link is None else link
    for name in ("httpx", "httpcore"):  # at INFO they log the address
        logging.getLogger(name).setLevel(logging.WARNING)
    problem = _why_not(url) or _post(url, message(summary, trend, link), sleep)
    if problem:
        print(f"warning: the webhook was not told: {problem}", file=sys.stderr, flush=True)
    return not problem


def link_of(environment: Mapping[str, str]) -> str:
    """The page of the CI job, where its variables say it."""
    for name in ("NIGHTLY_LINK", "CI_JOB_URL", "BUILD_URL"):  # ours, GitLab's, Jenkins'
        if environment.get(name):
            return environment[name]
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    if all(environment.get(name) for name in names):
        server, repository, run = (environment[name] for name in names)
        return f"{server}/{repository}/actions/runs/{run}"
    return ""


def _fails(row: Document) -> bool:
    return bool(row["verdict"] == "failed" and row["gating"])


def _text(fields: Document) -> str:
    was = f" (before: {_escaped(fields['verdict_before'])})" if fields["verdict_before"] else ""
    lines = [f"Nightly run of {_escaped(fields['target'])}: {fields['verdict'].upper()}{was}"]
    if fields["trend"]:
        was = f" (before: {_escaped(fields['trend_before'])})" if fields["trend_before"] else ""
        lines.append(f"Trend: {fields['trend']}{was}")
    for title, name in (("Worse", "worse_series"), ("New failures", "new_failures")):
        if found := fields[name]:
            more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
            lines.append(f"{title}: {_escaped(', '.join(found[:MOST_NAMED]))}{more}")
    return "\n".join([*lines, fields["link"]] if fields["link"] else lines)


def _bounded(fields: Document) -> dict[str, Any]:
    return {
        name: value[:MOST_NAMED] if isinstance(value, list) else value
        for name, value in fields.items()
    }


def _escaped(text: str) -> str:
    """Slack reads these as links and mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _short(text: str) -> str:
    return " ".join(text.split())[:MOST_TEXT].encode("utf-8", "replace").decode()


def _why_not(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return f"{VARIABLE} is no address"
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return None if host and is_safe else f"{VARIABLE} must be an https address, or one of loopback"


def _post(url: str, body: Document, sleep: Callable[[float], None]) -> str | None:
    """Why it was not taken, or None."""
    problem: str | None = None
    for attempt in range(TRIES):
        if attempt:
            sleep(PAUSE_S * 2 ** (attempt - 1))
        problem, is_final = _try(url, body)
        if is_final:
            return problem
    return f"{problem}, {TRIES} times"


def _try(url: str, body: Document) -> tuple[str | None, bool]:
    """(why it was not taken, whether trying again is of no use), after ten seconds at the latest."""
    answers: list[tuple[str | None, bool]] = []
    # httpx bounds each read, not their sum: a server that sends a byte now and then must not hold the run.
    asking = threading.Thread(target=lambda: answers.append(_ask(url, body)), daemon=True)
    asking.start()
    asking.join(TIMEOUT_S)
    return answers[0] if answers else (f"no answer in {TIMEOUT_S:g} s", False)


def _ask(url: str, body: Document) -> tuple[str | None, bool]:
    # No redirects: they could lead off https. Of an error nothing is told but its kind, for it holds the address.
    try:
        with httpx.stream(
            "POST", url, json=body, timeout=TIMEOUT_S, follow_redirects=False
        ) as answer:
            status = answer.status_code
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})", False
    except (httpx.InvalidURL, ValueError):
        return f"{VARIABLE} is no address", True
    if 200 <= status < 300:
        return None, True
    return f"status {status}", status < 500 and status != AGAIN
