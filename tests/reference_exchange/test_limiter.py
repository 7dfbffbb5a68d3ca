"""Every kind of window counts as it says, on a clock in hand."""

from __future__ import annotations

from random import Random

import pytest

from reference_exchange.config import LimiterConfig
from reference_exchange.limiter import MOST_SUBJECTS, Limiter
from reference_exchange.windows import KINDS

START_MS = 1_800_000_000_000


class Clock:
    """Milliseconds, as a test sets them."""

    def __init__(self) -> None:
        self.ms = START_MS

    def __call__(self) -> int:
        return self.ms


def limiter(clock: Clock, kind: str, limit: int = 2, window_ms: int = 1000) -> Limiter:
    return Limiter(LimiterConfig(limit, window_ms, kind), clock)


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        # (when in ms, is it allowed, how many remain, when may the next one come)
        ("fixed", [(0, True, 1, 1000), (400, True, 0, 600), (999, False, 0, 1)]),
        ("fixed", [(0, True, 1, 1000), (900, True, 0, 100), (1000, True, 1, 1000)]),
        ("fixed", [(700, True, 1, 1000), (1699, True, 0, 1), (1700, True, 1, 1000)]),
        ("sliding_log", [(0, True, 1, 1000), (400, True, 0, 600), (999, False, 0, 1)]),
        (
            "sliding_log",
            [(0, True, 1, 1000), (900, True, 0, 100), (1000, True, 0, 900), (1001, False, 0, 899)],
        ),
        ("token_bucket", [(0, True, 1, 0), (0, True, 0, 500), (499, False, 0, 1)]),
        ("token_bucket", [(0, True, 1, 0), (400, True, 0, 100), (500, True, 0, 500)]),
        ("token_bucket", [(0, True, 1, 0), (9000, True, 1, 0)]),
        ("fixed_aligned", [(700, True, 1, 300), (999, True, 0, 1), (1000, True, 1, 1000)]),
        (
            "sliding_counter",
            [(0, True, 1, 0), (0, True, 0, 1500), (1499, False, 0, 1), (1500, True, 0, 500)],
        ),
        ("gcra", [(0, True, 1, 0), (0, True, 0, 500), (499, False, 0, 1), (500, True, 0, 500)]),
    ],
)
def test_a_window_counts(kind: str, asked: list[tuple[int, bool, int, int]]) -> None:
    clock = Clock()
    limited = limiter(clock, kind)
    told = []
    for at_ms, *_ in asked:
        clock.ms = START_MS + at_ms
        said = limited.take("account 1")
        assert said is not None
        assert said.limit == 2
        told.append((at_ms, said.is_allowed, said.remaining, said.reset_ms))
    assert told == asked


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_who_is_refused_may_come_when_told_and_not_before(kind: str, seed: int) -> None:
    draw, clock = Random(seed), Clock()
    limited = limiter(clock, kind, limit=draw.randint(1, 7), window_ms=draw.randint(100, 5000))
    for _ in range(200):
        said = limited.take("account 1")
        assert said is not None
        if said.is_allowed:
            clock.ms += draw.randint(0, 60)
            continue
        clock.ms += said.reset_ms - 1
        assert limited.take("account 1").is_allowed is False
        clock.ms += 1
        assert limited.take("account 1").is_allowed is True


def test_a_bucket_may_be_refilled_in_steps_and_hold_less_than_the_limit() -> None:
    clock = Clock()
    limited = Limiter(LimiterConfig(10, 1000, "token_bucket", burst=3, step_ms=200), clock)
    taken = []
    for at_ms in (0, 0, 0, 199, 200, 200, 201, 1000, 1000, 1000, 1000):
        clock.ms = START_MS + at_ms
        taken.append(limited.take("a").is_allowed)
    assert taken == [*[True] * 3, False, True, True, False, *[True] * 3, False]


@pytest.mark.parametrize(
    ("kind", "after_ms"),
    [("sliding_log", 1499), ("sliding_counter", 1600), ("token_bucket", 999), ("gcra", 999)],
)
def test_refused_requests_may_count(kind: str, after_ms: int) -> None:
    clock = Clock()
    limited = Limiter(LimiterConfig(2, 1000, kind, counts_refused=True), clock)
    assert [limited.take("a").is_allowed for _ in range(3)] == [True, True, False]
    if kind == "sliding_log":
        clock.ms += 500
        limited.take("a")
        limited.take("a")
    clock.ms = START_MS + after_ms
    assert limited.take("a").is_allowed is False


def test_an_operation_may_count_for_more_than_one() -> None:
    limited = Limiter(LimiterConfig(5, 1000, "fixed", weights={"heavy": 4}), Clock())
    assert [
        limited.take("a", each).is_allowed for each in ("heavy", "heavy", "light", "light")
    ] == [
        True,
        False,
        True,
        False,
    ]


def test_there_is_one_window_for_each_of_what_the_scope_names() -> None:
    asked = ("127.0.0.1", 1, "k", "read")
    for scope, subject in [
        (("address",), "address 127.0.0.1"),
        (("account",), "account 1"),
        (("key", "operation"), "key k read"),
    ]:
        assert Limiter(LimiterConfig(scope=scope), Clock()).subject(*asked) == subject
    nobody = Limiter(LimiterConfig(scope=("key",)), Clock()).subject("::1", 0, "", "read")
    assert nobody == "address ::1"


@pytest.mark.parametrize("kind", KINDS)
def test_subjects_are_counted_apart(kind: str) -> None:
    limited = limiter(Clock(), kind)
    allowed = [limited.take(each).is_allowed for each in ("a", "a", "a", "b")]
    assert allowed == [True, True, False, True]


def test_no_limit_counts_nothing() -> None:
    assert limiter(Clock(), "fixed", limit=0).take("a") is None


@pytest.mark.parametrize("forget", [Limiter.reset, lambda each: each.configure(each.config)])
def test_what_was_counted_can_be_forgotten(forget) -> None:
    limited = limiter(Clock(), "fixed", limit=1)
    assert [limited.take("a").is_allowed for _ in range(2)] == [True, False]
    forget(limited)
    assert limited.take("a").is_allowed


def test_the_subject_that_was_longest_silent_is_forgotten_first() -> None:
    limited = limiter(Clock(), "fixed", limit=1)
    limited.take("busy")
    limited.take("silent")
    for number in range(MOST_SUBJECTS - 1):
        limited.take("busy")
        limited.take(f"other {number}")
    assert limited.take("busy").is_allowed is False
    assert limited.take("silent").is_allowed is True
