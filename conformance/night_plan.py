"""What a night is made of, and what of it fits into its time."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.errors import ConfigurationError

PROFILES: Final = Path(__file__).resolve().parents[1] / "load" / "profiles.toml"
ROUNDS_PROFILE: Final = "nightly"
STARTING_S: Final = 5.0  # of a load process, beside what its profile says
UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600}
CONCLUDING_S: Final = 20.0  # kept back for judging, history and pages
# In the order in which they are given up where the time is short, the last one first.
LONGER: Final = ("order_latency", "stream_throughput", "mixed", "rate_limit")


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a night may take, by a clock in seconds. Without a limit everything fits."""

    limit_s: float | None
    now_s: Callable[[], float]
    began_s: float

    def left_s(self) -> float:
        """Until the night has to conclude."""
        if self.limit_s is None:
            return float("inf")
        return self.limit_s - CONCLUDING_S - (self.now_s() - self.began_s)

    def times(self, seconds: float) -> int:
        """How often something of that length still fits, a hundred times at most."""
        return int(min(max(self.left_s(), 0.0) / seconds, 100))

    def has(self, seconds: float) -> bool:
        """True when something of that length still fits."""
        return self.left_s() >= seconds


def seconds_of(text: str) -> float | None:
    """A length of time as people write it: 90, 90s, 30m, 2h; None for "". Raises ConfigurationError."""
    if not text:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None or not float(found[1]):
        raise ConfigurationError(f"BUDGET={text!r} is no length of time: say 90s, 30m or 2h")
    return float(found[1]) * UNITS[found[2]]


def profile_seconds(profile: str, scenario: str) -> float:
    """How long a load run of a profile takes, starting it included. Raises ConfigurationError."""
    profiles = {name: table for name, table in _profiles().items() if name != "bounds"}
    if profile not in profiles:
        known = ", ".join(sorted(profiles))
        raise ConfigurationError(f"unknown profile {profile!r}: there are {known}")
    if scenario not in profiles[profile]:
        raise ConfigurationError(f"the profile {profile!r} has no scenario {scenario!r}")
    stages = profiles[profile][scenario]
    lasting = sum(stage["duration_s"] for stage in stages["stages"])
    return float(stages.get("warm_up_s", 0) + lasting + STARTING_S)


def _profiles() -> dict[str, Any]:
    return tomllib.loads(PROFILES.read_text(encoding="utf-8"))
