"""The worked example of signing in specs/openapi.yaml is right, by the suite's own signer."""

from __future__ import annotations

from conformance.spec.contract import SPECS
from conformance.spec.documents import read
from conformance.wire.http import Request
from conformance.wire.signing import Recipe, signature, signed_bytes


def test_the_example_of_the_document_comes_out_as_it_says() -> None:
    example = read(SPECS / "openapi.yaml")["x-signature"]["example"]
    method, path = example["request"].split()
    request = Request(method, path, (), example["body"].encode())
    text = signed_bytes(Recipe(), request, example["timestamp"], example["recvWindow"], "")
    assert text.decode() == example["text"]
    assert signature(Recipe(), example["secret"], text) == example["signature"]
