"""The driver in Node.js: nothing to compile, two packages by npm."""

from __future__ import annotations

import shutil
from pathlib import Path

from conformance.errors import ConfigurationError
from sdk_gate.toolchains import tools


def ready(source: Path, out: Path, log: Path) -> tuple[str, ...]:
    """The command that starts the driver, copied to `out` with its packages beside it.

    Raises ConfigurationError when something is missing or a file does not load.
    """
    node = tools.need("node")
    packages = tools.node_modules(log, source / "package.json", "driver-node")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(source, out, ignore=shutil.ignore_patterns("node_modules"))
    (out / "node_modules").symlink_to(packages, target_is_directory=True)
    driver = out.resolve() / "driver.mjs"
    # Without input the driver loads all of its files, and ends.
    if tools.run([node, driver], log) != 0:
        raise ConfigurationError(f"the Node.js driver does not load, see {log}")
    return (node, str(driver))
