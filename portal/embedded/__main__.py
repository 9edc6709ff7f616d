"""`python -m portal.embedded postgres|demo|test …`: the servers of one machine, by hand."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from portal.embedded.postgres import PostgresUnavailable, start_cluster


def run_postgres(options: argparse.Namespace) -> int:
    """Starts a cluster and prints its addresses as `export` lines; stays in front unless told to detach."""
    cluster = start_cluster(
        options.data, port=options.port, durable=not options.fast, detached=options.detach
    )
    for name, value in cluster.addresses.as_environment().items():
        print(f"export {name}='{value}'", flush=True)
    if options.detach:
        return 0

    def end(signum: int, frame: FrameType | None) -> None:
        cluster.child.ask_to_end()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    cluster.child.popen.wait()
    cluster.stop()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m portal.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    postgres = commands.add_parser(
        "postgres", help="start a PostgreSQL and print DATABASE_URL and DATABASE_OWNER_URL"
    )
    postgres.add_argument("--data", type=Path, required=True, help="folder of the cluster; made when missing")
    postgres.add_argument("--port", type=int, help="a free one when left out")
    postgres.add_argument(
        "--fast", action="store_true", help="durability off: quick, and lost in a power cut"
    )
    postgres.add_argument("--detach", action="store_true", help="leave it running and return")
    postgres.set_defaults(run=run_postgres)
    options = parser.parse_args()
    try:
        return int(options.run(options))
    except PostgresUnavailable as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
