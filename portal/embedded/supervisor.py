"""Several children as one: they start in order, are watched together, and all end whatever happens."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from portal.embedded import processes
from portal.embedded.processes import Child

# What the portal's processes stand on: these end last, so that nothing finds its ground gone.
SERVERS = ("postgres", "valkey", "tryton")


class Stopping(BaseException):
    """Somebody asked us to stop. Not an Exception, so that nothing swallows it."""


class Failed(Exception):
    """Something we need did not start or did not stay; the sentence says what and shows its last words."""


class Supervisor:
    """Owns the children of one run. Use as a context manager: leaving it ends every child."""

    def __init__(self, run_folder: Path) -> None:
        self.record = run_folder / "processes.json"
        self.logs = run_folder.parent / "log"
        self.children: list[Child] = []
        self.stopping = False
        run_folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
                signal.signal(number, self._asked_to_stop)
        left = processes.end_recorded(self.record)
        if left:
            print(f"Ended what an earlier run had left behind: {', '.join(left)}.", flush=True)
        return self

    def __exit__(self, *exception: object) -> None:
        self.stopping = True
        self.end_all()

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        if not self.stopping:
            self.stopping = True
            raise Stopping(signal.Signals(number).name)

    def adopt(self, child: Child) -> Child:
        """From now on this child is watched, and ended with the others."""
        self.children.append(child)
        processes.write_record(self.record, self.children)
        return child

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        handed_over: Sequence[int] = (),
    ) -> Child:
        """Starts one lasting child; `handed_over` are open sockets it takes over from us."""
        log = self.logs / f"{name}.log"
        return self.adopt(processes.start(name, command, log=log, env=env, cwd=cwd, handed_over=handed_over))

    def run(self, name: str, command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> None:
        """Runs one command to its end; its last words are shown when it fails."""
        child = self.start(name, command, env=env, cwd=cwd)
        child.popen.wait()
        self.children.remove(child)
        if child.popen.returncode:
            raise Failed(f"`{name}` failed:\n{child.last_words(30)}")

    def run_in_front(self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> int:
        """Runs one command on this terminal and answers its exit code."""
        prepare = processes.die_with_parent(signal.SIGTERM)
        popen = subprocess.Popen(list(command), env=dict(env), cwd=cwd, preexec_fn=prepare)  # noqa: PLW1509 -- one thread
        try:
            return popen.wait()
        except Stopping:
            popen.send_signal(signal.SIGINT)
            try:
                popen.wait(20)
            except subprocess.TimeoutExpired:
                popen.kill()
                popen.wait()
            raise

    def watch(self) -> None:
        """Stays until a child goes by itself, which is a failure, or until somebody asks us to stop."""
        while True:
            for child in self.children:
                if not child.is_running():
                    raise Failed(f"{child.name} ended by itself:\n{child.last_words()}")
            time.sleep(0.5)

    def end_all(self) -> None:
        """Ends the portal's processes together, then the servers they stand on in reverse order."""
        servers = [child for child in self.children if child.name in SERVERS]
        others = [child for child in self.children if child not in servers]
        for child in others:
            child.ask_to_end()
        for child in [*others, *reversed(servers)]:
            child.end()
        self.record.unlink(missing_ok=True)
