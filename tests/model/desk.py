"""One small market and a desk in front of it, so that a test reads as what people do and have."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

from conformance.model.events import Event
from conformance.model.ledger import FEE_ACCOUNT, Ledger
from conformance.model.orders import Order
from conformance.model.spot import SpotExchange
from conformance.model.values import Market, OrderType, Side, decimal_text

PEOPLE = {"fees": FEE_ACCOUNT, "ann": 1, "bob": 2, "cat": 3}
MARKET = Market(
    symbol="BTC/USDT",
    coin="BTC",
    base="USDT",
    price_step=Decimal("0.01"),
    amount_step=Decimal("0.001"),
    min_amount=Decimal("0.01"),
    min_turnover=Decimal("1"),
    max_amount=Decimal("1000"),
    fee_rate=Decimal("0.001"),
)
OPENING = {"USDT": Decimal("10000"), "BTC": Decimal("10")}


class Desk:
    """A market where ann, bob and cat each start with 10000 USDT and 10 BTC; time stands still."""

    def __init__(self, market: Market = MARKET) -> None:
        numbers = count(1)
        self.symbol = market.symbol
        self.ledger = Ledger()
        self.events: list[Event] = []
        self.orders: dict[str, Order] = {}
        self.now_ms = 1_000
        self.exchange = SpotExchange(
            [market],
            self.ledger,
            next_id=lambda kind: f"{kind}-{next(numbers)}",
            publish=self.events.append,
        )
        for name in ("ann", "bob", "cat"):
            for coin, amount in OPENING.items():
                self.ledger.deposit(PEOPLE[name], coin, amount, 0)
        self.ledger.take_changes()

    def place(
        self, who: str, side: str, amount: str, price: str = "market", client_id: str | None = None
    ) -> Order:
        return self.exchange.place(
            PEOPLE[who],
            self.symbol,
            Side[side],
            OrderType.MARKET if price == "market" else OrderType.LIMIT,
            None if price == "market" else Decimal(price),
            Decimal(amount),
            self.now_ms,
            client_id,
        )

    def run(self, script: str) -> None:
        """Perform a script line by line; every line that states something is held against it."""
        for line in filter(None, map(str.strip, script.splitlines())):
            said = self._perform(*line.split())
            if said is not None:
                assert f"{line.split()[0]} {said}" == " ".join(line.split())

    def _perform(self, verb: str, *words: str) -> str | None:
        match verb, words:
            case "place", (name, who, side, amount, "@", price):
                self.orders[name] = self.place(who, side, amount, price)
            case "cancel", (name,):
                order = self.orders[name]
                self.exchange.cancel(order.account, order.order_id, self.now_ms)
            case "order", (name, *_):
                order = self.orders[name]
                traded, turnover = decimal_text(order.traded_amount), decimal_text(order.turnover)
                return f"{name} {order.status} {traded} for {turnover}"
            case "fills", (name, *_):
                fills = self.orders[name].fills
                return " ".join(
                    [
                        name,
                        *(":".join(map(decimal_text, (f.amount, f.price, f.fee))) for f in fills),
                    ]
                )
            case "wallet", (who, coin, *_):
                balance = self.ledger.balance(PEOPLE[who], coin)
                frozen = self.ledger.frozen(PEOPLE[who], coin)
                return f"{who} {coin} {decimal_text(balance)} + {decimal_text(frozen)}"
            case "book", (side, *_):
                levels = self.exchange.book(self.symbol).levels(Side[side])
                return " ".join(
                    [side, *(f"{decimal_text(a)}@{decimal_text(p)}" for p, a in levels)]
                )
            case _:
                raise AssertionError(f"the desk does not know: {verb} {words}")
        return None
