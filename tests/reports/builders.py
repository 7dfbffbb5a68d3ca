"""Made summaries: a small one to change at will, and a realistic one over the whole contract."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from conformance.spec import requirements
from conformance.spec.contract import SPECS, Contract
from load.attribution import Attribution, Stamps
from load.histogram import histogram_of
from load.result import figures

SCRIPT = """BASE=http://127.0.0.1:8080
TOKEN_ALICE=$(curl -s -X POST "$BASE/uc/v2/login" --data-urlencode email=alice@example.com \
--data-urlencode password=secret | jq -r .data.Authorization)
R1=$(curl -s -X POST "$BASE"/tx/spot/add -H "Authorization: $TOKEN_ALICE" \
--data-raw 'symbol=SOL/USDT&direction=0&price=189.000&type=0&amount=1.000')
V1=$(printf %s "$R1" | jq -r '.data')
curl -s -i -X POST "$BASE"/tx/spot/cancel -H "Authorization: $TOKEN_ALICE" \
--data-raw orderId="$V1\""""

FAILED = {
    "spot.cancel-releases-everything": (
        "what was frozen for an order is free again after its cancel",
        "USDT balance 1000000.00, frozen 0",
        "USDT balance 999811.00, frozen 189.00",
    ),
    "depth.sequence-without-gap": (
        "prevSeq of a delta is the seq before it",
        "prevSeq 4182",
        "prevSeq 4180 in the delta with seq 4183",
    ),
    "limits.retry-after-is-true": (
        "a request after Retry-After is accepted",
        "accepted after 3 s",
        "429 Too Many Requests, code 3005, Retry-After: 3",
    ),
}


def result(**changes: Any) -> dict[str, Any]:
    """One requirement that passed."""
    return {
        "id": "spot.order-is-listed",
        "sentence": "An accepted order is in the list of orders.",
        "strength": "must",
        "provenance": "documented",
        "source": "List spot orders",
        "where": ["placeSpotOrder", "listSpotOrders"],
        "verdict": "passed",
        "gating": True,
        "reason": None,
        "checks": ["spot/place-and-list"],
        "claims": 12,
        **changes,
    }


def finding(**changes: Any) -> dict[str, Any]:
    """One failure that gates."""
    return {
        "requirement": "spot.order-is-listed",
        "verdict": "fail",
        "strength": "must",
        "provenance": "documented",
        "gating": True,
        "title": "the list holds the order",
        "expected": "order 17 in the list",
        "actual": "an empty list",
        "reproduce": SCRIPT,
        "check": "spot/place-and-list",
        "case": "",
        "seed": 1,
        "sentence": "An accepted order is in the list of orders.",
        "source": "List spot orders",
        **changes,
    }


def measurement(scenario: str, n: int, median_us: float, seed: int, **changes: Any) -> Any:
    """One scenario with times as an exchange has them: a narrow body and a long tail."""
    random = Random(seed)
    wire = [_time_ns(random, median_us) for _ in range(n)]
    response = [each + round(random.expovariate(1 / 60_000)) for each in wire]
    return {
        "scenario": scenario,
        "profile": "smoke",
        "valid": True,
        "why_invalid": None,
        "n": n,
        "errors": 0,
        "offered_per_s": 100.0,
        "achieved_per_s": 99.94,
        "duration_s": 4.0,
        "clock": "kernel",
        "wire_us": figures(histogram_of(wire)),
        "response_us": figures(histogram_of(response)),
        "send_lag_us": {"p99": 84.2},
        "receive_lag_us": {"p99": 61.0},
        "attribution": attribution(wire),
        "operations": [
            {
                "operation": "placeSpotOrder",
                "n": n,
                "errors": 0,
                "wire_us": figures(histogram_of(wire)),
                "response_us": figures(histogram_of(response)),
            }
        ],
        "extra": {"waited_for_a_connection": 0},
        "histograms": {"response": histogram_of(response).encode()},
        **changes,
    }


