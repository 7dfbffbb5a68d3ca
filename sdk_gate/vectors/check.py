"""The vectors held against implementations that do not know each other: the first stage at which one differs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdk_gate.vectors import decimals, encoding, messages, signing
from sdk_gate.vectors.files import Document
from sdk_gate.vectors.second import Worked, by_node, by_openssl, has_openssl

Stages = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One file of vectors: how it is made, the stages that it says, and those that our own code works out."""

    document: Callable[[], dict[str, Any]]
    written: Callable[[Mapping[str, Any]], dict[str, Any]]
    computed: Callable[[Mapping[str, Any]], dict[str, Any]]


KINDS: Mapping[str, Kind] = {
    "signing": Kind(signing.document, signing.written, signing.computed),
    "encoding": Kind(encoding.document, encoding.written, encoding.computed),
    "decimals": Kind(decimals.document, decimals.written, decimals.computed),
    "messages": Kind(messages.document, messages.written, messages.computed),
}

FIRST, SECOND, OPENSSL = "conformance.wire", "second.mjs", "openssl"


@dataclass(frozen=True, slots=True)
class Difference:
    """One vector that an implementation has otherwise, and the first stage at which it does."""

    file: str
    vector: str
    stage: str
    written: Any
    by: str
    said: Any

    def __str__(self) -> str:
        return (
            f"{self.file}.json: {self.vector}: stage {self.stage}:"
            f" the file has {_short(self.written)}, {self.by} has {_short(self.said)}"
        )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:100]}... ({len(text)} characters)"


def by_ourselves(documents: Mapping[str, Document]) -> Worked:
    """Every stage, worked out by `conformance.wire`."""
    return {
        name: {each["id"]: KINDS[name].computed(each) for each in document["vectors"]}
        for name, document in documents.items()
    }


def by_all(documents: Mapping[str, Document]) -> dict[str, Worked]:
    """What each implementation works out of the vectors' inputs, by its name."""
    ours = by_ourselves(documents)
    found = {FIRST: ours, SECOND: by_node(documents)}
    if has_openssl():
        found[OPENSSL] = {"signing": _signatures(documents["signing"], ours["signing"])}
    return found


def _signatures(document: Document, ours: Mapping[str, Stages]) -> dict[str, Stages]:
    # openssl knows the digest alone: the canonical text is ours, so that it is asked about nothing else.
    return {
        each["id"]: {
            **ours[each["id"]],
            "signature": by_openssl(ours[each["id"]]["canonical"], each["input"]["secret"]),
        }
        for each in document["vectors"]
    }


def differences(name: str, document: Document, by: str, worked: Worked) -> Iterator[Difference]:
    """Each vector of a file that one implementation has otherwise, once, at the first stage."""
    for each in document["vectors"]:
        said = worked[name].get(each["id"], {})
        for stage, written in KINDS[name].written(each).items():
            if said.get(stage, NOTHING) != written:
                yield Difference(name, each["id"], stage, written, by, said.get(stage, NOTHING))
                break


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Nothing()  # null is a value that a stage may have


def report(
    documents: Mapping[str, Document], worked: Mapping[str, Worked]
) -> tuple[list[str], bool]:
    """What to print, a line for each file and each difference, and whether all agree."""
    lines, agree = [], True
    for name, document in documents.items():
        asked = {by: found for by, found in worked.items() if name in found}
        bad = [
            str(each)
            for by, said in asked.items()
            for each in differences(name, document, by, said)
        ]
        end = f"{len(bad)} differences" if bad else "agree"
        count = len(document["vectors"])
        lines += [f"{name}.json: {count} vectors, {', '.join(asked)}: {end}", *bad]
        agree = agree and not bad
    return lines, agree
