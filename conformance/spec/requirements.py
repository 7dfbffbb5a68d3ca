"""The catalogue of requirements: what the exchange or an SDK owes, one sentence each, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from conformance.errors import ContractError
from conformance.spec.contract import SPECS, Contract
from conformance.spec.documents import Loader


class Strength(StrEnum):
    """How binding a requirement is."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Provenance(StrEnum):
    """Where a requirement comes from: the exchange's pages, code of its family, or common practice."""

    DOCUMENTED = "documented"
    LINEAGE = "lineage"
    CONVENTION = "convention"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sentence of the contract. `source` quotes the pages, `where` names operations and channels.

    `of` says who has to keep it: the exchange, or an SDK.
    """

    id: str
    strength: Strength
    provenance: Provenance
    sentence: str
    source: str = ""
    reads_as: str = ""
    where: tuple[str, ...] = ()
    of: str = "exchange"

    @property
    def area(self) -> str:
        """What stands before the first dot of the id."""
        return self.id.partition(".")[0]


ROW = {
    "type": "object",
    "required": ["id", "strength", "provenance", "sentence"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": r"^[a-z]+\.[A-Za-z0-9-]+$"},
        "strength": {"enum": [str(each) for each in Strength]},
        "provenance": {"enum": [str(each) for each in Provenance]},
        "sentence": {"type": "string", "minLength": 10},
        "source": {"type": "string"},
        "reads_as": {"type": "string"},
        "where": {"type": "array", "items": {"type": "string"}},
        "of": {"enum": ["exchange", "sdk"]},
    },
}
CATALOGUE = {"type": "array", "items": ROW, "minItems": 1}


def load(contract: Contract, path: Path = SPECS / "requirements.yaml") -> dict[str, Requirement]:
    """What an exchange owes, by id: those of the file, then one for each operation and channel it leaves out."""
    found = _rows(path, "exchange")
    derived = {item.id: item for item in derive(contract)}
    return {**found, **{key: item for key, item in derived.items() if key not in found}}


def of_sdks(path: Path = SPECS / "requirements.yaml") -> dict[str, Requirement]:
    """What an SDK owes, by id."""
    return _rows(path, "sdk")


def _rows(path: Path, of: str) -> dict[str, Requirement]:
    rows = _read(path)
    found: dict[str, Requirement] = {}
    for row in rows:
        if row["id"] in found:
            raise ContractError(f"{path}: {row['id']} stands there twice")
        found[row["id"]] = _requirement(row)
    return {key: item for key, item in found.items() if item.of == of}


def derive(contract: Contract) -> Iterable[Requirement]:
    """One requirement for each operation and channel of the documents: it answers as they say."""
    for operation in contract.operations.values():
        sentence = f"{operation.method} {operation.path} answers as its document says."
        provenance = Provenance(operation.provenance)
        yield Requirement(
            f"operation.{operation.id}", Strength.MUST, provenance, sentence, where=(operation.id,)
        )
    for channel in contract.channels.values():
        sentence = f"The channel {channel.address} streams what its document says."
        provenance = Provenance(channel.provenance)
        yield Requirement(
            f"channel.{channel.name}", Strength.MUST, provenance, sentence, where=(channel.name,)
        )


def _read(path: Path) -> list[Mapping[str, Any]]:
    try:
        rows = yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)
    except OSError as error:
        raise ContractError(f"cannot read {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ContractError(f"{path} does not parse: {str(error).splitlines()[0]}") from None
    problem = next(jsonschema.Draft202012Validator(CATALOGUE).iter_errors(rows), None)
    if problem is not None:
        place = ".".join(str(part) for part in problem.absolute_path)
        raise ContractError(f"{path}: {place}: {problem.message.splitlines()[0][:200]}")
    return list(rows)


def _requirement(row: Mapping[str, Any]) -> Requirement:
    fields = {**row, "where": tuple(row.get("where", ()))}
    fields["strength"], fields["provenance"] = (
        Strength(row["strength"]),
        Provenance(row["provenance"]),
    )
    return Requirement(**fields)
