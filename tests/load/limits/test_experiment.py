"""The experiment on limiters of every kind, in virtual time: right where it answers, unknown where it cannot tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.wire.http import Response
from load.limits.answer import lines_of
from load.limits.budget import Budget
from reference_exchange.config import LimiterConfig
from reference_exchange.limiter import Limiter
from tests.load.limits.virtual import VirtualExchange


def infer(limiter: LimiterConfig, seed: int = 1, tells: bool = True, seconds: float = 240.0):
    virtual = VirtualExchange(limiter, seed, tells)
    said = virtual.infer(Budget(9 * 60 * 60, 60, seconds), 2 * limiter.limit + 100)
    return virtual, said


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("fixed", "fixed"),
        ("fixed_aligned", "fixed_aligned"),
        ("sliding_log", "sliding_log"),
        ("sliding_counter", "sliding_counter"),
        ("token_bucket", "token_bucket"),
        ("gcra", "token_bucket"),
    ],
)
def test_each_kind_is_told_from_the_others(kind, expected, tells):
    _, said = infer(LimiterConfig(50, 5000, kind), tells=tells)
    assert (said["kind"], said["scope"]) == (expected, ["account"])
    assert abs(said["limit"] - 50) <= 1
    assert said["window_s_between"][0] * 0.97 <= 5 <= said["window_s_between"][1] * 1.03
    assert said["confidence"] >= 0.99


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (("address",), ["address"]),
        (("account",), ["account"]),
        (("key",), ["key"]),
        (("account", "operation"), ["operation", "account"]),
        (("account", "address"), ["account", "address"]),
    ],
)
def test_each_scope_is_told_from_the_others(scope, expected):
    assert infer(LimiterConfig(30, 3000, "fixed", scope=scope))[1]["scope"] == expected


def test_one_limit_for_everybody_is_seen(monkeypatch):
    monkeypatch.setattr(Limiter, "subject", lambda *_: "everybody")
    assert infer(LimiterConfig(40, 2000, "fixed"), seconds=60)[1]["scope"] == ["everybody"]


@pytest.mark.parametrize("kind", ["sliding_log", "token_bucket", "gcra"])
@pytest.mark.parametrize("counts", [True, False])
def test_whether_refused_requests_count_is_told(kind, counts):
    _, said = infer(LimiterConfig(100, 10_000, kind, counts_refused=counts))
    assert said["counts_refused"] is counts


def test_what_makes_no_difference_is_said_to_make_none():
    assert infer(LimiterConfig(30, 3000, "fixed"))[1]["counts_refused"] == "makes no difference"


def test_operations_that_weigh_more_are_found():
    weights = {"listApiKeys": 5, "getUserInfo": 3}
    _, said = infer(LimiterConfig(40, 2000, "fixed", weights=weights))
    assert (said["kind"], said["weights_unsure"]) == ("fixed", None)
    assert {name: weight for name, weight in said["weights"].items() if weight != 1} == weights


def test_in_too_little_time_weights_are_known_together():
    _, said = infer(LimiterConfig(1200, 60_000, "fixed", weights={"listApiKeys": 40}), seconds=20)
    assert said["weights"] == "unknown"
    assert said["weights_unsure"].endswith("together count for 47")


def test_operations_that_weigh_the_same_are_so():
    _, said = infer(LimiterConfig(100, 10_000, "fixed"))
    assert set(said["weights"].values()) == {1}
    assert len(said["weights"]) >= 5


def test_a_true_retry_after_is_true():
    retry = infer(LimiterConfig(50, 5000, "fixed"))[1]["retry_after"]
    assert retry["is_true"] is True
    assert retry["too_early_ms"] <= retry["known_to_ms"]


@pytest.mark.parametrize(("factor", "figure"), [(0.5, "too_early_ms"), (2.0, "too_late_ms")])
def test_a_false_retry_after_is_found(factor, figure):
    virtual = VirtualExchange(LimiterConfig(50, 20_000, "fixed"), 1, retry_factor=factor)
    said = virtual.infer(Budget(5000, 60, 240.0), 200)
    assert (said["kind"], said["retry_after"]["is_true"]) == ("fixed", False)
    assert said["retry_after"][figure] > 2000


def answering(status: int, body: bytes, *paths: str, key: bool = False):
    """An exchange that answers some questions, or whoever signs, in a way of its own."""

    def alter(request, response):
        is_meant = request.path in paths or (key and request.header("X-FT-APIKEY"))
        return Response(status, (), body) if is_meant else response

    return alter


NO = b'{"code":4040,"message":"no"}'


def test_what_is_never_served_says_nothing_about_a_limit():
    paths = ("/tx/spot/list",)
    virtual = VirtualExchange(LimiterConfig(50, 5000), 1, alter=answering(403, NO, *paths))
    said = virtual.infer(Budget(5000, 60, 60.0), 200)
    assert "not served even when asked once: status 403" in said["stopped"]
    assert said["requirement"]["is_refused_beyond"] == "unknown"


@pytest.mark.parametrize(("status", "body"), [(404, NO), (200, NO), (500, b"{}"), (401, NO)])
def test_a_read_that_cannot_be_had_does_not_end_it(status, body):
    paths = ("/uc/api-key/list", "/uc/asset/deposits", "/uc/asset/withdrawals", "/uc/user-info")
    virtual = VirtualExchange(LimiterConfig(50, 5000), 1, alter=answering(status, body, *paths))
    said = virtual.infer(Budget(5000, 60, 240.0), 200)
    assert (said["kind"], said["scope"], said["stopped"]) == ("fixed", ["account"], None)
    assert "listApiKeys" not in said["weights"]


def test_a_key_that_is_not_let_in_says_nothing_about_the_scope():
    virtual = VirtualExchange(LimiterConfig(50, 5000), 1, alter=answering(401, NO, key=True))
    said = virtual.infer(Budget(5000, 60, 240.0), 200)
    assert said["scope"] == ["account"]
    assert said["scope_unsure"] == {"key": "the other one was not let in at all"}


def test_a_5xx_is_no_refusal_as_it_should_be():
    def unavailable(_, response):
        headers = (("Retry-After", "3"),)
        return Response(503, headers, b"") if response.status == 429 else response

    virtual = VirtualExchange(LimiterConfig(50, 5000), 1, alter=unavailable)
    said = virtual.infer(Budget(5000, 60, 30.0), 200)
    assert said["requirement"]["is_refused_beyond"] is False


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_a_tiny_limit_is_right_or_unknown_and_no_row_of_refusals(limit, monkeypatch):
    take, rows = Limiter.take, {}

    def counting(self, subject, operation=""):
        allowance = take(self, subject, operation)
        rows.setdefault(subject, [0])
        rows[subject].append(0 if allowance.is_allowed else rows[subject][-1] + 1)
        return allowance

    virtual = VirtualExchange(LimiterConfig(100, 1), 1)
    virtual.exchange.limiter.configure(LimiterConfig(limit, 2000))
    monkeypatch.setattr(Limiter, "take", counting)
    said = virtual.infer(Budget(5000, 60, 60.0), 200)
    assert said["kind"] in ("fixed", "unknown")
    assert said["scope"] in (["account"], "unknown")
    assert max(max(each) for each in rows.values()) <= 12


def test_a_bucket_that_is_filled_in_steps_is_told_from_one_that_is_not():
    limiter = LimiterConfig(200, 10_000, "token_bucket", step_ms=1000)
    _, said = infer(limiter)
    assert said["kind"] == "stepped_bucket"


def test_whoever_cannot_try_accounts_and_addresses_does_not_say_everybody():
    virtual = VirtualExchange(LimiterConfig(50, 5000), 1)
    asks = virtual.voices.asks
    virtual.voices.asks = lambda most: replace(asks(most), variants={})
    said = virtual.infer(Budget(5000, 60, 240.0), 200)
    assert said["scope"] == "unknown"
    assert set(said["scope_unsure"]) == {"operation", "key", "account", "address"}


def test_no_limit_is_said_as_what_was_tried():
    _, said = infer(LimiterConfig(0), seconds=60)
    assert said["kind"] == "unknown"
    assert said["stopped"] == "nothing was refused within 100 requests"
    assert said["requirement"]["is_refused_beyond"] == "unknown"


def test_too_little_time_is_unknown_and_never_a_guess():
    _, said = infer(LimiterConfig(1200, 60_000), seconds=9.0)
    assert (said["kind"], said["limit"]) == ("unknown", "unknown")
    assert said["scope"] == ["account"]
    assert "beyond the 9 s" in said["because"]


@pytest.mark.parametrize("kind", ["fixed", "sliding_log", "sliding_counter", "token_bucket"])
def test_a_ban_after_eight_refusals_in_a_row_is_never_provoked(kind, monkeypatch):
    take, row, banned = Limiter.take, [0], [False]

    def counting(self, subject, operation=""):
        allowance = take(self, subject, operation)
        row[0] = 0 if allowance.is_allowed else row[0] + 1
        banned[0] = banned[0] or row[0] > 8
        return allowance

    monkeypatch.setattr(Limiter, "take", counting)
    _, said = infer(LimiterConfig(60, 30_000, kind))
    assert not banned[0]
    assert said["budget"]["refusals"] <= said["budget"]["refusals_max"]


def test_the_same_seed_gives_the_same_answer():
    assert (
        infer(LimiterConfig(20, 2000, "sliding_log"))[1]
        == infer(LimiterConfig(20, 2000, "sliding_log"))[1]
    )


def test_people_read_the_answer_first_and_the_cost_last():
    lines = lines_of(infer(LimiterConfig(50, 5000, "token_bucket"))[1])
    assert lines[0].startswith("limiter: 50 in 5 s")
    assert "token_bucket or gcra" in lines[0]
    assert "refusals" in lines[-1]
