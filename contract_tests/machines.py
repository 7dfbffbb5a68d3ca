"""Runs a Hypothesis state machine the same way for every question, and for every seed again."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from conformance.cases.claim import CannotTell


def broke(machine: type, number: int, examples: int, steps: int) -> str:
    """Why a machine broke, in a line; "" when it did not. Lets CannotTell pass."""
    wanted = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        print_blob=False,
    )
    try:
        run_state_machine_as_test(seed(number)(machine), settings=wanted)
    except CannotTell:
        raise
    except Exception as problem:  # noqa: BLE001 - what failed once has failed, though it be flaky
        return f"the state machine broke: {type(problem).__name__}: {problem}".splitlines()[0]
    return ""
