"""What one load run is asked to do, checked before anything is sent.

The command line and Locust's own options both become a `Job`; `prepare` turns it into the contract,
the target and the profile, or refuses in one line.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.errors import ConfigurationError, SafetyStop
from conformance.spec.contract import SPECS, Contract
from conformance.target import Target, is_loopback
from conformance.target import load as load_target
from load.judge import Bounds, bounds_of
from load.plan import Profile, profile_of

PROFILES = Path(__file__).resolve().parent / "profiles.toml"
SCENARIOS = ("order_latency", "rate_limit", "stream_throughput", "mixed")


@dataclass(frozen=True, slots=True)
class Job:
    """One scenario on one target. An empty address is the target file's own.

    `is_alone`: nobody else asks that exchange, so that its counts have to be ours. `beside`: the address of another
    exchange that the probe asks instead of the target, so that what this machine does shows in both.
    """

    scenario: str
    profile: str = "smoke"
    target: str = "reference"
    base_url: str = ""
    stream_url: str = ""
    control_url: str = ""
    seed: int = 1
    run: Path | None = None
    spec: Path = SPECS / "openapi.yaml"
    workers: int = 1
    profiles: Path = PROFILES
    is_alone: bool = False
    beside: str = ""

    def arguments(self) -> list[str]:
        """The same as options of `locust -f load/locustfile.py`."""
        options = {
            "--scenario": self.scenario,
            "--load-profile": self.profile,
            "--target": self.target,
            "--host": self.base_url,
            "--stream-url": self.stream_url,
            "--control-url": self.control_url,
            "--seed": str(self.seed),
            "--run": str(self.run) if self.run else "",
            "--spec": str(self.spec),
            "--profiles": str(self.profiles),
            "--beside": self.beside,
        }
        words = [word for name, value in options.items() if value for word in (name, value)]
        return [*words, "--alone"] if self.is_alone else words


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a job names, read and found usable."""

    job: Job
    contract: Contract
    target: Target
    profile: Profile
    bounds: Bounds


def target_of(job: Job) -> Target:
    """The target at the job's addresses."""
    target = load_target(job.target)
    if job.base_url:
        return target.at(job.base_url, job.stream_url, job.control_url)
    if job.stream_url or job.control_url:
        raise ConfigurationError("a stream or control address needs the REST address beside it")
    return target


def prepare(job: Job) -> Prepared:
    """Read what a job names. Raises ConfigurationError, ContractError or SafetyStop in one line."""
    if job.scenario not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        raise ConfigurationError(f"unknown scenario {job.scenario!r}: there are {known}")
    target = target_of(job)
    refuse_strangers(target)
    problem = why_not(job.scenario, target)
    if problem:
        raise SafetyStop(f"{job.scenario} does not run on {target.name}: {problem}")
    document = _profiles(job.profiles)
    profile = profile_of(document, job.profile, job.scenario)
    contract = Contract.load(job.spec, settings=target.settings)
    return Prepared(job, contract, target, profile, bounds_of(document, job.profile))


def _profiles(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the profiles {path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the profiles {path} are no TOML: {error}") from None


def refuse_strangers(target: Target) -> None:
    """Raise SafetyStop for a host elsewhere, unless the target's file allows load on it by name."""
    for address in filter(None, (target.rest, target.stream, target.control)):
        host = urlsplit(address).hostname or ""
        allowed = target.allows.load and host in target.allows.load_hosts
        if not is_loopback(host) and not allowed:
            raise SafetyStop(
                f"load on {host!r} is refused: the target's file must say allows.load = true "
                "and name the host in allows.load_hosts"
            )


def why_not(scenario: str, target: Target) -> str | None:
    """Why a scenario may not or cannot run on a target, or None."""
    if scenario == "rate_limit" and not target.allows.rate_limit:
        return "its file does not say allows.rate_limit = true"
    if scenario in ("order_latency", "stream_throughput") and not target.allows.trading:
        return "its file does not say allows.trading = true"
    if scenario != "mixed" and not target.accounts:
        return "its file names no account"
    if scenario == "stream_throughput" and not target.stream:
        return "it has no stream address"
    return None
