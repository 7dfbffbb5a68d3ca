"""Frames as the document writes them: templates to fill in, and to find again in what was heard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PLACE = re.compile(r"\{(\w+)\}")


def fill(template: Any, values: Mapping[str, str]) -> Any:
    """The template with every `{name}` replaced; names without a value stay as they are."""
    if isinstance(template, dict):
        return {key: fill(each, values) for key, each in template.items()}
    if isinstance(template, list):
        return [fill(each, values) for each in template]
    if isinstance(template, str):
        return PLACE.sub(lambda found: values.get(found[1], found[0]), template)
    return template


def match(template: Any, value: Any) -> dict[str, str] | None:
    """What stands at the places of a template in a value that contains it, or None.

    An object may have more members than its template; a list has exactly the template's items.
    """
    found: dict[str, str] = {}
    return found if _match(template, value, found) else None


def _match(template: Any, value: Any, found: dict[str, str]) -> bool:
    if isinstance(template, dict):
        return isinstance(value, dict) and all(
            key in value and _match(each, value[key], found) for key, each in template.items()
        )
    if isinstance(template, list):
        return (
            isinstance(value, list)
            and len(value) == len(template)
            and all(_match(*pair, found) for pair in zip(template, value, strict=True))
        )
    if isinstance(template, str):
        return isinstance(value, str) and _match_text(template, value, found)
    return type(template) is type(value) and bool(template == value)


def _match_text(template: str, value: str, found: dict[str, str]) -> bool:
    names = PLACE.findall(template)
    pattern = "(.*)".join(re.escape(part) for part in PLACE.split(template)[::2])
    matching = re.fullmatch(pattern, value, re.DOTALL)
    if matching is None:
        return False
    given = dict(zip(names, matching.groups(), strict=True))
    if any(found.get(name, text) != text for name, text in given.items()):
        return False
    found.update(given)
    return True
