"""What others than our own code say of the vectors: Node.js for all stages, openssl for signatures."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.errors import ConfigurationError
from sdk_gate.vectors.files import FOLDER, Document

# file -> id of a vector -> stage -> what it comes to
Worked = Mapping[str, Mapping[str, Mapping[str, Any]]]

SCRIPT = FOLDER / "second.mjs"
NODE_SECONDS = 60
OPENSSL_SECONDS = 10


def by_node(documents: Mapping[str, Document], script: Path = SCRIPT) -> Worked:
    """Every stage, worked out by `second.mjs`."""
    node = shutil.which("node")
    if node is None:
        message = "node is not on this machine: install Node.js 18 or later, then check again"
        raise ConfigurationError(message)
    done = _run([node, str(script)], json.dumps(documents), NODE_SECONDS)
    return dict(json.loads(done))


def by_openssl(canonical: str, secret: str) -> str:
    """The signature of a canonical text, by `openssl dgst`."""
    key = f"hexkey:{secret.encode().hex()}"
    words = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", key]
    return _run(words, canonical, OPENSSL_SECONDS).rpartition("= ")[2].strip()


def has_openssl() -> bool:
    """True when this machine has openssl."""
    return shutil.which("openssl") is not None


def _run(words: list[str], given: str, seconds: float) -> str:
    name = " ".join(Path(word).name for word in words[:2])
    try:
        done = subprocess.run(
            words, input=given.encode(), capture_output=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"{name} did not end well: {error}") from error
    if done.returncode != 0:
        said = re.search(r"^\w*Error.*$", done.stderr.decode(errors="replace"), re.MULTILINE)
        why = said.group() if said else f"exit code {done.returncode}"
        raise ConfigurationError(f"{name} did not end well: {why}")
    return done.stdout.decode()
