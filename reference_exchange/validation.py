"""Hold every request against the document: one compiled validator an operation."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from conformance.spec.contract import Contract, Operation
from conformance.wire.http import Request
from reference_exchange import forms
from reference_exchange.answers import Refusal


class Forms:
    """Reads and validates the parameters of requests."""

    def __init__(self, contract: Contract) -> None:
        self._schemas = {name: forms.schema_of(each) for name, each in contract.operations.items()}
        self.validators: dict[str, Any] = {
            name: jsonschema_rs.validator_for(schema) for name, schema in self._schemas.items()
        }
        self.bare = {name for name, each in contract.operations.items() if _may_be_bare(each)}

    def read(self, operation: Operation, request: Request) -> dict[str, Any]:
        """The parameters, as their schema wants them. Raises Refusal."""
        params = forms.coerce(forms.read(operation, request), self._schemas[operation.id])
        if not self.validators[operation.id].is_valid(params):
            raise Refusal(400, forms.BAD, self._why(operation, params))
        return params

    def _why(self, operation: Operation, params: dict[str, Any]) -> str:
        error = next(iter(self.validators[operation.id].iter_errors(params)))
        place = ".".join(str(part) for part in error.instance_path)
        message = error.message[:120]
        return f"{place}: {message}" if place else message


def _may_be_bare(operation: Operation) -> bool:
    """True when the document lets an answer come without its envelope."""
    content = operation.answers.get("200", {}).get("content", {}).get("application/json", {})
    return "oneOf" in content.get("schema", {})
