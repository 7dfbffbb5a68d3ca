"""Where the contract's documents say a thing: file and line, for whoever shows a finding beside the text.

Lines are those of the files as they are now. A run judged by other documents has no places: better none than
a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from conformance.spec.contract import SPECS, digest_of
from conformance.spec.documents import Loader


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, counted from 1."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Documents:
    """The files of a contract."""

    openapi: Path = SPECS / "openapi.yaml"
    asyncapi: Path = SPECS / "asyncapi.yaml"
    requirements: Path = SPECS / "requirements.yaml"


def places(documents: Documents, digest: str) -> dict[str, Place]:
    """By requirement, where it stands; an operation's or a channel's own is where its document says it.

    Empty when the documents cannot be read or are not those with that digest.
    """
    try:
        if digest_of(documents.openapi, documents.asyncapi) != digest:
            return {}
        return {
            **dict(_rows(documents.requirements)),
            **dict(_operations(documents.openapi)),
            **dict(_channels(documents.asyncapi)),
        }
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}


def _rows(path: Path) -> Iterator[tuple[str, Place]]:
    root = _root(path)
    for row in root.value if isinstance(root, yaml.SequenceNode) else ():
        found = _fields(row).get("id")
        if found is not None:
            yield found.value, _place(path, found)


def _operations(path: Path) -> Iterator[tuple[str, Place]]:
    for item in _fields(_fields(_root(path)).get("paths")).values():
        for method in _fields(item).values():
            found = _fields(method).get("operationId")
            if found is not None:
                yield f"operation.{found.value}", _place(path, found)


def _channels(path: Path) -> Iterator[tuple[str, Place]]:
    channels = _fields(_root(path)).get("channels")
    if isinstance(channels, yaml.MappingNode):
        for key, _ in channels.value:
            yield f"channel.{key.value}", _place(path, key)


def _root(path: Path) -> yaml.Node | None:
    return yaml.compose(path.read_text(encoding="utf-8"), Loader=Loader)


def _fields(node: yaml.Node | None) -> Mapping[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _place(path: Path, node: yaml.Node) -> Place:
    return Place(path, node.start_mark.line + 1)
