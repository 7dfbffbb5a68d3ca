"""The mistakes that SDKs are known for are each caught by a vector: the second implementation with one edit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sdk_gate.vectors import files
from sdk_gate.vectors.check import KINDS, differences
from sdk_gate.vectors.second import SCRIPT, by_node

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")

# Each with an edit of `second.mjs`, and a vector and a stage that have to tell of it.
DATA = Path(__file__).with_name("vector_mistakes.json")
MISTAKES: list[dict[str, str]] = json.loads(DATA.read_text(encoding="utf-8"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["name"])
def test_a_mistake_is_named_by_a_vector_and_its_stage(
    mistake: dict[str, str], tmp_path: Path
) -> None:
    right, script, name = (
        SCRIPT.read_text(encoding="utf-8"),
        tmp_path / "wrong.mjs",
        mistake["file"],
    )
    assert mistake["right"] in right
    script.write_text(right.replace(mistake["right"], mistake["wrong"]), encoding="utf-8")
    document = files.load(name)
    found = differences(name, document, mistake["name"], by_node({name: document}, script))
    assert (mistake["vector"], mistake["stage"]) in [(each.vector, each.stage) for each in found]


def test_every_file_has_mistakes() -> None:
    assert {each["file"] for each in MISTAKES} == set(KINDS)
