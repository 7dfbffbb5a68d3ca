"""The Python driver: it runs on the suite's own interpreter, with the `websockets` of the lock."""

from __future__ import annotations

import importlib.util
import py_compile
import shutil
import sys
from pathlib import Path

from conformance.errors import ConfigurationError

NEEDED = "websockets"


def ready(source: Path, out: Path, log: Path) -> tuple[str, ...]:
    """The command that starts the driver, copied to `out`. Raises ConfigurationError."""
    if importlib.util.find_spec(NEEDED) is None:
        raise ConfigurationError(f"{NEEDED} is not installed: run `make setup`")
    shutil.copytree(source, out, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    for path in sorted(out.rglob("*.py")):
        _compile(path, log)
    return (sys.executable, str(out / "driver.py"))


def _compile(path: Path, log: Path) -> None:
    try:
        py_compile.compile(str(path), doraise=True)
    except py_compile.PyCompileError as error:
        with log.open("a", encoding="utf-8") as out:
            out.write(f"{error.msg}\n")
        raise ConfigurationError(f"{path} does not compile, see {log}") from None
