"""Judge the figures of a load run against the sentences that are about speed and limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conformance.cases.claim import Claim, Verdict, holds
from conformance.target import Latency

EXECUTION = "latency.sub-millisecond-order-execution"
# The scenarios that a requirement is judged by.
JUDGED = ("order_latency",)
QUANTILES = {0.5: "p50", 0.9: "p90", 0.99: "p99", 0.999: "p999"}


def judge(load: Iterable[Mapping[str, Any]], bound: Latency) -> Iterator[Claim]:
    """A claim on the latency sentence from the order_latency scenario, if there was one."""
    for scenario in load:
        if scenario["scenario"] in JUDGED:
            yield _execution(scenario, bound)


def _execution(scenario: Mapping[str, Any], bound: Latency) -> Claim:
    """A busy machine can only make a wire time longer: it starts before the send and ends in the kernel.

    So a figure below the bound is believed whatever the generator says of itself, as long as the kernel
    stamped it and nothing went wrong; a figure above it is held against the exchange only when the
    measurement was valid.
    """
    name = QUANTILES[bound.quantile]
    figure = scenario["wire_us"][name]
    title = f"{name} of the wire time of placing an order, over {scenario['n']} orders"
    expected = f"below {bound.order_execution_us} us"
    if figure is None:
        why = scenario["why_invalid"] or f"too few samples for {name}"
        return Claim(EXECUTION, Verdict.INCONCLUSIVE, f"there is no figure: {why}", expected)
    is_below = figure < bound.order_execution_us
    is_sure = scenario["clock"] == "kernel" and not scenario["errors"] and is_below
    if not scenario["valid"] and not is_sure:
        why = f"the measurement is not valid: {scenario['why_invalid']}"
        return Claim(EXECUTION, Verdict.INCONCLUSIVE, why, expected, f"{figure:.0f} us")
    return holds(EXECUTION, is_below, title, expected, f"{figure:.0f} us")
