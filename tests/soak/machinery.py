"""The processes of a soak: all real, each killed without a word and started again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from random import Random

from portal.embedded import processes
from portal.embedded.places import ROOT
from portal.embedded.processes import Child
from procurement.demo.tryton.serving import DATABASE, TrytonServer, founded
from tests.erp.tryton.company import NORTHMOOR
from tests.soak.ground import Ground

WORKERS = ("worker-1", "worker-2")
# Of a hundred kills, so many hit: the workers most of all, for it is they who stand between both sides.
WEIGHTS = {"worker-1": 30, "worker-2": 30, "tryton": 20, "scheduler": 6, "broker": 8, "postgres": 6}
LEAD = 5  # kills


@dataclass(slots=True)
class Machinery:
    """Tryton, two workers and a scheduler, on their ground."""

    ground: Ground
    tryton: TrytonServer = field(init=False)
    children: dict[str, Child] = field(default_factory=dict)
    ended_by_themselves: dict[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.ground.folder

    def start_tryton(self) -> None:
        """A company in which nothing has been ordered."""
        books = self.folder / "tryton"
        books.mkdir()
        shutil.copyfile(founded("8.0", NORTHMOOR), books / f"{DATABASE}.sqlite")
        self.tryton = TrytonServer("8.0", books, self.ground.tryton_port)
        self.tryton.start()

    def migrate(self) -> None:
        """As the owner, once."""
        owner = os.environ | self.ground.cluster.addresses.as_environment()
        migrate = [sys.executable, "manage.py", "migrate", "--no-input"]
        subprocess.run(migrate, env=owner, cwd=ROOT, check=True, capture_output=True)

    def start_portal(self) -> None:
        """Workers and scheduler."""
        for name in (*WORKERS, "scheduler"):
            self._start(name)

    def _start(self, name: str) -> None:
        celery = [sys.executable, "-m", "celery", "--app", "portal", "--quiet"]
        if name == "scheduler":
            command = [*celery, "beat", "--schedule", str(self.folder / "beat"), "--pidfile", ""]
        else:
            quiet = ["--without-gossip", "--without-mingle"]
            command = [*celery, "worker", "--hostname", f"{name}@soak", "--concurrency", "2", *quiet]
        log = self.folder / f"{name}.log"
        self.children[name] = processes.start(name, command, log=log, env=dict(os.environ), cwd=ROOT)

    def kill(self, name: str) -> None:
        """SIGKILL to all of it at once, as when the power goes."""
        match name:
            case "tryton":
                self.tryton.kill()
            case "postgres":
                self.ground.kill_postgres()
            case "broker":
                self.ground.kill_broker()
            case _:
                processes.end_group(self.children[name].pid)
                self.children[name].popen.wait()

    def start_again(self, name: str) -> None:
        """The same again, on what it left behind."""
        match name:
            case "tryton":
                self.tryton.start()
            case "postgres":
                self.ground.start_postgres()
            case "broker":
                self.ground.start_broker()
            case _:
                self._start(name)

    def mend(self) -> None:
        """What a supervisor of processes does: start again what ended by itself."""
        for name, child in list(self.children.items()):
            if not child.is_running():
                self.ended_by_themselves[name] = self.ended_by_themselves.get(name, 0) + 1
                self._start(name)

    def stop(self) -> None:
        """Everything, in order."""
        for child in self.children.values():
            child.ask_to_end()
        for child in self.children.values():
            child.end()
        if hasattr(self, "tryton"):  # it did start
            self.tryton.stop()
        self.ground.stop()


@dataclass(slots=True)
class Kills:
    """Kills at random, as long as there is something to disturb."""

    machinery: Machinery
    rng: Random
    count: int
    share: float  # of what is to get through, for each kill
    done: dict[str, int] = field(default_factory=dict)

    @property
    def due(self) -> float:
        """How much may have been begun by now, so that there is something to disturb until the last kill."""
        done, lead = sum(self.done.values()), min(LEAD, self.count)
        # The lead is used up little by little: the last of it is due with the last kill.
        return inf if done >= self.count else self.share * (lead + done * (self.count - lead) / self.count)

    def go_on(self, is_over: Callable[[], bool], progress: Callable[[], int]) -> None:
        """Kill, leave it dead for a while, start it again; until all kills are spent or the work is over.

        Between two kills something gets through (now more, now less, or a minute passes): else all would hit workers
        that have only just begun to start.
        """
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        while sum(self.done.values()) < self.count and not is_over():
            # What is not due is not begun, so it is not waited for either.
            enough = min(progress() + self.rng.uniform(0, 1.8 * self.share), self.due)
            until = time.monotonic() + 60
            while progress() < enough and time.monotonic() < until and not is_over():
                self.machinery.mend()
                time.sleep(0.2)
            time.sleep(self.rng.uniform(0.0, 1.5))
            (name,) = self.rng.choices(names, weights)
            self.machinery.kill(name)
            time.sleep(self.rng.choice((0.0, 0.2, 1.0, 3.0)))
            self.machinery.start_again(name)
            self.machinery.mend()
            self.done[name] = self.done.get(name, 0) + 1
