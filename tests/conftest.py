"""What every test stands on: a database made by the owner and used by the login, and no network."""

from __future__ import annotations

import gc
import ipaddress
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from tests.database import Tidying, drop_database, empty_all_tables, make_database, owner
from tests.durations import left_out
from tests.thoroughly import EVERYTHING

# How long an example takes says more about the machine than about the code; `make bench` is for speed.
settings.register_profile(
    "quayside",
    deadline=None,
    max_examples=200 if EVERYTHING else 50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("quick", parent=settings.get_profile("quayside"), max_examples=20)
settings.load_profile(os.environ.get("PROPERTY_TESTS", "quayside"))

LOCAL_NAMES = frozenset({"localhost", "ip6-localhost", ""})


def pytest_configure(config: pytest.Config) -> None:
    if not os.environ.get("DATABASE_URL") or not os.environ.get("DATABASE_OWNER_URL"):
        pytest.exit(
            "The tests need a PostgreSQL: run `make test ARGS='tests/…'`, which starts one, or set "
            "DATABASE_URL and DATABASE_OWNER_URL (docs/operations.md, Roles).",
            returncode=4,
        )
    sys.addaudithook(only_this_machine)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays for the whole run: whoever looks for cycles to free need not go over it each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 10, 10)
        gc.enable()


# The demo's company is loaded first: a database that thousands of tests have rolled back in reads it ten times slower.
# Then what is long in one piece: with such a one last, a core would stand idle beside it.
FIRST = (
    "tests/procurement/demo/",
    "tests/erp/",
    "tests/machines/",
    "tests/bench/",
    "tests/portal/embedded/",
    "tests/browser/",
)


# `make quick` is a loop of two minutes: what walks over every door for everybody, or takes long for another reason
# (tests/durations.py), is for `make test`. So is what commits: each such test empties two hundred tables again.
ROOT = Path(__file__).parent.parent
QUICK = os.environ.get("PROPERTY_TESTS") == "quick"
NOT_QUICK = ("tests/api/test_schema.py", "tests/concurrency/", "tests/tenancy/test_matrix.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A run begins with what is long and ends with what is short."""
    items.sort(key=place)
    if QUICK and (others := [one for one in items if not is_quick(one)]):
        config.hook.pytest_deselected(items=others)
        items[:] = [one for one in items if is_quick(one)]


def is_quick(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    name = item.path.relative_to(ROOT).as_posix()
    commits = mark is not None and mark.kwargs.get("transaction")
    return not commits and not name.startswith(NOT_QUICK) and name not in left_out()


def place(item: pytest.Item) -> int:
    path = item.path.as_posix()
    return next((number for number, folder in enumerate(FIRST) if folder in path), len(FIRST))


# --- No network ---------------------------------------------------------------------------------------------


class NetworkUsed(RuntimeError):
    """A test reached for another machine."""


def only_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    """Python asks this hook before every connection: tests talk to this machine and nobody else."""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not is_this_machine(str(address[0])):
            raise NetworkUsed(f"a test tried to connect to {address!r}")
    elif event == "socket.getaddrinfo" and not is_this_machine(as_text(arguments[0])):
        raise NetworkUsed(f"a test tried to look up {arguments[0]!r}")


def as_text(host: str | bytes | None) -> str:
    return host.decode() if isinstance(host, bytes) else (host or "")


def is_this_machine(host: str) -> bool:
    if host in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


# --- Database: made by the owner, used by the login ---------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: Any,
    django_db_keepdb: bool,
    django_db_createdb: bool,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    """In place of pytest-django's own, which would make and use it as the same role."""
    former = str(connection.settings_dict["NAME"])
    with django_db_blocker.unblock():
        name = make_database(keep=django_db_keepdb and not django_db_createdb)
        owner()
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            drop_database(name, former)


@pytest.fixture(scope="session", autouse=True)
def owner_empties_tables() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_all_tables)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Between two tests, when nothing of the first is left."""
    began = time.monotonic()
    done = yield
    TIDYING.after(time.monotonic() - began)
    return done


TIDYING = Tidying()


@pytest.fixture(scope="session", autouse=True)
def links_that_approve() -> Iterator[None]:
    """Approving by a mailed link is off by itself; the tests are about how it goes."""
    with pytest.MonkeyPatch.context() as patch:
        limits = dict.fromkeys(("EUR", "USD", "GBP", "CHF"), Decimal(10_000))
        patch.setattr(django_settings, "APPROVE_BY_LINK_LIMIT", limits)
        yield


# --- The small world ----------------------------------------------------------------------------------------


@pytest.fixture
def world(db: None) -> dict[str, Any]:
    """Master data, and the suppliers by number."""
    from tests.builders.world import make_world

    return make_world()


@pytest.fixture
def people(world: dict[str, Any]) -> dict[str, Any]:
    """Everybody of tests/people.py, with the world they live in."""
    from portal.kernel.scope import acting
    from tests.people import FEED, make_people

    with acting(FEED):
        return make_people(world)


@pytest.fixture
def tokens(world: dict[str, Any]) -> Callable[..., Any]:
    """Programs: `tokens("ACME")` asks as one of a supplier, `tokens()` as the buying side's integration."""
    from tests.builders.programs import a_program

    return lambda number=None, scope=None: a_program(world[number] if number else None, scope)
