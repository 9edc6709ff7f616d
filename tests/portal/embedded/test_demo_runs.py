"""`make demo` for real: up, signed in as each of its people, stopped, up again in seconds, nothing left behind."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from portal.embedded.ports import free_port
from portal.embedded.processes import started_at
from tests.thoroughly import EVERYTHING

pytestmark = pytest.mark.slow

LONGEST = 900.0  # the whole company takes a minute to make up, and longer beside other tests
ROLES = [
    "supplier",
    "buyer",
    "accounts_payable",
    "administrator",
    "integration_owner",
    "receiving",
    "manager",
]


def begin(var: Path, port: int) -> subprocess.Popen[str]:
    mine = ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL", "QUAYSIDE_MODE", "SECRET_KEY")
    env = {name: value for name, value in os.environ.items() if name not in mine}
    return subprocess.Popen(
        [sys.executable, "-m", "portal.embedded", "demo"],
        cwd=settings.BASE_DIR,
        env=env | {"VAR_DIR": str(var), "PORT": str(port), "SMALL": "" if EVERYTHING else "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until_up(run: subprocess.Popen[str]) -> str:
    """What it says until it is up."""
    said = ""
    deadline = time.monotonic() + LONGEST
    assert run.stdout is not None
    for line in run.stdout:
        said += line
        if "Ctrl-C stops it" in line:
            return said
        assert time.monotonic() < deadline, said
    raise AssertionError(f"it ended by itself:\n{said}")


def stop(run: subprocess.Popen[str]) -> None:
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    assert run.returncode == 0


def processes_of(var: Path) -> list[int]:
    return [entry["pid"] for entry in json.loads((var / "run" / "processes.json").read_text())]


def sign_in(address: str, person: dict[str, Any]) -> tuple[int, str]:
    """Status and page after signing in."""
    visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    form = visitor.open(f"{address}/accounts/login/").read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    fields = {"csrfmiddlewaretoken": token[1], "login": person["email"], "password": person["password"]}
    page = visitor.open(f"{address}/accounts/login/", urllib.parse.urlencode(fields).encode())
    return page.status, page.read().decode()


def test_the_demo_from_nothing_to_nothing(tmp_path_factory):
    var = tmp_path_factory.mktemp("demo")
    port = free_port()
    first = begin(var, port)
    try:
        said = wait_until_up(first)
        book = json.loads((var / "demo.json").read_text())
        running = processes_of(var)

        assert book["address"] == f"http://127.0.0.1:{port}"
        assert [person["role"] for person in book["people"]] == ROLES
        for person in book["people"]:
            assert person["email"] in said
            status, page = sign_in(book["address"], person)
            assert (status, person["name"] in page) == (200, True)
        with urllib.request.urlopen(f"{book['address']}/health/ready") as answer:
            assert json.load(answer)["checks"]["database"] == "ok"
        assert len(running) == 6
    finally:
        stop(first)
    assert [pid for pid in running if started_at(pid)] == []

    second = begin(var, port)
    try:
        again = wait_until_up(second)
        assert "Making up a company" not in again
        assert json.loads((var / "demo.json").read_text()) == book
    finally:
        stop(second)
