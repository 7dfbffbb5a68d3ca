"""A PostgreSQL server of our own, on a free loopback port, for as long as it is wanted."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from conformance.errors import ConfigurationError
from tests.judges import tools

START_S: Final = 60.0
END_S: Final = 20.0
USER: Final = "history"
PR_SET_PDEATHSIG: Final = 1
AT_ONCE: Final = signal.SIGQUIT  # its word for: end now; what it holds is thrown away anyhow


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; its superuser is `USER`."""

    port: int
    password: str
    pid: int

    def address(self, database: str = "postgres", password: str | None = None) -> str:
        """The SQLAlchemy address of a database of it."""
        word = self.password if password is None else password
        return f"postgresql+psycopg://{USER}:{word}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"d{secrets.token_hex(6)}"
        with self.connected() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.address(name)

    def emptied(self) -> str:
        """The address of a database without tables; always the same one, which is quicker than a new one."""
        with self.connected() as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.address()

    def connected(self) -> psycopg.Connection[Any]:
        """A connection to it."""
        words = {"host": "127.0.0.1", "port": self.port, "user": USER, "dbname": "postgres"}
        return psycopg.connect(**words, password=self.password, autocommit=True, connect_timeout=5)


def programs() -> Path | None:
    """The folder of the newest server on this machine, or None."""
    found = [each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        found.append(Path(on_path).parent)
    return max(found, key=lambda each: (_version(each), str(each)), default=None)


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def unpacked(log: Path) -> Path:
    """Debian's server, unpacked without root where it is not on the machine. Raises ConfigurationError."""
    packages = _to_install(()) or _to_install(tools.own_lists("postgresql", log))
    if not packages:
        raise ConfigurationError("no PostgreSQL server here: apt-get install postgresql")
    usr = tools.debian(log, packages, "postgresql")
    found = [each.parent for each in usr.glob("lib/postgresql/*/bin/initdb")]
    if not found:
        raise ConfigurationError(f"Debian's PostgreSQL cannot be unpacked, see {log}")
    return max(found, key=_version)


def _to_install(options: Sequence[str]) -> list[str]:
    """What Debian's installer would bring for a server, had it the right to."""
    said = subprocess.run(
        [
            *(tools.need("apt-get"), *options, "--simulate", "--no-install-recommends"),
            *("install", "postgresql"),
        ],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    lines = [line.split() for line in said.splitlines()]
    return [words[1] for words in lines if words[:1] == ["Inst"]]


@contextmanager
def serving(binaries: Path, *settings: str) -> Iterator[Server]:
    """A server with a fresh folder; it ends with the block, or with this process."""
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    password, port = secrets.token_hex(8), _free_port()
    rights = _rights(folder)
    try:
        _make(binaries, folder, password, rights)
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(binaries / "postgres", "-D", folder / "data", "-k", folder),
                    *("-c", "listen_addresses=127.0.0.1", "-p", str(port)),
                    *(word for each in settings for word in ("-c", each)),
                ],
                stdout=log,
                stderr=log,
                preexec_fn=_ends_with_us,
                **rights,
            )
        try:
            yield _answering(Server(port, password, process.pid), process, folder)
        finally:
            _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make(binaries: Path, folder: Path, password: str, rights: dict[str, Any]) -> None:
    word = folder / "password"
    word.write_text(password, encoding="utf-8")
    word.chmod(0o644)  # in a folder that only that user can enter
    made = subprocess.run(
        [
            *(binaries / "initdb", "-D", folder / "data", "--username", USER, "--pwfile", word),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        ],
        capture_output=True,
        text=True,
        check=False,
        **rights,
    )
    if made.returncode != 0:
        last = made.stderr.strip().splitlines()[-1:]
        raise ConfigurationError(f"initdb failed: {' '.join(last)}")


def _rights(folder: Path) -> dict[str, Any]:
    # A server refuses to be root: it is somebody else then, and has a folder of its own.
    libraries = [
        str(each) for each in (tools.TOOLS / "postgresql" / "usr" / "lib").glob("*-linux-*")
    ]
    words: dict[str, Any] = {
        "cwd": folder,
        "env": {"PATH": os.defpath, "LD_LIBRARY_PATH": ":".join(libraries), "LC_ALL": "C"},
    }
    if os.geteuid() != 0:
        return words
    names = {each.pw_name for each in pwd.getpwall()}
    who = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, who.pw_uid, who.pw_gid)
    return {**words, "user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}


def _answering(server: Server, process: subprocess.Popen[bytes], folder: Path) -> Server:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.connected().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return server
    said = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
    raise ConfigurationError(f"PostgreSQL does not start: {' '.join(said)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(AT_ONCE)
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ends_with_us() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, AT_ONCE)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
