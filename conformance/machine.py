"""What a run was measured on: the facts that explain a figure, taken while it runs."""

from __future__ import annotations

import os
import platform
from hashlib import sha256
from pathlib import Path
from typing import Any

PROCESSORS = Path("/proc/cpuinfo")


def facts() -> dict[str, Any]:
    """For the `environment` of a run's summary. `machine` tells kinds of machines apart, not their names.

    A runner in the cloud is another one every night; figures of the same kind of processor are compared.
    """
    kind: dict[str, Any] = {
        "cpu": processor(PROCESSORS),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_mib": _memory_mib(),
    }
    told = (kind["cpu"], kind["cores"], round(kind["memory_mib"] / 1024), platform.machine())
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": sha256(repr(told).encode()).hexdigest()[:8],
        **kind,
        "kernel": platform.release(),
    }


def processor(listed: Path) -> str:
    """The processor's name, as the kernel lists it, or what Python knows of it."""
    try:
        lines = listed.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _memory_mib() -> int:
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20)
    except (ValueError, OSError):
        return 0
