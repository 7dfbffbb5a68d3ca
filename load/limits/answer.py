"""What an experiment says of a limiter: each part with how sure it is, and *unknown* where it cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, Final

import numpy as np
from scipy.stats import mannwhitneyu

from load.limits.budget import Budget
from load.limits.fit import Fitted, Verdict
from load.limits.history import History, history_of, shares
from load.limits.inquiry import Seen
from load.limits.kinds import Floats, Looks
from load.limits.steps import DIMENSIONS, Batch, Refusal, Subject

UNKNOWN: Final = "unknown"
RECOVERS: Final = {
    "fixed": "all at once, a window after its first request",
    "fixed_aligned": "all at once, when the window ends",
    "sliding_log": "each request a window after it was made",
    "sliding_counter": "evenly, from the end of the window on",
    "token_bucket": "evenly, from the first moment on",
    "stepped_bucket": "step by step",
}
REFUSALS_MIN: Final = 5  # fewer do not tell whether refusing is cheap
SURE: Final = 0.05
HALVINGS: Final = 18  # of the time in which the next one must be let through
ROUNDING_S: Final = 1.0  # Retry-After is in whole seconds, and may only be rounded up
SERVED_SHARE: Final = 0.99
SERVER_ERROR: Final = 500
BEYOND: Final = 100
MINUTE_S: Final = 60.0


def answer(seen: Seen, first: Subject, budget: Budget, documented: int) -> dict[str, Any]:
    """The `inference` of a rate_limit result; every part can be told from *unknown*."""
    verdict = seen.verdict
    fitted = verdict.answer if verdict else None
    refusals = _refusals(seen.batches, first, seen)
    return {
        **_what(seen, fitted, verdict),
        "scope": _scope(seen),
        "scope_unsure": dict(seen.unsure),
        "weights": dict(seen.weights) or UNKNOWN,
        "weights_unsure": seen.weights_unsure or None,
        "refusal": _form(refusals),
        "retry_after": _retry_after(seen, first, fitted),
        "recovery": _recovery(seen, fitted),
        "refusing_is_cheap": _cheap(seen.batches),
        "told": _told(seen.batches),
        "requirement": _requirement(seen, first, fitted, documented),
        "budget": {
            "requests_max": budget.requests,
            "refusals_max": budget.refusals,
            "seconds_max": budget.seconds,
            "requests": budget.sent,
            "refusals": budget.refused,
            "seconds": round(seen.now_s, 1),
        },
        "stopped": seen.stopped or None,
    }


def _what(seen: Seen, fitted: Fitted | None, verdict: Verdict | None) -> dict[str, Any]:
    told = {
        "confidence": round(verdict.probability, 4) if verdict else None,
        "candidates": dict(verdict.candidates) if verdict else {},
        "looks": verdict.looks if verdict else 0,
        "because": (verdict.because if verdict else seen.stopped) or None,
    }
    if fitted is None:
        return {"kind": UNKNOWN, "same_as": [], "limit": UNKNOWN, "window_s": UNKNOWN, **told}
    low, high = fitted.window_s
    least, most = fitted.per_minute
    return {
        "kind": fitted.kind.name,
        "same_as": list(fitted.kind.same_as),
        "limit": fitted.limit,
        "window_s": roundest(low, high),
        "window_s_between": [round(low, 4), round(high, 4)],
        "per_minute_between": [round(least, 2), round(most, 2)],
        "counts_refused": _counts_refused(fitted),
        **told,
    }


def _counts_refused(fitted: Fitted) -> bool | str:
    if not fitted.kind.feels_refusals:
        return "makes no difference"
    return UNKNOWN if fitted.counts_refused is None else fitted.counts_refused


def roundest(low: float, high: float) -> float:
    """The number between two others that takes the fewest digits."""
    for digits in range(-3, 7):
        step = 10.0**-digits
        for factor in (5, 2, 1):
            value = round(np.ceil(low / (factor * step) - 1e-9) * factor * step, max(digits, 0))
            if low <= value <= high:
                return float(value)
    return (low + high) / 2


def _scope(seen: Seen) -> list[str] | str:
    """What there is one limit for each of; `everybody` when it is the same for all that could be tried."""
    separate: list[str] = [name for name in DIMENSIONS if seen.scope.get(name)]
    # Where it is neither by account nor by address, both have to be known before it is everybody's.
    if not separate and not {"account", "address"} <= seen.scope.keys():
        return UNKNOWN
    # A key belongs to an account: where each key has a limit of its own, so has each account.
    if "key" in separate and "account" in separate:
        separate.remove("account")
    return separate or ["everybody"]


def _refusals(batches: Iterable[Batch], first: Subject, seen: Seen) -> list[Refusal]:
    mine = (each for each in batches if shares(each.subject, first, seen.separate))
    return [refusal for each in mine for refusal in each.refusals]


def _form(refusals: Sequence[Refusal]) -> dict[str, Any] | None:
    if not refusals:
        return None
    first = refusals[0]
    return {
        "status": first.status,
        "code": first.code,
        "retry_after": first.told.form or None,
        "always_the_same": len({(each.status, each.code) for each in refusals}) == 1,
    }


def _retry_after(seen: Seen, first: Subject, fitted: Fitted | None) -> dict[str, Any]:
    """By how much what was told differs from when one more would have been let through."""
    if seen.verdict is None or fitted is None:
        return {"is_true": UNKNOWN}
    history = history_of(seen.batches, first, seen.separate)
    refusals = _refusals(seen.batches, first, seen)
    told = [each for each in refusals if each.told.retry_after_s is not None]
    if not told:
        return {"is_true": "not told"}
    early_s, late_s = _errors_s(history, fitted, told)
    uncertain_s = _uncertain_s(fitted) + max(each.took_s for each in told) / 2
    return {
        "is_true": early_s <= uncertain_s and late_s <= ROUNDING_S + uncertain_s,
        "too_early_ms": round(early_s * 1000),
        "too_late_ms": round(late_s * 1000),
        "known_to_ms": round(uncertain_s * 1000),
        "told": len(told),
    }


def _errors_s(history: History, fitted: Fitted, told: Sequence[Refusal]) -> tuple[float, float]:
    """How much too early and too late it was at the most, under the settings that speak best of it."""
    waits = np.array([each.told.retry_after_s or 0.0 for each in told])[:, None]
    errors = waits - np.array([_due_s(history, fitted, each) for each in told])
    early, late = np.maximum(0, -errors.min(axis=0)), np.maximum(0, errors.max(axis=0))
    kindest = int(np.argmin(early + np.maximum(0, late - ROUNDING_S)))
    return float(early[kindest]), float(late[kindest])


def _uncertain_s(fitted: Fitted) -> float:
    low, high = fitted.window_s
    return (high - low) / (fitted.limit if fitted.kind.is_bucket else 1) + 0.01


def _due_s(history: History, fitted: Fitted, refusal: Refusal) -> Floats:
    """How long after a refusal the next one would be let through, under each of the settings that agree."""
    counted = history.counted_s(bool(fitted.counts_refused))
    before = int(np.searchsorted(counted, refusal.at_s, side="right"))
    low_s = np.zeros(len(fitted.good))
    high_s = np.full(len(fitted.good), 2.5 * fitted.window_s[1])
    for _ in range(HALVINGS):
        middle_s = (low_s + high_s) / 2
        rooms = [
            fitted.kind.rooms(
                counted, Looks([refusal.at_s + at], [before]), fitted.good.only(np.array([k]))
            )
            for k, at in enumerate(middle_s)
        ]
        is_room = np.array([each[0][0] >= 1 for each in rooms])
        low_s, high_s = np.where(is_room, low_s, middle_s), np.where(is_room, middle_s, high_s)
    return high_s


def _recovery(seen: Seen, fitted: Fitted | None) -> dict[str, Any] | None:
    if seen.recovery is None:
        return None
    return {
        "how": RECOVERS[fitted.kind.name] if fitted else UNKNOWN,
        "first_after_s": [round(seen.recovery.low_s, 3), round(seen.recovery.high_s, 3)],
        "back_then": seen.recovery.back,
    }


def _cheap(batches: Iterable[Batch]) -> dict[str, Any]:
    """Whether refusing takes the exchange less time than answering: Mann-Whitney, one-sided, 5 %."""
    accepted = [took * 1e6 for each in batches for took in each.took_s]
    refused = [each.took_s * 1e6 for batch in batches for each in batch.refusals]
    if len(refused) < REFUSALS_MIN or len(accepted) < REFUSALS_MIN:
        return {"is_cheap": UNKNOWN, "refused": len(refused)}
    found = mannwhitneyu(refused, accepted, alternative="less")
    return {
        "is_cheap": bool(found.pvalue < SURE),
        "p_value": float(f"{found.pvalue:.3g}"),
        "accepted_p50_us": round(median(accepted), 1),
        "refused_p50_us": round(median(refused), 1),
        "refused": len(refused),
    }


def _told(batches: Sequence[Batch]) -> dict[str, Any]:
    """What answers said of the limit by themselves."""
    told = next((each.first for each in batches if each.accepted and each.first.limit), None)
    if told is None:
        return {}
    return {
        name: value
        for name in ("limit", "remaining", "reset_s", "window_s")
        if (value := getattr(told, name)) is not None
    }


def _requirement(
    seen: Seen, first: Subject, fitted: Fitted | None, documented: int
) -> dict[str, Any]:
    """Beside the documented sentence: so many a minute are served, and within the next 1300 some are refused.

    Refused is only what is no 5xx, and only after something was served.
    """
    found: dict[str, Any] = {"documented_per_minute": documented}
    refusals = _refusals(seen.batches, first, seen)
    is_refused: bool | str = UNKNOWN
    if refusals and seen.first_burst:
        is_refused = all(each.status < SERVER_ERROR for each in refusals)
    if fitted is None:
        is_served = _served_in_a_minute(seen, first) >= documented
        return {**found, "is_served": is_served or UNKNOWN, "is_refused_beyond": is_refused}
    least, most = fitted.per_minute
    # In the worst minute, a whole limit at once and then as many as come back.
    is_beyond = least + fitted.limit <= 2 * documented + BEYOND
    return {
        **found,
        "is_served": most >= SERVED_SHARE * documented,
        "is_refused_beyond": is_refused and is_beyond,
        "agrees": least * SERVED_SHARE <= documented <= most / SERVED_SHARE,
    }


def _served_in_a_minute(seen: Seen, first: Subject) -> int:
    """How many were let through before the first refusal, as long as that took no more than a minute."""
    served: list[float] = []
    for batch in seen.batches:
        if shares(batch.subject, first, seen.separate):
            served += batch.accepted_s
            if batch.refusals:
                break
    return len([each for each in served if each >= served[-1] - MINUTE_S])


def lines_of(inference: Mapping[str, Any]) -> list[str]:
    """For people: the answer first, then what it cost."""
    found = inference
    cost = found["budget"]
    lines = []
    if found["kind"] == UNKNOWN:
        left = ", ".join(f"{name} {share:.0%}" for name, share in found["candidates"].items())
        lines.append(f"limiter: unknown: {found['because']}{f' ({left})' if left else ''}")
    else:
        names = " or ".join([found["kind"], *found["same_as"]])
        low, high = found["window_s_between"]
        lines.append(
            f"limiter: {found['limit']} in {found['window_s']:g} s [{low:g}, {high:g}], {names}, "
            f"confidence {found['confidence']:.2%}, {found['looks']} looks"
        )
        lines.append(f"  refused requests count: {_word(found['counts_refused'])}")
    scope = found["scope"] if found["scope"] == UNKNOWN else ", ".join(found["scope"])
    lines.append(f"  one limit for each: {scope}; weights: {_weights(found)}")
    lines += [f"  {each}" for each in _about_refusals(found)]
    wanted = found["requirement"]
    lines.append(
        f"  documented {wanted['documented_per_minute']} a minute: "
        f"served {_word(wanted['is_served'])}, refused beyond {_word(wanted['is_refused_beyond'])}"
    )
    lines.append(
        f"  took {cost['requests']} of {cost['requests_max']} requests, {cost['refusals']} of "
        f"{cost['refusals_max']} refusals, {cost['seconds']:g} of {cost['seconds_max']:g} s"
        f"{'; ended early: ' + found['stopped'] if found['stopped'] else ''}"
    )
    return lines


def _weights(found: Mapping[str, Any]) -> str:
    if found["weights"] == UNKNOWN:
        return f"unknown: {found['weights_unsure']}"
    return ", ".join(f"{name} {weight}" for name, weight in found["weights"].items())


def _about_refusals(found: Mapping[str, Any]) -> Iterable[str]:
    form, retry, cheap = found["refusal"], found["retry_after"], found["refusing_is_cheap"]
    if form is None:
        return
    yield (
        f"refused with {form['status']}, code {form['code']}; Retry-After true: "
        f"{_word(retry['is_true'])}"
        + (
            f" (at most {retry['too_late_ms']} ms too late, {retry['too_early_ms']} ms too early)"
            if "told" in retry
            else ""
        )
    )
    if cheap["is_cheap"] != UNKNOWN:
        yield (
            f"refusing is cheap: {_word(cheap['is_cheap'])}: p50 {cheap['refused_p50_us']:g} us, "
            f"answering {cheap['accepted_p50_us']:g} us"
        )


def _word(value: object) -> str:
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )
