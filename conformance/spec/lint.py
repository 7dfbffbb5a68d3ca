"""What schemas cannot see in the two contract documents: `python -m conformance.spec.lint [openapi asyncapi]`.

Exit code 0 when there is nothing to say, 1 with a line for each problem, 3 when a document cannot be read.
A document with dangling references, or one that its own specification refuses, is not judged further:
every other rule relies on that.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from conformance.errors import ContractError, ExitCode
from conformance.spec import lint_rest, lint_shared, lint_stream
from conformance.spec.contract import METHODS, SPECS
from conformance.spec.documents import Document, read
from conformance.spec.problems import Problem

USAGE = "usage: python -m conformance.spec.lint [openapi.yaml asyncapi.yaml]"
RULES: dict[str, Callable[[Document], Iterable[Problem]]] = {
    "openapi": lint_rest.problems,
    "asyncapi": lint_stream.problems,
}


def lint(openapi: Document, asyncapi: Document) -> list[Problem]:
    """Every problem of the two documents, those of the first one first."""
    found = [*judge("openapi", openapi), *judge("asyncapi", asyncapi)]
    return [*found, *lint_shared.differing_schemas(openapi, asyncapi)]


def judge(name: str, document: Document) -> list[Problem]:
    """Every problem of one document by itself; `name` is "openapi" or "asyncapi"."""
    try:
        return _judge(name, document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # A reference may lead to a thing of another kind: no schema sees it, validators trip over it.
        message = f"something stands where another kind of thing belongs: {error!r}"
        return [Problem("document-invalid", name, "", message.splitlines()[0][:200])]


def _judge(name: str, document: Document) -> list[Problem]:
    for gate in (lint_shared.dangling_references, lint_shared.invalid_document):
        found = list(gate(name, document))
        if found:
            return found
    return [*_shared(name, document), *RULES[name](document)]


def _shared(name: str, document: Document) -> Iterator[Problem]:
    yield from lint_shared.invalid_examples(name, document)
    yield from lint_shared.unknown_security(name, document)
    yield from lint_shared.breaking_names(name, document)


def main(arguments: list[str]) -> int:
    """Lint two files and print what was found."""
    if len(arguments) not in (0, 2) or any(each.startswith("-") for each in arguments):
        print(USAGE, file=sys.stderr)
        return ExitCode.ERROR
    paths = [Path(each) for each in arguments] or [SPECS / "openapi.yaml", SPECS / "asyncapi.yaml"]
    try:
        openapi, asyncapi = (read(path) for path in paths)
    except ContractError as error:
        print(error, file=sys.stderr)
        return ExitCode.ERROR
    found = lint(openapi, asyncapi)
    for problem in found:
        print(problem)
    if not found:
        counted = sum(each in METHODS for item in openapi["paths"].values() for each in item)
        print(f"specs: no problem in {counted} operations, {len(asyncapi['channels'])} channels")
    return ExitCode.FAIL if found else ExitCode.PASS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
