"""Runs the GitLab template with gitlab-ci-local, in the shell, on a clone, with a cheap job."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

from prometheus_client.parser import text_string_to_metric_families

from tests.judges import tools
from tests.pipelines.linters import TEMPLATE, node_tool

SECONDS = 300


def run(clone: Path, log: Path, variables: dict[str, str]) -> int:
    """Both jobs as a scheduled pipeline; the exit code of gitlab-ci-local."""
    given = {"CI_PIPELINE_SOURCE": "schedule", **variables}
    words = [word for name, value in given.items() for word in ("--variable", f"{name}={value}")]
    program = node_tool("gitlab-ci-local", log)
    options = ("--file", TEMPLATE, "--force-shell-executor", "--needs")
    path = os.environ["PATH"]
    if shutil.which("rsync") is None:
        path = f"{tools.debian(log, ('rsync', 'libpopt0'), 'rsync') / 'bin'}:{path}"
    return tools.run(
        [program, *options, *words, "pages"], log, clone, {"PATH": path}, seconds=SECONDS
    )


def artifacts(clone: Path) -> list[str]:
    """The reports that the template names, each read as its reader would; what is wrong with which."""
    folder, wrong = clone / "report", []
    readers = {
        "junit.xml": lambda text: ET.fromstring(text).get("tests"),
        "load-performance.json": lambda text: json.loads(text)["metrics"]["checks"],
        "metrics.prom": lambda text: list(text_string_to_metric_families(text)),
        "report.html": lambda text: "<html" in text,
        "../public/index.html": lambda text: "<html" in text,
        "../public/badge.svg": lambda text: ET.fromstring(text).get("role"),
    }
    for name, reader in readers.items():
        try:
            if not reader((folder / name).read_text(encoding="utf-8")):
                wrong.append(f"{name} is empty")
        except (OSError, ValueError, KeyError, ET.ParseError) as error:
            wrong.append(f"{name}: {error}")
    return wrong
