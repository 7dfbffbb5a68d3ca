"""signing.json: requests stage by stage, from parameters to the signature and to what is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from conformance.wire.http import Request
from conformance.wire.rest import as_text, build
from conformance.wire.signing import Key, Recipe, sign, signature, signed_bytes
from sdk_gate.vectors import files
from sdk_gate.vectors.signing_inputs import FORMS, QUERIES, Parameters, Row
from sdk_gate.vectors.signing_keys import HEADERS, SECRETS, VALUE_ROWS

Vector = Mapping[str, Any]

RECIPE = Recipe()
ABOUT = (
    "How a request is signed. `input` is what a caller gives; query and form are pairs in the order in which they are"
    " sent, a form of null is no body. `stages` follow from it one by one: `query` and `body` encoded, `canonical`"
    " the text that is signed, `signature` its HMAC-SHA256 in lower-case hex. `request` is what is sent then; the"
    " order of headers and the case of their names are free. An SDK that encodes otherwise, and rightly, starts its"
    " check of `canonical` from the given `query` and `body`. The secrets are made up."
)


def document() -> dict[str, Any]:
    """The whole file."""
    rows = (*QUERIES, *FORMS, *HEADERS, *SECRETS, *VALUE_ROWS)
    return {"version": "1.0", "about": ABOUT, "recipe": _recipe(), "vectors": [*map(_of, rows)]}


def _recipe() -> dict[str, Any]:
    return {
        "parts": list(RECIPE.parts),
        "algorithm": "HMAC-SHA256",
        "encoding": "hex, lower case",
        "headers": {
            "key": RECIPE.key_header,
            "timestamp": RECIPE.timestamp_header,
            "recvWindow": RECIPE.window_header,
            "signature": RECIPE.signature_header,
        },
    }


def _of(row: Row) -> dict[str, Any]:
    given = {
        "method": row.method,
        "path": row.path,
        "query": _pairs(row.query or {}),
        "form": None if row.form is None else _pairs(row.form),
        "timestamp": row.timestamp,
        "window": row.window,
        "key": row.key,
        "secret": row.secret,
    }
    stages = computed({"input": given})
    sent = {
        "target": stages.pop("target"),
        "headers": stages.pop("headers"),
        "body": stages.pop("request body"),
    }
    head = {"id": row.id, "about": row.about, "requirement": row.requirement}
    return {**head, "input": given, "stages": stages, "request": sent}


def _pairs(parameters: Parameters) -> list[list[Any]]:
    # An object would lose its order in some languages.
    return [[name, value] for name, value in parameters.items()]


def written(vector: Vector) -> dict[str, Any]:
    """The stages as a vector of the file has them, in the order in which they follow from each other."""
    sent = vector["request"]
    return {
        **vector["stages"],
        "target": sent["target"],
        "headers": sent["headers"],
        "request body": sent["body"],
    }


def computed(vector: Vector) -> dict[str, Any]:
    """The stages as `conformance.wire` has them."""
    given = vector["input"]
    form = None if given["form"] is None else dict(given["form"])
    plain = build(given["method"], given["path"], dict(given["query"]), form)
    canonical = signed_bytes(RECIPE, plain, given["timestamp"], given["window"], given["key"])
    key = Key(given["key"], given["secret"])
    sent = sign(RECIPE, plain, key, int(given["timestamp"]), given["window"])
    return {
        "query": plain.query,
        "body": plain.body.decode(),
        "canonical": canonical.decode(),
        "signature": signature(RECIPE, key.secret, canonical),
        "target": sent.target,
        "headers": [list(each) for each in sent.headers],
        "request body": sent.body.decode(),
    }


@dataclass(frozen=True, slots=True)
class SigningVector:
    """One vector as a driver's step `sign` takes it, with the stages that the suite has for it."""

    id: str
    about: str
    requirement: str
    method: str
    path: str
    query: Mapping[str, str | int | bool]
    form: Mapping[str, str | int | bool] | None
    timestamp: str
    window: str
    key: str
    secret: str
    stages: Mapping[str, str]

    def step(self) -> dict[str, Any]:
        """The fields of the step `sign`."""
        return {
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "form": None if self.form is None else dict(self.form),
            "timestamp": self.timestamp,
            "window": self.window,
            "key": self.key,
            "secret": self.secret,
        }


def signing_vectors() -> Iterator[SigningVector]:
    """The vectors of the committed file."""
    for each in files.load("signing")["vectors"]:
        given = dict(each["input"])
        query, form = dict(given.pop("query")), given.pop("form")
        yield SigningVector(
            id=each["id"],
            about=each["about"],
            requirement=each["requirement"],
            query=query,
            form=None if form is None else dict(form),
            stages=each["stages"],
            **given,
        )


def wrong_stage(vector: SigningVector, answer: Mapping[str, str]) -> str | None:
    """The first stage of a driver's answer that is not right, or None.

    Query and body may be encoded and ordered in any way that decodes once to the values; canonical text and
    signature have to follow from the driver's own query and body.
    """
    query, body = answer["query"], answer["body"]
    if not _says(query, vector.query):
        return "query"
    if not _says(body, vector.form or {}):
        return "body"
    target = f"{vector.path}?{query}" if query else vector.path
    request = Request(vector.method, target, (), body.encode())
    text = signed_bytes(RECIPE, request, vector.timestamp, vector.window, vector.key)
    if answer["canonical"] != text.decode():
        return "canonical"
    return "signature" if answer["signature"] != signature(RECIPE, vector.secret, text) else None


def _says(encoded: str, parameters: Mapping[str, Any]) -> bool:
    # A blank or a letter beyond ASCII cannot stand in a request line, whatever it would decode to.
    if not re.fullmatch(r"[!-~]*", encoded) or "#" in encoded:
        return False
    given = sorted((name, as_text(value)) for name, value in parameters.items())
    return sorted(parse_qsl(encoded, keep_blank_values=True)) == given
