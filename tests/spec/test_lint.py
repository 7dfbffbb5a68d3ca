"""The lint is silent on our documents, and each rule catches exactly the mistake that it is for."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import openapi_spec_validator
import pytest
import yaml

from conformance.spec import lint_rest, lint_shared, lint_stream
from conformance.spec.alike import distinguishable
from conformance.spec.contract import SPECS
from conformance.spec.documents import Document, Json, read
from conformance.spec.lint import judge, lint, main
from conformance.spec.lint_shared import STREAM_SCHEMA
from conformance.spec.problems import Problem

OPENAPI, ASYNCAPI = read(SPECS / "openapi.yaml"), read(SPECS / "asyncapi.yaml")
Change = Callable[[Document], object]


def at(document: Document, path: str) -> Json:
    """The node at a path of keys with `>` between them."""
    node: Json = document
    for key in filter(None, path.split(" > ")):
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


def put(path: str, value: Json) -> Change:
    """Set what stands at a path."""

    def change(document: Document) -> None:
        where, _, key = path.rpartition(" > ")
        node = at(document, where)
        node[int(key) if isinstance(node, list) else key] = value

    return change


def drop(path: str) -> Change:
    """Take away what stands at a path."""

    def change(document: Document) -> None:
        where, _, key = path.rpartition(" > ")
        at(document, where).pop(int(key) if key.isdigit() and "responses" not in where else key)

    return change


def twice(source: str, target: str) -> Change:
    """Put a copy of one node in another place."""
    return lambda document: put(target, copy.deepcopy(at(document, source)))(document)


SCHEMAS = "components > schemas > "
HOME = "paths > /market/data/quotations/home > get"
PLACE = "paths > /tx/spot/add > post"
PLACE_200 = PLACE + " > responses > 200"
COIN = "paths > /market/data/quotations/coin > get > parameters > 0"
CANCEL_FORM = SCHEMAS + "CancelSpotOrderRequest > "

REST_MISTAKES = [
    ("dangling-reference", put(SCHEMAS + "CoinThumb > properties > open > $ref", "#/nowhere")),
    ("dangling-reference", put(SCHEMAS + "CoinThumb > properties > open > $ref", "other.yaml#/x")),
    ("dangling-reference", drop(SCHEMAS + "OrderFill")),
    ("dangling-reference", put(PLACE_200 + " > links > cancel > operationId", "cancelOrder")),
    ("document-invalid", put(COIN + " > in", "nowhere")),
    ("document-invalid", drop("info > title")),
    ("document-invalid", put(SCHEMAS + "Decimal > const", "1")),
    ("document-invalid", put("info", "a title")),
    ("document-invalid", put("tags", {"$ref": "#/info"})),
    ("document-invalid", put(HOME + " > responses > 200 > content", {"$ref": "#/info"})),
    ("operation-id-duplicate", put(PLACE + " > operationId", "cancelSpotOrder")),
    ("example-invalid", put(COIN + " > example", "b/t/c")),
    ("example-invalid", put(SCHEMAS + "Decimal > example", "1e5")),
    ("example-invalid", put(PLACE_200 + " > content > application/json > example > code", 1)),
    (
        "example-invalid",
        put(
            PLACE + " > requestBody > content > application/x-www-form-urlencoded > example > type",
            "limit",
        ),
    ),
    (
        "example-invalid",
        put("components > responses > TooManyRequests > headers > Retry-After > example", 0),
    ),
    ("form-open", drop(CANCEL_FORM + "additionalProperties")),
    ("form-open", put(CANCEL_FORM + "additionalProperties", True)),
    ("dialect", put(SCHEMAS + "Transfer > properties > id > nullable", True)),
    ("dialect", put(SCHEMAS + "ApiKeyUsage > properties > time > exclusiveMinimum", True)),
    ("provenance-missing", drop(HOME + " > x-provenance")),
    ("provenance-missing", put(HOME + " > x-provenance", "rumour")),
    ("provenance-missing", drop(HOME + " > x-source")),
    ("success-without-schema", drop(PLACE_200 + " > content > application/json > schema")),
    ("success-without-schema", drop(PLACE_200 + " > content")),
    ("success-without-schema", drop(HOME + " > responses > 200")),
    ("secured-without-401", drop(PLACE + " > responses > 401")),
    ("security-scheme", put(PLACE + " > security > 0", {"bearer": []})),
    ("schema-name", twice(SCHEMAS + "SpotOrder", SCHEMAS + "NewSpotOrder")),
    ("schema-name", twice(SCHEMAS + "SpotOrder", SCHEMAS + "spot_order")),
    ("schema-name", twice(SCHEMAS + "SpotOrder", SCHEMAS + "Object")),
    ("schema-name", twice(SCHEMAS + "SpotOrder", SCHEMAS + "Spot-Order-2")),
]

DEPTH, SOCKET = "channels > depth > ", "channels > socket > "
PUBLIC = "components > x-subscriptions > public > "
PRIVATE = "components > x-subscriptions > private > "
SUBSCRIBE = "operations > receiveSubscribe > "
SENT = "operations > sendDepth > messages > 0 > $ref"
LOCATION = "components > correlationIds > requestId > location"
TICKER_EVENT = "components > messages > tickerEvent"

STREAM_MISTAKES = [
    ("dangling-reference", drop("components > schemas > Candle")),
    ("dangling-reference", put(DEPTH + "parameters > symbol > $ref", "#/components/parameters/no")),
    ("document-invalid", put("operations > sendDepth > action", "publish")),
    ("document-invalid", drop("info > version")),
    ("document-invalid", lambda document: document.pop("info")),
    ("document-invalid", put(DEPTH + "parameters > symbol > $ref", "#/defaultContentType")),
    ("operation-message-foreign", put(SENT, "#/channels/trades/messages/tradesEvent")),
    ("operation-message-foreign", put(SENT, "#/components/messages/depthDelta")),
    (
        "operation-message-foreign",
        put("operations > sendDepth > channel > $ref", "#/channels/trades"),
    ),
    (
        "operation-message-foreign",
        lambda document: at(document, SUBSCRIBE + "reply > messages").append(
            {"$ref": "#/channels/depth/messages/depthSnapshot"}
        ),
    ),
    ("address-parameters", drop("channels > kline > parameters > interval")),
    (
        "address-parameters",
        put("channels > account > parameters", {"symbol": {"description": "x"}}),
    ),
    ("correlation-id", put(LOCATION, "$message.payload#/key")),
    ("correlation-id", put(LOCATION, "$message.header#/id")),
    (
        "correlation-id",
        twice(
            "components > messages > pong > correlationId",
            "components > messages > refusal > correlationId",
        ),
    ),
    ("messages-alike", drop(SCHEMAS + "DepthSnapshot > properties > type > enum")),
    (
        "messages-alike",
        put(DEPTH + "messages > another", {"$ref": "#/components/messages/depthDelta"}),
    ),
    ("messages-alike", put(SOCKET + "messages > again", {"$ref": "#/components/messages/pong"})),
    ("subscription-missing", drop(DEPTH + "x-subscription")),
    ("subscription-template", drop(PUBLIC + "refused")),
    ("subscription-template", put(PUBLIC + "authentication", "maybe")),
    ("subscription-template", put(PUBLIC + "subscribe > op", "sub")),
    ("subscription-template", put(PUBLIC + "subscribe > args", "{topic}")),
    ("subscription-template", put(PUBLIC + "acknowledged", {"id": "{id}"})),
    ("subscription-template", put(PUBLIC + "refused", {"id": "{id}", "success": True})),
    ("subscription-template", put(PUBLIC + "event", {"channel": "{topic}"})),
    ("subscription-template", put(PRIVATE + "event", {"topic": "depth.BTC/USDT"})),
    ("subscription-template", drop(SOCKET + "x-authentication")),
    ("subscription-template", put(SOCKET + "x-authentication > request > args", ["{token}", "x"])),
    ("subscription-template", put(SOCKET + "x-liveness > pong", {"op": "pang"})),
    ("subscription-template", put(SOCKET + "x-liveness > ping", {"op": "ping"})),
    ("provenance-missing", drop("channels > orders > x-provenance")),
    ("example-invalid", put(TICKER_EVENT + " > examples > 0 > payload > ts", "now")),
    ("example-invalid", put("channels > kline > parameters > interval > examples > 0", "2m")),
    (
        "security-scheme",
        put("operations > sendOrders > security > 0 > $ref", "#/components/schemas/Time"),
    ),
    ("schema-name", twice(SCHEMAS + "Candle", SCHEMAS + "NewCandle")),
]


def rules(problems: list[Problem]) -> set[str]:
    """The rules that spoke."""
    return {problem.rule for problem in problems}


def test_our_documents_are_clean() -> None:
    assert lint(OPENAPI, ASYNCAPI) == []


def ids(table: list[tuple[str, Change]]) -> list[str]:
    return [f"{rule}-{index}" for index, (rule, _) in enumerate(table)]


@pytest.mark.parametrize(("rule", "change"), REST_MISTAKES, ids=ids(REST_MISTAKES))
def test_a_mistake_in_the_rest_document_is_caught_by_its_rule_alone(
    rule: str, change: Change
) -> None:
    document = copy.deepcopy(OPENAPI)
    change(document)
    assert rules(judge("openapi", document)) == {rule}


@pytest.mark.parametrize(("rule", "change"), STREAM_MISTAKES, ids=ids(STREAM_MISTAKES))
def test_a_mistake_in_the_stream_document_is_caught_by_its_rule_alone(
    rule: str, change: Change
) -> None:
    document = copy.deepcopy(ASYNCAPI)
    change(document)
    assert rules(judge("asyncapi", document)) == {rule}


def test_a_schema_that_means_two_things_is_caught() -> None:
    document = copy.deepcopy(ASYNCAPI)
    document["components"]["schemas"]["WalletCoin"]["properties"]["name"]["maxLength"] = 40
    assert rules(lint(OPENAPI, document)) == {"shared-schema-differs"}


def test_every_rule_that_is_written_down_is_tried() -> None:
    tried = {rule for rule, _ in REST_MISTAKES + STREAM_MISTAKES} | {"shared-schema-differs"}
    text = "\n".join(each.__doc__ or "" for each in (lint_rest, lint_shared, lint_stream))
    written = set(re.findall(r"^ *([a-z0-9-]+) {2,}\S", text, re.MULTILINE))
    assert tried == written


def test_a_problem_says_where_and_by_which_rule() -> None:
    document = copy.deepcopy(OPENAPI)
    drop(HOME + " > x-provenance")(document)
    (problem,) = judge("openapi", document)
    assert str(problem).startswith("openapi /paths/~1market~1data~1quotations~1home/get: ")
    assert str(problem).endswith("[provenance-missing]")


def test_an_independent_validator_accepts_the_rest_document() -> None:
    openapi_spec_validator.validate(OPENAPI)


def test_the_published_schema_accepts_the_stream_document() -> None:
    schema = yaml.safe_load(STREAM_SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    assert list(jsonschema.Draft7Validator(schema).iter_errors(ASYNCAPI)) == []


@pytest.mark.parametrize("dialect", [jsonschema.Draft7Validator, jsonschema.Draft202012Validator])
def test_every_schema_is_one_in_both_dialects(dialect: type[jsonschema.Draft7Validator]) -> None:
    for document in (OPENAPI, ASYNCAPI):
        for schema in document["components"]["schemas"].values():
            dialect.check_schema(schema)


def field(**schema: Json) -> Document:
    return {"required": ["f"], "properties": {"f": schema}}


@pytest.mark.parametrize(
    ("one", "other", "told_apart"),
    [
        (field(enum=["a"]), field(enum=["b"]), True),
        (field(enum=["a", "b"]), field(enum=["b", "c"]), False),
        (field(pattern=r"^a\."), field(pattern=r"^b\."), True),
        (field(pattern=r"^a"), field(pattern=r"^ab"), False),
        (field(pattern=r"^ab?"), field(pattern=r"^ac"), False),
        (field(pattern=r"^ab*"), field(pattern=r"^ac"), False),
        (field(pattern=r"^a|b"), field(pattern=r"^c"), False),
        (field(pattern=r"a"), field(pattern=r"^b"), False),
        (field(enum=["a.1"]), field(pattern=r"^b\."), True),
        (field(enum=["b.1"]), field(pattern=r"^b\."), False),
        (field(type="string"), field(enum=["a"]), False),
        ({**field(), "additionalProperties": False}, {"required": ["g"]}, True),
        (field(), {"required": ["g"]}, False),
        ({"properties": {"f": {"enum": ["a"]}}}, field(enum=["b"]), False),
        ({}, {}, False),
    ],
)
def test_messages_are_told_apart_by_what_they_require(
    one: Document, other: Document, told_apart: bool
) -> None:
    assert distinguishable(one, other) is told_apart
    assert distinguishable(other, one) is told_apart


def test_main_counts_what_it_read_in_good_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == "specs: no problem in 23 operations, 7 channels\n"


def test_main_prints_a_line_for_each_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = copy.deepcopy(OPENAPI)
    drop(HOME + " > x-provenance")(document)
    drop(PLACE + " > responses > 401")(document)
    broken = tmp_path / "openapi.yaml"
    broken.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert main([str(broken), str(SPECS / "asyncapi.yaml")]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize("text", ["a: [1", "just words", "\x00", None])
def test_main_says_in_one_line_why_a_file_cannot_be_used(
    text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "openapi.yaml"
    if text is not None:
        broken.write_text(text, encoding="utf-8")
    assert main([str(broken), str(SPECS / "asyncapi.yaml")]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert str(broken) in said.err


def test_main_explains_itself_when_called_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["one"]) == 3
    assert capsys.readouterr().err.startswith("usage:")
