"""Ctrl-C in the middle of a run: which folder it had come to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Stopped(KeyboardInterrupt):
    """The user stopped a run that has a folder of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder


@contextmanager
def telling(folder: Path) -> Iterator[None]:
    """What stops this block is told together with the folder of its run."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(folder) from None
