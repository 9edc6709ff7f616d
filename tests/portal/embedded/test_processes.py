"""Children never outlive their supervisor, however it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from portal.embedded import processes

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def start(tmp_path: Path, command: list[str] = SLEEPER, **more) -> processes.Child:
    return processes.start("sleeper", command, log=tmp_path / "log", env=dict(os.environ), **more)


def wait_until(true, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_a_child_ends_when_asked(tmp_path):
    child = start(tmp_path)

    child.end()

    assert child.popen.returncode == -signal.SIGTERM
    assert processes.started_at(child.pid) is None


def test_a_stubborn_child_ends_when_patience_does(tmp_path):
    child = start(tmp_path, STUBBORN, patience=0.3)
    wait_until(lambda: "up" in child.last_words())

    child.end()

    assert child.popen.returncode == -signal.SIGKILL


def test_what_a_child_started_goes_with_it(tmp_path):
    code = "import subprocess as s, time; print(s.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    child = start(tmp_path, [sys.executable, "-c", code])
    wait_until(lambda: child.last_words().strip().isdigit())
    grandchild = int(child.last_words())

    child.end()

    wait_until(lambda: processes.started_at(grandchild) is None)


def test_left_behind_processes_are_ended_by_the_next_start(tmp_path):
    child = start(tmp_path, detached=True)
    processes.write_record(tmp_path / "record.json", [child])

    ended = processes.end_recorded(tmp_path / "record.json")

    assert ended == ["sleeper"]
    assert child.popen.wait(5) == -signal.SIGTERM
    assert not (tmp_path / "record.json").exists()


def test_another_process_with_the_same_number_is_left_alone(tmp_path):
    child = start(tmp_path)
    record = tmp_path / "record.json"
    record.write_text(f'[{{"name": "sleeper", "pid": {child.pid}, "started": "another time"}}]')

    assert processes.end_recorded(record) == []
    assert child.is_running()
    child.end()


@pytest.mark.parametrize("text", ["", "not json", '[{"pid": 1}]'])
def test_a_broken_record_ends_nobody(tmp_path, text):
    record = tmp_path / "record.json"
    record.write_text(text)

    assert processes.end_recorded(record) == []


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells children that their parent died"
)
def test_children_die_with_a_supervisor_that_was_killed(tmp_path):
    code = (
        "import os, pathlib, time; from portal.embedded import processes\n"
        f"log = pathlib.Path({str(tmp_path / 'log')!r})\n"
        f"child = processes.start('sleeper', {SLEEPER!r}, log=log, env=dict(os.environ))\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    child = int(supervisor.stdout.readline())
    assert processes.started_at(child) is not None

    supervisor.kill()
    supervisor.communicate()

    wait_until(lambda: processes.started_at(child) is None)
