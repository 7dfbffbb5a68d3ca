"""A summary as JUnit XML: one suite per area, one case per requirement, red only for what fails the run.

Of a nightly run one suite more: `trend`, a case per series, red where it is worse.

A failure that is listed as a deviation or does not gate is `skipped` and says so, as pytest writes
an expected failure: a job page that counts failures agrees with the run's exit code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from reports.text import clipped, one_line, visible
from reports.wording import RESULTS, excused, is_sdk, job, ranked, stale, subject, whose

MOST_FINDINGS = 20  # of one requirement; the page holds the others
MOST_BODY = 20_000
# With the names and tags of 10,000 cases this is below 10 MB.
BODY_BYTES = 3_500_000
MESSAGE_BYTES = 1_500_000
SAID_BYTES = 1_500_000
LEFT_OUT = "left out: report.html holds it"

Finding = Mapping[str, Any]


@dataclass(slots=True)
class _Room:
    """How many bytes of one kind of text are left for the whole document."""

    left: int

    def take(self, text: str) -> str:
        """The text, or in its place that there was no room for it."""
        return self.made(lambda: text)

    def made(self, make: Callable[[], str]) -> str:
        """The same of a text that is not even made where there is no room left."""
        if not self.left:
            return LEFT_OUT
        text = make()
        size = len(quoteattr(text).encode())
        self.left = max(self.left - size, 0)
        return text if self.left else LEFT_OUT


@dataclass(slots=True)
class _Rooms:
    bodies: _Room = field(default_factory=lambda: _Room(BODY_BYTES))
    messages: _Room = field(default_factory=lambda: _Room(MESSAGE_BYTES))
    said: _Room = field(default_factory=lambda: _Room(SAID_BYTES))


def junit_xml(summary: Mapping[str, Any], trend: Mapping[str, Any] | None = None) -> str:
    """The whole document."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in ranked(summary):
        found[finding["requirement"]].append(finding)
    areas: dict[str, list[ET.Element]] = defaultdict(list)
    rooms = _Rooms()
    for result in summary["requirement_results"]:
        case = _case(result, found[result["id"]], summary, rooms)
        areas[_suite_of(result, summary)].append(_fitted(case, rooms))
    if trend and trend["series"]:
        areas["trend"] = [_fitted(_series(each), rooms) for each in trend["series"]]
    suites = [_suite(area, cases, summary) for area, cases in areas.items()]
    root = ET.Element("testsuites", name=visible(f"{job(summary)} {subject(summary)}"))
    root.extend(suites)
    _count(root, [case for cases in areas.values() for case in cases])
    root.set("time", str(summary["duration_s"]))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite_of(result: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """An SDK's requirements are one area; whose they are tells the suites of several SDKs apart."""
    if is_sdk(summary):
        return f"{job(summary)} {subject(summary)}"
    return str(result["id"].partition(".")[0])


def _class_of(result: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    area = str(result["id"].partition(".")[0])
    return f"{area}.{summary['sdk']['name']}" if is_sdk(summary) else area


def _properties(summary: Mapping[str, Any]) -> ET.Element:
    """What the SDK's driver or command says of it."""
    element = ET.Element("properties")
    for name, value in summary["sdk"].items():
        text = ", ".join(value) if isinstance(value, list) else value
        ET.SubElement(element, "property", name=f"sdk.{name}", value=one_line(text, 500))
    return element


def _suite(area: str, cases: Sequence[ET.Element], summary: Mapping[str, Any]) -> ET.Element:
    suite = ET.Element("testsuite", name=visible(area))
    _count(suite, cases)
    suite.set("timestamp", summary["started"].removesuffix("Z"))
    if is_sdk(summary):
        suite.append(_properties(summary))
    suite.extend(cases)
    return suite


def _count(element: ET.Element, cases: Sequence[ET.Element]) -> None:
    element.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))


def _case(
    result: Mapping[str, Any], found: Sequence[Finding], summary: Mapping[str, Any], rooms: _Rooms
) -> ET.Element:
    name = visible(result["id"])
    case = ET.Element("testcase", classname=visible(_class_of(result, summary)), name=name)
    outcome = _outcome(result, found, summary)
    if outcome is not None:
        if outcome.get("type") != "stale" and found:
            outcome.text = rooms.bodies.made(lambda: _body(found))
        case.append(outcome)
    said = ET.SubElement(case, "system-out")
    said.text = visible(
        f"{clipped(result['sentence'], 500)}\n{result['strength']}, {result['provenance']}, "
        f"{'gates' if result['gating'] else 'does not gate'}; "
        f"checks: {clipped(', '.join(result['checks']), 500)}"
    )
    return case


def _series(row: Mapping[str, Any]) -> ET.Element:
    case = ET.Element("testcase", classname="trend", name=one_line(row["series"]))
    why = one_line(row["why"], 500)
    if row["verdict"] == "worse":
        ET.SubElement(case, "failure", type="worse", message=f"worse: {why}")
    elif row["verdict"] == "not enough data":
        ET.SubElement(case, "skipped", message=f"not enough data: {why}")
    else:
        ET.SubElement(case, "system-out").text = f"{row['verdict']}: {why}"
    return case


def _fitted(case: ET.Element, rooms: _Rooms) -> ET.Element:
    """The case with as much of its text as there is room for."""
    for element in case:
        if "message" in element.attrib:
            element.set("message", rooms.messages.take(element.attrib["message"]))
        if element.tag == "system-out":
            element.text = rooms.said.take(element.text or "")
    return case


def _outcome(
    result: Mapping[str, Any], found: Sequence[Finding], summary: Mapping[str, Any]
) -> ET.Element | None:
    verdict, reason = result["verdict"], one_line(result["reason"] or "", 500)
    if result["id"] in stale(summary):
        message = (
            f"listed as a deviation, but it holds: remove it from the {whose(summary)} deviations"
        )
        return ET.Element("failure", type="stale", message=message)
    if verdict == "passed":
        return None
    if verdict in ("skipped", "not_covered"):
        return ET.Element("skipped", message=f"{RESULTS[verdict]}: {reason}")
    aside = _aside(result, summary)
    if aside:
        element = ET.Element("skipped", message=f"{RESULTS[verdict]}, {aside}: {reason}")
    else:
        tag = "failure" if verdict == "failed" else "error"
        element = ET.Element(tag, type=verdict, message=_message(found, reason))
    return element


def _aside(result: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    if not result["gating"]:
        return "but does not gate"
    is_listed = result["verdict"] == "failed" and result["id"] in excused(summary)
    return f"as the {whose(summary)} deviations list" if is_listed else ""


def _message(found: Sequence[Finding], reason: str) -> str:
    if not found or not found[0]["expected"] + found[0]["actual"]:
        return reason
    first = found[0]
    expected, actual = one_line(first["expected"], 500), one_line(first["actual"], 500)
    return f"expected {expected}; got {actual}"


def _body(found: Sequence[Finding]) -> str:
    parts = [
        f"{each['title']}\nexpected: {each['expected']}\nactual:   {each['actual']}\n"
        f"check:    {each['check']} {each['case']}\nseed:     {each['seed']}\n\n"
        f"{each['reproduce']}\n"
        for each in found[:MOST_FINDINGS]
    ]
    if len(found) > MOST_FINDINGS:
        parts.append(f"{len(found) - MOST_FINDINGS} more findings are in report.html\n")
    return visible(clipped("\n".join(parts), MOST_BODY))
