"""Every deliberate fault by name, and how faults get into an exchange."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from conformance.errors import ConfigurationError
from reference_exchange.exchange import ReferenceExchange
from reference_exchange.faults import (
    access,
    futures,
    futures_money,
    interface,
    market_data,
    market_story,
    requests,
    security,
    shapes,
    stream_sessions,
    streams,
    trading,
    trading_story,
)
from reference_exchange.faults.fault import Fault

MODULES: Final = (
    market_data,
    market_story,
    access,
    security,
    trading,
    trading_story,
    futures,
    futures_money,
    interface,
    requests,
    shapes,
    stream_sessions,
    streams,
    stream_sessions,
)
CATALOGUE: Final[dict[str, Fault]] = {
    each.name: each
    for module in MODULES
    for each in vars(module).values()
    if isinstance(each, Fault)
}


def apply(exchange: ReferenceExchange, names: Iterable[str]) -> None:
    """Put faults into an exchange. Raises ConfigurationError for a name that there is not."""
    wanted = list(names)
    check_names(wanted)
    for name in wanted:
        CATALOGUE[name].install(exchange)


def check_names(names: Iterable[str]) -> None:
    """Raise ConfigurationError for a name that there is not, with those that are like it."""
    for name in names:
        if name not in CATALOGUE:
            near = get_close_matches(name, CATALOGUE, 3) or sorted(CATALOGUE)[:3]
            raise ConfigurationError(f"unknown fault {name!r}: did you mean {', '.join(near)}?")
