"""The tools of the judges, by the installer that the SDK gate has as well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sdk_gate.toolchains import tools
from sdk_gate.toolchains.tools import (
    ROOT,
    TOOLS,
    environment,
    must,
    need,
    node_modules,
    own_lists,
    run,
)

__all__ = ["ROOT", "TOOLS", "environment", "must", "need", "node_modules", "own_lists", "run"]

NODE_PACKAGES = Path(__file__).with_name("package.json")
PYTHON_PACKAGES = ("openapi-generator-cli==7.26.0", tools.GO)
# What generated clients import and no language's own library has.
DEBIAN_PACKAGES = (
    "libhttpmime-java",
    "libgeronimo-annotation-1.3-spec-java",
    "golang-gopkg-validator.v2-dev",
)


def node(program: str, log: Path, packages: Path = NODE_PACKAGES, name: str = "node") -> Path:
    """A program of the Node packages in a package.json, installed at first use."""
    return tools.node(program, log, packages, name)


def python(
    program: str, log: Path, packages: Sequence[str] = PYTHON_PACKAGES, name: str = "venv"
) -> Path:
    """A program of Python packages in an environment of that name, installed at first use."""
    return tools.python(program, log, packages, name)


def debian(log: Path, packages: Sequence[str] = DEBIAN_PACKAGES, name: str = "debian") -> Path:
    """Debian packages, unpacked without root; their `usr` folder."""
    return tools.debian(log, packages, name)
