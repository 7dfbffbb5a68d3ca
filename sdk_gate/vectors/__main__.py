"""`python -m sdk_gate.vectors write` makes the vectors' files, `check` holds them against two implementations."""

from __future__ import annotations

import sys

from conformance.arguments import Arguments
from conformance.errors import ExitCode, SuiteError
from sdk_gate.vectors import files
from sdk_gate.vectors.check import KINDS, by_all, report


def main(words: list[str] | None = None) -> int:
    """Write or check; our own errors are one line on stderr."""
    parser = Arguments(prog="python -m sdk_gate.vectors", description=__doc__)
    parser.add_argument("do", choices=["write", "check"])
    try:
        return _write() if parser.parse_args(words).do == "write" else _check()
    except SuiteError as error:
        print(f"error: {error}", file=sys.stderr)
        return int(error.exit_code)


def _write() -> int:
    for name, kind in KINDS.items():
        document = kind.document()
        files.path(name).write_text(files.text_of(document), encoding="utf-8")
        print(f"{name}.json: {len(document['vectors'])} vectors")
    return int(ExitCode.PASS)


def _check() -> int:
    documents = {name: files.load(name) for name in KINDS}
    flaws = [line for name in KINDS for line in files.flaws(name, documents[name])]
    if flaws:  # what has not its form cannot be worked out
        print("\n".join(flaws))
        return int(ExitCode.FAIL)
    lines, agree = report(documents, by_all(documents))
    print("\n".join(lines))
    return int(ExitCode.PASS if agree else ExitCode.FAIL)


if __name__ == "__main__":
    sys.exit(main())