def attribution(wire: list[int], is_said: bool = True) -> dict[str, Any]:
    """Every tenth of these as a request of the probe; the exchange says that half of each was its own."""
    probe = Attribution(operations={"listSymbolThumbs"}, per_s=10.0)
    said = {"said_by": "Server-Timing: app"} if is_said else {}
    probe.add(
        Stamps(
            *(1, 1, 60_001, 75_001, 90_000, 60_001 + each, 100_001 + each, 1, 9_000),
            **({"server_ns": each // 2, **said} if is_said else {}),
        )
        for each in wire[::10]
    )
    mean = round(sum(wire) / len(wire) / 1000, 3)
    means = {"waiting": 0.0, "client_before": 60.0, "wire": mean, "client_after": 40.0}
    load = {"n": len(wire), "mean_us": {**means, "response": round(100 + mean, 3)}}
    return {"load": {**load, "not_to_be_had": None}, "probe": probe.table()}


def _time_ns(random: Random, median_us: float) -> int:
    tail = 1 if random.random() > 0.02 else random.uniform(2, 9)
    return round(median_us * 1000 * random.lognormvariate(0, 0.18) * tail)


def deviation(**changes: Any) -> dict[str, Any]:
    """A listed failure of the requirement that the other builders speak of."""
    return {
        "requirement": "spot.order-is-listed",
        "reason": "the list lags behind; a fix is announced",
        "link": "https://tracker.example/123",
        "review_by": "2026-12-31",
        "state": "expected",
        **changes,
    }


def small(**changes: Any) -> dict[str, Any]:
    """A summary of one requirement that holds."""
    rows = changes.get("requirement_results", [result()])
    return {
        "schema": 1,
        "kind": "conformance",
        "target": "reference",
        "seed": 1,
        "started": "2026-01-01T00:00:00Z",
        "duration_s": 61.2,
        "verdict": "pass",
        "exit_code": 0,
        "requirements": counted(rows),
        "findings": [],
        "load": [],
        "requirement_results": rows,
        "operations": [],
        "channels": [],
        "deviations": [],
        "warnings": [],
        "notes": [],
        "environment": {
            "python": "3.11.9",
            "platform": "Linux-6.1-x86_64",
            "suite_version": "0.1.0",
            "spec_sha256": "9f2c" * 16,
        },
        "fault": None,
        "addresses": {"rest": "http://127.0.0.1:8080", "stream": "ws://127.0.0.1:8081/"},
        "requests_sent": 2841,
        **changes,
    }


def counted(rows: list[dict[str, Any]]) -> dict[str, int]:
    """The counts of a summary."""
    found = Counter(row["verdict"] for row in rows)
    names = ("passed", "failed", "inconclusive", "skipped", "not_covered")
    return {"total": len(rows), **{name: found[name] for name in names}}


def full_summary(failed: tuple[str, ...] = ()) -> dict[str, Any]:
    """A run over every requirement, operation and channel of the contract."""
    contract, catalogue = _contract()
    rows = [_result_of(each, failed) for each in catalogue.values()]
    findings = [_finding_of(row) for row in rows if row["verdict"] == "failed"]
    return small(
        requirement_results=rows,
        findings=findings,
        verdict="fail" if findings else "pass",
        exit_code=1 if findings else 0,
        load=loads(),
        operations=[_operation(*each) for each in enumerate(contract.operations.values())],
        channels=[{"channel": name, "frames": 80} for name in contract.channels],
    )


@cache
def _contract() -> tuple[Contract, dict[str, requirements.Requirement]]:
    contract = Contract.load(SPECS / "openapi.yaml", SPECS / "asyncapi.yaml")
    return contract, requirements.load(contract)


def loads() -> list[dict[str, Any]]:
    """The three scenarios of a short run."""
    return deepcopy(_loads())


@cache
def _loads() -> list[dict[str, Any]]:
    burst = {
        "accepted": 1200,
        "accepted_before_refusal": 1200,
        "refusal_status": 429,
        "refusal_code": 3005,
        "retry_after_s": 58,
    }
    closed = {"offered_per_s": 712.0, "achieved_per_s": 712.0, "extra": burst}
    streams = {"connections": 4, "topics": 30, "messages": 1630, "messages_per_s": 402.5, "gaps": 0}
    return [
        measurement("order_latency", 4000, 410, 1),
        measurement("rate_limit", 1260, 520, 2, **closed),
        measurement("stream_throughput", 240, 820, 3, extra=streams),
    ]


def _result_of(requirement: requirements.Requirement, failed: tuple[str, ...]) -> dict[str, Any]:
    row = result(
        id=requirement.id,
        sentence=requirement.sentence,
        strength=requirement.strength.value,
        provenance=requirement.provenance.value,
        source=requirement.source,
        where=list(requirement.where),
        checks=[requirement.id.replace(".", "/")],
    )
    if not requirement.source:
        del row["source"]
    if requirement.id in failed:
        row |= {"verdict": "failed", "reason": FAILED[requirement.id][0]}
    elif requirement.id.startswith("sdk."):
        row |= {"verdict": "skipped", "reason": "make sdk-gate judges SDKs", "claims": 1}
    return row


def _finding_of(row: dict[str, Any]) -> dict[str, Any]:
    title, expected, actual = FAILED[row["id"]]
    same = {name: row[name] for name in ("strength", "provenance", "gating", "sentence")}
    return finding(
        **same,
        requirement=row["id"],
        title=title,
        expected=expected,
        actual=actual,
        check=row["checks"][0],
        source=row.get("source", ""),
    )


def _operation(place: int, operation: Any) -> dict[str, Any]:
    accepted, refused = 20 + place * 3, 40 + place
    timed = operation.id == "placeSpotOrder"
    return {
        "operation": operation.id,
        "method": operation.method,
        "path": operation.path,
        "provenance": operation.provenance,
        "requests": accepted + refused,
        "accepted": accepted,
        "refused": refused,
        "unknown": 0,
        "statuses": {"200": accepted, "400": refused - 5, "401": 5},
        "load": {"n": 4000, "p50_us": 462.1, "p99_us": 1893.4} if timed else None,
    }
