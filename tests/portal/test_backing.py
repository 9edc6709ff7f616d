"""From addresses to Django's settings."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from portal import backing

DATABASE = urlsplit("postgresql://quayside_app:p%40ss@db.internal:6432/quay?sslmode=verify-full")


def test_a_worker_keeps_one_connection():
    described = backing.database(DATABASE, pool_size=0, statement_timeout=0)

    assert (described["USER"], described["PASSWORD"], described["NAME"]) == ("quayside_app", "p@ss", "quay")
    assert (described["HOST"], described["PORT"]) == ("db.internal", "6432")
    assert described["OPTIONS"]["sslmode"] == "verify-full"
    assert described["CONN_MAX_AGE"] == 60
    assert "pool" not in described["OPTIONS"]


def test_the_threads_of_a_web_process_share_a_pool():
    described = backing.database(DATABASE, pool_size=8, statement_timeout=60)

    assert described["OPTIONS"]["pool"]["max_size"] == 8
    assert described["CONN_MAX_AGE"] == 0
    assert "statement_timeout=60000" in described["OPTIONS"]["options"]


def test_no_request_gets_a_transaction_without_a_scope():
    assert backing.database(DATABASE, pool_size=0, statement_timeout=0)["ATOMIC_REQUESTS"] is False


@pytest.mark.parametrize(
    ("arguments", "owner"),
    [
        (["manage.py", "migrate"], True),
        (["/srv/quayside/manage.py", "showmigrations"], True),
        (["manage.py", "seed_demo"], False),
        (["manage.py", "shell"], False),
        (["gunicorn", "migrate"], False),
        (["manage.py"], False),
    ],
)
def test_only_commands_about_tables_run_as_their_owner(arguments, owner):
    assert backing.runs_as_owner(arguments) is owner


def test_valkey_is_spoken_to_as_redis():
    assert (
        backing.cache(urlsplit("valkey://:x@cache.internal/1"))["LOCATION"] == "redis://:x@cache.internal/1"
    )


@pytest.mark.parametrize("address", ["memory://", "redis://:x@h:6379/0", "amqp://u:p@h//"])
def test_the_broker_is_called_as_it_was_named(address):
    assert backing.broker(urlsplit(address)) == address


@pytest.mark.parametrize(
    ("address", "tls", "ssl", "port"),
    [
        ("smtp://h", False, False, 25),
        ("smtp+tls://u:p@h", True, False, 587),
        ("smtps://h:4650", False, True, 4650),
    ],
)
def test_mail_by_smtp(address, tls, ssl, port):
    described = backing.mail(urlsplit(address))

    assert (described["EMAIL_USE_TLS"], described["EMAIL_USE_SSL"], described["EMAIL_PORT"]) == (
        tls,
        ssl,
        port,
    )


def test_mail_into_a_folder():
    assert backing.mail(urlsplit("file:/tmp/mail"))["EMAIL_FILE_PATH"] == "/tmp/mail"
