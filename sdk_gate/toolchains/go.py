"""The driver in Go: the toolchain is a Python package, and its one module comes from Debian, not from a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.errors import ConfigurationError
from sdk_gate.toolchains import tools

WEBSOCKET: Final = "github.com/gorilla/websocket"
WEBSOCKET_PACKAGE: Final = "golang-github-gorilla-websocket-dev=1.5.0-2"
# Nothing is fetched while building: what is not there is an error.
OFFLINE: Final = {"GOPROXY": "off", "GOFLAGS": "-mod=mod -buildvcs=false", "GOTOOLCHAIN": "local"}


def ready(source: Path, out: Path, log: Path) -> tuple[str, ...]:
    """Build the driver whose sources are in a folder; the command that starts it. Raises ConfigurationError."""
    go = tools.python("go", log, (tools.GO,), "go")
    packages = tools.debian(log, (WEBSOCKET_PACKAGE,), "go-modules")
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    module, program = _module(source, out, packages / "share" / "gocode" / "src"), out / "driver"
    words = (go, "build", f"-modfile={module}", "-o", program, "./driver")
    caches = {"GOCACHE": str(tools.TOOLS / "go-cache"), "GOPATH": str(tools.TOOLS / "go-path")}
    if tools.run(words, log, source, {**OFFLINE, **caches}) != 0:
        raise ConfigurationError(f"the Go driver in {source} does not compile, see {log}")
    return (str(program),)


def _module(source: Path, out: Path, modules: Path) -> Path:
    # The committed go.mod names the module as any proxy has it; here the same version is on the disk.
    text = (source / "go.mod").read_text(encoding="utf-8")
    path = out / "go.mod"
    path.write_text(f"{text}\nreplace {WEBSOCKET} => {modules / WEBSOCKET}\n", encoding="utf-8")
    return path
