"""Each of our drivers, built once for a whole run of the tests, and the exchanges that they are led against."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.embedded import embedded
from conformance.target import Target, load
from sdk_gate.asked import own_drivers
from sdk_gate.toolchains import tools
from tests.sdk import gate_runs
from tests.sdk.driven import Driven, driven
from tests.sdk.people import SECRETS


@pytest.fixture(scope="session", params=own_drivers())
def language(request: pytest.FixtureRequest) -> str:
    """The language of a driver; a test that asks for it is one of each language."""
    # The toolchain is a minute's download: whoever has used it once has it, and `make prove ONLY=sdk` always has.
    if request.param == "go" and not (tools.TOOLS / "go" / ".installed").exists():
        pytest.skip("no Go yet: `make sdk-gate SDK=go` installs it, then this is tested")
    return str(request.param)


@pytest.fixture(scope="session")
def command(language: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The command that starts the driver."""
    base = tmp_path_factory.getbasetemp()
    # The workers of a run have a folder in common: whoever comes first builds for all.
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return _built_once(language, common / f"driver-{language}")


def _built_once(language: str, folder: Path) -> tuple[str, ...]:
    folder.mkdir(exist_ok=True)
    known = folder / "command.json"
    with (folder / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            known.write_text(json.dumps(gate_runs.built(language, None, folder)), encoding="utf-8")
    return tuple(json.loads(known.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def driver(command: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    """A running driver; its tests are over when it has left in good order and told no secret."""
    with driven(command, tmp_path_factory.mktemp("driver")) as running:
        yield running
        assert running.end() == 0
        assert [each for each in SECRETS if each in running.log()] == []


@pytest.fixture(scope="session")
def exchange() -> Iterator[Target]:
    """The reference exchange on sockets."""
    with embedded(load("reference"), seed=1) as target:
        yield target


@pytest.fixture(scope="session")
def differing() -> Iterator[Target]:
    """One that does otherwise whatever the documents leave open."""
    with embedded(load("differing"), seed=1) as target:
        yield target
