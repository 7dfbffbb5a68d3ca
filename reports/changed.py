"""What changed since the night before, in words: the first thing that is read in the morning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reports.figures import TOO_FEW, microseconds
from reports.text import some

SYMBOLS: Final = {"worse": "▲", "better": "▼", "same": "=", "not enough data": "?"}
CLASSES: Final = {
    "worse": "failed",
    "better": "passed",
    "same": "quiet",
    "not enough data": "inconclusive",
}
WORDS: Final = {
    "worse": "slower",
    "better": "faster",
    "same": "the same",
    "not enough data": "not enough data",
}
ORDER: Final = ("worse", "better", "not enough data", "same")


def headline(trend: Mapping[str, Any]) -> str:
    """One sentence: what is slower, what is faster, what no longer holds, what holds again."""
    parts = [*_latency(trend), *_requirements(trend["changed"]["requirements"])]
    facts = trend["changed"]["facts"]
    parts += [f"{some(len(facts), 'fact')} of the surroundings changed"] if facts else []
    return "; ".join(parts)


def _latency(trend: Mapping[str, Any]) -> Iterator[str]:
    counted = {
        name: [each for each in trend["series"] if each["verdict"] == name] for name in ORDER
    }
    for name in ("worse", "better"):
        if counted[name]:
            yield f"{some(len(counted[name]), 'latency series')} {WORDS[name]}".replace(
                "seriess", "series"
            )
    if not counted["worse"] and not counted["better"]:
        unknown = len(counted["not enough data"])
        yield f"no latency series changed ({len(counted['same'])} the same, {unknown} with not enough data)"


def _requirements(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    broken = [row for row in rows if row["now"] == "failed"]
    held = [row for row in rows if row["now"] == "passed"]
    other = len(rows) - len(broken) - len(held)
    if broken:
        yield f"{some(len(broken), 'requirement')} newly failed"
    if held:
        yield f"{some(len(held), 'requirement')} passed that did not"
    if other:
        yield f"{some(other, 'requirement')} changed otherwise"
    if not rows:
        yield "every requirement as before"


def ranked(series: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Worst first: by verdict, then by how much slower."""

    def rank(each: Mapping[str, Any]) -> tuple[int, int, float, str]:
        effect = each["effect"] if each["effect"] is not None else 0.0
        by = -abs(effect) if each["verdict"] == "better" else -effect
        return (ORDER.index(each["verdict"]), -len(each["change_points"]), by, each["series"])

    def gravest(each: Mapping[str, Any]) -> tuple[int, float, str]:
        verdict, points, by, name = rank(each)
        # A change of level is looked at before what is merely not known or the same.
        return (verdict if verdict < 2 else 2 if points else verdict + 1, by, name)

    return sorted(series, key=gravest)


def moved(trend: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The series that became slower or faster, worst first."""
    return [each for each in ranked(trend["series"]) if each["verdict"] in ("worse", "better")]


def effect(each: Mapping[str, Any]) -> str:
    """By how much a series changed, with the bounds of it."""
    if each["effect"] is None:
        return TOO_FEW
    if each["low"] is None or each["high"] is None:
        return f"{each['effect']:+.1%}"
    return f"{each['effect']:+.1%} [{each['low']:+.1%}, {each['high']:+.1%}]"


def values(each: Mapping[str, Any]) -> str:
    """Tonight against the nights before, in microseconds."""
    return f"{microseconds(each['value_us'])} µs, before {microseconds(each['baseline_us'])} µs"


def rules(trend: Mapping[str, Any]) -> str:
    """What the verdicts rest on, in one sentence."""
    found = trend["rules"]
    windows = ", ".join(map(str, found["windows"]))
    return (
        f"Slower: the whole {found['confidence']:.0%} interval of the change lies beyond {found['margin']:.0%} and "
        f"{found['margin_us']:g} µs, in a window of the last {windows} nights against up to "
        f"{found['baseline_nights_max']} before it, with at most {found['false_discovery_rate']:.0%} false alarms "
        f"among those raised; below {found['baseline_nights_min']} nights there is not enough data"
    )
