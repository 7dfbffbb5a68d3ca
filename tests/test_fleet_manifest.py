"""What the manifest of a fleet hands to the suite, read as the suite reads it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from load.job import PROFILES, Job, prepare
from load.limiter import cap_per_s
from tests.proof_of_manifests import MANIFEST

DOCUMENTS = list(yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8")))


def one(kind: str, name: str) -> dict[str, Any]:
    """A resource."""
    found: dict[str, Any] = next(
        x for x in DOCUMENTS if x["kind"] == kind and x["metadata"]["name"] == name
    )
    return found


def container(job: str) -> dict[str, Any]:
    """A job's only container."""
    (found,) = one("Job", job)["spec"]["template"]["spec"]["containers"]
    return dict(found)


def options() -> dict[str, str]:
    """What the master is told."""
    return dict(word[2:].partition("=")[::2] for word in container("master")["args"])


def test_its_target_and_profile_are_read_and_allow_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in one("ConfigMap", "run")["data"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for variable in container("master")["env"]:
        monkeypatch.setenv(variable["name"], "given")
    said = options()
    assert {Path(said["target"]).name, Path(said["profiles"]).name} == set(
        one("ConfigMap", "run")["data"]
    )
    prepared = prepare(
        Job(
            scenario=said["scenario"],
            profile=said["load-profile"],
            target=str(tmp_path / "target.toml"),
            profiles=tmp_path / "profiles.toml",
        )
    )
    assert prepared.target.accounts["first"].password == "given"
    assert max(x.rate_per_s for x in prepared.profile.stages) <= cap_per_s(prepared.target, 2)
    assert prepared.profile.connections == int(said["users"]) == int(said["spawn-rate"])


def test_its_bounds_are_our_own() -> None:
    text = one("ConfigMap", "run")["data"]["profiles.toml"]
    ours = tomllib.loads(PROFILES.read_text(encoding="utf-8"))
    assert tomllib.loads(text)["bounds"] == ours["bounds"]


def test_the_master_waits_for_as_many_workers_as_there_are() -> None:
    workers = one("Job", "workers")["spec"]
    assert int(options()["expect-workers"]) == workers["completions"] == workers["parallelism"]
    service = one("Service", "master")
    labels = one("Job", "master")["spec"]["template"]["metadata"]["labels"]
    assert f"--master-host={service['metadata']['name']}" in container("workers")["args"]
    assert service["spec"]["selector"].items() <= labels.items()


@pytest.mark.parametrize("job", ["master", "workers"])
def test_its_cores_are_whole_and_its_own(job: str) -> None:
    resources = container(job)["resources"]
    assert resources["requests"] == resources["limits"]
    assert resources["limits"]["cpu"].isdigit()
