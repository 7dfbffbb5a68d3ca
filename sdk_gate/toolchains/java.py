"""The Java driver: compiled by the machine's Java, with Gson out of Debian's package."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from conformance.errors import ConfigurationError
from sdk_gate.toolchains import tools

GSON = "libgoogle-gson-java=2.10-1"
# A driver lives for minutes: starting soon matters more than what the second compiler would win.
QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


def ready(source: Path, out: Path, log: Path) -> tuple[str, ...]:
    """Compile the driver's sources into a folder; the command that starts it."""
    java, javac = tools.need("java"), tools.need("javac")
    gson = tools.debian(log, (GSON,), "gson") / "share" / "java" / "gson.jar"
    classes = out / "classes"
    shutil.rmtree(
        classes, ignore_errors=True
    )  # a class that is no longer written must not be found
    compiler = (javac, "--release", "17", "-classpath", gson, "-d", classes)
    if tools.run([*compiler, *sorted(source.rglob("*.java"))], log) != 0:
        raise ConfigurationError(
            f"the Java driver in {source} does not compile (Java 17 or newer is needed), see {log}"
        )
    return (java, *QUICK_START, "-classpath", os.pathsep.join((str(classes), str(gson))), "Driver")
