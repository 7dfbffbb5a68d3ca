"""What changed between two runs of one target: sentences that came out otherwise, and facts around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from reports.text import one_line

# What changed on the machine or in the contract explains more than any statistic.
FACTS: Final = ("machine", "cpu", "cores", "memory_mib", "kernel", "python", "suite_version")
CONTRACT: Final = "spec_sha256"
Summary = Mapping[str, Any]


def differences(before: Summary, now: Summary) -> dict[str, Any]:
    """In the form of the trend's `changed`."""
    was = {row["id"]: row["verdict"] for row in before["requirement_results"]}
    told = {row["id"]: row["sentence"] for row in before["requirement_results"]}
    return {"requirements": requirements(was, now, told), "facts": list(_facts(before, now))}


def requirements(
    was: Mapping[str, str], now: Summary, told: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The gravest news first: what holds no more, then the rest in the order of the catalogue.

    `was` has the verdicts before, `told` the sentences of what may be gone by now.
    """
    rows = {row["id"]: row for row in now["requirement_results"]}
    found = [
        {
            "id": name,
            "sentence": rows[name]["sentence"] if name in rows else told.get(name, ""),
            "before": was.get(name),
            "now": rows[name]["verdict"] if name in rows else None,
        }
        for name in dict.fromkeys([*rows, *was])
    ]
    different = [each for each in found if each["before"] != each["now"]]
    return sorted(different, key=lambda each: each["now"] != "failed")


def _facts(before: Summary, now: Summary) -> Iterator[dict[str, Any]]:
    for name, was, told in _pairs(before, now):
        if was != told:
            yield {"name": name, "before": _told(was), "now": _told(told)}


def _pairs(before: Summary, now: Summary) -> Iterator[tuple[str, Any, Any]]:
    for name in FACTS:
        yield name, before["environment"].get(name), now["environment"].get(name)
    was, told = (str(each["environment"][CONTRACT])[:12] for each in (before, now))
    yield "contract", was, told
    yield "deliberate fault", before["fault"], now["fault"]
    if _is_fixed(before) and _is_fixed(now):
        yield "address", before["addresses"]["rest"], now["addresses"]["rest"]
    yield from _limiter(before, now)


def _is_fixed(summary: Summary) -> bool:
    # An exchange of our own is at another free port every time.
    return not summary["addresses"]["rest"].startswith("http://127.0.0.1:")


def _limiter(before: Summary, now: Summary) -> Iterator[tuple[str, Any, Any]]:
    """The limiter as it was found out, where both runs did."""
    was, told = _found_limiter(before), _found_limiter(now)
    if was and told:
        for name in ("kind", "limit", "window_s", "scope"):
            yield f"limiter: {name.removesuffix('_s')}", was.get(name), told.get(name)


def _found_limiter(summary: Summary) -> Mapping[str, Any] | None:
    for entry in summary["load"]:
        found = entry.get("extra", {}).get("inference")
        if isinstance(found, Mapping):
            return found
    return None


def _told(value: Any) -> str | None:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return None if value is None else one_line(str(value), 200)
