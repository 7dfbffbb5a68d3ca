"""What the schemas leave open in a measurement, as real runs fill it: limiter, streams, generator."""

from __future__ import annotations

from typing import Any, Final

INFERENCE: Final[dict[str, Any]] = {
    "kind": "token_bucket",
    "same_as": ["gcra"],
    "limit": 50,
    "window_s": 5.0,
    "window_s_between": [4.9539, 5.1633],
    "per_minute_between": [581.02, 605.59],
    "counts_refused": False,
    "confidence": 0.9998,
    "candidates": {"token_bucket": 1.0},
    "looks": 72,
    "because": None,
    "scope": ["account"],
    "scope_unsure": {"address": "there was one address to ask from"},
    "weights": {"listFuturesOrders": 5, "listApiKeys": 1, "getSpotWallets": 1},
    "weights_unsure": "placeSpotOrder was not tried",
    "refusal": {
        "status": 429,
        "code": 3005,
        "retry_after": "seconds",
        "always_the_same": True,
    },
    "retry_after": {
        "is_true": True,
        "too_early_ms": 0,
        "too_late_ms": 1000,
        "known_to_ms": 15,
        "told": 22,
    },
    "recovery": {
        "how": "evenly, from the first moment on",
        "first_after_s": [0.0, 0.212],
        "back_then": 2,
    },
    "refusing_is_cheap": {"is_cheap": False, "p_value": 0.221, "refused": 27},
    "told": {"limit": 50, "remaining": 48, "reset_s": 0},
    "requirement": {
        "documented_per_minute": 1200,
        "is_served": False,
        "is_refused_beyond": True,
        "agrees": False,
    },
    "budget": {
        "requests_max": 20_000,
        "refusals_max": 60,
        "seconds_max": 240.0,
        "requests": 351,
        "refusals": 27,
        "seconds": 13.7,
    },
    "stopped": "the time that it may take is over",
}

BATCHES: Final[list[dict[str, Any]]] = [
    {
        "from_s": from_s,
        "until_s": until_s,
        "accepted": accepted,
        "refused": refused,
        "address": "127.0.0.1",
        "account": account,
        "key": "",
        "operation": operation,
    }
    for from_s, until_s, accepted, refused, account, operation in (
        (0.0, 0.0, 1, 0, "", "login"),
        (0.1, 0.6, 1200, 1, "carol", "listSpotOrders"),
        (0.7, 0.7, 0, 1, "carol", "listFuturesOrders"),
        (0.8, 1.2, 900, 0, "bob", "listSpotOrders"),
        (30.0, 30.0, 0, 1, "carol", "listSpotOrders"),
        (60.2, 60.8, 1200, 1, "carol", "listSpotOrders"),
        (100.0, 150.0, 600, 0, "carol", "listSpotOrders"),
    )
]

STREAMS: Final[dict[str, Any]] = {
    "connections": 4,
    "topics": 30,
    "messages": 1630,
    "messages_expected": 1630,
    "messages_per_s": 402.5,
    "messages_per_s_per_core": 91_422.1,
    "generator_cpu_s": 1.1,
    "gaps": 0,
    "schema": {
        "every": 100,
        "sampled": {"depth": 12, "trades": 9},
        "wrong": {"depth": 1},
        "first_wrong": "depth: seq is a string",
    },
    "latency": {
        "clocks": "offset-bounded",
        "n": 1630,
        "p50_us": [410.0, 690.0],
        "p90_us": [720.0, 1000.0],
        "p99_us": [1800.0, 2080.0],
        "interval_width_us": 280.0,
        "exchange_ahead_us": [-140.0, 140.0],
        "offset_by": ["getServerTime"],
        "offset_is_steady": True,
    },
    "slow_reader": {
        "silent_s": 4.0,
        "did": "disconnected it",
        "close_code": 1008,
        "others": {"before": {"p99_us": 900.0}, "with": {"p99_us": 960.0}},
    },
    "storm": {
        "cut": 8,
        "back": 7,
        "not_back": 1,
        "storms": 2,
        "back_us": {"p50": 2100.0, "p99": None, "max": 8100.0},
        "failures": {"refused": 1},
    },
    "ramp": {
        "tested_up_to": {"connections": 4, "subscriptions": 120},
        "delivered_all_up_to": {"connections": 4, "subscriptions": 120},
        "stopped_by": "the end of the stated range",
        "steps": [
            {"connections": 2, "subscriptions": 30, "delivered": 300, "expected": 300, "gaps": 0},
            {"connections": 4, "subscriptions": 120, "delivered": 900, "expected": 900, "gaps": 0},
        ],
    },
    "memory": {"exchange_kib_per_connection": 41.2, "failures": 0},
    "not_tried": {"kick": "the exchange has no control address"},
    "waited_for_a_connection": 0,
}

GENERATOR: Final[dict[str, Any]] = {
    "worker-0": {
        "valid": True,
        "why_invalid": None,
        "n": 2000,
        "errors": 0,
        "offered_per_s": 50.0,
        "achieved_per_s": 49.98,
        "send_lag_us_p99": 81.0,
        "receive_lag_us_p99": 60.1,
    },
    "worker-1": {
        "valid": False,
        "why_invalid": "worker-1 sent late: p99 2,310 us of 500",
        "n": 2000,
        "errors": 3,
        "offered_per_s": 50.0,
        "achieved_per_s": 47.2,
        "send_lag_us_p99": 2310.0,
        "receive_lag_us_p99": 75.0,
    },
}
