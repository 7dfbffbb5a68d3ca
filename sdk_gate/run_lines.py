"""The first and the last line of a gate run's log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from conformance import machine
from conformance.target import Target
from sdk_gate.arrivals import Wire
from sdk_gate.asked import DRIVER, WRAP, Asked
from sdk_gate.exchange.verifying import Addresses
from sdk_gate.play import Hello

KIND: Final = "sdk"


def header(
    asked: Asked, target: Target, addresses: Addresses, hello: Hello | None
) -> dict[str, Any]:
    """The first line of a run's log."""
    source = {"source": str(asked.source)} if asked.source else {}
    told = (
        {
            "name": hello.name,
            "version": hello.version,
            "language": hello.language,
            "protocol": hello.protocol,
            "features": list(hello.features),
        }
        if hello
        else {"name": asked.name}
    )
    return {
        "kind": KIND,
        "target": told["name"],
        "target_file": asked.target,
        "seed": asked.seed,
        "started": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fault": None,
        "addresses": {"rest": addresses.rest, "stream": addresses.stream},
        "openapi": str(asked.openapi),
        "asyncapi": str(asked.asyncapi),
        "embedded": target.embedded,
        "selection": bool(asked.only) or hello is None,
        "environment": machine.facts(),
        "deviations": str(asked.deviations),
        "sdk": {**told, "command": asked.sdk, "mode": DRIVER if hello else WRAP, **source},
    }


def footer(wire: Wire, duration_s: float) -> dict[str, Any]:
    """The last line: what was asked and how it was answered, by operation."""
    asked: dict[str, dict[str, Any]] = {}
    for each in wire.arrivals:
        if each.operation is None:
            continue
        row = asked.setdefault(
            each.operation, {"statuses": {}, "accepted": 0, "refused": 0, "unknown": 0}
        )
        if each.status is None:
            row["unknown"] += 1
            continue
        row["statuses"][str(each.status)] = row["statuses"].get(str(each.status), 0) + 1
        kind = "accepted" if each.was_accepted else "unknown" if each.status >= 500 else "refused"
        row[kind] += 1
    return {
        "asked": asked,
        "heard": {},
        "requests_sent": len(wire.arrivals),
        "duration_s": round(duration_s, 1),
    }
