"""A body without an end, or one that says it has ten gigabytes, at the real server: cut off, and nothing of it kept."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PIECE = b"x" * 65_536
MOST_SENT = 1024 * 1024 * 1024
MOST_TAKEN = 96 * 1024 * 1024  # what the kernel and the proxy's side of a connection may still swallow
MOST_GROWN = 64 * 1024 * 1024
PART = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
)


@pytest.fixture(scope="module")
def static(tmp_path_factory):
    """What pages of refusal take from there too."""
    folder = tmp_path_factory.mktemp("static")
    env = {
        "PATH": os.environ["PATH"],
        "QUAYSIDE_MODE": "local",
        "SECRET_KEY": "x",
        "STATIC_ROOT": str(folder),
    }
    command = [sys.executable, "manage.py", "collectstatic", "--noinput"]
    subprocess.run(command, cwd=settings.BASE_DIR, env=env, check=True, capture_output=True)
    return folder


@pytest.fixture
def server(tmp_path, static):
    """gunicorn as the image starts it, on the test's own database, with a folder for what is uploaded."""
    (tmp_path / "uploads").mkdir()
    address = re.sub(r"/[^/]*$", f"/{connection.settings_dict['NAME']}", os.environ["DATABASE_URL"])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {
        "PATH": os.environ["PATH"],
        "QUAYSIDE_MODE": "local",
        "SECRET_KEY": settings.SECRET_KEY,
        "DATABASE_URL": address,
        "BIND": f"127.0.0.1:{port}",
        "WEB_WORKERS": "1",
        "TMPDIR": str(tmp_path / "uploads"),
        "STATIC_ROOT": str(static),
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "portal/gunicorn.py", "portal.wsgi"]
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen(command, cwd=settings.BASE_DIR, env=env, stdout=log, stderr=log)
        try:
            wait_for(port, child, tmp_path / "log")
            yield port, child.pid, tmp_path / "uploads"
        finally:
            child.terminate()
            child.wait(30)


def wait_for(port: int, child: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert child.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as asked:
            asked.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if b" 200 " in asked.recv(100):
                return
        time.sleep(0.2)
    pytest.fail(log.read_text())


def memory_of(pid: int) -> int:
    """Bytes that a process and its children hold."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in [str(pid), *children]]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def stream(port: int, cookie: str, said: str, *, chunked: bool) -> tuple[int, bytes]:
    """Send until the other side has enough: how much went out, and what came back."""
    head = (
        "POST /orders/answer/upload/ HTTP/1.1\r\nHost: localhost\r\nReferer: http://localhost/\r\n"
        f"Cookie: {cookie}\r\nContent-Type: multipart/form-data; boundary=b\r\n{said}\r\n\r\n"
    )
    sent, answer = 0, b""
    with socket.create_connection(("127.0.0.1", port), 60) as asked:
        asked.settimeout(60)
        with contextlib.suppress(ConnectionError):
            asked.sendall(head.encode())
            while sent < MOST_SENT:
                piece = PIECE if sent else PART
                asked.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                sent += len(piece)
        with contextlib.suppress(ConnectionError):
            answer = asked.recv(65_536)
    return sent, answer


@pytest.mark.parametrize(
    ("said", "chunked"),
    [("Content-Length: 10737418240", False), ("Transfer-Encoding: chunked", True)],
    ids=["ten gigabytes", "no end"],
)
def test_a_body_without_measure_is_cut_off_and_nothing_of_it_is_kept(server, people, said, chunked):
    port, pid, uploads = server
    client = Client()
    client.force_login(people["asha"].user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    before = memory_of(pid)

    sent, answer = stream(port, cookie, said, chunked=chunked)

    assert sent < MOST_TAKEN
    assert not answer or re.match(rb"HTTP/1.1 (413|403) ", answer), answer[:200]
    assert memory_of(pid) - before < MOST_GROWN
    assert [one for one in uploads.rglob("*") if one.is_file() and one.stat().st_size > 1024] == []
    assert is_alive(port)


def is_alive(port: int) -> bool:
    """Whether the server answers the next as if nothing had been."""
    with socket.create_connection(("127.0.0.1", port), 60) as asked:
        asked.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b" 200 " in asked.recv(100)
