"""What claims mean to pytest: a failing or undecided one fails the test, a skipped one skips it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.cases.claim import Claim, Verdict, gravest


def settle(claims: Sequence[Claim]) -> None:
    """End the current test as its claims say. The verdict of the run comes from the log, not from here."""
    verdict = gravest(claim.verdict for claim in claims)
    telling = [claim for claim in claims if claim.verdict is verdict]
    if verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        pytest.fail("\n".join(map(in_words, telling[:5])), pytrace=False)
    if verdict is Verdict.SKIPPED:
        pytest.skip(telling[0].title)


def in_words(claim: Claim) -> str:
    """A claim as a reader of the terminal meets it."""
    lines = [f"{claim.verdict.upper()} {claim.requirement}: {claim.title}"]
    lines += [f"  expected  {claim.expected}"] if claim.expected else []
    lines += [f"  actual    {claim.actual}"] if claim.actual else []
    return "\n".join(lines)
