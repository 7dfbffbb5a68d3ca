"""What is known of a limiter is said in words, and so is what is not."""

from __future__ import annotations

import pytest

from load.limits.budget import Budget
from reference_exchange.config import LimiterConfig
from reports.limiter import facts
from tests.load.limits.virtual import VirtualExchange


def told(limiter: LimiterConfig, seconds: float) -> dict[str, str]:
    said = VirtualExchange(limiter, 1).infer(Budget(20_000, 60, seconds), 2 * limiter.limit + 100)
    return dict(facts(said))


def test_an_answer_names_kind_size_and_scope():
    found = told(LimiterConfig(50, 5000, "token_bucket"), 240.0)
    assert found["limiter"].startswith("token bucket or gcra, 50 in 5 s")
    assert found["one limit for each"] == "account"
    assert found["what operations count for"] == "8 operations 1 each"
    assert found["refused with"] == "status 429, code 3005"
    assert found["Retry-After is true"].startswith("yes: at most")


@pytest.mark.parametrize(
    ("limiter", "seconds", "why"),
    [
        (
            LimiterConfig(1200, 60_000),
            9.0,
            "unknown: what comes next is beyond the 9 s that it may take",
        ),
        (LimiterConfig(0), 30.0, "unknown: nothing was refused within 100 requests"),
    ],
)
def test_what_is_not_known_is_said_with_its_reason(limiter, seconds, why):
    assert told(limiter, seconds)["limiter"] == why
