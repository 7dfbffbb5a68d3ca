"""How long placing an order takes: small limit orders far from the market, cancelled at once."""

from __future__ import annotations

from decimal import Decimal
from time import time_ns
from typing import Any

from conformance.errors import ConfigurationError, TargetUnreachable
from conformance.wire.http import Request
from conformance.wire.rest import build, outcome_of
from load.orders import resting_buy
from load.users import Composed, ScenarioUser

PLACE, CANCEL, THUMBS = "placeSpotOrder", "cancelSpotOrder", "listSymbolThumbs"


class OrderLatency(ScenarioUser):
    """Places and cancels; the book never grows. The figures are of placing alone."""

    scenario = "order_latency"
    requests_per_slot = 2
    headline = (PLACE,)
    _open: str | None = None

    def prepare(self) -> None:
        """Log in, and see at what price the market trades."""
        account = next(iter(self.session.target.accounts))
        self._authorization = ("Authorization", self.session.log_in(self.client, account))
        self._market = self.session.target.busy
        self._last = self._last_price()

    def on_stop(self) -> None:
        """Cancel what the end of the run left open, and hang up."""
        order, self._open = self._open, None
        if order is not None:
            try:
                self.session.once(self.client, self._request(CANCEL, {"orderId": order}))
            except TargetUnreachable as error:
                self.session.note_error(f"order {order} may still be open: {error}")
        super().on_stop()

    def compose(self) -> Composed:
        """An order that rests."""
        form = resting_buy(self._market, self._last, self.session.draw)
        return PLACE, self.client.prepare(self._request(PLACE, form))

    def use(self, composed: Composed, intended_ns: int, free_ns: int) -> None:
        """Place the order at its time, and cancel it when its answer is there."""
        placed = self.ask(composed, intended_ns, free_ns)
        if placed is None:
            return
        self._open = str(outcome_of(placed.response).data)
        cancel = CANCEL, self.client.prepare(self._request(CANCEL, {"orderId": self._open}))
        now_ns = time_ns()  # a cancel has no planned time: it follows the order that it cancels
        if self.ask(cancel, now_ns, now_ns) is not None:
            self._open = None

    def _request(self, name: str, form: dict[str, Any]) -> Request:
        operation = self.session.contract.operations[name]
        return build(operation.method, operation.path, form=form, headers=(self._authorization,))

    def _last_price(self) -> Decimal:
        thumbs = self.session.contract.operations[THUMBS]
        answer = self.session.once(self.client, build(thumbs.method, thumbs.path))
        for row in outcome_of(answer.response).data or ():
            if row.get("symbol") == self._market.symbol:
                return Decimal(str(row["close"]))
        raise ConfigurationError(f"the target lists no market {self._market.symbol}")
