"""Over TLS answers come whole, and the kernel stamps them as well."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, time_ns

import pytest

from conformance.wire.rest import build
from load import probe_socket
from load.client import Address, Client
from load.engine import Engine
from load.recorder import Kind, Recorder, kinds_of, rows_of
from tests.load.test_engine import GET, Asking
from tests.load.test_probe import NO_FLAG, probed

LONG = b'{"code":0,"data":"' + b"x" * 100_000 + b'"}'
NEW_KEY = (
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=test",
)


class Handler(BaseHTTPRequestHandler):
    """Says yes, at length."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(LONG)))
        self.end_headers()
        self.wfile.write(LONG)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("this machine has no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    names = (
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        folder / "key",
        "-out",
        folder / "pem",
    )
    subprocess.run([*NEW_KEY, *names], check=True, capture_output=True)
    return folder


@contextmanager
def serving(certificate: Path) -> Iterator[str]:
    """A server that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "pem", certificate / "key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_client_reads_and_stamps_over_tls(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "pem"))
    with serving(certificate) as url:
        client = Client(url, 5.0)
        answers, until_s = [], monotonic() + 10
        # The kernel begins to stamp a while after it was asked to, on a busy machine a long one.
        while sum(bool(each.kernel_ns) for each in answers) < 5 and monotonic() < until_s:
            answers.append(client.send(client.prepare(build("GET", "/"))))
        client.close()
    assert all(each.response.body == LONG for each in answers)
    stamped = [each for each in answers if each.kernel_ns]
    assert len(stamped) == 5
    assert all(each.sent_ns < (each.kernel_ns or 0) < each.received_ns for each in stamped)


def test_the_engine_does_too(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "pem"))
    recorder, asking = Recorder(), Asking()
    with serving(certificate) as url:
        engine = Engine(recorder, Address(url, 5.0).connect, 5.0)
        engine.join(asking)
        engine.join(asking)
        start_ns = time_ns() + 20_000_000
        engine.run(array("q", (start_ns + k * 5_000_000 for k in range(30))), start_ns)
        engine.close()
    found = rows_of(recorder.take())
    assert asking.failures == []
    assert kinds_of(found).tolist() == [Kind.ANSWERED] * 30
    assert (found[:, 4] != 0).sum() >= 20


@pytest.mark.parametrize("newest", [True, False], ids=["", "before Linux 6.2"])
def test_the_probe_counts_the_records_bytes(certificate, monkeypatch, newest):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "pem"))
    if not newest:
        monkeypatch.setattr(probe_socket, "OPT_ID_TCP", NO_FLAG)
    with serving(certificate) as url:
        table = probed(url, count=8)
    assert (table["answered"], table["lost"], table["not_to_be_had"]) == (8, 0, None)
    assert table["n"] >= 6


def test_a_certificate_that_nobody_trusts_is_an_error(certificate):
    with serving(certificate) as url, pytest.raises(ssl.SSLCertVerificationError):
        Address(url, 5.0).connect()


def test_asking_over_tls_seals_each_request(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "pem"))
    with serving(certificate) as url:
        opened = Address(url, 5.0).connect()
        assert opened.seal(GET) != GET
        opened.close()
