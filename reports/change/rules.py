"""What counts as a change, and how sure one has to be of it."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Rules:
    """The terms of a comparison between nights.

    A change counts from `margin` (a share) and `margin_us` on, whichever is more. `control_slip` is how far off the
    control is taken to be in what the machine did: a standard deviation, as a share of the control's own change.
    """

    margin: float = 0.05
    margin_us: float = 20.0
    confidence: float = 0.99
    false_discovery_rate: float = 0.01
    baseline_nights_min: int = 5
    baseline_nights_max: int = 40
    windows: tuple[int, ...] = (1, 2, 3, 5, 7)
    control_slip: float = 0.2
    draws: int = 2000
    seed: int = 1

    def __post_init__(self) -> None:
        if self.baseline_nights_min < 2:
            raise ConfigurationError("baseline_nights_min: 2 or more, one night has no variance")
        if not self.windows or min(self.windows) < 1:
            raise ConfigurationError("windows: at least one, each of 1 night or more")
