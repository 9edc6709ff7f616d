"""From the addresses in the environment to what Django wants to know about database, cache and mail."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote

POSTGRES_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "rediss", "valkey", "valkeys")
BROKER_SCHEMES = (*REDIS_SCHEMES, "sentinel", "amqp", "amqps", "memory")
AS_REDIS = {"valkey": "redis", "valkeys": "rediss"}
POOLERS = ("none", "session", "transaction")
MAIL_SCHEMES = ("smtp", "smtps", "smtp+tls", "console", "file", "memory", "mailbox", "anymail")

# Note [Owner]: every day the portal signs in to PostgreSQL as a role that owns nothing, so that row level
# security holds for it. Only the commands below deal with the tables themselves; they sign in as the owner.
OWNER_COMMANDS = frozenset(
    {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "flush", "erase_audit_names"}
)

# Note [Pooler]: behind a pooler such as PgBouncer, `DATABASE_POOLER` says how it hands out connections. The scope is
# set with SET LOCAL and ends with its transaction, so a pool that changes hands after each transaction carries nobody's
# scope to the next (tests/machines/test_pooler.py). Such a pool takes no settings when a connection begins, so the time
# limits are its own to set (deploy/pgbouncer.ini); and it keeps no cursor and no advisory lock beyond a transaction, so
# the outbox, whose leases are such locks, refuses to be delivered through it.


def runs_as_owner(arguments: Sequence[str] | None = None) -> bool:
    """Whether this process is one of the few commands that change tables. See Note [Owner]."""
    arguments = sys.argv if arguments is None else arguments
    return len(arguments) > 1 and arguments[0].endswith("manage.py") and arguments[1] in OWNER_COMMANDS


def database(
    address: SplitResult, *, pool_size: int, statement_timeout: int, pooler: str = "none"
) -> dict[str, Any]:
    """Django's description of a PostgreSQL address.

    The pool is for the threads of one web process; a worker, which forks, keeps one connection. See Note [Pooler].
    """
    options: dict[str, Any] = dict(parse_qsl(address.query))
    options["application_name"] = "quayside"
    options["prepare_threshold"] = None
    if pooler == "none":
        limits = [
            f"-c statement_timeout={statement_timeout * 1000}",
            "-c idle_in_transaction_session_timeout=300000",
        ]
        options["options"] = " ".join(filter(None, [options.get("options"), *limits]))
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(address.path.lstrip("/")),
        "USER": unquote(address.username or ""),
        "PASSWORD": unquote(address.password or ""),
        "HOST": address.hostname or "",
        "PORT": str(address.port or 5432),
        "ATOMIC_REQUESTS": False,  # the door opens the transaction, with its scope
        "CONN_MAX_AGE": 0 if pool_size else 60,
        "CONN_HEALTH_CHECKS": True,  # a restarted PostgreSQL costs a pooled connection, not a person's click
        "DISABLE_SERVER_SIDE_CURSORS": pooler == "transaction",
        "OPTIONS": options,
    }


def cache(address: SplitResult | None) -> dict[str, Any]:
    """A cache shared by all processes, where rate limits count; without an address one process' own."""
    if address is None:
        return {"BACKEND": "portal.kernel.counting.OwnCache"}
    return {
        "BACKEND": "portal.kernel.counting.SharedCache",
        "LOCATION": address._replace(scheme=AS_REDIS.get(address.scheme, address.scheme)).geturl(),
        "KEY_PREFIX": "quayside",
        # Every page counts there: none may hang with a cache that takes no call.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }


def broker(address: SplitResult) -> str:
    """The broker's address as Celery wants it; `memory://` would lose its slashes on the way."""
    if address.scheme == "memory":
        return "memory://"
    return address._replace(scheme=AS_REDIS.get(address.scheme, address.scheme)).geturl()


def broker_tls(address: SplitResult | None, authority: str) -> dict[str, Any] | None:
    """How the broker proves who it is, where the address asks for TLS: its certificate and its name are checked.

    Left to themselves, the client of `rediss://` checks nothing and that of `amqps://` no name. `authority` is a file
    with the certificates to believe; without one, those of the system.
    """
    scheme = AS_REDIS.get(address.scheme, address.scheme) if address else ""
    if scheme == "rediss":
        believed = {"ssl_ca_certs": authority} if authority else {}
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True, **believed}
    if address and scheme == "amqps":
        believed = {"ca_certs": authority} if authority else {}
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": address.hostname, **believed}
    return None


def broker_options(address: SplitResult | None) -> dict[str, Any]:
    """How long a process waits for a broker that is away, and when a message whose worker died comes back.

    A hint is worth no waiting: without the first three a click would take six seconds longer while the broker is away.
    RabbitMQ hands a dead worker's message on at once. Redis does after the visibility timeout, which must exceed the
    longest task; Kombu's defaults look for such messages only every 100 seconds.
    """
    options: dict[str, Any] = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
    if address and address.scheme in (*REDIS_SCHEMES, "sentinel"):
        options |= {
            "visibility_timeout": 900,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 3,
            "socket_timeout": 10,
        }
    return options


def mail(address: SplitResult) -> dict[str, Any]:
    """Django's EMAIL_* settings for smtp://, smtp+tls:// (STARTTLS), smtps://, console:, file:, memory:, and others'.

    `mailbox:/a/folder` keeps mails for the page `/mailbox/`; `anymail://postmark` is a provider of django-anymail.
    """
    if address.scheme in ("console", "memory"):
        backend = "locmem" if address.scheme == "memory" else "console"
        return {"EMAIL_BACKEND": f"django.core.mail.backends.{backend}.EmailBackend"}
    if address.scheme == "mailbox":
        return {
            "EMAIL_BACKEND": "portal.mailbox.MailboxBackend",
            "MAILBOX_FOLDER": unquote(address.path),
        }
    if address.scheme == "anymail":
        return {"EMAIL_BACKEND": f"anymail.backends.{address.hostname}.EmailBackend"}
    if address.scheme == "file":
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(address.path),
        }
    usual_port = {"smtp": 25, "smtp+tls": 587, "smtps": 465}[address.scheme]
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": address.hostname or "localhost",
        "EMAIL_PORT": address.port or usual_port,
        "EMAIL_HOST_USER": unquote(address.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(address.password or ""),
        "EMAIL_USE_TLS": address.scheme == "smtp+tls",
        "EMAIL_USE_SSL": address.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }
