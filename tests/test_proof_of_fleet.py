"""The proof of the fleet can fail: what cannot be tried is not reached, and what differs is counted."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from conformance.errors import ConfigurationError
from load.plan import Profile, Stage
from load.recovery import asked_of
from tests import proof_of_fleet, proof_of_hosts
from tests.hosts import what_is_missing
from tests.load.rows import row, rows
from tests.load.test_part import START, head_of

PROFILE = Profile("any", "order_latency", 1, 1.0, (Stage(100, 4.0),))


def test_hosts_take_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert what_is_missing() == "network namespaces take root"


def test_what_cannot_be_tried_is_never_reached(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proof_of_fleet, "what_is_missing", lambda: "no such thing here")
    found = list(proof_of_fleet._between_hosts(tmp_path))
    assert len(found) == 4
    assert not any(each["reached"] for each in found)
    assert "not between hosts: no such thing here" in capsys.readouterr().out


def test_an_attempt_that_breaks_is_not_reached_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def breaks(*_: object) -> None:
        raise ConfigurationError("it broke")

    monkeypatch.setattr(proof_of_fleet, "what_is_missing", lambda: None)
    for name in ("whole", "cut", "growth_us"):
        monkeypatch.setattr(proof_of_hosts, name, breaks)
    found = list(proof_of_fleet._between_hosts(tmp_path))
    assert [each["reached"] for each in found] == [False] * 4


def test_journals_on_clocks_of_their_own_are_one_process_and_a_row_left_out_is_not() -> None:
    def journal(number: int, ahead_ns: int):
        head = head_of(f"worker-{number}", START + ahead_ns, PROFILE, number, 2)
        times = asked_of(head).plan.part(number, 2).offsets_ns
        return head, rows(*(row(head.start_ns + at, 300_000 + at % 7919 * 100) for at in times))

    found = [journal(0, 0), journal(1, 5_000_000)]
    asked = asked_of(found[0][0])
    together = rows(*(row(START + x, 300_000 + x % 7919 * 100) for x in asked.plan.offsets_ns))
    truth = proof_of_fleet.one_process([(found[0][0], together)], asked).timeline
    assert proof_of_fleet.one_process(found, asked).timeline == truth
    short = [(found[0][0], np.delete(found[0][1], 150, axis=0)), found[1]]
    assert proof_of_fleet.one_process(short, asked).timeline != truth
