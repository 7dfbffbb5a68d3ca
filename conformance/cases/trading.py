"""Trading as a history: fire what is intended, look at everything, wait until the story is whole.

A target may match, cancel and tell later than it answers. So a look that its judges do not like is taken
again, until the settle time is over; what is left then is what the exchange says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from conformance.cases import (
    history_matching,
    history_money,
    history_orders,
    history_streams,
)
from conformance.cases.asks import (
    BUY,
    LIMIT,
    MARKET,
    POLL_MS,
    accepted,
    member,
    order_form,
    order_id,
    rows,
    wallets,
)
from conformance.cases.claim import CannotTell, Claim, Verdict
from conformance.cases.own_trades import lasting_amount
from conformance.cases.script import Ask, Connect, Frame, Pause, Record, Steps, Together, World
from conformance.cases.spot_asks import clear
from conformance.cases.stream_asks import (
    Line,
    authenticated,
    channel_of,
    events,
    hear,
    subscribed,
)
from conformance.cases.trading_history import (
    Cancelled,
    History,
    Listed,
    Look,
    Placed,
    read_order,
)
from conformance.target import Market

MOST_PAGES: Final = 40
PAGE: Final = 100
SANDWICHES: Final = 5
JUDGES: Final = (history_money, history_orders, history_matching, history_streams)
REQUIREMENTS: Final = tuple(each for judge in JUDGES for each in judge.REQUIREMENTS)


@dataclass(frozen=True, slots=True)
class Place:
    """The intention to place an order; without a price it is a market order."""

    account: str
    direction: int
    price: Decimal | None
    amount: Decimal

    def __str__(self) -> str:
        verb = "buys" if self.direction == BUY else "sells"
        limit = "market" if self.price is None else f"at {self.price:f}"
        return f"{self.account} {verb} {self.amount:f} {limit}"


@dataclass(frozen=True, slots=True)
class Cancel:
    """The intention to cancel an order."""

    account: str
    identity: str

    def __str__(self) -> str:
        return f"{self.account} cancels {self.identity}"


Intent = Place | Cancel


@dataclass(slots=True)
class Story:
    """A history in the making, with the lines that listen to it."""

    world: World
    history: History
    lines: dict[str, tuple[Line, str]]
    read: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, Claim] = field(default_factory=dict)

    @property
    def market(self) -> Market:
        """Where it happens."""
        return self.history.market

    def unit(self, price: Decimal) -> Decimal:
        """A small legal amount; where others trade, a larger one that they do not take in one bite."""
        return lasting_amount(self.market, price, self.history.opening.wallets.values())


def begin(world: World, market: Market, with_streams: bool = True) -> Steps[Story]:
    """Start from a market without open orders of ours, and from the wallets as they stand."""
    yield from clear(world, market)
    lines = (yield from _listen(world, market)) if with_streams else {}
    accounts = (world.first, world.second)
    look = yield from _look(world, market, accounts, 0, {})
    history = History(market, accounts, look)
    story = Story(world, history, lines)
    yield from _hear(story, POLL_MS)
    return story


def _listen(world: World, market: Market) -> Steps[dict[str, tuple[Line, str]]]:
    """Lines to every channel that tells of trading; none where no stream opens."""
    lines: dict[str, tuple[Line, str]] = {}
    if not (yield Connect("market")):
        return lines
    line = Line("market")
    for name in (history_streams.TRADES_OF_MARKET, history_streams.DEPTH_OF_MARKET):
        channel = channel_of(world, name)
        topic = channel.topic(symbol=market.symbol)
        yield from subscribed(world, line, channel, topic)
        lines[name] = (line, name)
    for account in (world.first, world.second):
        yield Connect(account)
        line = Line(account)
        yield from authenticated(world, line, account)
        for name, key in (
            ("orders", history_streams.orders_key(account)),
            ("account", history_streams.account_key(account)),
        ):
            channel = channel_of(world, name)
            yield from subscribed(world, line, channel, channel.topic())
            lines[key] = (line, name)
    return lines


def fire(story: Story, *intents: Intent) -> Steps[list[Record]]:
    """Do what is intended, several things at once, and write down what was answered."""
    history = story.history
    history.turn += 1
    history.steps.append(" and ".join(map(str, intents)))
    asks = tuple(_asked(story, each) for each in intents)
    together = len(asks) > 1
    records = list((yield Together(asks))) if together else [(yield asks[0])]
    for intent, record in zip(intents, records, strict=True):
        _note(history, intent, record)
    return records


def _asked(story: Story, intent: Intent) -> Ask:
    if isinstance(intent, Cancel):
        return Ask("cancelSpotOrder", {"orderId": intent.identity}, by=intent.account)
    form = order_form(story.market, intent.direction, intent.price, intent.amount)
    return Ask("placeSpotOrder", form, by=intent.account)


def _note(history: History, intent: Intent, record: Record) -> None:
    if isinstance(intent, Cancel):
        history.cancelled.append(
            Cancelled(
                history.turn, intent.account, intent.identity, record.is_accepted, record.number
            )
        )
        return
    is_unknown = not (record.is_accepted or record.is_rejected)
    history.placed.append(
        Placed(
            history.turn,
            intent.account,
            intent.direction,
            MARKET if intent.price is None else LIMIT,
            intent.price,
            intent.amount,
            order_id(record) if record.is_accepted else None,
            is_unknown,
            record.number,
        )
    )


def settle(story: Story) -> Steps[list[Claim]]:
    """Look until the judges are content or the settle time is over; keep that look, give the claims.

    What was not as it should be to the end once is not waited for later. Everything else is, in a wrong story too:
    else what is only late would be blamed.
    """
    history, world = story.history, story.world
    waited = 0
    while True:
        known = history.last.orders
        look = yield from _look(world, story.market, history.accounts, history.turn, known)
        yield from _hear(story, 1)
        _adopt(history, look)
        history.looks.append(look)
        # What an earlier look has shown was judged then: the new one and the one before are enough.
        claims = [*judge(replace(history, looks=history.looks[-2:]))]
        is_over = waited >= world.target.timing.settle_ms
        if is_over or all(each.requirement in story.wrong for each in failed(claims)):
            for each in failed(claims):
                story.wrong.setdefault(each.requirement, each)
            return claims
        history.looks.pop()
        # Ever more patient: what has not happened at once may take seconds.
        pause = POLL_MS + waited // 2
        yield Pause(pause)
        waited += pause


def judge(history: History) -> Iterator[Claim]:
    """What all judges say of a history."""
    for each in JUDGES:
        yield from each.judge(history)


def failed(claims: Sequence[Claim]) -> list[Claim]:
    """Those claims that are failures."""
    return [each for each in claims if each.verdict is Verdict.FAIL]


def _look(
    world: World,
    market: Market,
    accounts: tuple[str, str],
    turn: int,
    known: Any,
) -> Steps[Look]:
    """Wallets between two equal lists of orders, for each account: so they belong together."""
    seen_wallets, seen_orders = {}, {}
    for account in accounts:
        earlier = known.get(account, {})
        before = yield from all_orders(world, account, market, earlier)
        for _ in range(SANDWICHES):
            seen_wallets[account] = yield from wallets(world, account)
            after = yield from all_orders(world, account, market, earlier)
            if after == before:
                break
            before = after
        seen_orders[account] = after
    return Look(turn, seen_wallets, seen_orders)


def all_orders(world: World, account: str, market: Market, known: Any) -> Steps[dict[str, Listed]]:
    """Every order of an account in a market; pages that hold only what was over before are not read again."""
    found: dict[str, Listed] = {}
    for number in range(1, MOST_PAGES + 1):
        asked = {"symbol": market.symbol, "pageNo": number, "pageSize": PAGE}
        record = yield Ask("listSpotOrders", asked, by=account)
        accepted(record, "listSpotOrders")
        content = rows(member(record.data, "content", "listSpotOrders"), "the list of orders")
        page = {each.identity: each for each in map(read_order, content)}
        found |= page
        old = (known.get(identity) for identity in page)
        if len(content) < PAGE or all(each is not None and not each.is_open for each in old):
            break
    gone_by = {key: each for key, each in known.items() if key not in found and not each.is_open}
    return {**gone_by, **found}


def _adopt(history: History, look: Look) -> None:
    """Settle unknown answers: the order that was asked for is listed, or it never was.

    Raises CannotTell when two unknown answers could be the same listed order.
    """
    for place, asked in enumerate(history.placed):
        if not asked.is_unknown or asked.identity is not None:
            continue
        taken = {each.identity for each in history.placed}
        orders = look.orders[asked.account].values()
        opening = history.opening.orders[asked.account]
        fitting = [
            each
            for each in orders
            if each.identity not in taken
            and each.identity not in opening
            and asked.is_asked_by(each)
        ]
        if len(fitting) > 1:
            raise CannotTell(f"nobody knows which order an unanswered request became: {fitting}")
        for each in fitting:
            history.placed[place] = replace(asked, identity=each.identity)


def _hear(story: Story, ms: int) -> Steps[None]:
    """Take in what has come on every line."""
    nothing: Callable[[Sequence[Frame]], bool] = lambda frames: False  # noqa: E731
    for line in {id(line): line for line, _ in story.lines.values()}.values():
        yield from hear(line, nothing, ms)
    for key, (line, name) in story.lines.items():
        channel = channel_of(story.world, name)
        about = {"symbol": story.market.symbol} if "{symbol}" in channel.address else {}
        new = line.frames[story.read.get(key, 0) :]
        story.read[key] = line.mark
        kept = story.history.frames.setdefault(key, [])
        kept += events(channel, channel.topic(**about), new)


def finish(story: Story) -> Steps[list[Claim]]:
    """Cancel what is open and judge the whole: what failed on the way, and the rest by all that was seen."""
    still = [(account, order) for account, order in story.history.last.open_orders()]
    known = {each.identity for each in story.history.placed}
    for account, order in still:
        if order.identity in known:
            yield from fire(story, Cancel(account, order.identity))
    yield from settle(story)
    whole = [each for each in judge(story.history) if each.requirement not in story.wrong]
    return [*story.wrong.values(), *whole]
