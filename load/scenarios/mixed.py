"""Load on everything that can be asked: each operation by its weight, its figures apart."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Final

from conformance.errors import ConfigurationError, TargetUnreachable
from conformance.wire.http import Request
from load.engine import Composed
from load.questions import Question, following, following_none, questions
from load.scenarios.trading import PLACE, Chains, last_price, resting_order
from load.users import refusal

AHEAD: Final = 128  # drawn at once: one draw alone takes as long as sending


class Mixed(Chains):
    """Asks at random, each operation as often as its weight in the document says."""

    scenario = "mixed"

    def prepare(self) -> None:
        """Ask everything once that can be asked: what is refused now is left out, and named."""
        super().prepare()
        session = self.session
        found, left_out = questions(session.contract, session.target)
        self.token = self._log_in()
        if not self.token:
            private = [each.operation for each in found if each.is_private]
            left_out.update(dict.fromkeys(private, "nobody can log in"))
            found = [each for each in found if not each.is_private]
        self._drawn: list[Callable[[], Composed]] = []
        self._makers: list[Callable[[], Composed]] = []
        weights: list[int] = []
        for question in found:
            problem = self._why_not(question)
            if problem:
                left_out[question.operation] = f"its example is refused: {problem}"
                continue
            self._makers.append(self._maker(question))
            weights.append(question.weight)
        self._weights = list(accumulate(weights))
        session.facts["left_out"] = left_out | following_none(session.contract, left_out)
        if not self._makers:
            session.stop("no operation can be asked from the document alone")

    def compose(self) -> Composed:
        """One operation, drawn by its weight."""
        if not self._drawn:
            draw = self.session.draw
            self._drawn = draw.choices(self._makers, cum_weights=self._weights, k=AHEAD)
        return self._drawn.pop()()

    def _log_in(self) -> str:
        """The first account's token, or none: public reads come under load all the same."""
        session = self.session
        if not session.target.accounts:
            return ""
        try:
            return session.log_in(self.client, next(iter(session.target.accounts)))
        except TargetUnreachable as error:
            session.facts["log_in"] = str(error)
            return ""

    def _maker(self, question: Question) -> Callable[[], Composed]:
        if question.operation == PLACE:
            return lambda: self.composed(PLACE, self._request(question))
        ready = self.composed(question.operation, question.by(self.token))
        return lambda: ready

    def _request(self, question: Question) -> Request:
        """The document's example; an order instead at a price at which it rests."""
        if question.operation != PLACE:
            return question.by(self.token)
        return resting_order(self.session, self._last, self.token)[0]

    def _why_not(self, question: Question) -> str | None:
        """Ask once, with all that follows. A failure to answer is an error and belongs into the figures."""
        session = self.session
        if question.operation == PLACE:
            try:
                self._last = last_price(session, self)
            except ConfigurationError as error:
                return str(error)
        response = session.once(self.client, self._request(question)).response
        problem = refusal(response)
        if problem:
            return problem if response.status < 500 else None
        for _, request in following(
            session.contract, question.operation, response.body, self.token
        ):
            session.once(self.client, request)
        return None
