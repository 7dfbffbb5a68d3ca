"""What the user asked the gate for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.spec.contract import SPECS

DRIVERS: Final = Path(__file__).with_name("drivers")
DRIVER: Final = "driver"
WRAP: Final = "wrap"
ALL: Final = "all"  # each of our drivers in turn
INTERPRETERS: Final = ("python", "python3", "node", "bash", "sh", "perl", "ruby", "npx", "java")
DEVIATIONS: Final = "sdk.deviations.toml"


@dataclass(frozen=True, slots=True)
class Asked:
    """`sdk` is one of our drivers by name, or a command; `mode` driver or wrap says what a command is.

    `only` is a part of a case's name, or a requirement. `folder` is where a command runs; `known` is a file of
    deviations, if not the one in that folder. `source` is where our own driver's sources are, if not in their place.
    `is_rough` False leaves the passes with troubles out.
    """

    sdk: str
    mode: str = WRAP
    target: str = "reference"
    seed: int = 1
    only: str = ""
    known: Path | None = None
    folder: Path = Path()
    source: Path | None = None
    is_rough: bool = True
    openapi: Path = SPECS / "openapi.yaml"
    asyncapi: Path = SPECS / "asyncapi.yaml"

    @property
    def deviations(self) -> Path:
        """The file of the SDK's known failures, which need not be there."""
        return self.known or self.folder / DEVIATIONS

    @property
    def is_ours(self) -> bool:
        """True for the name of one of our drivers."""
        return self.sdk in own_drivers()

    @property
    def name(self) -> str:
        """What the run is called: a driver's name, or the first word of a command that tells something."""
        words = [Path(word).name for word in self.sdk.split()] or ["sdk"]
        word = words[1] if words[0] in INTERPRETERS and len(words) > 1 else words[0]
        kept = "".join(x if x.isalnum() or x in "._-" else "-" for x in word).strip("._-")
        return kept or "sdk"


def own_drivers() -> list[str]:
    """The names of our drivers."""
    return sorted(x.name for x in DRIVERS.iterdir() if x.is_dir() and not x.name.startswith("_"))
