"""Who may import whom: an allow-list held against every import in the code, and printed for people.

`python -m tests.import_table --check` fails when the code or ARCHITECTURE.md says otherwise; `--write`
writes the table into ARCHITECTURE.md again.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- import table: begin -->", "<!-- import table: end -->"

# part -> the parts that it may import. An arrow only ever points to the left, or up.
CORE = ("arguments", "errors", "spec", "model", "wire")
ALLOWED: dict[str, tuple[str, ...]] = {
    "errors": (),
    "arguments": ("errors",),
    "model": (),
    "wire": ("errors", "model"),
    "spec": ("errors",),
    "target": ("errors", "spec", "wire"),
    "cases": (*CORE, "target"),
    "transport": (*CORE, "target", "cases"),
    "verdict": (*CORE, "target", "cases"),
    "record": (*CORE, "target", "cases", "verdict"),
    "composition": (*CORE, "target", "cases", "transport", "verdict", "record"),
    "reference_exchange": (*CORE, "target", "load"),
    "load": (*CORE, "target", "record", "verdict", "composition"),
    "reports": ("arguments", "errors", "spec", "record", "verdict"),
    "contract_tests": (*CORE, "target", "cases", "transport", "verdict", "record", "composition"),
    "sdk_gate": (
        *(*CORE, "target", "cases", "verdict", "record", "composition"),
        "reference_exchange",
    ),
}
# These only know the standard library beside their own row.
PURE = ("model", "wire")
# What stands directly in conformance/ and puts the stages together. `load` may use two of its modules.
COMPOSITION = (
    "__main__",
    "conclude",
    "embedded",
    "job",
    "machine",
    "nightly",
    "night_plan",
    "night_state",
    "notice",
    "parts",
    "rounds",
    "session",
)
LOAD_MAY = ("embedded",)


def part_of(module: str) -> str | None:
    """The part that a module belongs to, or None for what is not ours."""
    head, _, rest = module.partition(".")
    if head != "conformance":
        return head if head in ALLOWED else None
    name = rest.partition(".")[0]
    return "composition" if name in COMPOSITION or not name else name


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files() -> Iterator[tuple[str, Path]]:
    """(part, file) for every file that the table is about; tests and conftest may import anything."""
    for folder in (
        "conformance",
        "reference_exchange",
        "load",
        "reports",
        "contract_tests",
        "sdk_gate",
    ):
        for path in sorted((ROOT / folder).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            part = part_of(module.removesuffix(".__init__"))
            if part is not None:
                yield part, path


def violations() -> list[str]:
    """One line for each import that the table forbids."""
    return [line for part, path in files() for line in of_file(part, path)]


def of_file(part: str, path: Path) -> Iterator[str]:
    """The forbidden imports of one file, as a member of a part."""
    for module in imports(path):
        place = f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}"
        other = part_of(module)
        if other is None:
            top = module.partition(".")[0]
            if part in PURE and top not in sys.stdlib_module_names and top != "__future__":
                yield f"{place}: {part} may import the standard library alone, not {top}"
        elif not _is_allowed(part, other, module):
            yield f"{place}: {part} may not import {module}"


def _is_allowed(part: str, other: str, module: str) -> bool:
    if other == part:
        return True
    if other == "composition" and part not in ("contract_tests", "sdk_gate"):
        names = module.split(".")
        return part == "load" and (len(names) == 1 or names[1] in LOAD_MAY)
    return other in ALLOWED[part]


def table() -> str:
    """The allow-list as Markdown."""
    columns = list(ALLOWED)
    head = "| may import → | " + " | ".join(columns) + " |"
    rule = "|---" * (len(columns) + 1) + "|"
    rows = [
        f"| **{part}** | "
        + " | ".join("–" if x == part else "✓" if x in ALLOWED[part] else "" for x in columns)
        + " |"
        for part in columns
    ]
    return "\n".join([head, rule, *rows])


def page(text: str) -> str:
    """ARCHITECTURE.md with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main(words: list[str]) -> int:
    """Check or write; says what is wrong, a line each."""
    text = PAGE.read_text(encoding="utf-8")
    if words == ["--write"]:
        PAGE.write_text(page(text), encoding="utf-8")
        return 0
    found = violations()
    if page(text) != text:
        found.append("ARCHITECTURE.md: the import table is not the code's: run `make docs`")
    print("\n".join(found) or "imports: as the table allows")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
