"""How long placing an order takes, and how long until the stream shows it.

Small limit orders far from the market, cancelled at once. Where the target has a stream, one connection a process
listens to the book: each order has a price of its own, so the event that shows it is known, and both times are
of one machine's clock.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Final

import orjson

from load.engine import Composed
from load.scenarios.trading import PLACE, Chains, last_price, resting_order
from load.session import Session
from load.stream_client import StreamClient
from load.stream_reader import StreamReader

ORDER_TO_STREAM: Final = "order_to_stream"
DEPTH: Final = "depth"


class Echo(StreamReader):
    """Waits for the depth event of each order of ours, by its price."""

    def __init__(self, session: Session, client: StreamClient) -> None:
        super().__init__(session, client)
        self._expected: dict[Decimal, OrderLatency] = {}
        self._times_ns = session.values_ns.setdefault(ORDER_TO_STREAM, [])

    def expect(self, price: Decimal, user: OrderLatency) -> None:
        """An order at this price is about to be sent."""
        self._expected[price] = user

    def heard(self, text: bytes, kernel_ns: int | None, received_ns: int) -> None:
        """One event of the book."""
        if not self._expected or received_ns < self._session.measured_from_ns:
            return
        event = orjson.loads(text)
        bids = (event.get("data") or {}).get("bids") if isinstance(event, dict) else None
        for price, amount in bids or ():
            user = self._expected.pop(Decimal(str(price)), None) if float(amount) else None
            if user is not None:
                self._times_ns.append((kernel_ns or received_ns) - user.placed_ns)


class OrderLatency(Chains):
    """Places and cancels; the book never grows. The figures are of placing alone."""

    scenario = "order_latency"
    requests_per_slot = 2
    headline = (PLACE,)
    echo: ClassVar[Echo | None] = None
    _placed_ns = 0

    @classmethod
    def open(cls, session: Session) -> None:
        """Listen to the book, where there is a stream."""
        cls.echo = None
        channel = session.contract.channels.get(DEPTH)
        if not session.target.stream or channel is None:
            return
        try:
            client = StreamClient(session.target.stream, session.target.timing.frame_ms / 1000)
            echo = Echo(session, client)
            echo.subscribe([channel.topic(symbol=session.target.busy.symbol)])
        except OSError as error:
            session.facts[ORDER_TO_STREAM] = f"not measured: {error}"
            return
        cls.echo = echo

    def prepare(self) -> None:
        """Log in, and see at what price the market trades."""
        super().prepare()
        self.token = self.session.log_in(self.client, next(iter(self.session.target.accounts)))
        self._last = last_price(self.session, self)

    @property
    def placed_ns(self) -> int:
        """When the latest order was sent; its answer may have come or not."""
        lane = self.lane
        is_placing = lane.is_waiting and self.session.operations[lane.operation] == PLACE
        return lane.sent_ns if is_placing else self._placed_ns

    def compose(self) -> Composed:
        """An order that rests."""
        request, price = resting_order(self.session, self._last, self.token)
        if self.echo is not None:
            self.echo.expect(price, self)
        return self.composed(PLACE, request)

    def accepted(self, operation: int, body: bytes) -> Composed | None:
        """Remember when it was sent: the lane is about to send something else."""
        if self.session.operations[operation] == PLACE:
            self._placed_ns = self.lane.sent_ns
        return super().accepted(operation, body)
