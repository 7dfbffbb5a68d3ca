"""The document that says what a run found: `summary.json`, described by reports/summary.schema.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.record import json_file
from conformance.spec.contract import Contract
from conformance.verdict.findings import Conclusion, Finding, Result

SUITE_VERSION = "0.1.0"
FILE = "summary.json"
NOT_TOLD = {"python": "not told", "platform": "not told"}  # by logs of earlier versions


def build(
    header: Mapping[str, Any],
    conclusion: Conclusion,
    contract: Contract,
    asked: Mapping[str, Mapping[str, Any]],
    heard: Mapping[str, int],
    load: Iterable[Mapping[str, Any]],
    duration_s: float,
    warnings: Iterable[str] = (),
    notes: Iterable[str] = (),
    night: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put together what the parts of a run left.

    `header` is the first line of its log, `night` what only a nightly run has.
    """
    load = list(load)
    return {
        "schema": 1,
        "kind": header["kind"],
        "target": header["target"],
        "seed": header["seed"],
        "started": header["started"],
        "duration_s": round(duration_s, 1),
        "verdict": conclusion.verdict,
        "exit_code": int(conclusion.exit_code),
        "requirements": _counts(conclusion.results),
        "findings": [_finding(each, conclusion, header["seed"]) for each in conclusion.findings],
        "load": load,
        "requirement_results": [_result(each) for each in conclusion.results],
        "operations": [_operation(contract, name, row, load) for name, row in asked.items()],
        "channels": [{"channel": name, "frames": count} for name, count in heard.items()],
        "deviations": _deviations(conclusion),
        "warnings": list(warnings),
        "notes": list(notes),
        "environment": {
            **header.get("environment", NOT_TOLD),
            "suite_version": SUITE_VERSION,
            "spec_sha256": contract.digest,
        },
        "fault": header.get("fault"),
        "addresses": header["addresses"],
        "requests_sent": header["requests_sent"],
        **_sdk(header),
        **(night or {}),
    }


def write(folder: Path, summary: Mapping[str, Any]) -> Path:
    """Write summary.json whole or not at all. Raises RunError."""
    json_file.write(folder / FILE, summary)
    return folder / FILE


def _sdk(header: Mapping[str, Any]) -> dict[str, Any]:
    """Of a run of the gate: which SDK it was, and in what way of doing things the exchange stood before it."""
    if "sdk" not in header:
        return {}
    return {"sdk": {**header["sdk"], "target": header["target_file"]}}


def _counts(results: Iterable[Result]) -> dict[str, int]:
    counted = Counter(each.verdict for each in results)
    names = ("passed", "failed", "inconclusive", "skipped", "not_covered")
    return {"total": sum(counted.values()), **{name: counted[name] for name in names}}


def _finding(finding: Finding, conclusion: Conclusion, seed: int) -> dict[str, Any]:
    claim = finding.claim
    result = next(x for x in conclusion.results if x.requirement.id == claim.requirement)
    requirement = result.requirement
    return {
        "requirement": requirement.id,
        "verdict": claim.verdict.value,
        "strength": requirement.strength.value,
        "provenance": requirement.provenance.value,
        "gating": result.gating,
        "title": claim.title,
        "expected": claim.expected,
        "actual": claim.actual,
        "reproduce": finding.reproduce,
        "check": finding.check,
        "case": finding.case,
        "seed": seed,
        "sentence": requirement.sentence,
        "source": requirement.source,
    }


def _result(result: Result) -> dict[str, Any]:
    requirement = result.requirement
    row: dict[str, Any] = {
        "id": requirement.id,
        "sentence": requirement.sentence,
        "strength": requirement.strength.value,
        "provenance": requirement.provenance.value,
        "where": list(requirement.where),
        "verdict": result.verdict,
        "gating": result.gating,
        "reason": result.reason,
        "checks": list(result.checks),
        "claims": result.claims,
    }
    if requirement.source:
        row["source"] = requirement.source
    return row


def _operation(
    contract: Contract, name: str, row: Mapping[str, Any], load: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    operation = contract.operations[name]
    statuses = {str(status): count for status, count in sorted(row["statuses"].items())}
    return {
        "operation": name,
        "method": operation.method,
        "path": operation.path,
        "provenance": operation.provenance,
        "requests": sum(statuses.values()),
        "accepted": row["accepted"],
        "refused": row["refused"],
        "unknown": row["unknown"],
        "statuses": statuses,
        "load": _load_of(name, load),
    }


def _load_of(name: str, load: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    rows = [row for one in load for row in one.get("operations", []) if row["operation"] == name]
    if not rows:
        return None
    most = max(rows, key=lambda row: row["n"])
    figures = most["response_us"]
    return {"n": most["n"], "p50_us": figures["p50"], "p99_us": figures["p99"]}


def _deviations(conclusion: Conclusion) -> list[dict[str, Any]]:
    def row(each: Any, state: str) -> dict[str, Any]:
        return {
            "requirement": each.requirement,
            "reason": each.reason,
            "link": each.link,
            "review_by": each.review_by.isoformat(),
            "state": state,
        }

    return [row(each, "expected") for each in conclusion.expected] + [
        row(each, "stale") for each in conclusion.stale
    ]
