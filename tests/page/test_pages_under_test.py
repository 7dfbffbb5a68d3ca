"""The pages under test hold what the schemas know; the hostile ones nothing that is not hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports.document import schema
from tests.page import nights, whole
from tests.page.hostile import ENCODED, FIXED, PAYLOADS, poisoned, speaker
from tests.proof_of_page import TREND_SCHEMA, pages

TREND = json.loads(Path(TREND_SCHEMA).read_text(encoding="utf-8"))
DOCUMENTS = {"summary": (schema(), whole.summary()), "trend": (TREND, nights.trend())}
BOTH = pytest.mark.parametrize(("root", "made"), DOCUMENTS.values(), ids=DOCUMENTS)


def followed(part: Any, root: Any) -> Any:
    return root["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def fields(part: Any, root: Any, at: str = "") -> Iterator[str]:
    """Every field that a schema knows."""
    part = followed(part, root)
    if "items" in part:
        yield from fields(part["items"], root, f"{at}[]")
    for name, each in part.get("properties", {}).items():
        yield f"{at}.{name}"
        yield from fields(each, root, f"{at}.{name}")


def filled(value: Any, at: str = "") -> Iterator[str]:
    """Every field in which a document has something."""
    if isinstance(value, list):
        for each in value:
            yield from filled(each, f"{at}[]")
    elif isinstance(value, dict):
        for name, each in value.items():
            if each not in (None, "", [], {}):
                yield f"{at}.{name}"
            yield from filled(each, f"{at}.{name}")


def texts(value: Any, part: Any, root: Any) -> Iterator[tuple[str, bool]]:
    """Every text of a document, and whether its schema leaves it free."""
    part = followed(part, root)
    if isinstance(value, str):
        yield value, not any(name in part for name in FIXED)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, part.get("items", {}), root)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name != ENCODED:
                known = part.get("properties", {}).get(name, part.get("additionalProperties"))
                yield from texts(each, known if isinstance(known, dict) else {}, root)


@BOTH
def test_the_whole_run_fills_every_field_of_its_schema(root: Any, made: Any) -> None:
    jsonschema.validate(made, root)
    assert set(fields(root, root)) - set(filled(made)) == set()


@BOTH
def test_every_free_text_of_a_hostile_run_is_hostile_and_the_others_stay(
    root: Any, made: Any
) -> None:
    found = poisoned(made, root, speaker())
    jsonschema.validate(found, root)
    free = [text for text, is_free in texts(found, root, root) if is_free]
    fixed = [text for text, is_free in texts(found, root, root) if not is_free]
    assert all(text.startswith(PAYLOADS) for text in free)
    assert set(fixed) == {text for text, is_free in texts(made, root, root) if not is_free}
    assert len(set(free)) > len(PAYLOADS)


def test_a_field_that_a_schema_gets_later_is_covered_by_itself() -> None:
    root, part = deepcopy(schema()), {"type": "array", "items": {"$ref": "#/$defs/later"}}
    root["$defs"]["later"] = {"type": "object", "properties": {"text": {"type": ["string"]}}}
    root["$defs"]["finding"]["properties"]["later"] = part
    found = poisoned(whole.summary(), root, speaker())
    assert found["findings"][0]["later"][0]["text"].startswith(PAYLOADS)


def test_equal_texts_stay_equal_and_every_payload_has_its_turn() -> None:
    say = speaker(first=2)
    assert say("a") == say("a") != say("b")
    assert say("a").startswith(PAYLOADS[2])
    firsts = {speaker(first)("target")[:6] for first in range(len(PAYLOADS))}
    assert len(firsts) == len({each[:6] for each in PAYLOADS})


def test_long_texts_are_as_long_as_they_were_wanted() -> None:
    assert len(speaker(length=1_000_000)("a")) > 1_000_000


def test_each_page_is_looked_at_in_both_schemes_widths_and_media() -> None:
    for name in ("whole", "hardly any", "hostile", "many findings"):
        views = pages()[name].views
        screen = {
            (each.scheme, each.width, each.script) for each in views if each.media == "screen"
        }
        assert len(screen) == 8
        assert {each.scheme for each in views if each.media == "print"} == {"light", "dark"}
        assert {each.scheme for each in views if each.axe} == {"light", "dark"}
