"""How often a limiter is inferred rightly, and at what cost.

On the reference exchange in virtual time: every kind by every scope, in several sizes; and over sockets in real time,
against the documented limit.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing import Pool
from pathlib import Path
from time import monotonic
from typing import Any, Final

from load.limits.budget import REFUSALS_MAX, REQUESTS_FOR, REQUESTS_MORE, Budget
from reference_exchange.bench import Row
from reference_exchange.config import LimiterConfig
from tests.load.limits.virtual import VirtualExchange

COMMAND: Final = "make bench ONLY=limiter"
ROOT: Final = Path(__file__).resolve().parents[2]
KINDS: Final = (
    *("fixed", "fixed_aligned", "sliding_log", "sliding_counter"),
    *("token_bucket", "gcra"),
)
SCOPES: Final = ("address", "account", "key")
SIZES: Final = ((20, 2.0), (50, 5.0), (100, 10.0), (300, 30.0), (1200, 60.0))  # requests, seconds
SEEDS: Final = (1, 2)
SECONDS: Final = 240.0
EVEN: Final = "token_bucket"
AS_SEEN: Final = {"gcra": EVEN}  # the same answers to the same requests
NEAR: Final = 0.03
RIGHT: Final = 0.99
REAL_S: Final = 240.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One limiter, and whether its answers tell of it."""

    kind: str
    scope: str
    limit: int
    window_s: float
    seed: int
    tells: bool
    counts_refused: bool

    @property
    def budget(self) -> Budget:
        """What a target may cost that documents this limit a minute."""
        per_minute = max(self.limit, round(60 * self.limit / self.window_s))
        return Budget(REQUESTS_FOR * per_minute + REQUESTS_MORE, REFUSALS_MAX, SECONDS)


@dataclass(frozen=True, slots=True)
class Found:
    """What was inferred. `verdict` is right, unknown or wrong; `wrong` says in what."""

    verdict: str
    wrong: str
    seconds: float
    requests: int
    refusals: int
    is_within_budget: bool


def asked() -> Iterator[Asked]:
    """Every kind by every scope in every size, with headers; without them in the account's scope."""
    for kind in KINDS:
        for limit, window_s in SIZES:
            for seed in SEEDS:
                for scope in SCOPES:
                    # Refusals count in every second one, where it makes a difference at all.
                    counts = seed % 2 == 0 and kind in ("sliding_log", EVEN, "gcra")
                    yield Asked(kind, scope, limit, window_s, seed, True, counts)
                if window_s <= SIZES[2][1]:
                    yield Asked(kind, "account", limit, window_s, seed, False, False)


def infer(each: Asked) -> Found:
    """One inference in virtual time, and how right it is."""
    limiter = LimiterConfig(
        each.limit,
        round(each.window_s * 1000),
        each.kind,  # type: ignore[arg-type]
        scope=(each.scope,),  # type: ignore[arg-type]
        counts_refused=each.counts_refused,
    )
    virtual = VirtualExchange(limiter, each.seed, each.tells)
    budget = each.budget
    said = virtual.infer(budget, 2 * each.limit + 100)
    cost = said["budget"]
    is_kept = cost["requests"] <= budget.requests and cost["refusals"] <= budget.refusals
    wrong = ", ".join(_wrong(each, said))
    verdict = "unknown" if said["kind"] == "unknown" else "wrong" if wrong else "right"
    return Found(
        verdict,
        wrong or said["because"] or "",
        cost["seconds"],
        cost["requests"],
        cost["refusals"],
        is_kept and cost["seconds"] <= SECONDS + 1,
    )


def _wrong(each: Asked, said: dict[str, Any]) -> Iterator[str]:
    if said["kind"] == "unknown":
        return
    if said["kind"] != AS_SEEN.get(each.kind, each.kind):
        yield f"kind {said['kind']}"
    exact = each.kind in ("fixed", "fixed_aligned", "sliding_log")
    if abs(said["limit"] - each.limit) > (0 if exact else max(1, 0.01 * each.limit)):
        yield f"limit {said['limit']}"
    low, high = said["window_s_between"]
    if not low * (1 - NEAR) <= each.window_s <= high * (1 + NEAR) or high > 1.25 * low:
        yield f"window {low} to {high} s"
    if said["scope"] != [each.scope]:
        yield f"scope {said['scope']}"
    if isinstance(said["counts_refused"], bool) and said["counts_refused"] != each.counts_refused:
        yield f"counts_refused {said['counts_refused']}"
    if each.tells and said["retry_after"]["is_true"] is False and not each.counts_refused:
        yield f"Retry-After {said['retry_after']}"


def measure(run: Path) -> list[Row]:
    """All of them, then one in real time."""
    cases = list(asked())
    with Pool(2) as pool:
        found = pool.map(infer, cases, chunksize=2)
    rows = [{**asdict(case), **asdict(each)} for case, each in zip(cases, found, strict=True)]
    (run / "limiters.json").write_text(json.dumps(rows, indent=0) + "\n", encoding="utf-8")
    for case, each in zip(cases, found, strict=True):
        if each.verdict != "right":
            print(f"  {each.verdict}: {case}: {each.wrong}")
    right = sum(each.verdict == "right" for each in found)
    wrong = sum(each.verdict == "wrong" for each in found)
    kept = sum(each.is_within_budget for each in found)
    share = right / len(found)
    return [
        Row(
            f"limiters inferred rightly, of {len(found)}",
            round(100 * share, 2),
            "%",
            "at least 99",
            share >= RIGHT,
            {"unknown": len(found) - right - wrong, "wrong": wrong},
            COMMAND,
        ),
        Row(
            "budget kept",
            kept,
            f"of {len(found)}",
            str(len(found)),
            kept == len(found),
            {},
            COMMAND,
        ),
        *_real(run),
    ]


def _real(run: Path) -> Iterator[Row]:
    """The reference exchange as it comes, over sockets: 1200 a minute, a window of a minute."""
    began = monotonic()
    folder = run / "real"
    words = [sys.executable, "-m", "load", "--scenario", "rate_limit", "--profile", "steady"]
    with (run / "real.log").open("wb") as log:
        subprocess.run(
            [*words, "--run", str(folder)], cwd=ROOT, stdout=log, stderr=log, check=False
        )
    took_s = monotonic() - began
    said = json.loads((folder / "load-rate_limit.json").read_text(encoding="utf-8"))["extra"][
        "inference"
    ]
    right = (said["kind"], said["limit"], said["window_s"], said["scope"]) == (
        "fixed",
        1200,
        60,
        ["account"],
    )
    print(
        f"  real time: {said['kind']}, {said['limit']} in {said['window_s']} s, by {said['scope']}"
    )
    yield Row("in real time: right", float(right), "of 1", "1", right, {}, COMMAND)
    yield Row(
        "in real time, start and log-in included",
        round(took_s, 1),
        "s",
        f"at most {REAL_S:g}",
        took_s <= REAL_S,
        {"requests": said["budget"]["requests"], "refusals": said["budget"]["refusals"]},
        COMMAND,
    )
