"""Carries Schemathesis' cases to the session and its conclusions into the run, one operation at a time."""

from __future__ import annotations

import requests
import schemathesis
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from conformance.cases.claim import Claim, Verdict
from conformance.cases.fuzzing import judge_generated
from conformance.cases.run import REASONS
from conformance.cases.script import Raw, Record
from conformance.session import Session
from conformance.spec.contract import Contract, Operation
from conformance.spec.documents import Document
from conformance.target import Target
from conformance.transport.requests_adapter import PerformerAdapter
from conformance.wire.http import Request

ANYWHERE = "http://exchange.invalid"
# Whether a request was refused is for `judge_generated`, which reads 200-with-a-code too.
CHECKS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


def schema(contract: Contract, mode: str, seed: int, examples: int) -> schemathesis.BaseSchema:
    """The REST document as Schemathesis reads it: `mode` positive or negative, the same for a seed."""
    config = schemathesis.Config.from_dict(
        {
            "seed": seed,
            "generation": {
                "mode": mode,
                "max-examples": examples,
                "deterministic": True,
                "database": "none",
            },
            "phases": {"coverage": {"unexpected-methods": []}},
            "cache": {"enabled": False},
        }
    )
    document = contract.openapi if mode == "positive" else _that_take_something(contract)
    return schemathesis.openapi.from_dict(document, config=config)


def _that_take_something(contract: Contract) -> Document:
    """The document without the operations that take nothing: they cannot be asked wrongly."""
    takers = {x.path for x in contract.operations.values() if x.parameters or x.form is not None}
    paths = contract.openapi["paths"]
    return {**contract.openapi, "paths": {path: paths[path] for path in paths if path in takers}}


class Fuzzer:
    """Asks generated cases; what an operation's cases conclude is kept when the next one begins."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._target: Target = session.world.target
        self._name = ""
        self._claims: dict[tuple[str, str], Claim] = {}
        self._last: Record | None = None
        self._account = list(self._target.accounts)[-1] if self._target.accounts else None

    def ask(self, case: schemathesis.Case) -> None:
        """Send one case and judge the answer. Raises AssertionError, so that the case is shrunk."""
        operation = self._operation(case)
        is_legal = case.meta.generation.mode is GenerationMode.POSITIVE
        if not is_legal and not _is_judged(case, operation):
            return
        self._turn_to(operation, is_legal)
        response, record = self._send(case, operation)
        if record is None:
            return
        claims = list(judge_generated(operation, record, is_legal, _why(case)))
        if response is not None:
            claims += self._own_checks(case, response, operation, record)
        for claim in claims:
            self._remember(claim)
        failed = [claim for claim in claims if claim.verdict is Verdict.FAIL]
        assert not failed, failed[0].title

    def reason_to_skip(self, case: schemathesis.Case) -> str | None:
        """Why the target's file leaves this operation out, or None."""
        needs = self._operation(case).requires
        return next(
            (REASONS[need] for need in needs if not getattr(self._target.allows, need)), None
        )

    def close(self) -> None:
        """Keep what the last operation concluded."""
        if self._name:
            self._session.end(self._claims.values())
        self._name = ""

    def _turn_to(self, operation: Operation, is_legal: bool) -> None:
        name = f"operations/{operation.id}-{'legal' if is_legal else 'illegal'}"
        if name != self._name:
            self.close()
            self._name, self._claims = name, {}
            self._session.begin(name, is_sequence=False)

    def _remember(self, claim: Claim) -> None:
        # A later failure of the same kind comes from shrinking and is the smaller one.
        key = (claim.requirement, claim.title)
        if claim.verdict is Verdict.FAIL or key not in self._claims:
            self._claims[key] = claim

    def _send(
        self, case: schemathesis.Case, operation: Operation
    ) -> tuple[schemathesis.Response | None, Record | None]:
        self._last = None
        with requests.Session() as wire:
            adapter = PerformerAdapter(self._perform_for(operation), self._credential_headers())
            wire.mount(ANYWHERE, adapter)
            try:
                return case.call(base_url=ANYWHERE, session=wire), self._last
            except requests.RequestException:
                return None, self._last

    def _perform_for(self, operation: Operation):
        by = self._account if operation.access in ("signed", "jwt") else None

        def perform(request: Request) -> Record:
            self._last = self._session.perform(Raw(request, by=by, operation=operation.id))
            return self._last

        return perform

    def _credential_headers(self) -> frozenset[str]:
        signing = self._target.conventions.signing
        names = (signing.key_header, signing.timestamp_header, signing.signature_header)
        return frozenset((*names, signing.window_header, "Authorization", "Cookie"))

    def _own_checks(
        self,
        case: schemathesis.Case,
        response: schemathesis.Response,
        operation: Operation,
        record: Record,
    ) -> list[Claim]:
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, Failure) as problem:
            failures = getattr(problem, "exceptions", (problem,))
            return [_claim(operation, each, record) for each in failures]
        return []

    def _operation(self, case: schemathesis.Case) -> Operation:
        raw = case.operation
        found = self._session.world.contract.find(raw.method.upper(), raw.path)
        assert found is not None, f"{raw.label} is in the document but not in the contract"
        return found


def _is_judged(case: schemathesis.Case, operation: Operation) -> bool:
    """Whether a document forbids what is wrong.

    A violation in a header is not judged: headers of ours and the connection's are replaced at the wire.
    Nor is a query with a parameter that nobody declared: no document says that it must be refused.
    """
    if {*(case.query or {})} - {each.name for each in operation.query}:
        return False
    wrong = {
        place.value
        for place, info in case.meta.components.items()
        if info.mode is GenerationMode.NEGATIVE
    }
    return bool(wrong - {"header", "cookie", "headers", "cookies"})


def _why(case: schemathesis.Case) -> str:
    return str(getattr(case.meta.phase.data, "description", None) or "")


def _claim(operation: Operation, failure: Failure, record: Record) -> Claim:
    title = f"{operation.id} answers otherwise than its document says: {failure.title}"
    message = " ".join(str(failure.message).split())[:300]
    return Claim(
        f"operation.{operation.id}", Verdict.FAIL, title, "the document", message, (record.number,)
    )
