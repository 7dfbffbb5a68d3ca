"""What changed since the night before is said first, in words, and worst first."""

from __future__ import annotations

from reports import changed
from tests.reports.nightly import series, trend


def nights(*verdicts: tuple[str, float | None]) -> dict[str, object]:
    found = [series(f"s{n}", 20, *verdict, 2) for n, verdict in enumerate(verdicts)]
    nothing = {"requirements": [], "facts": []}
    return {**trend(), "series": found, "changed": nothing}


def test_nothing_changed_is_said_too() -> None:
    told = changed.headline(nights(("same", 0.01), ("not enough data", None)))
    assert told == (
        "no latency series changed (1 the same, 1 with not enough data); every requirement as before"
    )


def test_slower_and_faster_and_what_broke_and_what_holds_again() -> None:
    found = nights(("worse", 0.2), ("worse", 0.3), ("better", -0.1))
    rows = [{"now": now} for now in ("failed", "passed", "passed", None)]
    found["changed"] = {"requirements": rows, "facts": [{}]}
    assert changed.headline(found) == (
        "2 latency series slower; 1 latency series faster; 1 requirement newly failed; "
        "2 requirements passed that did not; 1 requirement changed otherwise; "
        "1 fact of the surroundings changed"
    )


def test_worst_first_and_a_changed_level_before_what_is_the_same() -> None:
    found = [
        series("same", 30, "same", 0.02, 2),
        series("unknown", 30, "not enough data", None, 2),
        series("level", 30, "same", 0.0, 0),
        series("better", 30, "better", -0.1, 2),
        series("much better", 30, "better", -0.3, 2),
        series("worse", 30, "worse", 0.1, 2),
        series("much worse", 30, "worse", 0.4, 2),
    ]
    assert [each["series"] for each in changed.ranked(found)] == [
        *("much worse", "worse", "much better", "better", "level", "unknown", "same")
    ]


def test_only_what_moved_is_in_the_first_table() -> None:
    found = nights(("same", 0.01), ("better", -0.1), ("worse", 0.2))
    assert [each["series"] for each in changed.moved(found)] == ["s2", "s1"]


def test_an_effect_has_its_bounds() -> None:
    each = series("one", 20, "worse", 0.18, 2)
    assert changed.effect(each) == "+18.0% [+12.0%, +24.0%]"
    assert changed.effect({**each, "low": None}) == "+18.0%"
    assert changed.effect({**each, "effect": None}) == "–"
