"""Children that never outlive their supervisor: started in their own group, written down, ended exactly.

Standard library only: the bootstrap uses it before anything is installed.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
LINUX_PROCESSES = Path("/proc/self/stat")


@dataclass(frozen=True)
class Recorded:
    """A process as the record file remembers it; its start time tells it from a later one of that number."""

    name: str
    pid: int
    started: str


@dataclass
class Child:
    """A running child and the signal it understands as "finish and go"."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    ended: bool = field(default=False)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def is_running(self) -> bool:
        return self.popen.poll() is None

    def ask_to_end(self) -> None:
        if self.is_running():
            self.popen.send_signal(self.stop_signal)

    def end(self) -> None:
        """Asks, waits, insists; then sweeps what the child itself had started."""
        if self.ended:
            return
        self.ask_to_end()
        try:
            self.popen.wait(self.patience)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        end_group(self.pid)
        self.ended = True

    def last_words(self, lines: int = 15) -> str:
        """The end of the child's log, for the message that says why it would not start."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return "(no log)"


def die_with_parent(stop_signal: int) -> Callable[[], None] | None:
    """What a child runs before it becomes its program: even `kill -9` of the supervisor ends it (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent went between fork and prctl
            os._exit(1)

    return prepare


def start(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    patience: float = 10.0,
    as_user: int | None = None,
    detached: bool = False,
    handed_over: Sequence[int] = (),
) -> Child:
    """Starts a child in its own process group, so that Ctrl-C reaches the supervisor alone."""
    log.parent.mkdir(parents=True, exist_ok=True)
    prepare = None if detached else die_with_parent(stop_signal)
    identity = {} if as_user is None else {"user": as_user, "group": as_user, "extra_groups": []}
    with log.open("ab") as output:
        popen = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            pass_fds=tuple(handed_over),
            preexec_fn=prepare,  # noqa: PLW1509 -- no other thread of ours holds a lock here
            **identity,  # type: ignore[call-overload]  # three keywords, or none of them
        )
    return Child(name, popen, log, stop_signal, patience)


def started_at(pid: int) -> str | None:
    """When a process began, in the system's own words; None when there is none, or a zombie."""
    if LINUX_PROCESSES.exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, began = answer.stdout.strip().partition(" ")
    return began.strip() or None if not state.startswith("Z") else None


def write_record(path: Path, children: Sequence[Child]) -> None:
    """Notes who is running, for the next start after a power cut."""
    recorded = [Recorded(c.name, c.pid, started_at(c.pid) or "") for c in children if c.is_running()]
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps([asdict(r) for r in recorded], indent=1))
    temporary.replace(path)


def end_recorded(path: Path, patience: float = 10.0) -> list[str]:
    """Ends exactly the processes an earlier, killed supervisor left behind; answers their names."""
    try:
        recorded = [Recorded(**entry) for entry in json.loads(path.read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        return []
    left = [r for r in recorded if r.started and started_at(r.pid) == r.started]
    for process in left:
        send(process.pid, signal.SIGINT if process.name == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + patience
    for process in left:
        while started_at(process.pid) == process.started:
            if time.monotonic() > deadline:
                send(process.pid, signal.SIGKILL)
            time.sleep(0.05)
        end_group(process.pid)
    path.unlink(missing_ok=True)
    return [process.name for process in left]


def send(pid: int, sig: signal.Signals) -> None:
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        return  # gone already, which is what we wanted


def end_group(group: int) -> None:
    """Ends whatever is left in the group of a leader that has gone."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (
        ProcessLookupError,
        PermissionError,
    ):  # nobody left; macOS says "permission" for a group of zombies
        return
