"""Checks of one long story of trading by what it must keep, never by matching it again.

Two accounts trade at random, in races and in great numbers. What comes of it is judged as a history: the
same judges for every story, and for each story one requirement of its own, which says what it was about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from random import Random
from typing import Final

from conformance.cases.asks import BUY, SELL, away, last_price, smallest_amount, to_step
from conformance.cases.claim import CannotTell, Claim, Verdict, holds
from conformance.cases.history_matching import PRICE, TIME
from conformance.cases.own_trades import best_prices, free_price
from conformance.cases.script import Script, Steps, World, check
from conformance.cases.spot_asks import own_price
from conformance.cases.spot_orders import TWO, home_market
from conformance.cases.trading import (
    REQUIREMENTS,
    Cancel,
    Intent,
    Place,
    Story,
    begin,
    failed,
    finish,
    fire,
    settle,
)
from conformance.target import Market

ROUNDS: Final = 8
IN_TURN: Final = (PRICE, TIME)
REACH: Final = 3
RACES: Final = 10
MANY: Final = 110
CHUNK: Final = 8
CENT: Final = Decimal("0.01")


def centre(world: World, market: Market) -> Steps[Decimal]:
    """A price around which our two accounts trade; where others trade, between their bid and ask."""
    if market.quiet:
        return (yield from own_price(world, market))
    try:
        return (yield from free_price(world, market, 2 * REACH + 1)) + market.price_step * REACH
    except CannotTell:
        # Too narrow for long: then others will take part, and only what holds anyway is told.
        bid, ask = yield from best_prices(world, market)
        return to_step((bid + ask) / 2, market.price_step)


def about(story: Story, steps: str, requirement: str, claims: list[Claim]) -> Claim:
    """The claim of a story's own requirement: nothing went wrong in it."""
    wrong = failed(claims)
    if not wrong:
        return holds(requirement, True, steps)
    first = wrong[0]
    return Claim(requirement, Verdict.FAIL, steps, first.expected, first.actual, first.records)


@check(*REQUIREMENTS, needs=TWO, requests=420)
def two_accounts_trade(world: World) -> Script:
    """Every way to trade, with either account in either part, and then at random; judged after each step."""
    market = home_market(world)
    story = yield from begin(world, market)
    parts = list(product((SWEEP, NIBBLE, AT_ONCE), (world.first, world.second), (BUY, SELL)))
    world.random.shuffle(parts)
    for act, maker, direction in parts:
        taker = world.second if maker == world.first else world.first
        price = yield from centre(world, market)
        yield from act(story, Part(maker, taker, direction, price))
        yield from finish(story)
    for _ in range(ROUNDS):
        price = yield from centre(world, market)
        for intents in _round(world.random, story, price):
            yield from fire(story, *intents)
        yield from settle(story)
    claims = yield from finish(story)
    yield from claims


@dataclass(frozen=True, slots=True)
class Part:
    """Who rests and who takes, on which side the maker is, and near which price."""

    maker: str
    taker: str
    direction: int
    price: Decimal

    def rest(self, story: Story, steps: int, size: int) -> Place:
        """An order of the maker's, so many steps worse for the taker, so many least amounts large."""
        away_by = story.market.price_step * (steps if self.direction == SELL else -steps)
        return Place(self.maker, self.direction, self.price + away_by, self._amount(story, size))

    def take(self, story: Story, steps: int, size: int) -> Place:
        """An order of the taker's that reaches so many steps."""
        other = SELL if self.direction == BUY else BUY
        reach = story.market.price_step * (steps if self.direction == SELL else -steps)
        return Place(self.taker, other, self.price + reach, self._amount(story, size))

    def _amount(self, story: Story, size: int) -> Decimal:
        return story.unit(self.price) * size


Act = Callable[[Story, Part], Steps[None]]


def _sweep(story: Story, part: Part) -> Steps[None]:
    """Three levels are rested, the best of them last; one order takes them all and a little more."""
    for steps, size in ((2, 1), (1, 2), (0, 3)):
        yield from fire(story, part.rest(story, steps, size))
    yield from settle(story)
    yield from fire(story, part.take(story, 2, 7))
    yield from settle(story)


def _nibble(story: Story, part: Part) -> Steps[None]:
    """One order is taken in ever smaller parts at exactly its price, and cancelled when it is over."""
    identity = yield from resting(story, part.rest(story, 0, 6))
    yield from fire(story, part.rest(story, 0, 2))
    yield from settle(story)
    for size in (3, 2, 1):
        yield from fire(story, part.take(story, 0, size))
        yield from settle(story)
    yield from fire(story, Cancel(part.maker, identity))
    yield from settle(story)


