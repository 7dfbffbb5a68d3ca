"""Runs the `run:` steps of action.yml one after the other, with the files and variables of GitHub's runner.

Of its expressions it knows what action.yml uses: `inputs.x`, `steps.x.outputs.y`, `github.action_path`, `always()`,
`!= ''` and `&&`; anything else is an error here. Steps that `use` another action are named and not run.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
SECONDS = 300


@dataclass(slots=True)
class Ran:
    """What a composite action left: its outputs, the job's page, what it printed, its exit code."""

    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    said: str = ""
    exit_code: int = 0
    used: list[str] = field(default_factory=list)


class Runner:
    """One call of the action at `root`, which is the workspace as well."""

    def __init__(self, root: Path, folder: Path, inputs: dict[str, str]) -> None:
        self._action = yaml.safe_load((root / "action.yml").read_text(encoding="utf-8"))
        self._root, self._folder = root, folder
        given = {name: each.get("default", "") for name, each in self._action["inputs"].items()}
        unknown = set(inputs) - set(given)
        if unknown:
            raise ValueError(f"action.yml has no input {', '.join(sorted(unknown))}")
        self._inputs = {**given, **inputs}
        self._steps: dict[str, dict[str, str]] = {"python": {"python-version": "3.11"}}

    def run(self, variables: dict[str, str] | None = None) -> Ran:
        """Every step to the end; after a failure those alone that say `always()`."""
        ran = Ran()
        self._folder.mkdir(parents=True, exist_ok=True)
        for number, step in enumerate(self._action["runs"]["steps"]):
            if not self._is_due(step.get("if", ""), ran):
                continue
            if "uses" in step:
                ran.used.append(step["uses"])
            else:
                self._step(step, ran, self._folder / f"output-{number}", variables or {})
        outputs = self._action["outputs"]
        ran.outputs = {name: self._filled(each["value"]) for name, each in outputs.items()}
        page = self._folder / "summary"
        ran.summary = page.read_text(encoding="utf-8") if page.exists() else ""
        return ran

    def _step(self, step: dict[str, Any], ran: Ran, output: Path, more: dict[str, str]) -> None:
        output.touch()
        script = self._folder / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self._root,
            env={
                **os.environ,
                **{name: self._filled(value) for name, value in step.get("env", {}).items()},
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "RUNNER_OS": "Linux",
                "RUNNER_ARCH": "X64",
                "GITHUB_WORKSPACE": str(self._root),
                "GITHUB_ACTION_PATH": str(self._root),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self._folder / "summary"),
                **more,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        ran.said += done.stdout
        ran.exit_code = ran.exit_code or done.returncode
        lines = output.read_text(encoding="utf-8").splitlines()
        self._steps[step.get("id", "")] = dict(line.split("=", 1) for line in lines)

    def _is_due(self, condition: str, ran: Ran) -> bool:
        parts = [each.strip() for each in condition.split("&&")] if condition else []
        if "always()" not in parts and ran.exit_code:
            return False
        return all(self._holds(each) for each in parts if each != "always()")

    def _holds(self, condition: str) -> bool:
        value, sign, nothing = condition.partition(" != ''")
        if not sign or nothing:
            raise ValueError(f"the condition {condition!r} is not known here")
        return self._value(value) != ""

    def _filled(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self._value(found[1]), str(text))

    def _value(self, name: str) -> str:
        match name.split("."):
            case ["inputs", key]:
                return str(self._inputs[key])
            case ["steps", step, "outputs", key]:
                return self._steps.get(step, {}).get(key, "")
            case ["github", "action_path"]:
                return str(self._root)
        raise ValueError(f"the expression {name!r} is not known here")
