"""A case: a situation that an SDK is put through, and the requirements that it may conclude on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.cases.claim import Claim
from sdk_gate.stage import Stage

Scene = Callable[[Stage], Iterator[Claim]]
ACCOUNT: Final = "account"  # a need that either token or key fills


@dataclass(frozen=True, slots=True)
class Case:
    """`name` is area/slug, `needs` are features of the driver.

    `is_stale` excuses old timestamps: the clocks differ on purpose.
    """

    name: str
    sentence: str
    judges: tuple[str, ...]
    needs: tuple[str, ...]
    play: Scene
    is_stale: bool = False

    def missing(self, features: tuple[str, ...]) -> tuple[str, ...]:
        """The features that it needs and a driver does not declare."""
        return missing(self.needs, features)


def missing(needs: tuple[str, ...], features: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the needs that a driver's features do not fill."""
    has = {*features, *((ACCOUNT,) if {"token", "key"} & set(features) else ())}
    return tuple(each for each in needs if each not in has)


def not_declared(names: tuple[str, ...]) -> str:
    """Why something is skipped."""
    return f"the driver does not declare {' or '.join(names)}"


CASES: dict[str, Case] = {}


def case(
    *judges: str, needs: tuple[str, ...] = (), is_stale: bool = False
) -> Callable[[Scene], Scene]:
    """Make a case of a function; its module and name are the case's, its docstring the sentence."""

    def make(play: Scene) -> Scene:
        area = play.__module__.rpartition(".")[2]
        name = f"{area}/{play.__name__.replace('_', '-')}"
        sentence = inspect.getdoc(play) or ""
        CASES[name] = Case(name, sentence, judges, needs, play, is_stale)
        return play

    return make
