"""A JSON document in a run's folder: written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from conformance.errors import RunError


def read(path: Path, default: Any = None) -> Any:
    """The document, or the default where there is none. Raises RunError for one that cannot be read."""
    if not path.exists():
        return default
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read: {error}") from None


def write(path: Path, document: Any) -> None:
    """Write it beside its place and move it there. Raises RunError when the disk takes no more."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}") from None
