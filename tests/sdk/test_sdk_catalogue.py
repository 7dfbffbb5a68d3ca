"""Requirements, situations and wrong SDKs agree: each has the other two."""

from __future__ import annotations

from pathlib import Path

from conformance.spec import requirements as catalogue
from conformance.spec.contract import Contract
from sdk_gate.cases import CASES
from sdk_gate.gate import ARRIVES_WITH, OWN_TESTS
from tests.sdk.wrong import wrong_sdks

OWED = catalogue.of_sdks()
# Judged of whatever arrives, in every situation and of every wrapped command.
ANYWHERE = {*ARRIVES_WITH, "sdk.asks-what-is-documented", OWN_TESTS}
MISTAKES = Path(__file__).resolve().parents[2] / "docs" / "sdk-mistakes.md"


def test_every_requirement_is_judged_by_a_situation_or_of_whatever_arrives() -> None:
    assert {name for each in CASES.values() for name in each.judges} | ANYWHERE == set(OWED)


def test_every_requirement_has_a_wrong_sdk() -> None:
    # Own tests are wrapped, not driven: tests/sdk/test_wrap.py has commands that fail.
    assert {each.requirement for each in wrong_sdks()} == set(OWED) - {OWN_TESTS}


def test_every_mistake_of_the_list_has_a_wrong_sdk_and_its_requirements_are_there() -> None:
    rows = [line.split("|") for line in MISTAKES.read_text("utf-8").splitlines()]
    listed = {row[1].strip(): row[3] for row in rows if row[1:] and row[1].strip()[1:].isdigit()}
    assert set(listed) == {f"S{number}" for number in range(1, 32)}
    assert {each.mistake for each in wrong_sdks()} == set(listed)
    named = {part for text in listed.values() for part in text.split("`") if "." in part}
    assert named <= set(OWED)


def test_an_exchange_does_not_owe_what_an_sdk_does_nor_the_other_way_round() -> None:
    assert not set(OWED) & set(catalogue.load(Contract.load()))
    assert all(name.startswith("sdk.") for name in OWED)


def test_situations_say_what_they_are() -> None:
    for name, each in CASES.items():
        assert each.sentence.endswith("."), name
        assert "\n\n" not in each.sentence, name
