"""What changed since last time: sentences, then facts, and nothing that only looks like news."""

from __future__ import annotations

from copy import deepcopy

import pytest

from reports.differences import differences
from tests.reports.builders import result, small


def run(**verdicts: str) -> dict:
    return small(
        requirement_results=[result(id=name, verdict=each) for name, each in verdicts.items()]
    )


def test_two_equal_runs_have_no_news():
    before = run(a="passed", b="failed")
    assert differences(before, deepcopy(before)) == {"requirements": [], "facts": []}


def test_what_holds_no_more_comes_first():
    told = differences(
        run(a="failed", b="passed", c="passed"), run(a="passed", b="passed", c="failed")
    )
    rows = [(each["id"], each["before"], each["now"]) for each in told["requirements"]]
    assert rows == [("c", "passed", "failed"), ("a", "failed", "passed")]


def test_sentences_that_are_new_or_gone_are_told_as_such():
    told = differences(run(a="passed", gone="passed"), run(a="passed", new="inconclusive"))
    rows = {each["id"]: (each["before"], each["now"]) for each in told["requirements"]}
    assert rows == {"new": (None, "inconclusive"), "gone": ("passed", None)}


@pytest.mark.parametrize("name", ["machine", "cpu", "kernel", "python", "suite_version"])
def test_another_machine_or_version_is_told(name):
    before, now = run(a="passed"), run(a="passed")
    before["environment"][name], now["environment"][name] = "old", "new"
    assert differences(before, now)["facts"] == [{"name": name, "before": "old", "now": "new"}]


def test_another_contract_is_told_by_the_beginning_of_its_digest():
    before, now = run(a="passed"), run(a="passed")
    before["environment"]["spec_sha256"], now["environment"]["spec_sha256"] = "a" * 64, "b" * 64
    assert differences(before, now)["facts"] == [
        {"name": "contract", "before": "a" * 12, "now": "b" * 12}
    ]


def test_another_free_port_of_our_own_exchange_is_no_news():
    before, now = run(a="passed"), run(a="passed")
    before["addresses"]["rest"], now["addresses"]["rest"] = (
        "http://127.0.0.1:1",
        "http://127.0.0.1:2",
    )
    assert differences(before, now)["facts"] == []
    now["addresses"]["rest"] = "https://b.example"
    before["addresses"]["rest"] = "https://a.example"
    assert [each["name"] for each in differences(before, now)["facts"]] == ["address"]


def test_another_limiter_is_told_by_what_was_found_out():
    before, now = (small(load=[entry(limit)]) for limit in (1200, 600))
    assert differences(before, now)["facts"] == [
        {"name": "limiter: limit", "before": "1200", "now": "600"}
    ]


def entry(limit: int) -> dict:
    return {
        "extra": {
            "inference": {"kind": "fixed", "limit": limit, "window_s": 60.0, "scope": ["account"]}
        }
    }
