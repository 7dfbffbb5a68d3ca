"""The import table holds, is printed in ARCHITECTURE.md, and notices what it forbids."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import import_table


def test_no_import_is_forbidden() -> None:
    assert import_table.violations() == []


def test_the_page_shows_the_table_of_the_code() -> None:
    text = import_table.PAGE.read_text(encoding="utf-8")
    assert import_table.page(text) == text


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("model", "import httpx"),
        ("model", "from conformance.wire.http import Request"),
        ("wire", "import yaml"),
        ("cases", "from conformance.transport.sockets import Sockets"),
        ("verdict", "import conformance.transport.interface"),
        ("reports", "from conformance.transport.interface import Transport"),
        ("load", "from conformance.transport.governor import Governor"),
        ("load", "from conformance.session import Session"),
        ("contract_tests", "from reference_exchange.exchange import ReferenceExchange"),
        ("cases", "def late():\n    import reference_exchange"),
        ("reference_exchange", "from conformance.cases import library"),
    ],
)
def test_a_forbidden_import_is_found(part: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "forbidden.py"
    path.write_text(line + "\n", encoding="utf-8")
    assert list(import_table.of_file(part, path))


def test_an_allowed_import_is_not_found(tmp_path: Path) -> None:
    path = tmp_path / "allowed.py"
    path.write_text("import json\nfrom conformance.model.values import Side\n", encoding="utf-8")
    assert list(import_table.of_file("wire", path)) == []