def _at_once(story: Story, part: Part) -> Steps[None]:
    """One account places three at once, away from the market; then two accounts meet at once."""
    yield from fire(story, *(part.rest(story, 20 + steps, 1) for steps in range(3)))
    yield from settle(story)
    yield from fire(story, part.rest(story, 0, 2), part.take(story, 0, 1))
    yield from settle(story)


SWEEP: Final[Act] = _sweep
NIBBLE: Final[Act] = _nibble
AT_ONCE: Final[Act] = _at_once


def in_turn_among_others(world: World, requirement: str, title: str, act: Act) -> Script:
    """Claim of a market where others trade that our orders were served in turn, whoever took them."""
    story = yield from begin(world, home_market(world))
    first, second = world.first, world.second
    for maker, taker, direction in ((first, second, BUY), (second, first, SELL)):
        price = yield from centre(world, story.market)
        yield from act(story, Part(maker, taker, direction, price))
        yield from finish(story)
    wrong = [each for each in story.wrong.values() if each.requirement in IN_TURN]
    yield about(story, title, requirement, wrong)


def _round(random: Random, story: Story, price: Decimal) -> list[tuple[Intent, ...]]:
    """What happens next: mostly orders around a price, now and then something at once."""
    still = [Cancel(account, each.identity) for account, each in story.history.last.open_orders()]
    chance = random.randrange(10)
    if still and chance < 2:
        return [(random.choice(still),)]
    if still and chance < 4:
        return [(random.choice(still), some_order(random, story, price))]
    if chance < 5:
        return [(some_order(random, story, price), some_order(random, story, price))]
    return [(some_order(random, story, price),) for _ in range(random.randint(1, 3))]


def some_order(random: Random, story: Story, price: Decimal) -> Place:
    """A small order of either account near a price, one in six a market order."""
    market = story.market
    account = random.choice(story.history.accounts)
    direction = random.choice((BUY, SELL))
    limit = price + market.price_step * random.randint(-REACH, REACH)
    amount = story.unit(limit) * random.randint(1, 5)
    if random.randrange(6):
        return Place(account, direction, limit, amount)
    spent = to_step(limit * amount, CENT)
    return Place(account, direction, None, amount if direction == SELL or not spent else spent)


@check("spot.many-trades-lose-nothing", needs=TWO, requests=150)
def many_trades(world: World) -> Script:
    """One resting order taken bit by bit, more than a hundred times: every bit is settled on both sides."""
    market = home_market(world)
    story = yield from begin(world, market, with_streams=False)
    price = yield from centre(world, market)
    amount = story.unit(price)
    seller, buyer = world.random.sample((world.first, world.second), 2)
    yield from fire(story, Place(seller, SELL, price, amount * MANY))
    for place in range(0, MANY, CHUNK):
        number = min(CHUNK, MANY - place)
        yield from fire(story, *(Place(buyer, BUY, price, amount) for _ in range(number)))
    claims = yield from settle(story)
    claims = claims if failed(claims) else (yield from finish(story))
    title = f"{MANY} trades with one resting order leave every balance where the fills put it"
    yield about(story, title, "spot.many-trades-lose-nothing", claims)
    yield from failed(claims)


@check("spot.repetition-loses-nothing", needs=("trading",), requests=110)
def repetition(world: World) -> Script:
    """Place and cancel again and again, with odd prices and amounts: nothing drifts."""
    market = home_market(world)
    story = yield from begin(world, market, with_streams=False)
    last = yield from last_price(world, market)
    account = world.first
    for direction in (BUY, SELL) * 12:
        price = away(market, last, direction) + market.price_step * world.random.randint(0, 99)
        amount = smallest_amount(market, price) + market.amount_step * world.random.randint(0, 99)
        placed = yield from fire(story, Place(account, direction, price, amount))
        made = story.history.placed[-1].identity
        if not placed[0].is_accepted or made is None:
            raise CannotTell(f"an order is refused: {placed[0].said}")
        yield from fire(story, Cancel(account, made))
    claims = yield from settle(story)
    title = "24 orders placed and cancelled leave every balance as it was"
    yield about(story, title, "spot.repetition-loses-nothing", claims)
    yield from failed(claims)


Race = Callable[[World, Story, Decimal], Steps[None]]


def _raced(world: World, requirement: str, title: str, race: Race) -> Script:
    """The same race over and over, each from a calm market."""
    market = home_market(world)
    story = yield from begin(world, market, with_streams=False)
    claims: list[Claim] = []
    for _ in range(RACES):
        price = yield from centre(world, market)
        yield from race(world, story, price)
        claims = yield from finish(story)
        if failed(claims):
            break
    yield about(story, title, requirement, claims)
    yield from failed(claims)


