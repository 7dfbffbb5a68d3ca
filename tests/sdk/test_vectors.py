"""The committed vectors hold, by implementations that do not know each other, and a wrong byte is named."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ConfigurationError
from conformance.spec.requirements import of_sdks
from sdk_gate.vectors import files
from sdk_gate.vectors.__main__ import main
from sdk_gate.vectors.check import KINDS, by_all, by_ourselves, differences, report
from sdk_gate.vectors.second import by_node

NAMES = list(KINDS)
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
JsonPath = tuple[str | int, ...]


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_file_has_its_form(name: str) -> None:
    assert list(files.flaws(name, files.load(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_file_is_what_would_be_written(name: str) -> None:
    assert files.path(name).read_text(encoding="utf-8") == files.text_of(KINDS[name].document())


@pytest.mark.parametrize("name", NAMES)
def test_every_vector_names_a_requirement_of_sdks(name: str) -> None:
    named = {each["requirement"] for each in files.load(name)["vectors"] if "requirement" in each}
    assert named
    assert named <= set(of_sdks())


@pytest.mark.parametrize("name", NAMES)
def test_our_own_implementation_agrees(name: str) -> None:
    document = files.load(name)
    found = differences(name, document, "ours", by_ourselves({name: document}))
    assert [str(each) for each in found] == []


@needs_node
def test_the_second_implementation_and_openssl_agree() -> None:
    documents = {name: files.load(name) for name in NAMES}
    lines, agree = report(documents, by_all(documents))
    assert agree, "\n".join(lines)
    assert [line.partition(":")[0] for line in lines] == [f"{name}.json" for name in NAMES]
    assert all("second.mjs" in line for line in lines)


# Where each stage stands in a vector.
PLACES: Mapping[str, Mapping[str, JsonPath]] = {
    "signing": {
        "query": ("stages", "query"),
        "body": ("stages", "body"),
        "canonical": ("stages", "canonical"),
        "signature": ("stages", "signature"),
        "target": ("request", "target"),
        "headers": ("request", "headers"),
        "request body": ("request", "body"),
    },
    "encoding": {stage: (stage,) for stage in ("encoded", "also", "wrong")},
    "decimals": {stage: (stage,) for stage in ("sent", "read", "also")},
    "messages": {
        **{stage: (stage,) for stage in ("outcome", "error", "reads")},
        **{f"step {n + 1}": ("steps", n, "book") for n in range(5)},
    },
}


def value_at(document: Any, path: JsonPath) -> Any:
    """What stands at a path, or an empty list where the vector does not reach."""
    for step in path:
        is_there = step in document if isinstance(document, dict) else int(step) < len(document)
        if not is_there:
            return []
        document = document[step]
    return document


def leaves(value: Any, path: JsonPath) -> Iterator[tuple[JsonPath, Any]]:
    """Everything within a value that has nothing within it."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for step, each in pairs:
            yield from leaves(each, (*path, step))
    else:
        yield path, value


