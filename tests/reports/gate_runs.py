"""Made runs of the SDK gate: summaries, and cases with their wire logs."""

from __future__ import annotations

from typing import Any

from conformance.spec import requirements
from reports.cases import Case
from tests.reports.builders import finding, result, small

ONCE = "sdk.orders-are-made-once"
SIGNED = "sdk.signing-stages-agree"
BREAKS = "orders/connection-breaks-after-it"
VECTORS = "signing/vectors"
SDK = {
    "name": "exchange-client",
    "version": "1.4.0",
    "language": "Node.js",
    "protocol": "1.0",
    "features": ["token", "streams"],
    "command": "node driver.js",
    "mode": "driver",
    "target": "reference",
}
TITLE = "an exchange that performs it and hangs up: one order is made"
WRAPPED = {"name": "npm", "command": "npm test", "mode": "wrap", "target": "reference"}
UNDECLARED = "the driver does not declare sign"


def gate_summary(failed: tuple[str, ...] = (), **changes: Any) -> dict[str, Any]:
    """A run over all that an SDK owes; one requirement is skipped."""
    rows = [_row(each, failed) for each in requirements.of_sdks().values()]
    found = [_finding(row) for row in rows if row["verdict"] == "failed"]
    verdict = {"verdict": "fail", "exit_code": 1} if found else {}
    told = {
        "kind": "sdk",
        "target": "exchange-client",
        "sdk": SDK,
        "requirement_results": rows,
        "findings": found,
        "operations": [
            operation(),
            operation(operation="listSpotOrders", accepted=0, statuses={}),
        ],
    }
    return small(**{**told, **verdict, **changes})


def _row(each: requirements.Requirement, failed: tuple[str, ...]) -> dict[str, Any]:
    row = result(
        id=each.id,
        sentence=each.sentence,
        strength=each.strength.value,
        provenance=each.provenance.value,
        source=each.source or "made up",
        where=[],
        checks=[BREAKS],
    )
    if each.id in failed:
        return {**row, "verdict": "failed", "reason": TITLE}
    if each.id == SIGNED:
        return {**row, "verdict": "skipped", "reason": UNDECLARED, "checks": [VECTORS]}
    return row


def _finding(row: dict[str, Any]) -> dict[str, Any]:
    same = ("strength", "provenance", "gating", "sentence", "source")
    told = {"title": TITLE, "expected": "1", "actual": "2"}
    again = f"make sdk-gate SDK='node driver.js' MODE=driver ONLY={BREAKS} SEED=1"
    case = "The order is accepted, then the connection breaks."
    found = {name: row[name] for name in same}
    return finding(requirement=row["id"], check=BREAKS, case=case, reproduce=again, **told, **found)


def operation(**changes: Any) -> dict[str, Any]:
    """What a run says of one operation."""
    row = {
        "operation": "placeSpotOrder",
        "method": "POST",
        "path": "/tx/spot/add",
        "provenance": "documented",
        "accepted": 2,
        "refused": 0,
        "unknown": 0,
        "statuses": {"200": 2},
        "load": None,
        **changes,
    }
    return {**row, "requests": sum(row["statuses"].values())}


def request(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A request that was answered."""
    return {
        "kind": "request",
        "number": number,
        "at_ms": 10.0 * number,
        "connection": number,
        "host": "exchange",
        "operation": "placeSpotOrder",
        "method": "POST",
        "target": "/tx/spot/add",
        "headers": [["Host", "127.0.0.1:1"], ["Content-Length", "9"]],
        "body": "amount=1",
        "script": None,
        "answer": {
            "at_ms": 10.0 * number + 2.5,
            "status": 200,
            "headers": [["Content-Type", "application/json"]],
            "body": '{"code":0,"data":"17"}',
        },
        **changes,
    }


def event(kind: str = "received", **changes: Any) -> dict[str, Any]:
    """What happened on a stream."""
    return {"kind": kind, "at_ms": 50.0, "connection": 7, "text": '{"op":"subscribe"}', **changes}


def claim(**changes: Any) -> dict[str, Any]:
    """A claim that holds."""
    return {
        "requirement": ONCE,
        "verdict": "pass",
        "title": TITLE,
        "expected": "1",
        "actual": "1",
        "records": [2],
        **changes,
    }


def case(name: str = BREAKS, **changes: Any) -> Case:
    """A case with a row of every kind."""
    lost = request(2, script="performs it and hangs up", answer=None)
    kinds = ("opened", "received", "sent", "ping", "pong", "asked", "refused", "closed")
    stream = [event(each, at_ms=50.0 + n) for n, each in enumerate(kinds)]
    document = {
        "schema": 1,
        "case": name,
        "sentence": "The order is accepted, then the connection breaks.",
        "requirements": [ONCE],
        "needs": ["account"],
        "verdict": "pass",
        "why": "",
        "duration_s": 0.4,
        "claims": [claim()],
        "steps": steps(),
        "wire": [request(), lost, *stream],
        **changes,
    }
    return Case(name.replace("/", "-"), document)


def steps() -> list[dict[str, Any]]:
    """A step that went well, one that did not, and one without an answer."""
    call = {"do": "call", "operation": "placeSpotOrder", "params": {"amount": "0.1"}}
    error = {"kind": "transport", "message": "the connection failed", "code": None, "status": None}
    return [
        {"step": {"id": 1, "do": "open", "config": {}}, "answer": {"id": 1, "ok": True}},
        {"step": {"id": 2, **call}, "answer": {"id": 2, "ok": False, "error": error}},
        {"step": {"id": 3, "do": "book", "symbol": "BTC/USDT"}, "answer": None},
    ]


def failing_case() -> Case:
    """The same where two orders were made."""
    wrong = claim(verdict="fail", actual="2", records=[1, 2])
    other = claim(requirement="sdk.forms-are-forms", title="a POST is a form")
    return case(verdict="fail", claims=[other, wrong])


def skipped_case() -> Case:
    """A case that the driver has not the feature for."""
    told = claim(requirement=SIGNED, verdict="skipped", title=UNDECLARED, records=[])
    return case(
        VECTORS,
        sentence="Each signing vector, stage by stage.",
        requirements=[SIGNED],
        needs=["sign"],
        verdict="skipped",
        why=UNDECLARED,
        claims=[told],
        steps=[],
        wire=[],
    )


def large_case(rows: int = 2000) -> Case:
    """As many rows as a log may have, with bodies; the last is what shows a failure."""
    body = "amount=1&" * 40
    wire = [request(n, body=body) for n in range(1, rows)]
    wire.append(request(rows, body="amount=the-last"))
    return case(verdict="fail", claims=[claim(verdict="fail", records=[rows])], wire=wire)
