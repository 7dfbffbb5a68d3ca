"""The largest pages that a run can give: ten thousand findings whose every text is long and hostile."""

from __future__ import annotations

from typing import Any

from reports.junit import junit_xml
from reports.markdown import summary_md
from tests.reports.builders import finding, result, small
from tests.reports.night import series, trend

COUNT = 10_000
HOSTILE = "\ud800|`<&\U0001f600\x01é\n" * 500


def largest() -> tuple[dict[str, Any], dict[str, Any]]:
    """A summary and its trend."""
    ids = [f"spot.requirement-{number}" for number in range(COUNT)]
    texts = dict.fromkeys(("actual", "expected", "reproduce", "title", "sentence"), HOSTILE)
    summary = small(
        verdict="fail",
        exit_code=1,
        target=HOSTILE,
        warnings=[HOSTILE] * COUNT,
        notes=[HOSTILE] * COUNT,
        findings=[finding(requirement=each, **texts) for each in ids],
        requirement_results=[result(id=x, verdict="failed", reason=HOSTILE) for x in ids],
    )
    change = {"id": HOSTILE, "sentence": HOSTILE, "before": "passed", "now": "failed"}
    worse = series(series=HOSTILE, why=HOSTILE)
    changed = {"requirements": [change] * COUNT, "facts": []}
    return summary, trend(series=[worse] * 100, changed=changed)


def bytes_of() -> dict[str, int]:
    """The size of each page, by its name."""
    summary, night = largest()
    pages = {"summary.md": summary_md, "junit.xml": junit_xml}
    return {name: len(page(summary, night).encode()) for name, page in pages.items()}
