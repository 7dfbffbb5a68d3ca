"""What was found of the streams, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Found = Mapping[str, Any]


def lines_of_streams(extra: Found) -> list[str]:
    """Nothing for an entry of another scenario."""
    return [f"  {line}" for line in _lines(extra)] if "schema" in extra else []


def _lines(extra: Found) -> Iterator[str]:
    sampled, wrong = (sum(extra["schema"].get(x, {}).values()) for x in ("sampled", "wrong"))
    first = f", the first: {extra['schema']['first_wrong']}" if wrong else ""
    yield f"messages {extra['messages']} of {extra['messages_expected']} expected"
    yield f"schema: {wrong} of {sampled} sampled messages are wrong{first}"
    yield _latency(extra["latency"])
    makers = {"slow_reader": _slow, "storm": _storm, "ramp": _ramp, "memory": _memory}
    for name, line in makers.items():
        if name in extra:
            yield f"{name.replace('_', ' ')}: {line(extra[name])}"
    for name, why in extra.get("not_tried", {}).items():
        yield f"{name.replace('_', ' ')}: not tried: {why}"


def _latency(found: Found) -> str:
    if found["clocks"] is None:
        return f"event to kernel: unknown: {found['because']}"
    shown = [
        f"{name} {found[f'{name}_us'][0]:.0f} to {found[f'{name}_us'][1]:.0f}"
        for name in ("p50", "p90", "p99")
        if found[f"{name}_us"]
    ]
    return f"event to kernel us: {', '.join(shown) or 'too few'} (two clocks, {found['clocks']})"


def _slow(found: Found) -> str:
    code = f", close code {found['close_code'] or 'none'}" if found["ended_because"] else ""
    waited = f"{found['waited_bytes']} bytes waited in {found['silent_s']:g} s"
    return f"the exchange {found['did']}{code}; {waited}{_disturbed(found)}"


def _storm(found: Found) -> str:
    times = [
        f"{name} {found['back_us'][name] / 1000:.0f}"
        for name in ("p50", "p99", "max")
        if found["back_us"][name] is not None
    ]
    return f"{found['back']} of {found['cut']} came back; ms: {', '.join(times)}{_disturbed(found)}"


def _ramp(found: Found) -> str:
    best = found["delivered_all_up_to"]
    held = f"{best['subscriptions']} on {best['connections']} connections" if best else "none"
    tested = found["tested_up_to"]
    most = f"tested up to {tested['subscriptions']} subscriptions" if tested else "not tested"
    return f"{most}; all delivered up to {held}; ended by {found['stopped_by']}"


def _memory(found: Found) -> str:
    parts = []
    for who in ("exchange", "client"):
        seen = found[who]
        parts.append(
            f"{who} {seen['per_connection_bytes']} B a connection, "
            f"{seen['per_subscription_bytes']} B a subscription"
            if seen
            else f"{who} unknown"
        )
    why = found["exchange_unknown_because"]
    return "; ".join(parts) + (f" ({why})" if why else "")


def _disturbed(found: Found) -> str:
    return f"; others disturbed: {', '.join(found['others_disturbed'] or ['no'])}"
