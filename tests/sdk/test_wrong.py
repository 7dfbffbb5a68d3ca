"""SDKs that are wrong, or right in another way, as data: every edit fits, and what is named exists."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from conformance.spec import requirements as catalogue
from tests.sdk import gate_runs
from tests.sdk.right import Right, right_sdks
from tests.sdk.wrong import Wrong, wrong_sdks

MISTAKES = re.findall(
    r"^\| (S\d+) \|", (gate_runs.ROOT / "docs/sdk-mistakes.md").read_text(encoding="utf-8"), re.M
)
WRONG, RIGHT = wrong_sdks(), right_sdks()
QUICK = {"python": "python-sends-bearer"}  # `make prove ONLY=sdk` has the others, and all languages


@pytest.mark.parametrize("sdk", [*WRONG, *RIGHT], ids=lambda each: each.name)
def test_every_edit_fits_its_file_once(sdk: Wrong | Right, tmp_path: Path) -> None:
    assert sdk.edits
    sdk.make(tmp_path)


def test_names_are_unique() -> None:
    assert [name for name, n in Counter(x.name for x in (*WRONG, *RIGHT)).items() if n > 1] == []


def test_what_each_names_exists() -> None:
    assert {x.requirement for x in WRONG} <= set(catalogue.of_sdks())
    assert {x.mistake for x in WRONG} <= set(MISTAKES)


@pytest.mark.parametrize("language", QUICK)
def test_one_of_a_language_is_caught(language: str, tmp_path: Path) -> None:
    wrong = next(x for x in WRONG if x.name == QUICK[language])
    command = gate_runs.built(language, wrong.make(tmp_path), tmp_path)
    found = gate_runs.run(tmp_path / "run", command, "--only", wrong.requirement)
    assert found.verdict(wrong.requirement) == "failed"
    assert found.exit_code == 1
