"""Every check that there is: those written by hand, and those made from the contract's own tables."""

from __future__ import annotations

from types import ModuleType

from conformance.cases import (
    accounts_apart,
    authentication,
    bad_input,
    candle_story,
    depth_stream,
    futures,
    futures_money,
    harmless_input,
    key_matrix,
    keys,
    kline_stream,
    limits,
    listings,
    market_data,
    private_streams,
    quick_start,
    rest,
    sdk_dialects,
    signed_bytes,
    signing,
    spot_forms,
    spot_orders,
    spot_refusals,
    spot_trades,
    stream_sessions,
    streams,
    ticker_story,
    trade_stream,
    trading_story,
    wallets,
)
from conformance.cases.script import Check
from conformance.spec.contract import Contract

# In the order in which they run: reading first, then trading, limits last, for they use up the minute.
AREAS: tuple[ModuleType, ...] = (
    market_data,
    ticker_story,
    quick_start,
    authentication,
    wallets,
    rest,
    listings,
    spot_orders,
    spot_forms,
    spot_refusals,
    spot_trades,
    trading_story,
    futures,
    futures_money,
    keys,
    key_matrix,
    signing,
    signed_bytes,
    accounts_apart,
    harmless_input,
    sdk_dialects,
    streams,
    depth_stream,
    trade_stream,
    kline_stream,
    candle_story,
    private_streams,
    stream_sessions,
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
