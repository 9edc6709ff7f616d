"""`python -m portal.embedded demo|test|quick|check|bench|run|postgres`: everything one machine can do by itself."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from portal.embedded.demo import run_demo
from portal.embedded.places import ROOT
from portal.embedded.postgres import start_cluster
from portal.embedded.postgres_home import PostgresUnavailable
from portal.embedded.testing import run_command, run_tests


def run_postgres(data: Path, *, port: int | None, fast: bool, detach: bool) -> int:
    """Starts a cluster and prints its addresses as `export` lines; stays in front unless told to detach."""
    cluster = start_cluster(data, port=port, durable=not fast, detached=detach)
    for name, value in cluster.addresses.as_environment().items():
        print(f"export {name}='{value}'", flush=True)
    if detach:
        return 0

    def end(signum: int, frame: FrameType | None) -> None:
        cluster.child.ask_to_end()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    cluster.child.popen.wait()
    cluster.stop()
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m portal.embedded", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="the whole portal, until Ctrl-C")
    for name, text in (("test", "all tests"), ("quick", "the tests that take no browser and little time")):
        commands.add_parser(name, help=text).add_argument("arguments", nargs="*", help="passed to pytest")
    commands.add_parser(
        "check", help="format, lint, types, imports, migrations, templates, secrets, licences"
    )
    commands.add_parser(
        "soak", help="promises, shipments, invoices and power cuts at random; takes half an hour"
    )
    commands.add_parser("bench", help="how fast it is; docs/bench.md tells how to choose")
    run = commands.add_parser("run", help="any command, with a database of its own")
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    postgres = commands.add_parser(
        "postgres", help="a PostgreSQL; prints DATABASE_URL and DATABASE_OWNER_URL"
    )
    postgres.add_argument("--data", type=Path, required=True, help="folder of the cluster; made when missing")
    postgres.add_argument("--port", type=int, help="a free one when left out")
    postgres.add_argument(
        "--fast", action="store_true", help="durability off: quick, and lost in a power cut"
    )
    postgres.add_argument("--detach", action="store_true", help="leave it running and return")
    return top


def chosen_tests(options: argparse.Namespace) -> list[str]:
    """What pytest is told: the arguments, and ARGS, in which `make` hands them over."""
    return [*options.arguments, *shlex.split(os.environ.get("ARGS", ""))]


def run_bench() -> NoReturn:
    """Starts its own servers, and keeps what it measured: see docs/bench.md."""
    os.execv(sys.executable, [sys.executable, "-m", "tests.bench"])


def main() -> int:
    options, more = parser().parse_known_args()
    if more and options.command not in ("test", "quick"):
        parser().error(f"unknown: {shlex.join(more)}")
    match options.command:
        case "demo":
            return run_demo()
        case "test":
            return run_tests([*more, *chosen_tests(options)])
        case "quick":
            return run_tests([*more, *chosen_tests(options)], markers="not browser and not slow")
        case "check":
            return run_command([sys.executable, "-m", "portal.checks"])
        case "soak":
            return subprocess.run([sys.executable, "-m", "tests.soak"], cwd=ROOT, check=False).returncode
        case "bench":
            return run_bench()
        case "run":
            return run_command(options.arguments)
        case _:
            return run_postgres(options.data, port=options.port, fast=options.fast, detach=options.detach)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PostgresUnavailable as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
