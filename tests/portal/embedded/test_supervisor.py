"""Several children as one: started in order, watched, and all ended whatever happens."""

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

# What a run does, small: two lasting children; their numbers are printed so that the test can look for them.
RUN = """
import os, signal, sys, time
from pathlib import Path
from portal.embedded.supervisor import Failed, Stopping, Supervisor
here = Path(sys.argv[1])
signal.signal(signal.SIGHUP, signal.SIG_IGN if "nohup" in sys.argv else signal.SIG_DFL)
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
brief = [sys.executable, "-c", "import time; time.sleep(0.3); print('my last words')"]
try:
    with Supervisor(here / "run") as supervisor:
        env = dict(os.environ)
        supervisor.run("first", [sys.executable, "-c", sys.argv[3]], env=env, cwd=here)
        one = supervisor.start("one", sleep, env=env, cwd=here)
        two = supervisor.start("two", brief if sys.argv[2] == "brief" else sleep, env=env, cwd=here)
        print(one.pid, two.pid, flush=True)
        supervisor.watch()
except Stopping as stopping:
    print("stopped by", stopping)
except Failed as failed:
    print(failed)
    sys.exit(1)
"""


def begin(
    here: Path, second: str = "lasting", first: str = "pass", *, under: str = "shell"
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(here), second, first, under],
        cwd=settings.BASE_DIR,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children_of(run: subprocess.Popen[str]) -> list[int]:
    assert run.stdout is not None
    return [int(number) for number in run.stdout.readline().split()]


def all_gone(pids: list[int], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while any(processes.started_at(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whoever_asks_nothing_stays_behind(tmp_path, sent):
    run = begin(tmp_path)
    children = children_of(run)

    run.send_signal(sent)
    said, _ = run.communicate(timeout=60)

    assert (run.returncode, said) == (0, f"stopped by {sent.name}\n")
    assert all_gone(children)
    assert not (tmp_path / "run" / "processes.json").exists()


def test_under_nohup_it_stays_when_the_terminal_goes(tmp_path):
    run = begin(tmp_path, under="nohup")
    children = children_of(run)

    run.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        run.wait(1)
    assert all(processes.started_at(pid) for pid in children)
    run.send_signal(signal.SIGTERM)
    said, _ = run.communicate(timeout=60)

    assert (run.returncode, said) == (0, "stopped by SIGTERM\n")
    assert all_gone(children)


def test_asking_twice_changes_nothing(tmp_path):
    run = begin(tmp_path)
    children = children_of(run)

    for _ in range(5):
        run.send_signal(signal.SIGINT)
        time.sleep(0.01)
    run.communicate(timeout=60)

    assert all_gone(children)
    assert not (tmp_path / "run" / "processes.json").exists()


def test_a_child_that_goes_by_itself_ends_the_run_and_its_last_words_are_told(tmp_path):
    run = begin(tmp_path, second="brief")
    children = children_of(run)

    said, _ = run.communicate(timeout=60)

    assert run.returncode == 1
    assert said == "two ended by itself:\nmy last words\n"
    assert all_gone(children)


def test_a_command_that_fails_is_told_and_nothing_later_starts(tmp_path):
    run = begin(tmp_path, first="raise SystemExit('no such table')")

    said, _ = run.communicate(timeout=60)

    assert (run.returncode, said) == (1, "`first` failed:\nno such table\n")


def test_asking_while_a_command_runs_ends_it(tmp_path):
    run = begin(tmp_path, first="import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    log = tmp_path / "log" / "first.log"
    while not (log.exists() and log.read_text().strip()):
        time.sleep(0.02)

    run.send_signal(signal.SIGTERM)
    said, _ = run.communicate(timeout=60)

    assert (run.returncode, said) == (0, "stopped by SIGTERM\n")
    assert all_gone([int(log.read_text())])


def test_after_a_killed_run_the_next_one_cleans_up_and_starts(tmp_path):
    first = begin(tmp_path)
    left = children_of(first)
    first.kill()
    first.communicate()

    second = begin(tmp_path)
    line = children_of(second) if sys.platform.startswith("linux") else None
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=60)

    assert line != left
    assert all_gone(left)
