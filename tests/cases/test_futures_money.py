"""What is said of a part that is closed where the mark stands still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.cases.claim import Verdict
from conformance.record.run_log import RunLog
from conformance.session import Session, world
from conformance.transport.in_process import InProcess
from reference_exchange.faults.fault import answering
from tests import stage

KEEPS = "futures.part-close-keeps-the-entry"


def _still(rows: Any) -> Any:
    """Wallets whose mark is the entry, as long as anything is held."""
    return [
        {**row, "currentPrice": max(row["usdtBuyPrice"], row["usdtSellPrice"]) or 1} for row in rows
    ]


def test_a_mark_that_stands_still_does_not_tell_whether_the_entry_stays(tmp_path: Path) -> None:
    made, clock = stage.exchange()
    answering(made, "getFuturesWallets", _still)
    asking = world(stage.CONTRACT, stage.TARGET, 1)
    run = Session(asking, InProcess(made, clock), RunLog(tmp_path))
    claims = stage.ask(run, KEEPS)
    told = {each.verdict for each in claims if each.requirement == KEEPS}
    assert told == {Verdict.SKIPPED}
