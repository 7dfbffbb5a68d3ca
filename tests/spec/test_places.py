"""A requirement is found at the line that says it, and nowhere when the documents are others."""

from __future__ import annotations

from pathlib import Path

from conformance.spec import requirements
from conformance.spec.contract import SPECS, Contract
from conformance.spec.places import Documents, places

CONTRACT = Contract.load()


def test_every_requirement_has_a_line_that_names_it() -> None:
    found = places(Documents(), CONTRACT.digest)
    assert set(found) >= set(requirements.load(CONTRACT))
    for name, place in found.items():
        line = place.path.read_text(encoding="utf-8").splitlines()[place.line - 1]
        assert name in line or name.partition(".")[2] in line


def test_an_operation_is_where_its_document_says_it() -> None:
    place = places(Documents(), CONTRACT.digest)["operation.placeSpotOrder"]
    assert place.path == SPECS / "openapi.yaml"
    line = place.path.read_text(encoding="utf-8").splitlines()[place.line - 1]
    assert line.strip() == "operationId: placeSpotOrder"


def test_other_documents_than_the_run_had_give_no_place() -> None:
    assert places(Documents(), "0" * 64) == {}


def test_documents_that_are_gone_or_broken_give_no_place(tmp_path: Path) -> None:
    assert places(Documents(openapi=tmp_path / "gone.yaml"), CONTRACT.digest) == {}
    broken = tmp_path / "requirements.yaml"
    broken.write_text("- id: [", encoding="utf-8")
    assert places(Documents(requirements=broken), CONTRACT.digest) == {}
    broken.write_text("- {sentence: no id}\n- text\n- id: a.b\n", encoding="utf-8")
    assert places(Documents(requirements=broken), CONTRACT.digest)["a.b"].line == 3
