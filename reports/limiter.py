"""What a load run found out about the rate limiter, name by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

UNKNOWN: Final = "unknown"
WORDS: Final = {True: "yes", False: "no"}


def facts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The answer, then what it rests on and what it cost."""
    yield "limiter", _kind(found)
    yield "one limit for each", _listed(found["scope"])
    for name, why in found["scope_unsure"].items():
        yield f"whether for each {name}", f"{UNKNOWN}: {why}"
    yield "what operations count for", _weights(found)
    if "counts_refused" in found:
        yield "refused requests count", _word(found["counts_refused"])
    if found["refusal"]:
        yield (
            "refused with",
            f"status {found['refusal']['status']}, code {found['refusal']['code']}",
        )
    yield "Retry-After is true", _retry(found["retry_after"])
    if found["recovery"]:
        low, high = found["recovery"]["first_after_s"]
        yield "comes back", f"{found['recovery']['how']}; first after {low:g} to {high:g} s"
    yield "refusing is cheap", _word(found["refusing_is_cheap"]["is_cheap"])
    wanted, cost = found["requirement"], found["budget"]
    yield (
        f"{wanted['documented_per_minute']} a minute, as documented",
        f"served: {_word(wanted['is_served'])}, refused beyond: {_word(wanted['is_refused_beyond'])}",
    )
    yield (
        "cost of finding out",
        f"{cost['requests']} of {cost['requests_max']} requests, {cost['refusals']} of "
        f"{cost['refusals_max']} refusals, {cost['seconds']:g} of {cost['seconds_max']:g} s",
    )
    if found["stopped"]:
        yield "ended early", found["stopped"]


def _kind(found: Mapping[str, Any]) -> str:
    if found["kind"] == UNKNOWN:
        left = ", ".join(f"{name} {share:.0%}" for name, share in found["candidates"].items())
        return f"{UNKNOWN}: {found['because']}{f' ({left})' if left else ''}"
    low, high = found["window_s_between"]
    names = " or ".join([found["kind"], *found["same_as"]]).replace("_", " ")
    size = f"{found['limit']} in {found['window_s']:g} s ({low:g} to {high:g})"
    return f"{names}, {size}; confidence {found['confidence']:.2%} on {found['looks']} looks"


def _weights(found: Mapping[str, Any]) -> str:
    known = found["weights"] if isinstance(found["weights"], dict) else {}
    heavy = {name: each for name, each in known.items() if each != 1}
    parts = [f"{name} {each}" for name, each in heavy.items()]
    parts += [f"{len(known) - len(heavy)} operations 1 each"] if len(known) > len(heavy) else []
    return "; ".join([*parts, *([found["weights_unsure"]] if found["weights_unsure"] else [])])


def _retry(found: Mapping[str, Any]) -> str:
    said = _word(found["is_true"])
    if "told" not in found:
        return said
    return (
        f"{said}: at most {found['too_early_ms']} ms too early, {found['too_late_ms']} ms too late"
    )


def _listed(scope: Any) -> str:
    return scope if isinstance(scope, str) else ", ".join(scope)


def _word(value: Any) -> str:
    return WORDS[value] if isinstance(value, bool) else str(value)
