"""Sampled messages are held against the document, whatever channels that has."""

from __future__ import annotations

import json
from dataclasses import replace

from conformance.spec.contract import Contract
from load.streams.samples import MOST_SAMPLES, Sampler

CONTRACT = Contract.load()
TRADE = {"id": 7, "price": "74000.00", "amount": "0.001", "direction": "BUY", "time": 1}
RIGHT = {"topic": "trades.BTC/USDT", "type": "update", "ts": 1, "data": [TRADE]}


def judged(*frames: dict, contract: Contract = CONTRACT):
    sampler = Sampler(contract)
    for frame in frames:
        sampler.keep(frame["topic"], json.dumps(frame).encode())
    return sampler.judged()


def test_a_right_message_is_right_and_a_wrong_one_is_named():
    wrong = {**RIGHT, "data": [{**TRADE, "price": 74000.5}]}
    found = judged(RIGHT, wrong, wrong)
    assert found.as_counts() == {"sampled": {"trades": 3}, "wrong": {"trades": 2}, "left_out": 0}
    assert "trades" in found.first_wrong
    assert "74000.5" in found.first_wrong
    assert judged(RIGHT).first_wrong is None


def test_a_channel_that_the_document_gains_is_judged_with_no_other_edit():
    trades = CONTRACT.channels["trades"]
    schema = {
        "type": "object",
        "properties": {"topic": {"pattern": "^news"}, "n": {"type": "integer"}},
    }
    news = replace(
        trades, name="news", address="news", messages={"newsEvent": {**schema, "required": ["n"]}}
    )
    contract = replace(CONTRACT, channels={**CONTRACT.channels, "news": news})
    frames = {"topic": "news", "n": 1}, {"topic": "news", "n": "one"}
    assert judged(*frames, contract=contract).wrong == {"news": 1}
    assert judged(*frames).wrong == {"news": 2}  # no message of the document as it is


def test_what_is_too_much_to_hold_is_counted():
    sampler = Sampler(CONTRACT)
    for _ in range(MOST_SAMPLES + 3):
        sampler.keep("trades.X", b"{}")
    assert sampler._left_out == 3
