"""The reference exchange in virtual time: an experiment of minutes is over in a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from conformance.spec.contract import Contract
from conformance.target import Target
from conformance.wire.http import Headers, Request, Response
from conformance.wire.rest import build, outcome_of
from load.client import Answer
from load.limits.answer import answer
from load.limits.budget import Budget
from load.limits.experiment import Experiment
from load.limits.perform import is_refusal
from load.limits.steps import Ask, Batch, Done, Refusal, Script, Subject, Wait
from load.limits.told import Told, told
from load.limits.voices import Voices
from reference_exchange.config import ExchangeConfig, LimiterConfig
from reference_exchange.exchange import ReferenceExchange
from tests import stage

HERE = "127.0.0.1"
HIDDEN = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


class VirtualExchange:
    """An exchange with a limiter, seen over a way that takes `way_s` and tells `tells` of the limit."""

    def __init__(
        self,
        limiter: LimiterConfig,
        seed: int,
        tells: bool = True,
        way_s: tuple[float, float] = (0.0003, 0.0009),
        retry_factor: float = 1.0,
        alter: Callable[[Request, Response], Response] = lambda _, response: response,
    ) -> None:
        self._draw = Random(seed)
        self._alter = alter
        self._start_ms = stage.START_MS + self._draw.randrange(3_600_000)
        self.now_s, self.sent = 0.0, 0
        self._tells, self._way_s, self._retry_factor = tells, way_s, retry_factor
        config = ExchangeConfig(seed=seed, limiter=limiter, has_flow=False, history_hours=1)
        self.exchange = ReferenceExchange(stage.SERVED, config, lambda: self._now_ns() // 10**6)
        self.contract: Contract = stage.CONTRACT
        self.target: Target = stage.TARGET
        self.voices = Voices(self, lambda request: request, self._now_ns)  # type: ignore
        self.voices.get_ready(None)  # type: ignore[arg-type]

    def infer(self, budget: Budget, most: int) -> dict[str, Any]:
        """Play the whole experiment; its answer."""
        asks = self.voices.asks(most)
        self._zero_s = self.now_s
        before = self.voices.before(self._now_ns())
        self.experiment = Experiment(asks, budget, before)
        self._play(self.experiment.script())
        limit = self.target.limits.requests_per_minute
        return answer(self.experiment.seen, asks.first, budget, limit)

    # --- what a desk is ------------------------------------------------------------------------

    def log_in(self, client: Any, account: str) -> str:
        """The token of an account."""
        who = self.target.accounts[account]
        login = self.contract.operations["login"]
        form = {self.target.conventions.login_parameter: who.login, "password": who.password}
        found = self.once(client, build(login.method, login.path, form=form))
        return str(outcome_of(found.response).data["Authorization"])

    def once(self, client: Any, request: Request) -> Answer:
        """Ask once."""
        return Answer(self._send(request, HERE)[0], 0, None, 0)

    def note_error(self, operation: str, why: str) -> None:
        """Nothing goes wrong here."""
        raise AssertionError(f"{operation}: {why}")

    # --- time ----------------------------------------------------------------------------------

    def _now_ns(self) -> int:
        return self._start_ms * 10**6 + round(self.now_s * 1e9)

    def _send(self, request: Request, address: str) -> tuple[Response, float, float]:
        """The answer, when it was decided, and how long it took."""
        took_s = self._draw.uniform(*self._way_s)
        self.now_s += took_s / 2
        at_s = self.now_s
        response = self.exchange.handle(request, address)
        self.now_s += took_s / 2
        self.sent += 1
        response = replace(response, headers=self._told(response))
        return self._alter(request, response), at_s, took_s

    def _told(self, response: Response) -> Headers:
        """What is said of the limit: nothing, the truth, or so many times the wait that there is."""
        if not self._tells:
            return tuple(x for x in response.headers if x[0].lower() not in HIDDEN)
        return tuple(
            (name, str(max(1, round(int(value) * self._retry_factor))))
            if name == "Retry-After"
            else (name, value)
            for name, value in response.headers
        )

    def _play(self, script: Script) -> None:
        done: Done | None = None
        try:
            while True:
                step = next(script) if done is None else script.send(done)
                done = self._wait(step) if isinstance(step, Wait) else self._ask(step)
        except StopIteration:
            return

    def _wait(self, step: Wait) -> Done:
        late_s = self._draw.uniform(0, 0.001)
        self.now_s = max(self.now_s, self._zero_s + step.until_s + late_s)
        return self.now_s - self._zero_s, None

    def _ask(self, step: Ask) -> Done:
        accepted: list[float] = []
        took: list[float] = []
        refusals: list[Refusal] = []
        first = Told()
        lost = 0
        while len(accepted) < step.most and not refusals and not lost:
            response, at_s, took_s = self._send(self._request(step.subject), step.subject.address)
            said = told(response, self._now_ns() / 1e9)
            kind = outcome_of(response)
            if kind.is_accepted:
                accepted.append(at_s - self._zero_s)
                took.append(took_s)
                first = first if len(accepted) > 1 else said
            elif is_refusal(response, said):
                at_s -= self._zero_s
                refusals.append(Refusal(at_s, took_s, kind.status, kind.code, said))
            else:
                lost += 1
        batch = Batch(
            subject=step.subject,
            accepted_s=tuple(accepted),
            refusals=tuple(refusals),
            within_s=self._way_s[1] / 2,
            took_s=tuple(took),
            first=first,
            lost=lost,
        )
        return self.now_s - self._zero_s, batch

    def _request(self, subject: Subject) -> Request:
        return self.voices.payload(subject)  # type: ignore[return-value]
