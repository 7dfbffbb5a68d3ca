"""Documents: whole or not at all, told apart from what was changed, readable in every version."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.errors import RunError
from reports.history import document
from reports.history.document import Document, document_of, read, write
from tests.reports.builders import finding, small
from tests.reports.history.summaries import drawn

HEADER = 10  # gzip's own: it has bytes that mean nothing


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Document, Path]:
    made = document_of(drawn(1), "nightly-1")
    return made, write(tmp_path / "documents", made)


def test_what_is_read_is_what_was_written(kept: tuple[Document, Path]) -> None:
    made, path = kept
    assert read(path) == made
    assert made.summary == drawn(1)
    assert path.name == f"{made.id}.json.gz"
    assert made.run == "nightly-1"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_name_is_of_the_run_and_its_content() -> None:
    one = document_of(drawn(1), "nightly-1")
    assert one.id == document_of(json.loads(json.dumps(drawn(1))), "nightly-1").id
    assert one.id != document_of(drawn(2), "nightly-1").id
    assert one.id.startswith("nightly-1-")
    assert document_of(drawn(1), "nightly-2").id == f"nightly-2-{one.id[-8:]}"


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b", "a b", "x" * 200, "a\n"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(RunError, match="cannot be kept under the name"):
        document_of(small(), name)


def test_a_document_cut_short_anywhere_is_refused(kept: tuple[Document, Path]) -> None:
    _, path = kept
    content = path.read_bytes()
    for length in range(0, len(content), 397):
        path.write_bytes(content[:length])
        with pytest.raises(RunError, match="is cut short or damaged"):
            read(path)


def test_a_single_bit_turned_over_anywhere_is_refused(kept: tuple[Document, Path]) -> None:
    _, path = kept
    content = path.read_bytes()
    for place in range(HEADER, len(content), 211):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(RunError):
            read(path)


@pytest.mark.parametrize(
    ("where", "value"), [("verdict", "fail"), ("exit_code", 1), ("requests_sent", 1), ("more", 1)]
)
def test_a_changed_summary_is_no_longer_its_name_s(
    kept: tuple[Document, Path], where: str, value: object
) -> None:
    _, path = kept
    content = json.loads(gzip.decompress(path.read_bytes()))
    content["summary"][where] = value
    path.write_bytes(gzip.compress(json.dumps(content).encode()))
    with pytest.raises(RunError, match="was changed after it was written"):
        read(path)


def test_a_changed_machine_is_seen(kept: tuple[Document, Path]) -> None:
    _, path = kept
    content = json.loads(gzip.decompress(path.read_bytes()))
    path.write_bytes(gzip.compress(json.dumps({**content, "machine": "12345678"}).encode()))
    with pytest.raises(RunError, match="was changed"):
        read(path)


def test_a_renamed_document_is_refused(kept: tuple[Document, Path]) -> None:
    made, path = kept
    other = path.rename(path.with_name("nightly-2-00000000.json.gz"))
    with pytest.raises(RunError, match=f"named wrongly: it holds {made.id}"):
        read(other)


def test_version_1_had_no_machine_and_is_upgraded_on_reading(tmp_path: Path) -> None:
    summary = small(environment={**small()["environment"], "machine": "0badcafe"})
    made = document_of(summary, "nightly-1")
    path = tmp_path / f"{made.id}.json"
    path.write_text(json.dumps({"schema": 1, "id": made.id, "summary": summary}))
    assert read(path) == made
    assert made.machine == "0badcafe"


def test_a_newer_version_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "nightly-1-00000000.json"
    path.write_text(json.dumps({"schema": 3, "id": "nightly-1-00000000", "more": {}}))
    with pytest.raises(RunError, match="of a newer suite \\(document version 3\\)"):
        read(path)


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{}",
        b"{",
        b"null",
        b'{"schema": true}',
        b'{"schema": 2, "id": "a-00000000", "machine": "", "summary": {"load": 1}}',
        b'{"a":' * 100_000,
        b"\xff\xfe",
    ],
    ids=["list", "empty", "half", "null", "true", "poor", "deep", "bytes"],
)
def test_a_file_of_something_else_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a-00000000.json"
    path.write_bytes(content)
    with pytest.raises(RunError) as error:
        read(path)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


def test_what_the_summary_lacks_is_said_before_anything_is_written() -> None:
    with pytest.raises(RunError, match=r"no document of a run: summary: .*verdict"):
        document_of({name: each for name, each in small().items() if name != "verdict"}, "a")
    with pytest.raises(RunError, match="is not JSON"):
        document_of(small(duration_s=float("nan")), "a")


def test_only_the_long_texts_of_findings_are_cut_and_cutting_again_changes_nothing() -> None:
    long = "x" * 1_000_000
    made = document_of(small(findings=[finding(actual=long)], notes=["y" * 10_000]), "a")
    cut = made.summary["findings"][0]["actual"]
    assert cut.startswith("x" * document.TEXT_MAX)
    assert cut.endswith("(996,000 more characters)")
    assert made.summary["notes"] == ["y" * 10_000]
    assert document_of(made.summary, "a") == made


def test_half_a_character_of_a_target_is_kept(tmp_path: Path) -> None:
    made = document_of(small(target="\udfff", notes=["\x00"]), "a")
    assert read(write(tmp_path, made)) == made


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot write .*: Not a directory"):
        write(tmp_path / "file" / "documents", document_of(small(), "a"))


FULL = """
import json, resource, signal, sys
from pathlib import Path
from conformance.errors import RunError
from reports.history.document import document_of, write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    write(Path(sys.argv[1]), document_of(json.load(sys.stdin), "nightly-1"))
except RunError as error:
    print(error)
"""


def test_the_content_is_synced_before_the_name_and_the_name_before_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def synced(handle: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        seen.append(f"{path.suffix or path.name}, {len(list(tmp_path.rglob('*.gz')))} named")

    monkeypatch.setattr(os, "fsync", synced)
    write(tmp_path / "history" / "documents", document_of(small(), "a"))
    assert seen == [
        f"{tmp_path.name}, 0 named",  # where the history's folder was made
        "history, 0 named",
        ".draft, 0 named",
        "documents, 1 named",
    ]


def test_a_disk_that_takes_no_more_leaves_nothing_half(tmp_path: Path) -> None:
    words = [sys.executable, "-c", FULL, str(tmp_path)]
    given = json.dumps(drawn(1))
    said = subprocess.run(words, input=given, capture_output=True, text=True, check=True).stdout
    assert said.startswith("cannot write ")
    assert said.endswith(": File too large\n")
    assert list(tmp_path.iterdir()) == []
