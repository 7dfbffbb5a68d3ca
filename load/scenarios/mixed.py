"""Load on everything that can be read: each operation by its weight, its figures apart."""

from __future__ import annotations

from itertools import accumulate

from conformance.errors import TargetUnreachable
from load.questions import questions
from load.users import Composed, ScenarioUser, refusal


class Mixed(ScenarioUser):
    """Asks reads at random, each as often as its weight in the document says."""

    scenario = "mixed"

    def prepare(self) -> None:
        """Ask everything once that can be asked: what is refused now is left out, and named."""
        session = self.session
        found, left_out = questions(session.contract, session.target)
        token = self._token()
        if not token:
            private = [each.operation for each in found if each.is_private]
            left_out.update(dict.fromkeys(private, "nobody can log in"))
            found = [each for each in found if not each.is_private]
        self._asked: list[Composed] = []
        weights: list[int] = []
        for question in found:
            request = question.by(token)
            answer = session.once(self.client, request)
            problem = refusal(answer)
            # A refusal says that the example needs something to exist; a failure to answer is an
            # error and belongs into the figures.
            if problem and answer.status < 500:
                left_out[question.operation] = f"its example is refused: {problem}"
                continue
            self._asked.append((question.operation, self.client.prepare(request)))
            weights.append(question.weight)
        self._weights = list(accumulate(weights))
        session.extra["left_out"] = left_out
        if not self._asked:
            session.stop("no operation can be asked from the document alone")

    def _token(self) -> str:
        """The first account's token, or none: public reads come under load all the same."""
        session = self.session
        if not session.target.accounts:
            return ""
        try:
            return session.log_in(self.client, next(iter(session.target.accounts)))
        except TargetUnreachable as error:
            session.extra["log_in"] = str(error)
            return ""

    def compose(self) -> Composed:
        """One operation, drawn by its weight."""
        return self.session.draw.choices(self._asked, cum_weights=self._weights)[0]
