"""Checks of the rate limit: what is documented is served, the rest refused, and nobody else pays.

The kind of window and what it counts by are not documented, so any is accepted that serves the
number and refuses within the next one. Telling the kinds apart is the load tool's work.
"""

from __future__ import annotations

from typing import Final

from conformance.cases.claim import CannotTell, Claim, Verdict, holds
from conformance.cases.key_asks import create, delete, works
from conformance.cases.refusals import taken
from conformance.cases.script import Ask, Burst, Record, Script, Steps, Token, World, check
from conformance.wire.signing import Key

MINUTE_NS: Final = 60_000_000_000
READ: Final = "getSpotWallets"
REFUSALS: Final = 3
PROBES: Final = 60
MORE: Final = 50
# What exchanges answer beyond their limit: 429, a ban (418, 403), or 200 with a code.
RATE_STATUSES: Final = (200, 403, 418, 429)


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
    """As many requests as documented, one after the other, then more until some are refused."""
    limit = world.target.limits.requests_per_minute
    account = spender(world)
    # Both log in before, so that the burst is of one operation alone and nobody logs in after it.
    yield Token(world.first)
    record = yield Ask(READ, by=account)
    if not (record.is_accepted and record.data):
        raise CannotTell(f"{READ} is not served even when asked once: {record.said}")
    records = yield Burst(Ask(READ, by=account), times=2 * limit + 100, refusals=REFUSALS)
    yield from judge_burst(records, limit)
    refused = [each for each in records if each.is_rejected]
    if not refused:
        raise CannotTell("nothing was refused for the rate")
    yield _retry_after(refused[0])
    if world.first == account:
        raise CannotTell("the target's file names no second account")
    other = yield from _at_once(Ask(READ, by=world.first))
    title = f"while {account} is refused for the rate, {world.first} is served"
    yield taken("limits.one-account-does-not-limit-another", other, title, because_of=[refused[0]])


def _at_once(ask: Ask) -> Steps[Record]:
    """One request that sees what a burst left: it is neither paced nor given a fresh window."""
    records: tuple[Record, ...] = yield Burst(ask, times=1, is_fresh=False)
    return records[0]


def judge_burst(records: tuple[Record, ...], limit: int) -> Steps[None]:
    """What a burst says: how many were served within a minute, and how the first refusal looked."""
    served = served_of(records)
    within_a_minute(records[: served + 1])
    first = records[served] if served < len(records) else None
    if first is not None and first.response is None:
        raise CannotTell(f"request {served + 1} of a burst got no answer: {first.failure}")
    said = f"{served} served, then {first.said if first else 'none was refused'}"
    numbers = [(first or records[-1]).number]
    yield holds(
        "limits.1200-a-minute-are-served",
        served >= limit,
        f"{limit} requests within a minute are served",
        f"at least {limit} served",
        said,
        numbers,
    )
    title = f"of {2 * limit + 100} requests within a minute some are refused for the rate"
    expected = "a refusal: 429 or its equivalent"
    good = first is not None and first.is_rejected and first.outcome.status in RATE_STATUSES
    yield holds("limits.beyond-1200-refused", good, title, expected, said, numbers)


def served_of(records: tuple[Record, ...]) -> int:
    """How many were accepted before the first that was not."""
    places = (place for place, each in enumerate(records) if not each.is_accepted)
    return next(places, len(records))


def within_a_minute(records: tuple[Record, ...]) -> None:
    """Raise CannotTell when a burst took longer than the window that it is about."""
    took_ns = records[-1].received_ns - records[0].sent_ns
    if took_ns > MINUTE_NS:
        many = f"{len(records)} requests took {took_ns / 1e9:.0f} s"
        raise CannotTell(f"{many}: from here, one after the other, the limit cannot be reached")


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
    requests=80,
)
def victims_quota(world: World) -> Script:
    """Forged requests in the name of a key leave its owner's requests as they were.

    Where answers tell how many are left, a few forged requests show it. Where they do not, as many
    are sent as the owner has in a minute.
    """
    limit = world.target.limits.requests_per_minute
    key = yield from create(world, world.first, "read")
    forged = Ask(READ, key=Key(key.name, "0" * len(key.secret)))
    try:
        yield from works(world, key)
        if world.second in world.target.accounts:
            yield Token(world.second)  # nobody logs in after a burst
        records = yield Burst(forged, times=PROBES, refusals=PROBES)
        after = yield from _at_once(Ask(READ, key=key))
        used = _used(after)
        if used is None or _refilled(records, limit) > PROBES // 4:
            records = yield Burst(forged, times=limit + MORE, refusals=limit + MORE)
            within_a_minute(records)
            after = yield from _at_once(Ask(READ, key=key))
            used = None
        other = None
        if not after.is_accepted:
            other = yield from _at_once(Ask(READ, by=world.second))
        yield _judge_victim(records, after, used, other)
    finally:
        yield from delete(world, world.first, key.name)


def _judge_victim(
    records: tuple[Record, ...], after: Record, used: int | None, other: Record | None
) -> Claim:
    requirement = "limits.bad-signature-costs-the-victim-nothing"
    title = f"{len(records)} forged requests do not use up the limit of the key's owner"
    numbers = (records[0].number, after.number)
    taken_for_good = [each for each in records if each.is_accepted]
    if other is not None and not other.is_accepted and not taken_for_good:
        why = "our whole address is refused, the owner and others alike: " + after.said
        return Claim(requirement, Verdict.INCONCLUSIVE, title, "the owner is served", why, numbers)
    good = after.is_accepted and not taken_for_good and (used is None or used < PROBES // 2)
    expected = "no forged request accepted; the owner served, and nearly nothing used up"
    actual = f"{len(taken_for_good)} accepted; then {after.outcome.status}, {used} used up"
    return holds(requirement, good, title, expected, actual, numbers)


def _used(record: Record) -> int | None:
    """How many requests of its window an answer says are used up, or None when it does not say."""
    if record.response is None:
        return None
    left = record.response.header("X-RateLimit-Remaining") or ""
    all_of_them = record.response.header("X-RateLimit-Limit") or ""
    return int(all_of_them) - int(left) if left.isdigit() and all_of_them.isdigit() else None


def _refilled(records: tuple[Record, ...], limit: int) -> int:
    """How many requests a bucket that refills evenly may have got back in the meantime."""
    return (records[-1].received_ns - records[0].sent_ns) * limit // MINUTE_NS
