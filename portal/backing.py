"""From the addresses in the environment to what Django wants to know about database, cache and mail."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote

POSTGRES_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "rediss", "valkey", "valkeys")
BROKER_SCHEMES = ("redis", "rediss", "sentinel", "amqp", "amqps", "memory")
MAIL_SCHEMES = ("smtp", "smtps", "smtp+tls", "console", "file", "memory")

# Note [Owner]: every day the portal signs in to PostgreSQL as a role that owns nothing, so that row level
# security holds for it. Only the commands below deal with the tables themselves; they sign in as the owner.
OWNER_COMMANDS = frozenset({"migrate", "makemigrations", "showmigrations", "sqlmigrate", "flush"})


def runs_as_owner(arguments: Sequence[str] | None = None) -> bool:
    """Whether this process is one of the few commands that change tables. See Note [Owner]."""
    arguments = sys.argv if arguments is None else arguments
    return len(arguments) > 1 and arguments[0].endswith("manage.py") and arguments[1] in OWNER_COMMANDS


def database(address: SplitResult, *, pool_size: int, statement_timeout: int) -> dict[str, Any]:
    """Django's description of a PostgreSQL address.

    The pool is for the threads of one web process; a worker, which forks, keeps one connection.
    """
    options: dict[str, Any] = dict(parse_qsl(address.query))
    options["application_name"] = "quayside"
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
        "CONN_HEALTH_CHECKS": not pool_size,
        "OPTIONS": options,
    }


def cache(address: SplitResult | None) -> dict[str, Any]:
    """A cache shared by all processes, where rate limits count; without an address one process' own."""
    if address is None:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(address.scheme, address.scheme)
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": address._replace(scheme=scheme).geturl(),
        "KEY_PREFIX": "quayside",
    }


def broker(address: SplitResult) -> str:
    """The broker's address as Celery wants it; `memory://` would lose its slashes on the way."""
    return "memory://" if address.scheme == "memory" else address.geturl()


def mail(address: SplitResult) -> dict[str, Any]:
    """Django's EMAIL_* settings for smtp://, smtp+tls:// (STARTTLS), smtps://, console:, file:, memory:."""
    if address.scheme in ("console", "memory"):
        backend = "locmem" if address.scheme == "memory" else "console"
        return {"EMAIL_BACKEND": f"django.core.mail.backends.{backend}.EmailBackend"}
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