def spoilt(value: Any) -> Iterator[str]:
    """A text with one character changed: the first, one in the middle, the last."""
    if not isinstance(value, str) or not value:
        yield "x"
        return
    for at in {0, len(value) // 2, len(value) - 1}:
        yield value[:at] + ("x" if value[at] != "x" else "y") + value[at + 1 :]


def spoilt_vectors(name: str) -> Iterator[tuple[str, JsonPath, dict[str, Any]]]:
    """Every vector of a file with one wrong byte in one stage, and that stage."""
    for vector in files.load(name)["vectors"]:
        for stage, place in PLACES[name].items():
            for path, value in leaves(value_at(vector, place), place):
                if path[0] == "wrong" and path[-1] == "encoded":
                    continue  # an input: what arrives of it is the stage
                for wrong in spoilt(value):
                    changed = copy.deepcopy(vector)
                    value_at(changed, path[:-1])[path[-1]] = wrong
                    yield stage, path, changed


@pytest.mark.parametrize("name", NAMES)
def test_one_wrong_byte_is_named_by_its_stage(name: str) -> None:
    seen = set()
    for stage, path, vector in spoilt_vectors(name):
        document = {"vectors": [vector]}
        found = list(differences(name, document, "ours", by_ourselves({name: document})))
        assert [(each.vector, each.stage) for each in found] == [(vector["id"], stage)], path
        assert vector["id"] in str(found[0])
        assert f"stage {stage}:" in str(found[0])
        seen.add(stage)
    assert seen == set(PLACES[name])


@pytest.mark.parametrize("name", NAMES)
def test_every_stage_of_every_vector_has_a_place(name: str) -> None:
    stages = {stage for each in files.load(name)["vectors"] for stage in KINDS[name].written(each)}
    assert stages == set(PLACES[name])


def test_what_is_called_wrong_does_not_arrive_as_the_value() -> None:
    mistakes = [
        (each["value"], mistake)
        for each in files.load("encoding")["vectors"]
        for mistake in each.get("wrong", [])
    ]
    assert len(mistakes) > 20
    assert [each for each in mistakes if each[0] == each[1]["arrives"]] == []


def test_a_wrong_input_is_named_at_the_first_stage_that_it_reaches() -> None:
    vector = next(x for x in files.load("signing")["vectors"] if x["id"] == "get-one")
    expected = {
        "query": ("query", [["pageNo", 2]]),
        "canonical": ("method", "POST"),
        "signature": ("secret", "not-a-secret-at-all"),
        "headers": ("key", "ft-another"),
    }
    for stage, (part, value) in expected.items():
        document = {"vectors": [{**vector, "input": {**vector["input"], part: value}}]}
        found = differences("signing", document, "ours", by_ourselves({"signing": document}))
        assert [each.stage for each in found] == [stage]


def test_a_vector_that_an_implementation_leaves_out_is_a_difference() -> None:
    document = files.load("decimals")
    ours = by_ourselves({"decimals": document})
    left_out = dict(ours["decimals"])
    left_out.pop("sent-zero")
    found = list(differences("decimals", document, "other", {"decimals": left_out}))
    assert [(each.vector, each.stage) for each in found] == [("sent-zero", "sent")]
    assert "other has nothing" in str(found[0])


def test_an_id_that_stands_there_twice_is_a_flaw() -> None:
    document = files.load("decimals")
    document["vectors"].append(document["vectors"][0])
    assert list(files.flaws("decimals", document)) == [
        "decimals.json: the id sent-integer stands there twice"
    ]


@needs_node
def test_an_implementation_that_breaks_is_one_line(tmp_path: Path) -> None:
    script = tmp_path / "broken.mjs"
    script.write_text("throw new RangeError('no such thing');", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        by_node({}, script)
    said = "node broken.mjs did not end well: RangeError: no such thing"
    assert str(caught.value) == said


@needs_node
def test_check_ends_with_1_and_names_vector_and_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(files.FOLDER, tmp_path / "vectors")
    monkeypatch.setattr(files, "FOLDER", tmp_path / "vectors")
    document = files.load("signing")
    document["vectors"][0]["stages"]["canonical"] += "x"
    files.path("signing").write_text(files.text_of(document), encoding="utf-8")
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "get-bare: stage canonical: the file has" in line]
    assert [line.endswith("agree") for line in lines if ".json: " in line].count(True) == 3


def test_check_ends_with_1_where_a_file_has_not_its_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(files.FOLDER, tmp_path / "vectors")
    monkeypatch.setattr(files, "FOLDER", tmp_path / "vectors")
    document = files.load("signing")
    document["vectors"][0]["input"]["secret"] = "hunter2"
    files.path("signing").write_text(files.text_of(document), encoding="utf-8")
    assert main(["check"]) == 1
    assert "signing.json: $.vectors[0].input.secret" in capsys.readouterr().out


def test_check_without_node_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["check"]) == 3
    said = capsys.readouterr()
    assert said.err == (
        "error: node is not on this machine: install Node.js 18 or later, then check again\n"
    )
    assert said.out == ""


def test_a_file_that_is_gone_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    assert main(["check"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("error: signing.json cannot be read")
    assert said.count("\n") == 1


def test_write_makes_the_committed_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    committed = {name: files.path(name).read_bytes() for name in NAMES}
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    assert main(["write"]) == 0
    assert {name: files.path(name).read_bytes() for name in NAMES} == committed
    assert len(capsys.readouterr().out.splitlines()) == len(NAMES)
