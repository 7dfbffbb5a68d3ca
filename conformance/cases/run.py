"""Run one check: feed its script with what the performer says and collect what it concludes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from conformance.cases.claim import CannotTell, Claim, Verdict
from conformance.cases.script import Check, Script, Step, World

Perform = Callable[[Step], Any]

# What a target's file may forbid: such a check is skipped, with the reason said.
REASONS: Final = {
    "trading": "the target's file does not allow trading",
    "futures": "the target's file does not allow futures trading",
    "keys": "the target's file does not allow managing API keys",
    "rate_limit": "the target's file does not allow testing the rate limit",
    "quiet": "the target's file names no quiet market, where nobody else trades",
    "token_secret": "the target's file gives no token_secret, so no token can be made that has ended",
    "two": "the target's file names no second account",
}


def run(check: Check, world: World, perform: Perform) -> list[Claim]:
    """Every claim of a check, at least one for each requirement that it judges."""
    reason = reason_to_skip(check, world)
    if reason:
        return [Claim(each, Verdict.SKIPPED, reason) for each in check.requirements]
    claims: list[Claim] = []
    why = "the check ended without a conclusion"
    try:
        _feed(check, world, perform, claims)
    except CannotTell as problem:
        why = str(problem)
    except Exception as problem:  # noqa: BLE001 - a check that breaks could not tell, and says why
        why = f"the check broke: {type(problem).__name__}: {problem}"
    judged = {claim.requirement for claim in claims}
    left = [each for each in check.requirements if each not in judged]
    return [*claims, *(Claim(each, Verdict.INCONCLUSIVE, why) for each in left)]


def _feed(check: Check, world: World, perform: Perform, claims: list[Claim]) -> None:
    script = check.script(world)
    advance: Callable[[], Step] = lambda: next(script)  # noqa: E731 - rebound at every step
    while True:
        try:
            step = advance()
        except StopIteration:
            return
        advance = (
            _conclude(claims, step, script)
            if isinstance(step, Claim)
            else _do(perform, step, script)
        )


def _conclude(claims: list[Claim], claim: Claim, script: Script) -> Callable[[], Step]:
    claims.append(claim)
    return lambda: script.send(None)


def _do(perform: Perform, step: Step, script: Script) -> Callable[[], Step]:
    try:
        answer = perform(step)
    except CannotTell as reason:
        # Thrown into the script, so that its `finally` can still put back what it has changed.
        problem = reason
        return lambda: script.throw(problem)
    return lambda: script.send(answer)


def reason_to_skip(check: Check, world: World) -> str | None:
    """Why the target's file leaves a check out, or None."""
    missing = set(_missing(world))
    return next((REASONS[need] for need in check.needs if need in missing), None)


def _missing(world: World) -> Iterator[str]:
    target = world.target
    for need in ("trading", "futures", "keys", "rate_limit"):
        if not getattr(target.allows, need):
            yield need
    if not target.conventions.token_secret:
        yield "token_secret"
    if target.quiet is None:
        yield "quiet"
    if world.second not in target.accounts:
        yield "two"
