"""Checks of the rate limit: what is documented is served, what is beyond is refused, and nobody else pays.

The kind of window and what it counts by are not documented, so any is accepted that serves the number and
refuses within the next one. Telling the kinds apart is the load tool's work.
"""

from __future__ import annotations

from typing import Final

from conformance.cases.claim import CannotTell, Claim, holds
from conformance.cases.key_asks import create, delete
from conformance.cases.script import Ask, Burst, Record, Script, Steps, World, check
from conformance.wire.signing import Key

MINUTE_NS: Final = 60_000_000_000
READ: Final = "getSpotWallets"
PROBES: Final = 60


def spender(world: World) -> str:
    """The account whose limit is used up: the last one that the target names."""
    return list(world.target.accounts)[-1]


@check(
    "limits.1200-a-minute-are-served",
    "limits.beyond-1200-refused",
    "limits.retry-after-is-true",
    "limits.one-account-does-not-limit-another",
    needs=("rate_limit",),
    requests=1320,
)
def documented_rate(world: World) -> Script:
    """As many requests as documented, one after the other, then more until one is refused."""
    limit = world.target.limits.requests_per_minute
    account = spender(world)
    yield Ask(READ, by=account)  # logs in, so that the burst is of one operation alone
    records = yield Burst(Ask(READ, by=account), times=2 * limit + 100, refusals=3)
    yield from judge_burst(records, limit)
    refused = [each for each in records if each.is_rejected]
    if not refused:
        return
    yield _retry_after(refused[0])
    if world.first != account:
        other = (yield Burst(Ask(READ, by=world.first), times=1, is_fresh=False))[0]
        yield holds(
            "limits.one-account-does-not-limit-another",
            other.is_accepted,
            f"while {account} is refused for the rate, {world.first} is served",
            "accepted",
            other.said,
            [refused[0].number, other.number],
        )


def judge_burst(records: tuple[Record, ...], limit: int) -> Steps[None]:
    """What a burst says: how many were served in a minute, and how the first refusal looked."""
    served = next(
        (place for place, each in enumerate(records) if not each.is_accepted), len(records)
    )
    took_ns = records[max(0, served - 1)].received_ns - records[0].sent_ns
    if took_ns > MINUTE_NS:
        raise CannotTell(
            f"{served} requests took {took_ns / 1e9:.0f} s: too slow to meet the limit"
        )
    first = records[served] if served < len(records) else None
    said = first.said if first else "none was refused"
    numbers = [first.number] if first else [records[-1].number]
    # One request of this account was sent before the burst, when it logged in.
    yield holds(
        "limits.1200-a-minute-are-served",
        served + 1 >= limit,
        f"{limit} requests within a minute are served",
        f"at least {limit} served",
        f"{served + 1} served, then {said}",
        numbers,
    )
    yield _beyond(first, served, said, numbers, limit)


def _beyond(first: Record | None, served: int, said: str, numbers: list[int], limit: int) -> Claim:
    is_rate = (
        first is not None and first.is_rejected and first.outcome.status in (200, 403, 418, 429)
    )
    return holds(
        "limits.beyond-1200-refused",
        is_rate,
        f"of {2 * limit + 100} requests within a minute some are refused for the rate",
        "a refusal: 429 or its equivalent",
        f"{served} served, then {said}",
        numbers,
    )


def _retry_after(refused: Record) -> Claim:
    given = refused.response.header("Retry-After") if refused.response else None
    good = given is not None and given.isascii() and given.isdigit() and 1 <= int(given) <= 3600
    title = "a refusal for the rate says how many whole seconds to wait"
    shown = f"Retry-After: {given}"
    return holds(
        "limits.retry-after-is-true", good, title, "Retry-After: 1 or more", shown, [refused.number]
    )


@check(
    "limits.bad-signature-costs-the-victim-nothing",
    needs=("keys", "rate_limit"),
    requests=100,
)
def victims_quota(world: World) -> Script:
    """Forged requests in the name of a key leave the remaining requests of its owner as they were."""
    key = yield from create(world, world.first, "read")
    forged = Key(key.name, "0" * len(key.secret))
    try:
        before = yield Ask(READ, key=key)
        records = yield Burst(Ask(READ, key=forged), times=PROBES, refusals=PROBES)
        after = yield Ask(READ, key=key)
        taken = [each for each in records if each.is_accepted]
        spent = _remaining(before), _remaining(after)
        unknown = None in spent
        good = after.is_accepted and not taken and (unknown or _lost(spent) < PROBES // 2)
        yield holds(
            "limits.bad-signature-costs-the-victim-nothing",
            good,
            f"{PROBES} forged requests do not use up the limit of the key's owner",
            "the owner is served, with about as many requests left as before",
            f"{after.outcome.status}, left before {spent[0]} and after {spent[1]}",
            [before.number, after.number],
        )
    finally:
        yield from delete(world, world.first, key.name)


def _remaining(record: Record) -> int | None:
    text = record.response.header("X-RateLimit-Remaining") if record.response else None
    return int(text) if text is not None and text.isdigit() else None


def _lost(spent: tuple[int | None, int | None]) -> int:
    before, after = spent
    assert before is not None
    assert after is not None
    return before - after
