"""Frames of a server, whole and in pieces, as the websockets library writes them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from load.frames import MAX_MESSAGE_BYTES, FrameReader

MESSAGES = st.lists(st.binary(max_size=70_000), max_size=6)


def text(payload: bytes) -> bytes:
    """A whole text message on the wire."""
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


@given(messages=MESSAGES, cuts=st.lists(st.integers(0, 200_000), max_size=8))
def test_messages_come_whole_however_they_are_cut(messages, cuts):
    wire = b"".join(text(each) for each in messages)
    edges = [0, *sorted(cut for cut in cuts if cut < len(wire)), len(wire)]
    reader = FrameReader()
    found = [each for begin, end in pairwise(edges) for each in reader.take(wire[begin:end])]
    assert found == messages


@pytest.mark.parametrize("size", [0, 125, 126, 127, 65_535, 65_536])
def test_every_form_of_length_byte_by_byte(size):
    payload, reader, found = b"x" * size, FrameReader(), []
    wire = text(payload)
    for at in range(0, len(wire), 1 if size < 200 else 1000):
        found += reader.take(wire[at : at + (1 if size < 200 else 1000)])
    assert found == [payload]


def test_fragments_are_joined_and_control_frames_may_come_between():
    parts = [
        Frame(Opcode.TEXT, b"one ", fin=False),
        Frame(Opcode.PING, b"are you there"),
        Frame(Opcode.CONT, b"mess", fin=False),
        Frame(Opcode.PONG, b""),
        Frame(Opcode.CONT, b"age"),
    ]
    reader = FrameReader()
    assert reader.take(b"".join(each.serialize(mask=False) for each in parts)) == [b"one message"]
    assert reader.pings == [b"are you there"]


def test_what_came_before_a_close_is_not_lost():
    closing = Frame(Opcode.CLOSE, Close(1001, "going").serialize()).serialize(mask=False)
    reader = FrameReader()
    assert reader.take(text(b"last") + closing) == [b"last"]
    with pytest.raises(ConnectionError, match="1001 going"):
        reader.take(b"")


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"\x81\x81\0\0\0\0x", "masked"),
        (b"\xc1\x01x", "extension"),
        (b"\x83\x01x", "reserved opcode"),
        (Frame(Opcode.CONT, b"x").serialize(mask=False), "out of order"),
        (Frame(Opcode.TEXT, b"x", fin=False).serialize(mask=False) + text(b"y"), "out of order"),
        (b"\x81\x7f" + (MAX_MESSAGE_BYTES + 1).to_bytes(8, "big"), "longer than"),
    ],
)
def test_what_the_protocol_forbids_is_an_error(wire, why):
    with pytest.raises(ConnectionError, match=why):
        FrameReader().take(wire)
