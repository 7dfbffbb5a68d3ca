"""What a fault is, and the two ways of altering a collaborator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reference_exchange.exchange import ReferenceExchange
from reference_exchange.handlers import Call


@dataclass(frozen=True, slots=True)
class Fault:
    """One deviation. `breaks` is the requirement that it violates; `install` alters one collaborator."""

    name: str
    breaks: str
    sentence: str
    install: Callable[[ReferenceExchange], None]


def fault(breaks: str) -> Callable[[Callable[[ReferenceExchange], None]], Fault]:
    """Make a fault of a function; its name and docstring are the fault's."""

    def make(install: Callable[[ReferenceExchange], None]) -> Fault:
        name = install.__name__.replace("_", "-")
        return Fault(name, breaks, (install.__doc__ or "").strip(), install)

    return make


def wrap(owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Replace a method of one object by `around(original, *arguments)`."""
    original = getattr(owner, name)

    def replaced(*arguments: Any, **named: Any) -> Any:
        return around(original, *arguments, **named)

    setattr(owner, name, replaced)


def answering(x: ReferenceExchange, operation: str, change: Callable[[Any], Any]) -> None:
    """Let an operation answer something else than it found."""
    original = x.handlers[operation]
    x.handlers[operation] = lambda exchange, call: change(original(exchange, call))


def asking(
    x: ReferenceExchange, operation: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> None:
    """Let an operation do something else than it was asked."""
    original = x.handlers[operation]
    x.handlers[operation] = lambda exchange, call: original(
        exchange, Call(call.account, change(call.params))
    )
