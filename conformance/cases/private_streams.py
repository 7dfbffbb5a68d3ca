"""Checks of the private channels: the owner is told of every change, and nobody else of any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from conformance.cases.asks import BUY, Wallet, Wallets, decimal, member, rows, wallets
from conformance.cases.claim import CannotTell, Claim, holds
from conformance.cases.own_trades import trade_with_ourselves
from conformance.cases.script import Frame, Script, Steps, Token, World, check
from conformance.cases.spot_asks import Resting, clear, rest, tidy
from conformance.cases.stream_asks import (
    Line,
    ask,
    authenticated,
    channel_of,
    events,
    events_until,
    is_snapshot,
    opened,
    presented,
    quoted,
    silence,
    subscribed,
)
from conformance.target import Market

ORDERS = "stream.order-updates"
ACCOUNT = "stream.account-events"
NEEDS = "stream.private-channels-need-authentication"
OWNERS = "stream.private-events-are-the-owners"
TRADING, COMPLETED, CANCELED = "TRADING", "COMPLETED", "CANCELED"


def order_of(frame: Frame) -> Mapping[str, Any]:
    """The order of an event. Raises CannotTell when it holds none."""
    data = member(frame.value, "data", "an order event")
    member(data, "orderId", "an order event")
    return dict(data)


def statuses(frames: Sequence[Frame], identity: str) -> list[str]:
    """The statuses that events gave to one order, in order."""
    found = [order_of(each) for each in frames]
    return [
        str(member(each, "status", "an order event"))
        for each in found
        if str(each["orderId"]) == identity
    ]


def wallets_of(frame: Frame) -> dict[str, Wallet]:
    """The wallets of an event, by coin. Raises CannotTell when it holds none."""
    found: dict[str, Wallet] = {}
    for row in rows(member(frame.value, "data", "an account event"), "an account event"):
        unit = str(member(member(row, "coin", "a wallet"), "unit", "a wallet's coin"))
        free = decimal(member(row, "balance", "a wallet"), f"the balance of {unit}")
        frozen = decimal(member(row, "frozenBalance", "a wallet"), f"the frozenBalance of {unit}")
        found[unit] = Wallet(free, frozen)
    return found


def told(frames: Sequence[Frame]) -> dict[str, Wallet]:
    """What events, in order, make of an account's wallets."""
    return {unit: each for frame in frames for unit, each in wallets_of(frame).items()}


def private_line(
    world: World, name: str, account: str, channels: Sequence[str], *documented: str
) -> Steps[Line]:
    """A line that an account has logged in and subscribed to these private channels."""
    line = yield from opened(world, name, *documented)
    yield from authenticated(world, line, account, *documented)
    for each in channels:
        channel = channel_of(world, each)
        yield from subscribed(world, line, channel, channel.topic(), *documented)
    return line


@check(ORDERS, needs=("trading",), requests=4)
def placing_and_cancelling_is_told(world: World) -> Script:
    """The owner of an order hears that it rests and that it was cancelled."""
    line = yield from private_line(world, "line", world.first, ["orders"], ORDERS)
    market = world.target.quiet or world.target.busy
    order = yield from rest(world, world.first, market, BUY)
    try:
        yield from _is_told(world, line, order.identity, [TRADING], order.record)
    finally:
        yield from tidy(world, (order.account, order.identity))
    yield from _is_told(world, line, order.identity, [TRADING, CANCELED], order.record)


def _is_told(
    world: World, line: Line, identity: str, wanted: list[str], record: int
) -> Steps[None]:
    """Claim that the events of an order say these things of it, and these only, in this order."""
    channel = channel_of(world, "orders")
    topic = channel.topic()
    heard = yield from events_until(
        world, line, channel, topic, lambda found: wanted[-1] in statuses(found, identity)
    )
    said = statuses(heard, identity)
    once = [each for place, each in enumerate(said) if place == 0 or said[place - 1] != each]
    title = f"the owner of order {identity} is told: {', '.join(wanted)}"
    shown = quoted(*heard) or "no order event"
    yield holds(ORDERS, once == wanted, title, wanted, f"{said}: {shown}", [record])


