"""`make test`, `make check`: the same servers, made for one run and thrown away."""

from __future__ import annotations

import os
import secrets
import shlex
import sys
import tempfile
from pathlib import Path

from portal.embedded import native, postgres
from portal.embedded.places import ROOT
from portal.embedded.postgres_home import PostgresUnavailable
from portal.embedded.supervisor import Failed, Stopping, Supervisor


def run_tests(arguments: list[str], *, markers: str = "") -> int:
    """Runs pytest on a PostgreSQL of its own (or on DATABASE_URL) and answers pytest's exit code.

    Everything runs side by side on several cores; a chosen few do not, since each core makes a database.
    """
    side_by_side = [] if arguments else ["-n", str(min(os.cpu_count() or 1, 4)), "--dist", "worksteal"]
    chosen = ["-m", markers] if markers else []
    if markers:
        os.environ["PROPERTY_TESTS"] = "quick"  # fewer examples of each; read by tests/conftest.py
    return with_database([sys.executable, "-m", "pytest", "-rsfE", *chosen, *side_by_side, *arguments])


def run_command(arguments: list[str]) -> int:
    """Runs any command with a database of its own in its environment."""
    return with_database(arguments)


def with_database(command: list[str]) -> int:
    env = test_environment()
    if "DATABASE_URL" in env:
        os.chdir(ROOT)
        os.execvpe(command[0], command, env)
    with tempfile.TemporaryDirectory(prefix="quayside-test-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server may run as another user
        try:
            with Supervisor(home / "run") as supervisor:
                cluster = postgres.start_cluster(home / "postgres", durable=False)
                supervisor.adopt(cluster.child)
                return supervisor.run_in_front(
                    command, env=env | cluster.addresses.as_environment(), cwd=ROOT
                )
        except Stopping:
            return 130
        except (Failed, PostgresUnavailable) as problem:
            print(f"{shlex.join(command)} cannot run: {problem}", file=sys.stderr)
            return 1


def test_environment() -> dict[str, str]:
    env = {
        name: value for name, value in os.environ.items() if name not in ("DEBUG", "MAKEFLAGS", "MAKELEVEL")
    }
    env.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
    env["QUAYSIDE_MODE"] = "test"
    env["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    env["BROKER_URL"] = "memory://"
    # Tests ask for more in a minute than any person; what happens then has tests that say how much it is.
    env["PAGES_A_MINUTE"] = env["WRITES_A_MINUTE"] = "1000000"
    for name in ("CACHE_URL", "EMAIL_URL", "PUBLIC_URL", "ALLOWED_HOSTS"):
        env.pop(name, None)
    return env | (native.environment_for_pdf(ROOT / "var" / "native") or {})
