"""SDKs beside each other, requirement by requirement: what `index.json` says and the matrix page is drawn from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from reports.cases import Case, Judged, by_requirement
from reports.document import Summary
from reports.wording import RESULTS, gate

SCHEMA: Final = Path(__file__).parent / "sdk_matrix.schema.json"
UNKNOWN: Final = "this run's catalogue has no such requirement"
UNNAMED: Final = re.compile(r"[^a-z0-9]+")
MOST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Column:
    """One run of the gate, and the folder that its pages are in."""

    folder: str
    summary: Summary
    cases: Sequence[Case]


def columns(runs: Sequence[tuple[Summary, Sequence[Case]]]) -> list[Column]:
    """The runs, each in a folder of its own, named as the SDK is."""
    found: dict[str, Column] = {}
    for summary, cases in runs:
        name = _folder(summary["sdk"])
        numbered = (f"{name}-{n}" for n in range(2, len(runs) + 2))
        free = name if name not in found else next(x for x in numbered if x not in found)
        found[free] = Column(free, summary, cases)
    return list(found.values())


def _folder(sdk: Mapping[str, Any]) -> str:
    told = f"{sdk['name'][:MOST_NAME]} {sdk.get('language', '')[:MOST_NAME]}"
    return UNNAMED.sub("-", told.lower()).strip("-") or "sdk"


def document(found: Sequence[Column]) -> dict[str, Any]:
    """In the form of sdk_matrix.schema.json."""
    return {
        "schema": 1,
        "sdks": [_sdk(each) for each in found],
        "requirements": list(_requirements(found)),
    }


def _sdk(column: Column) -> dict[str, Any]:
    summary, sdk = column.summary, column.summary["sdk"]
    return {
        "folder": column.folder,
        "report": f"{column.folder}/report.html",
        "name": sdk["name"],
        "version": sdk.get("version"),
        "language": sdk.get("language"),
        "mode": sdk["mode"],
        "features": sdk.get("features", []),
        "target": sdk["target"],
        "spec_sha256": summary["environment"]["spec_sha256"],
        "seed": summary["seed"],
        "started": summary["started"],
        "verdict": summary["verdict"],
        "exit_code": summary["exit_code"],
        "requirements": summary["requirements"],
        "gating": asdict(gate(summary)),
    }


def _requirements(found: Sequence[Column]) -> Iterator[dict[str, Any]]:
    """In the order of the catalogue, as the first run has it; what only later runs know comes behind."""
    rows: dict[str, Mapping[str, Any]] = {}
    for column in found:
        for row in column.summary["requirement_results"]:
            rows.setdefault(row["id"], row)
    results = [{x["id"]: x for x in each.summary["requirement_results"]} for each in found]
    judged = [by_requirement(each.cases) for each in found]
    for name, row in rows.items():
        cells = [
            _cell(column, result.get(name), cases.get(name, ()))
            for column, result, cases in zip(found, results, judged, strict=True)
        ]
        told = {key: row[key] for key in ("id", "sentence", "strength", "provenance")}
        yield {**told, "verdicts": _counted(cells), "cells": cells}


def _counted(cells: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counted = Counter(each["verdict"] for each in cells)
    return {name: counted[name] for name in RESULTS}


def _cell(
    column: Column, result: Mapping[str, Any] | None, judged: Sequence[Judged]
) -> dict[str, Any]:
    return {
        "sdk": column.folder,
        "verdict": result["verdict"] if result else "not_covered",
        "gating": bool(result and result["gating"]),
        "reason": result["reason"] if result else UNKNOWN,
        "cases": [
            {
                "case": each.case.name,
                "verdict": each.result,
                "page": f"{column.folder}/{each.case.page}",
            }
            for each in judged
        ],
    }