@check(ORDERS, ACCOUNT, needs=("trading", "two"), requests=14)
def trades_are_told(world: World) -> Script:
    """Both sides of a trade hear that their order is completed, and their new balances."""
    market = world.target.quiet or world.target.busy
    lines = {}
    for account in (world.first, world.second):
        lines[account] = yield from private_line(
            world, account, account, ["orders", "account"], ORDERS, ACCOUNT
        )
    try:
        own = yield from trade_with_ourselves(world, market)
        sides = {own.maker: [TRADING, COMPLETED], own.taker: [COMPLETED]}
        identities = {own.maker: own.maker_order, own.taker: own.taker_order}
        for account, line in lines.items():
            yield from _ends_completed(world, line, identities[account], sides[account])
            yield from _balances_are_told(world, line, account)
    finally:
        yield from clear(world, market)


def _ends_completed(world: World, line: Line, identity: str, least: list[str]) -> Steps[None]:
    """Claim that what is told of an order ends with its completion; a taker may be told more."""
    channel = channel_of(world, "orders")
    topic = channel.topic()
    heard = yield from events_until(
        world, line, channel, topic, lambda found: COMPLETED in statuses(found, identity)
    )
    said = statuses(heard, identity)
    good = said[-1:] == [COMPLETED] and set(least) <= set(said)
    title = f"the owner of order {identity} is told of its trade"
    yield holds(ORDERS, good, title, least, f"{said}: {quoted(*heard[-2:])}")


def _balances_are_told(world: World, line: Line, account: str) -> Steps[None]:
    """Claim that the events of an account end at what its wallets hold."""
    channel = channel_of(world, "account")
    topic = channel.topic()
    held: Wallets = yield from wallets(world, account)

    def wrong(frames: Sequence[Frame]) -> dict[str, Wallet]:
        said = told(frames)
        return {unit: each for unit, each in held.by_coin.items() if said.get(unit, each) != each}

    def changes(frames: Sequence[Frame]) -> list[Frame]:
        return [each for each in frames if not is_snapshot(each)]

    heard = yield from events_until(
        world, line, channel, topic, lambda found: bool(changes(found)) and not wrong(found)
    )
    title = f"the events of {account}'s account end at its balances"
    last = quoted(*heard[-2:]) or "no account event"
    expected = "; ".join(f"{unit} {each}" for unit, each in wrong(heard).items()) or "an update"
    good = bool(changes(heard)) and not wrong(heard)
    yield holds(ACCOUNT, good, title, expected, last, [held.record])


@check(ACCOUNT, needs=("trading",), requests=6)
def freezing_is_told(world: World) -> Script:
    """The owner hears that an order ties money up, and that its cancellation gives it back."""
    line = yield from private_line(world, "line", world.first, ["account"], ACCOUNT)
    market = world.target.quiet or world.target.busy
    order = yield from rest(world, world.first, market, BUY)
    try:
        yield from _balances_are_told(world, line, world.first)
        yield from _frozen_is_told(world, line, order)
    finally:
        yield from tidy(world, (order.account, order.identity))
    yield from _balances_are_told(world, line, world.first)


def _frozen_is_told(world: World, line: Line, order: Resting) -> Steps[None]:
    channel = channel_of(world, "account")
    heard = events(channel, channel.topic(), line.frames)
    wallet = told([x for x in heard if not is_snapshot(x)]).get(order.unit)
    frozen = wallet.frozen if wallet else Decimal(0)
    title = f"an account event shows the {order.unit} that an order ties up"
    shown = f"{frozen}: {quoted(*heard[-1:])}"
    yield holds(ACCOUNT, frozen >= order.cost, title, f"at least {order.cost}", shown)


