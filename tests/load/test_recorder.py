"""Samples are kept as they were taken, and a row that was cut off is left out."""

from __future__ import annotations

import pytest

from load.recorder import ROW, Kind, Recorder, follow_ups_of, kinds_of, operations_of, rows_of
from tests.load.rows import row, rows, tag


def test_samples_come_back_as_they_were_recorded():
    given = [row(k, operation=k % 3, kind=Kind(k % 3)) for k in range(10)]
    assert [tuple(each) for each in rows(*given).tolist()] == given


def test_what_was_taken_is_taken_once():
    recorder = Recorder()
    recorder.add(*row(1))
    assert len(rows_of(recorder.take())) == 1
    assert recorder.take() == b""


@pytest.mark.parametrize("cut", range(1, ROW.size))
def test_a_row_that_was_cut_off_is_left_out(cut):
    recorder = Recorder()
    recorder.add(*row(1))
    recorder.add(*row(2))
    kept = rows_of(recorder.take()[:-cut])
    assert kept[:, 1].tolist() == [1]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("operation", [0, 7, 65_535])
@pytest.mark.parametrize("follows", [False, True])
def test_a_tag_says_what_it_was(kind, operation, follows):
    made = rows((tag(operation, kind, follows, lane=70_000), 1, 1, 1, 1, 1))
    assert operations_of(made).tolist() == [operation]
    assert kinds_of(made).tolist() == [kind]
    assert follow_ups_of(made).tolist() == [follows]
