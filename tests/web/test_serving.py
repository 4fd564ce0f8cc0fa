"""Where the server listens: this machine alone, unless what is said travels safely."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import closing, suppress
from http.client import HTTPSConnection
from pathlib import Path

import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.web import _serving, open_listener, serve
from tests.web import double
from tests.web.served import TIMEOUT, serving

ROOT = Path(__file__).resolve().parents[2]


def test_it_listens_on_this_machine_alone() -> None:
    listener = open_listener()
    try:
        assert listener.socket.getsockname()[0] == "127.0.0.1"
        assert listener.address.startswith(f"http://127.0.0.1:{listener.port}/?token=")
        assert listener.access.hosts == {
            f"127.0.0.1:{listener.port}".encode(),
            f"localhost:{listener.port}".encode(),
        }
    finally:
        listener.close()


def test_responses_are_sent_at_once() -> None:
    """asyncio turns Nagle's algorithm off for sockets whose protocol is named, and no others."""
    listener = open_listener()
    listener.close()
    assert listener.socket.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "192.168.1.5", "example.org"])
def test_other_machines_need_tls_or_a_proxy(host: str) -> None:
    with pytest.raises(InvalidInputError, match=r"--certificate.*reverse proxy.*--origin"):
        open_listener(host)


def test_a_proxy_s_name_is_answered_to_and_nothing_like_it() -> None:
    name = "label.example.org"
    with serving(double.texts(20), origins=[f"https://{name}"]) as served:
        address = served.listener.address
        assert address == f"https://{name}/?token={served.listener.access.token}"
        target = address.removeprefix(f"https://{name}")
        through_proxy = {"X-Forwarded-For": "10.0.0.9", "X-Forwarded-Proto": "https"}
        kept = served.get(target, Host=name, Cookie=None, **through_proxy).header("set-cookie")
        assert kept is not None
        assert kept.endswith("; Secure")
        body = {"key": "k", "point": 1, "class_id": 0}
        assert served.post("/api/answer", body, Host=name, Origin=f"https://{name}").status == 200
        for host in (f"{name}:443", f"x.{name}", f"{name}.", name.upper()):
            assert served.get("/api/state", Host=host).status == 421
        wrong = served.post("/api/answer", body, Host=name, Origin=f"http://{name}")
        assert wrong.status == 403
        assert served.get("/api/state").status == 200  # and this machine, as ever


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_it_speaks_tls_with_a_certificate(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *subject, *files], check=True, capture_output=True)
    with serving(double.texts(20), certificate=certificate, private_key=key) as served:
        listener = served.listener
        assert listener.origin == f"https://127.0.0.1:{listener.port}"
        trusted = ssl.create_default_context(cafile=certificate)
        asked = HTTPSConnection("localhost", listener.port, context=trusted, timeout=TIMEOUT)
        asked.request("GET", f"/?token={listener.access.token}")
        reply = asked.getresponse()
        assert reply.status == 303
        assert (reply.getheader("set-cookie") or "").endswith("; Secure")
        asked.close()
        with socket.create_connection(("127.0.0.1", listener.port), TIMEOUT) as plain:
            plain.sendall(f"GET / HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
            with suppress(ConnectionError):
                assert plain.recv(100) == b""


@pytest.mark.parametrize("origin", ["http://label.example.org", "https://*.example.org"])
def test_a_proxy_s_name_is_an_origin_with_tls(origin: str) -> None:
    with pytest.raises(InvalidInputError):
        open_listener(origins=[origin])


def test_the_same_file_gets_the_same_port_again(tmp_path: Path) -> None:
    file = tmp_path / "photos.fewlabels"
    first = open_listener(preferred=file)
    try:
        other = open_listener(preferred=file)  # taken: another one, and no error
        other.close()
        assert other.port != first.port
    finally:
        port = first.port
        first.close()
    again = open_listener(preferred=file)
    again.close()
    assert again.port == port


def test_a_port_that_is_taken_is_said() -> None:
    listener = open_listener()
    try:
        with pytest.raises(InvalidInputError, match=f"Port {listener.port} of 127.0.0.1"):
            open_listener(port=listener.port)
    finally:
        listener.close()


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_is_none_is_said(port: int) -> None:
    with pytest.raises(InvalidInputError, match=f"Port {port}"):
        open_listener(port=port)


def test_a_certificate_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="can't be used as a certificate"):
        open_listener("127.0.0.1", certificate=tmp_path / "none.pem")
    with pytest.raises(InvalidInputError, match="no certificate"):
        open_listener(private_key=tmp_path / "key.pem")


SERVE = """
import sys
from fewlabels.web import open_listener, serve
from tests.web import double
listener = open_listener()
serve(listener, double.digits(20), on_ready=lambda: print(listener.address, flush=True))
print("ended", flush=True)
"""


@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_by_a_signal_without_a_word(ends: signal.Signals) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    address = run.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    run.send_signal(ends)
    out, err = run.communicate(timeout=TIMEOUT)
    assert out == "ended\n"  # whoever serves closes the file after it
    assert run.returncode == 0
    assert err == ""


def test_a_signal_that_comes_before_the_server_listens_to_it_ends_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told_to_end(_: _serving.Server) -> None:
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("it went on")

    monkeypatch.setattr(_serving.Server, "run", told_to_end)
    before = signal.getsignal(signal.SIGTERM)
    with closing(open_listener()) as listener:
        serve(listener, double.digits(20))
    assert signal.getsignal(signal.SIGTERM) == before
