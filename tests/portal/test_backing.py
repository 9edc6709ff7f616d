"""From addresses to Django's settings."""

from __future__ import annotations

import ssl
import time
from urllib.parse import urlsplit

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

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
    assert described["CONN_HEALTH_CHECKS"] is True
    assert "statement_timeout=60000" in described["OPTIONS"]["options"]


@pytest.mark.parametrize(("pooler", "cursors_off"), [("session", False), ("transaction", True)])
def test_behind_a_pooler_nothing_is_asked_for_when_a_connection_begins(pooler, cursors_off):
    described = backing.database(DATABASE, pool_size=8, statement_timeout=60, pooler=pooler)

    assert "options" not in described["OPTIONS"]
    assert described["OPTIONS"]["prepare_threshold"] is None
    assert described["DISABLE_SERVER_SIDE_CURSORS"] is cursors_off


def test_several_hosts_are_named_as_the_library_reads_them():
    several = urlsplit("postgresql://quayside_app:x@db1,db2/quay?target_session_attrs=read-write")

    described = backing.database(several, pool_size=0, statement_timeout=0)

    assert (described["HOST"], described["PORT"]) == ("db1,db2", "5432")
    assert described["OPTIONS"]["target_session_attrs"] == "read-write"


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


def test_valkey_is_a_broker_by_its_own_name():
    assert backing.broker(urlsplit("valkeys://:x@h:6379/0")) == "rediss://:x@h:6379/0"


@pytest.mark.parametrize("address", ["redis://h/0", "amqp://h//", "memory://"])
def test_a_broker_without_tls_has_nothing_to_prove(address):
    assert backing.broker_tls(urlsplit(address), "/etc/ca.pem") is None


@pytest.mark.parametrize("address", ["rediss://:x@h/0", "valkeys://:x@h/0"])
def test_redis_over_tls_proves_its_certificate_and_its_name(address):
    assert backing.broker_tls(urlsplit(address), "/etc/ca.pem") == {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
        "ssl_ca_certs": "/etc/ca.pem",
    }


def test_rabbitmq_over_tls_proves_its_certificate_and_its_name():
    assert backing.broker_tls(urlsplit("amqps://u:p@rabbit.internal//"), "") == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "rabbit.internal",
    }


@pytest.mark.parametrize("address", ["redis://127.0.0.1:1/0", "amqp://u:p@127.0.0.1:1//"])
def test_a_click_does_not_wait_for_a_broker_that_is_away(address):
    app = Celery(broker=address, set_as_current=False)
    app.conf.broker_transport_options = backing.broker_options(urlsplit(address))
    app.conf.broker_connection_timeout = 3
    began = time.monotonic()

    with pytest.raises(OperationalError):
        app.send_task("outbox.deliver", retry=False)

    assert time.monotonic() - began < 2


def test_redis_brings_a_dead_workers_message_back_after_the_longest_task():
    options = backing.broker_options(urlsplit("valkey://h/0"))

    assert options["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT
    assert "visibility_timeout" not in backing.broker_options(urlsplit("amqp://h//"))


@pytest.mark.parametrize(
    ("address", "tls", "secure", "port"),
    [
        ("smtp://h", False, False, 25),
        ("smtp+tls://u:p@h", True, False, 587),
        ("smtps://h:4650", False, True, 4650),
    ],
)
def test_mail_by_smtp(address, tls, secure, port):
    described = backing.mail(urlsplit(address))

    assert (described["EMAIL_USE_TLS"], described["EMAIL_USE_SSL"], described["EMAIL_PORT"]) == (
        tls,
        secure,
        port,
    )


def test_mail_into_a_folder():
    assert backing.mail(urlsplit("file:/tmp/mail"))["EMAIL_FILE_PATH"] == "/tmp/mail"


def test_mail_into_the_mailbox_of_a_demo():
    described = backing.mail(urlsplit("mailbox:/var/mailbox"))

    assert described == {"EMAIL_BACKEND": "portal.mailbox.MailboxBackend", "MAILBOX_FOLDER": "/var/mailbox"}


def test_mail_through_a_provider():
    described = backing.mail(urlsplit("anymail://postmark"))

    assert described == {"EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend"}