@check(NEEDS, requests=1)
def strangers_are_refused(world: World) -> Script:
    """Without authentication, or with a bad token, no private channel can be subscribed."""
    token = yield Token(world.first)
    line = yield from opened(world, "line")
    yield from _all_refused(world, line, "before authentication")
    for what, bad in bad_tokens(token).items():
        other = yield from opened(world, f"line-{what.replace(' ', '-')}")
        answer = yield from presented(world, other, bad)
        title = f"{what} does not authenticate a stream"
        yield holds(NEEDS, not answer.is_acknowledged, title, "a refusal", answer)
        yield from _all_refused(world, other, f"after {what}")


def bad_tokens(token: str) -> dict[str, str]:
    """Tokens that an exchange must not take, made from one that it does."""
    head, _, signature = token.rpartition(".")
    changed = ("B" if signature[:1] != "B" else "C") + signature[1:]
    return {
        "no token": "garbage",
        "a truncated token": token[:-8],
        "an altered token": f"{head}.{changed}",
        "a token without signature": f"{head}.",
    }


def _all_refused(world: World, line: Line, when: str) -> Steps[None]:
    private = [each for each in world.contract.channels.values() if each.is_private]
    if not private:
        raise CannotTell("the document has no private channel")
    for channel in private:
        topic = channel.topic()
        answer = yield from ask(world, line, channel.subscription, "subscribe", topic=topic)
        title = f"{topic} is refused {when}"
        shown = quoted(answer.frame) if answer.frame else "no answer"
        yield holds(NEEDS, not answer.is_acknowledged, title, "a refusal", shown)
        heard = events(channel, topic, line.frames)
        title = f"no event of {topic} comes {when}"
        yield holds(NEEDS, not heard, title, "none", quoted(*heard) or "none")


@check(OWNERS, needs=("trading", "two"), requests=8)
def others_hear_nothing(world: World) -> Script:
    """While an account trades, another one hears nothing of its orders and balances."""
    both = ["orders", "account"]
    owner = yield from private_line(world, "owner", world.first, both)
    other = yield from private_line(world, "other", world.second, both)
    market = world.target.quiet or world.target.busy
    before: Wallets = yield from wallets(world, world.second)
    yield from silence(other, 1)
    start = other.mark
    identity = yield from _live(world, owner, market)
    yield from silence(other)
    after: Wallets = yield from wallets(world, world.second)
    yield from judge_foreign(world, other.frames[start:], identity, (before, after))


def _live(world: World, owner: Line, market: Market) -> Steps[str]:
    """Place an order and cancel it, and make sure that its owner was told."""
    order = yield from rest(world, world.first, market, BUY)
    yield from tidy(world, (order.account, order.identity))
    channel = channel_of(world, "orders")
    heard = yield from events_until(
        world, owner, channel, channel.topic(), lambda x: bool(statuses(x, order.identity))
    )
    if not statuses(heard, order.identity):
        raise CannotTell(f"not even its owner was told of order {order.identity}")
    return order.identity


def judge_foreign(
    world: World, frames: Sequence[Frame], identity: str, own: tuple[Wallets, Wallets]
) -> Iterator[Claim]:
    """No event tells of that order, and each wallet told of is one that the listener had."""
    orders, account = channel_of(world, "orders"), channel_of(world, "account")
    heard = events(orders, orders.topic(), frames)
    foreign = [each for each in heard if statuses([each], identity)]
    title = f"nobody but its owner is told of order {identity}"
    yield holds(OWNERS, not foreign, title, "no event", quoted(*foreign) or "none")
    changed = [
        each
        for each in events(account, account.topic(), frames)
        for unit, wallet in wallets_of(each).items()
        if wallet not in (own[0][unit], own[1][unit])
    ]
    title = f"nobody is told of balances that are not theirs while order {identity} is placed"
    yield holds(OWNERS, not changed, title, "no event", quoted(*changed) or "none")
