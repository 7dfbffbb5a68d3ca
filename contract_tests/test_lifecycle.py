"""Random placing and cancelling by two accounts, against the model; a failure shrinks to few steps.

The machine only translates: draw, perform on both, compare. What is right is in the model and in
conformance/cases/spot_model.py.
"""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from conformance.cases import spot_model
from conformance.cases.asks import last_price, to_step
from conformance.cases.claim import CannotTell, Claim, Verdict
from conformance.cases.run import reason_to_skip
from conformance.cases.script import Check
from conformance.session import Ledger, Session
from contract_tests.machines import broke
from contract_tests.outcome import settle

NAME = "lifecycle/two-accounts"
EXAMPLES = 10
STEPS = 15
NEEDS = Check(NAME, (spot_model.REQUIREMENT,), ("trading", "quiet", "two"), 400, lambda _: None)


class Lifecycle(RuleBasedStateMachine):
    """Two accounts place and cancel in a market of their own."""

    session: Session
    kept: list[Claim]
    told: list[Ledger]

    @initialize()
    def open(self) -> None:
        """Begin with an empty market."""
        self.session.begin(NAME)
        market = self.session.world.target.quiet
        self.price = to_step(self._do(last_price(self.session.world, market)), market.price_step)
        self.desk = self._do(spot_model.open_desk(self.session.world, market))

    @rule(
        second=st.booleans(),
        direction=st.integers(0, 1),
        ticks=st.integers(-3, 3),
        lots=st.integers(1, 6),
        is_market=st.sampled_from([False, False, False, True]),
    )
    def place(self, second: bool, direction: int, ticks: int, lots: int, is_market: bool) -> None:
        """Place a limit order around one price, or a market order."""
        world, market = self.session.world, self.desk.market
        account = world.second if second else world.first
        price = self.price + ticks * market.price_step * 100
        unit = max(market.min_amount, to_step(market.min_turnover / price * 2, market.amount_step))
        amount = unit * lots
        if is_market and direction == 0:
            amount = to_step(price * amount, Decimal("0.01"))  # a market buy says what to spend
        limit = None if is_market else price
        if spot_model.meets_itself(self.desk, account, direction, limit):
            return  # a check of its own is about that
        self._judge(spot_model.place(self.desk, account, direction, limit, amount))
        self._judge(spot_model.compare(self.desk))

    @precondition(lambda self: self.desk.ids)
    @rule(second=st.booleans(), which=st.integers(0, 50))
    def cancel(self, second: bool, which: int) -> None:
        """Cancel one of the orders of this case, one's own or not, open or not."""
        world = self.session.world
        account = world.second if second else world.first
        identity = list(self.desk.ids)[which % len(self.desk.ids)]
        self._judge(spot_model.cancel_order(self.desk, account, identity))
        self._judge(spot_model.compare(self.desk))

    def teardown(self) -> None:
        """Leave nothing open."""
        if hasattr(self, "desk"):
            self._do(spot_model.clear(self.session.world, self.desk.market))

    def _judge(self, steps: Generator[Any, Any, list[Claim]]) -> None:
        claims = self._do(steps)
        self.kept += claims
        failed = [claim for claim in claims if claim.verdict is Verdict.FAIL]
        if failed:
            self.kept[:] = failed  # the last failing case is the shrunk one
            self.told[:] = [self.session.so_far()]
            raise AssertionError(failed[0].title)

    def _do(self, steps: Generator[Any, Any, Any]) -> Any:
        return self.session.drive(steps)


def test_lifecycle(session: Session, seed: int) -> None:
    """Wallets and orders are what price-time matching makes of any sequence."""
    settle(explore(session, seed))


def explore(session: Session, number: int) -> list[Claim]:
    """Everything that random trading gives rise to."""
    session.begin(NAME)
    reason = reason_to_skip(NEEDS, session.world)
    if reason:
        return session.end([Claim(spot_model.REQUIREMENT, Verdict.SKIPPED, reason)])
    kept: list[Claim] = []
    told: list[Ledger] = []
    machine = type("Machine", (Lifecycle,), {"session": session, "kept": kept, "told": told})
    claims = _claims(machine, kept, number)
    if told:
        session.resume(told[0])
    return session.end(claims)


def _claims(machine: type, kept: list[Claim], number: int) -> list[Claim]:
    try:
        why = broke(machine, number, EXAMPLES, STEPS)
    except CannotTell as reason:
        return [Claim(spot_model.REQUIREMENT, Verdict.INCONCLUSIVE, str(reason))]
    if why:
        failed = [claim for claim in kept if claim.verdict is Verdict.FAIL]
        return failed or [Claim(spot_model.REQUIREMENT, Verdict.INCONCLUSIVE, why)]
    title = f"{len(kept)} comparisons in {EXAMPLES} cases of up to {STEPS} steps agreed"
    return [Claim(spot_model.REQUIREMENT, Verdict.PASS, title)]


pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
