"""The lines for people: every operation with both counts, and what the exchange counted otherwise."""

from __future__ import annotations

from load.lines import lines_of
from load.part import conclude
from tests.load.test_judge import BOUNDS
from tests.load.test_part import ASKED, PLAN, part, samples

FACTS = {"left_out": {"createApiKey": "the target's file does not allow keys"}}


def entry(**extra) -> dict:
    """A run of `mixed` with the operations place and cancel, and a log-in beside them."""
    mine = part("", samples(PLAN.offsets_ns), facts=FACTS, outside={"login": 2})
    found = conclude(ASKED, [mine], [], BOUNDS)
    return {**found, "scenario": "mixed", "extra": {**found["extra"], **extra}}


def test_mixed_has_a_row_for_each_operation_and_names_what_was_left_out():
    shown = lines_of(entry(exchange_counted={"cancel": 500, "login": 2, "place": 501}))
    rows = {words[0]: words[1:] for words in (line.split() for line in shown[-4:-1])}
    assert set(rows) == {"cancel", "login", "place"}
    assert (rows["place"][:2], rows["place"][-2:]) == (["400", "0"], ["500", "501"])
    assert rows["login"] == ["0", "0", "-", "-", "-", "-", "2", "2"]
    assert shown[-1] == "  left out: createApiKey: the target's file does not allow keys"


def test_an_exchange_that_does_not_tell_has_no_count_in_its_column():
    assert all(line.endswith(" -") for line in lines_of(entry())[-4:-1])


def test_other_scenarios_have_no_table():
    assert not any("left out" in line for line in lines_of({**entry(), "scenario": "any"}))


def test_a_difference_is_a_line_of_its_own():
    (line,) = [each for each in lines_of(entry(count_difference={"place": 1})) if "counted" in each]
    assert line == "  the exchange counted 1 more place than were sent"
