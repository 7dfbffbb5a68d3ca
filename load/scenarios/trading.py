"""What scenarios that place orders share: log-in, the market's price, orders that rest and are taken back."""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from conformance.errors import ConfigurationError, TargetUnreachable
from conformance.wire.http import Request
from conformance.wire.rest import build, outcome_of
from load.engine import Composed
from load.orders import resting_buy
from load.questions import following
from load.session import Session
from load.users import ScenarioUser

PLACE, CANCEL, THUMBS = "placeSpotOrder", "cancelSpotOrder", "listSymbolThumbs"


class Chains(ScenarioUser):
    """Asks after each answer what the document says has to follow, on the same connection."""

    abstract = True
    token = ""

    def accepted(self, operation: int, body: bytes) -> Composed | None:
        """The next link of the chain: what undoes a write comes before anything else."""
        if not self._owed:
            if operation not in self._chained:
                return None
            name = self.session.operations[operation]
            self._owed.extend(following(self.session.contract, name, body, self.token))
            if not self._owed:
                return None
        return self.composed(*self._owed.popleft())

    def failed(self, operation: int, why: str) -> None:
        """Said no, or did not answer: the rest of its chain is asked at the end."""
        super().failed(operation, why)
        self._late.extend(self._owed)
        self._owed.clear()

    def tidy(self) -> None:
        """Ask what was still owed when the run ended."""
        self._late[:0] = self._owed
        self._owed.clear()
        while self._late:
            name, request = self._late.pop(0)
            try:
                self.session.once(self.client, request)
            except TargetUnreachable as error:
                self.session.note_error(name, f"what it undoes may still be there: {error}")
                return

    def prepare(self) -> None:
        """Nothing is owed yet."""
        contract = self.session.contract
        chained = (each.id for each in contract.operations.values() if each.then)
        self._chained = frozenset(self.session.number_of(each) for each in chained)
        self._owed: deque[tuple[str, Request]] = deque()
        self._late: list[tuple[str, Request]] = []


def last_price(session: Session, user: ScenarioUser) -> Decimal:
    """At what price the busy market trades."""
    symbol = session.target.busy.symbol
    thumbs = session.contract.operations[THUMBS]
    answer = session.once(user.client, build(thumbs.method, thumbs.path))
    for row in outcome_of(answer.response).data or ():
        if row.get("symbol") == symbol:
            return Decimal(str(row["close"]))
    raise ConfigurationError(f"the target lists no market {symbol}")


def resting_order(session: Session, last: Decimal, token: str) -> tuple[Request, Decimal]:
    """A small limit order far from the market, and its price."""
    place = session.contract.operations[PLACE]
    form = resting_buy(session.target.busy, last, session.draw)
    request = build(place.method, place.path, form=form, headers=(("Authorization", token),))
    return request, Decimal(form["price"])
