"""Samples for tests, written as they are recorded."""

from __future__ import annotations

from load.recorder import Kind, Recorder, Rows, rows_of

MS = 1_000_000


def tag(
    operation: int = 0, kind: Kind = Kind.ANSWERED, follows: bool = False, lane: int = 0
) -> int:
    """A row's tag."""
    return operation | kind << 16 | follows << 20 | lane << 24


def row(
    due: int,
    took_ns: int = 400_000,
    operation: int = 0,
    kind: Kind = Kind.ANSWERED,
    *,
    free: int = 0,
    late_ns: int = 0,
    read_ns: int = 100_000,
    stamped: bool = True,
    follows: bool = False,
) -> tuple[int, int, int, int, int, int]:
    """A request due at a time, answered after `took_ns`; the kernel had it `read_ns` before we read it."""
    ready = max(due, free)
    sent = ready + late_ns
    received = sent + took_ns
    kernel = received - read_ns if stamped and kind != Kind.LOST else 0
    return tag(operation, kind, follows), due, ready, sent, kernel, received


def rows(*given: tuple[int, int, int, int, int, int]) -> Rows:
    """Rows as the recorder keeps them."""
    recorder = Recorder()
    for each in given:
        recorder.add(*each)
    return rows_of(recorder.take())
