"""Deliberate faults of the reference exchange, by name; each says which requirement it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from conformance.errors import ConfigurationError

if TYPE_CHECKING:
    from reference_exchange.exchange import ReferenceExchange


@dataclass(frozen=True, slots=True)
class Fault:
    """One deviation: `install` alters one collaborator of a built exchange."""

    name: str
    breaks: str
    sentence: str
    install: Callable[[ReferenceExchange], None]


CATALOGUE: Final[dict[str, Fault]] = {}


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