@check("spot.cancel-against-fill-loses-nothing", needs=TWO, requests=150)
def cancel_against_fill(world: World) -> Script:
    """An order is cancelled and taken at once: what is filled and what is released make up the whole."""
    title = f"{RACES} cancellations against a taker each release what was not filled, and no more"
    yield from _raced(world, "spot.cancel-against-fill-loses-nothing", title, _cancel_and_take)


def _cancel_and_take(world: World, story: Story, price: Decimal) -> Steps[None]:
    random, amount = world.random, story.unit(price)
    maker, taker = random.sample((world.first, world.second), 2)
    direction = random.choice((BUY, SELL))
    identity = yield from resting(story, Place(maker, direction, price, amount * 4))
    take = Place(taker, SELL if direction == BUY else BUY, price, amount * random.randint(1, 4))
    pair: tuple[Intent, ...] = (Cancel(maker, identity), take)
    yield from fire(story, *(pair if random.randrange(2) else pair[::-1]))


def resting(story: Story, intent: Place) -> Steps[str]:
    """Place an order and return its id. Raises CannotTell when it is refused."""
    records = yield from fire(story, intent)
    identity = story.history.placed[-1].identity
    if identity is None:
        raise CannotTell(f"an order is refused: {records[0].said}")
    return identity


@check("spot.cancels-at-once-release-once", needs=("trading",), requests=150)
def cancels_at_once(world: World) -> Script:
    """One order is cancelled five times at once: its money comes back once."""
    title = f"{RACES} orders cancelled five times at once each give their money back once"
    yield from _raced(world, "spot.cancels-at-once-release-once", title, _cancel_five_times)


def _cancel_five_times(world: World, story: Story, price: Decimal) -> Steps[None]:
    direction = world.random.choice((BUY, SELL))
    limit = away(story.market, price, direction)
    amount = smallest_amount(story.market, limit)
    identity = yield from resting(story, Place(world.first, direction, limit, amount))
    yield from fire(story, *(Cancel(world.first, identity) for _ in range(5)))


@check("spot.orders-at-once-never-overspend", needs=("trading",), requests=180)
def orders_at_once(world: World) -> Script:
    """Orders that together cost more than there is, fired at once: as many are taken as can be paid."""
    title = "orders at once, each for more than a third of the balance, are never more than two"
    yield from _raced(world, "spot.orders-at-once-never-overspend", title, _overspend)


def _overspend(world: World, story: Story, price: Decimal) -> Steps[None]:
    market = story.market
    direction = world.random.choice((BUY, SELL))
    limit = away(market, price, direction)
    free = story.history.last.wallets[world.first]
    third = free[market.base].free / limit if direction == BUY else free[market.coin].free
    amount = to_step(third / 3, market.amount_step) + market.amount_step * 2
    yield from fire(story, *(Place(world.first, direction, limit, amount) for _ in range(5)))


@check("spot.self-trade-loses-nothing", needs=("trading",), requests=150)
def self_trade(world: World) -> Script:
    """One account on both sides: whether it trades or is kept from it, only fees may be gone."""
    title = f"{RACES} times an account meets its own order and loses nothing but fees"
    yield from _raced(world, "spot.self-trade-loses-nothing", title, _meet_oneself)


def _meet_oneself(world: World, story: Story, price: Decimal) -> Steps[None]:
    random, amount = world.random, story.unit(price)
    account = random.choice((world.first, world.second))
    direction = random.choice((BUY, SELL))
    yield from fire(story, Place(account, direction, price, amount * 3))
    other = SELL if direction == BUY else BUY
    yield from fire(story, Place(account, other, price, amount * random.randint(1, 4)))


@check("spot.market-remainder-is-released", needs=TWO, requests=150)
def market_remainder(world: World) -> Script:
    """A market order that finds too little: what it could not trade is free again, and it does not rest."""
    title = f"{RACES} market orders larger than what rests give back what they could not trade"
    yield from _raced(world, "spot.market-remainder-is-released", title, _take_too_much)


def _take_too_much(world: World, story: Story, price: Decimal) -> Steps[None]:
    random, amount = world.random, story.unit(price)
    maker, taker = random.sample((world.first, world.second), 2)
    direction = random.choice((BUY, SELL))
    resting = SELL if direction == BUY else BUY
    yield from fire(story, Place(maker, resting, price, amount))
    wanted = amount * 3 if direction == SELL else to_step(price * amount * 3, CENT)
    yield from fire(story, Place(taker, direction, None, wanted))
    yield from settle(story)
