"""Every check that there is: those written by hand, and those made from the contract's own tables."""

from __future__ import annotations

from types import ModuleType

from conformance.cases import (
    authentication,
    bad_input,
    depth_stream,
    futures,
    keys,
    kline_stream,
    limits,
    market_data,
    private_streams,
    quick_start,
    rest,
    sdk_dialects,
    signing,
    spot_forms,
    spot_orders,
    spot_refusals,
    spot_trades,
    streams,
    trade_stream,
    wallets,
)
from conformance.cases.script import Check
from conformance.spec.contract import Contract

# In the order in which they run: reading first, then trading, limits last, for they use up the minute.
AREAS: tuple[ModuleType, ...] = (
    market_data,
    quick_start,
    authentication,
    wallets,
    rest,
    spot_orders,
    spot_forms,
    spot_refusals,
    spot_trades,
    futures,
    keys,
    signing,
    sdk_dialects,
    streams,
    depth_stream,
    trade_stream,
    kline_stream,
    private_streams,
    limits,
)


def checks(contract: Contract) -> list[Check]:
    """All checks for a contract, in the order in which they run."""
    written = [each for area in AREAS[:-1] for each in of(area)]
    made = [*streams.checks(contract), *bad_input.checks(contract)]
    return [*written, *made, *of(AREAS[-1])]


def of(area: ModuleType) -> list[Check]:
    """The checks of one module, as they stand in it."""
    return [each for each in vars(area).values() if isinstance(each, Check)]
