"""The gate on documents that are not ours: they show no example, and have a channel and an operation more or less."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.spec.contract import SPECS
from tests.sdk import gate_runs
from tests.sdk.wrong import wrong_sdks

DOCUMENTS = ("openapi", "asyncapi")
WRONG = ("python-drops-events-of-unknown-states", "python-knows-every-status-of-a-position")
Edit = Callable[[dict[str, Any], dict[str, Any]], None]


def without_examples(value: Any) -> Any:
    """A document without what it shows; a property may be called so."""
    if isinstance(value, list):
        return [without_examples(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: each for key, each in value.items() if key not in ("example", "examples")}
    return {key: without_examples(each) for key, each in kept.items()}


def nothing_is_shown(rest: dict[str, Any], stream: dict[str, Any]) -> None:
    for document in (rest, stream):
        document.update(without_examples(document))


def more(rest: dict[str, Any], stream: dict[str, Any]) -> None:
    rest["paths"]["/uc/asset/margin-wallets"] = deepcopy(rest["paths"]["/uc/asset/spot-wallets"])
    rest["paths"]["/uc/asset/margin-wallets"]["get"]["operationId"] = "getMarginWallets"
    funding = {**deepcopy(stream["channels"]["ticker"]), "address": "funding.{symbol}"}
    stream["channels"]["funding"] = funding


def less(rest: dict[str, Any], stream: dict[str, Any]) -> None:
    del rest["paths"]["/uc/asset/spot-wallets"]
    del stream["channels"]["ticker"]
    del stream["operations"]["sendTicker"]


def written_otherwise(rest: dict[str, Any], stream: dict[str, Any]) -> None:
    """What events carry may be null, their fields are references with remarks, and some channels say little."""
    for schema in stream["components"]["schemas"].values():
        known = schema.get("properties", {})
        if "data" in known:
            known["data"] = {"anyOf": [known["data"], {"type": "null"}]}
        elif "op" not in known:
            for name, each in known.items():
                known[name] = {"allOf": [each], "description": "as referred to"}
    stream["channels"]["silent"] = {**deepcopy(stream["channels"]["ticker"]), "messages": {}}
    nameless = {**deepcopy(stream["channels"]["ticker"]), "address": "level.{depth}"}
    nameless["parameters"] = {"depth": {"description": "whatever the exchange has"}}
    stream["channels"]["nameless"] = nameless


def documents(folder: Path, edit: Edit) -> list[str]:
    """Both documents, changed, as the gate's arguments."""
    found = [yaml.safe_load((SPECS / f"{name}.yaml").read_text("utf-8")) for name in DOCUMENTS]
    edit(*found)
    options = []
    for name, document in zip(DOCUMENTS, found, strict=True):
        path = folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        options += [f"--{name}", str(path)]
    return options


@pytest.mark.parametrize("edit", [nothing_is_shown, more, less, written_otherwise])
@pytest.mark.parametrize("only", ["channels", "newer", "parameters"])
def test_our_client_is_right_by_them_too(tmp_path: Path, edit: Edit, only: str) -> None:
    command = gate_runs.built("python", None, tmp_path)
    options = documents(tmp_path, edit)
    found = gate_runs.here(tmp_path, command, "--only", only, *options)
    assert found.of("passed"), found.said
    assert not found.of("failed", "inconclusive"), found.said


@pytest.mark.parametrize("edit", [nothing_is_shown, written_otherwise])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones_are_found_by_them_too(tmp_path: Path, name: str, edit: Edit) -> None:
    wrong = next(each for each in wrong_sdks() if each.name == name)
    command = gate_runs.built("python", wrong.make(tmp_path), tmp_path)
    options = documents(tmp_path, edit)
    found = gate_runs.here(tmp_path, command, "--only", wrong.requirement, *options)
    assert found.verdict(wrong.requirement) == "failed", found.said
