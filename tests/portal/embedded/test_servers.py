"""The embedded PostgreSQL and Valkey are real ones, closed to everybody else."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from portal import backing
from portal.embedded import ports, postgres, postgres_home, valkey
from portal.kernel.counting import SharedCache

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster")
    for above in (folder, *folder.parents[:2]):
        above.chmod(0o755)  # as root the server runs as somebody else, who must be able to walk here
    return folder


@pytest.fixture(scope="module")
def cluster(home: Path) -> Iterator[postgres.Cluster]:
    started = postgres.start_cluster(home)
    yield started
    started.stop()


def ask(address: str, question: str, *more: str):
    with psycopg.connect(address) as connection:
        for statement in more:
            connection.execute(statement)
        return connection.execute(question).fetchone()


def test_the_login_is_no_superuser_and_bypasses_nothing(cluster):
    question = (
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolinherit FROM pg_roles WHERE rolname = current_user"
    )

    assert ask(cluster.addresses.login, question) == (False, False, False, False)
    assert ask(cluster.addresses.owner, question) == (False, False, True, True)


@pytest.mark.parametrize("role", postgres.SCOPE_ROLES)
def test_the_login_may_take_the_scope_roles_and_inherits_nothing_from_them(cluster, role):
    assert ask(cluster.addresses.login, "SELECT current_user", f"SET LOCAL ROLE {role}") == (role,)
    assert ask(cluster.addresses.login, f"SELECT pg_has_role('{role}', 'USAGE')") == (False,)


def test_the_login_may_not_become_the_owner(cluster):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(cluster.addresses.login, "SELECT 1", "SET ROLE quayside_owner")


def test_a_wrong_password_keeps_out(cluster):
    password = json.loads((cluster.home / "passwords.json").read_text())[postgres.LOGIN]
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        ask(cluster.addresses.login.replace(password, "wrong"), "SELECT 1")


def test_it_listens_on_this_machine_only_and_has_no_socket_file(cluster):
    assert ask(cluster.addresses.owner, "SELECT current_setting('listen_addresses')") == ("127.0.0.1",)
    assert cluster.answers_yes("SELECT current_setting('unix_socket_directories') = ''")


def test_words_sort_and_fold_the_same_on_every_machine(cluster):
    assert ask(cluster.addresses.owner, "SELECT lower('ÄÖ'), 'Z' < 'a', current_setting('TimeZone')") == (
        "äö",
        True,
        "UTC",
    )


def test_passwords_are_for_their_owner_alone(cluster):
    assert stat.S_IMODE((cluster.home / "passwords.json").stat().st_mode) == 0o600


def test_an_emptied_folder_means_a_new_cluster(cluster, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("18")  # what is left where the data had to lie outside the folder

    tmp_path.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "data_folder", lambda home: data)
        patch.setattr(postgres, "make_cluster", lambda binaries, folder, password: made.append(folder))
        made: list[Path] = []
        with pytest.raises(postgres_home.PostgresUnavailable):
            postgres.start_cluster(tmp_path, durable=False)

    assert made == [data]


def test_it_comes_back_after_a_crash_with_what_was_committed(cluster):
    with psycopg.connect(cluster.addresses.owner) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")
    with psycopg.connect(cluster.addresses.owner) as connection:
        left = connection.info.backend_pid
        os.kill(left, signal.SIGSTOP)  # it stays, and holds its memory, after its postmaster is gone
        cluster.child.popen.kill()
        cluster.child.popen.wait()
        going_on = threading.Timer(1.5, os.kill, [left, signal.SIGCONT])
        going_on.start()

        again = postgres.start_cluster(cluster.home)

    try:
        going_on.join()
        assert postgres.HELD_MEMORY in (cluster.home / "postgres.log").read_text()
        assert ask(again.addresses.owner, "SELECT word FROM kept") == ("here",)
        assert again.answers_yes("SELECT EXISTS (SELECT FROM kept)")
        assert not again.answers_yes("SELECT EXISTS (SELECT FROM not_there)")
    finally:
        again.stop()


def test_valkey_answers_with_its_password_and_is_silent_without(tmp_path):
    server = valkey.start_server(tmp_path / "valkey", log=tmp_path / "valkey.log")
    try:
        with redis.Redis.from_url(server.broker_url) as messages:
            messages.set("word", "kept")
        with redis.Redis.from_url(server.cache_url) as cache:
            assert cache.get("word") is None
        port = int(server.address.rpartition(":")[2])
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("word")
        assert stat.S_IMODE((tmp_path / "valkey" / "valkey.conf").stat().st_mode) == 0o600
    finally:
        server.stop()

    again = valkey.start_server(tmp_path / "valkey", log=tmp_path / "valkey.log")
    try:
        with redis.Redis.from_url(again.broker_url) as messages:
            assert messages.get("word") == b"kept"
    finally:
        again.stop()


def test_a_free_port_is_none_that_an_outgoing_connection_is_given():
    given = [ports.free_port() for _server in range(20)]

    assert [port for port in given if port >= 32_768] == []


def test_a_held_port_is_passed_over_and_nobody_can_take_it_meanwhile():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert ports.reserved(port) is None
        with ports.first_reserved(port) as ours:
            assert ours.getsockname()[1] != port
            assert ports.reserved(ours.getsockname()[1]) is None


def test_what_comes_is_counted_once_for_all_processes_and_in_one_journey(tmp_path):
    server = valkey.start_server(tmp_path / "valkey", log=tmp_path / "valkey.log")
    try:
        described = backing.cache(urlsplit(server.cache_url))
        one, other = (SharedCache(described["LOCATION"], described) for _each in range(2))
        counted = [cache.tally("asha", 60) for cache in (one, other, one)]
        assert [count for count, _left in counted] == [1, 2, 3]
        assert all(0 < left <= 60 for _count, left in counted)
        assert one.tally("arun", 60)[0] == 1
        assert one.get("asha") == 3

        with redis.Redis.from_url(server.cache_url) as watching:
            before = watching.info("commandstats")
            journeys = watching.info("stats")["total_reads_processed"]
            one.tally("asha", 60)
            # One for the count, one for this very question.
            assert watching.info("stats")["total_reads_processed"] - journeys == 2
            asked = watching.info("commandstats")
            assert {
                name
                for name, told in asked.items()
                if told["calls"] != before.get(name, {"calls": 0})["calls"] and name != "cmdstat_info"
            } == {"cmdstat_multi", "cmdstat_set", "cmdstat_incrby", "cmdstat_pttl", "cmdstat_exec"}

        assert one.tally("soon", 1) == (1, 1)
        deadline = time.monotonic() + 10
        while one.get("soon") is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert one.tally("soon", 1) == (1, 1)
    finally:
        server.stop()


def test_a_cache_that_takes_no_call_holds_nobody_up_for_long():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        described = backing.cache(urlsplit(f"redis://127.0.0.1:{silent.getsockname()[1]}/1"))
        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            SharedCache(described["LOCATION"], described).tally("asha", 60)
        assert time.monotonic() - began < 5
