"""Judge what a load run found out about the rate limiter against the sentences that are about limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from conformance.cases.claim import Claim, holds

SERVED: Final = "limits.1200-a-minute-are-served"
BEYOND: Final = "limits.beyond-1200-refused"
RETRY: Final = "limits.retry-after-is-true"


def judge(load: Iterable[Mapping[str, Any]]) -> Iterator[Claim]:
    """Claims from each valid rate_limit scenario. What it could not tell is no claim: other checks may have."""
    for scenario in load:
        inference = scenario["extra"].get("inference")
        if inference is not None and scenario["valid"]:
            yield from _claims(inference)


def _claims(inference: Mapping[str, Any]) -> Iterator[Claim]:
    wanted, retry = inference["requirement"], inference["retry_after"]
    limit = wanted["documented_per_minute"]
    said = f"{inference['kind']}, {inference['limit']} in {inference['window_s']} s"
    if isinstance(wanted["is_served"], bool):
        title = f"{limit} requests a minute are served, by the limiter that was inferred"
        yield holds(SERVED, wanted["is_served"], title, f"at least {limit} a minute", said)
    if isinstance(wanted["is_refused_beyond"], bool):
        title = f"more than {limit} requests a minute are refused, by the limiter that was inferred"
        yield holds(BEYOND, wanted["is_refused_beyond"], title, f"{limit} a minute", said)
    if isinstance(retry["is_true"], bool):
        late, early = retry["too_late_ms"], retry["too_early_ms"]
        title = "who comes back when Retry-After says is let through, and not a second before"
        shown = f"up to {early} ms too early, {late} ms too late"
        yield holds(RETRY, retry["is_true"], title, "true to the second", shown)
