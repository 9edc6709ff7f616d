"""Runs a module of ours on bytes that nobody vouches for, in a process of its own with a time and a memory of its own.

Note [Confined]: whatever a file does to its reader, it does to a child that knows no database and no secret. The child
limits itself before it imports anything, reads the bytes from its standard input and writes its answer to its standard
output. This file is both sides: the parent imports it, the child is started with it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import runpy
import subprocess
import sys
from math import ceil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")

log = logging.getLogger(__name__)


class Overrun(Exception):
    """The child needed more time or memory than it was given, or died."""


def run_confined(module: str, content: bytes, *arguments: str, seconds: float, memory: int) -> bytes:
    """What `module`, run as a program with these arguments, answers to these bytes.

    `seconds` of work and so many bytes of memory are its own; by the clock of a busy machine it may take twice as long.
    Raises `Overrun`.
    """
    # -P: this folder's own modules must not stand in the way of the library's imports.
    command = [sys.executable, "-P", str(Path(__file__).resolve()), module]
    command += [str(seconds), str(memory), *arguments]
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=2 * seconds, check=False, env=environment
        )
    except subprocess.TimeoutExpired as error:
        raise Overrun from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        why = lines[-1][:200] if lines else ""
        log.warning("confined child failed", extra={"status": done.returncode, "why": why})
        raise Overrun
    return done.stdout


def limit_self(seconds: float, memory: int) -> None:
    """Give the process that this is so much time and memory, for good."""
    import resource  # noqa: PLC0415 -- only Unix has it, and only the child needs it

    with contextlib.suppress(ValueError, OSError):  # macOS knows this limit but does not keep it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(seconds), ceil(seconds)))  # it knows whole ones only


def main() -> None:
    """In the child: limits first, then the module."""
    _file, module, seconds, memory, *arguments = sys.argv
    limit_self(float(seconds), int(memory))
    sys.argv = [module, *arguments]
    sys.path.insert(0, str(ROOT))
    runpy.run_module(module, run_name="__main__")


if __name__ == "__main__":
    main()
