"""What production refuses to start with, each as a sentence that says what to do."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from django.core.exceptions import ImproperlyConfigured

from portal.kernel.sealing import SealingKey

KEY_LENGTH = 50
KEY_DIFFERENT_SIGNS = 12
# What signs or opens something besides SECRET_KEY: each its own, or who learns one has all.
SIGNING_SECRETS = ("AUDIT_SEAL_KEY", "ALERT_WEBHOOK_SECRET", "MAIL_IN_WEBHOOK_SECRET", "METRICS_TOKEN")
SECRET_LENGTH = 32
# What stands in examples and in what a machine writes by itself. Nobody draws these at random.
KNOWN_WORDS = re.compile(
    r"django-insecure|change.?me|secret.?key|example|password|quayside|0123456789", re.IGNORECASE
)
OWNING_USERS = frozenset({"postgres", "quayside_owner"})


@dataclass(frozen=True)
class Start:
    """The part of the settings that can be dangerous."""

    secret_key: str
    debug: bool
    allowed_hosts: Sequence[str]
    public_url: SplitResult
    database: SplitResult | None
    broker: SplitResult | None
    cache: SplitResult | None
    mail: SplitResult | None
    erp: SplitResult | None
    erp_in_the_clear: bool
    embedded: bool
    former_keys: Sequence[str] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    bank_keys: Sequence[str] = ()
    opens_numbers: bool = True


def refuse_unsafe_start(start: Start) -> None:
    """Production runs safely or not at all; every problem is named at once."""
    found = list(problems(start))
    if found:
        sentences = "\n".join(f"  - {sentence}" for sentence in found)
        raise ImproperlyConfigured(
            f"Quayside does not start in production like this:\n{sentences}\n"
            "docs/operations.md explains each setting. QUAYSIDE_MODE=local is for one machine only."
        )


def problems(start: Start) -> Iterator[str]:
    """Each sentence is one reason not to start."""
    if not start.secret_key:
        yield "SECRET_KEY is not set. Give it 50 or more random characters."
    elif len(start.secret_key) < KEY_LENGTH or len(set(start.secret_key)) < KEY_DIFFERENT_SIGNS:
        yield f"SECRET_KEY is too weak: it needs {KEY_LENGTH} random characters or more."
    elif KNOWN_WORDS.search(start.secret_key) or _repeats(start.secret_key):
        yield "SECRET_KEY is not random: it has a word or a pattern in it. Draw one with a generator."
    yield from _weak_secrets(start)
    if start.debug:
        yield "DEBUG is on. It shows settings and data to strangers."
    if not start.allowed_hosts:
        yield "ALLOWED_HOSTS is empty. Name the host people type, for example portal.example.com."
    elif any(host.strip() in ("*", ".") for host in start.allowed_hosts):
        yield "ALLOWED_HOSTS allows every host. Name the hosts."
    if start.public_url.scheme != "https":
        yield "PUBLIC_URL must start with https://: passwords travel over it."
    if start.database is None:
        yield "DATABASE_URL is not set."
    elif start.database.username in OWNING_USERS:
        yield "DATABASE_URL signs in as an owner of tables. Use quayside_app, which row level security binds."
    if start.broker is None:
        yield "BROKER_URL is not set. Redis, Valkey or RabbitMQ."
    elif start.broker.scheme == "memory":
        yield "BROKER_URL is memory://, which no worker can hear."
    if start.cache is None:
        yield "CACHE_URL is not set. Without a shared cache, sign-in limits count per process."
    if start.mail is None:
        yield "EMAIL_URL is not set: nobody could reset a password. smtp+tls://user:password@host:587."
    elif start.mail.scheme == "mailbox":
        yield "EMAIL_URL is mailbox:, a demo's: it mails nobody and shows everybody's mail to whoever looks."
    if start.erp and start.erp.scheme == "http" and not (start.erp_in_the_clear or _is_here(start.erp)):
        yield (
            "ERP_URL starts with http://: the ERP's password and all orders would travel in the clear. Use https://, "
            "or say ERP_IN_THE_CLEAR=1 where nobody else is on the way there."
        )
    if not start.opens_numbers:
        if start.bank_keys:
            yield "OPENS_NUMBERS is 0, and yet BANK_KEYS is set. A process that opens no number has no key to it."
    elif not start.bank_keys:
        yield (
            "BANK_KEYS is not set: account numbers are sealed with it. Give it 32 random bytes in base64, such as "
            "`openssl rand -base64 32` prints, and keep a copy where no backup of the database is."
        )
    else:
        yield from _weak_bank_keys(start)
    if start.embedded:
        yield "The embedded servers are for demos and tests on one machine. Set DATABASE_URL and BROKER_URL."


def _weak_secrets(start: Start) -> Iterator[str]:
    """Former keys are still believed, so they must be as good; and no two things may be opened by one secret."""
    for former in start.former_keys:
        if len(former) < KEY_LENGTH or len(set(former)) < KEY_DIFFERENT_SIGNS:
            yield "SECRET_KEY_FALLBACKS has a key that is too weak: what it signed is still believed. Leave it out."
        if former == start.secret_key:
            yield "SECRET_KEY_FALLBACKS has the SECRET_KEY itself: it was not changed."
    used = {start.secret_key: "SECRET_KEY"}
    for name, secret in start.secrets.items():
        if len(secret) < SECRET_LENGTH or len(set(secret)) < KEY_DIFFERENT_SIGNS or _repeats(secret):
            yield f"{name} is too weak: it needs {SECRET_LENGTH} random characters or more."
        if secret in used:
            yield f"{name} is the same as {used[secret]}. Each secret must be its own."
        used.setdefault(secret, name)


def _repeats(secret: str) -> bool:
    """Whether a secret is one short piece again and again."""
    return bool(secret) and secret in (secret + secret)[1:-1]


def _weak_bank_keys(start: Start) -> Iterator[str]:
    for position, one in enumerate(start.bank_keys, 1):
        try:
            SealingKey.of(one)
        except ValueError:
            yield f"BANK_KEYS: key {position} is not 32 random bytes in base64 (`openssl rand -base64 32`)."


def _is_here(address: SplitResult) -> bool:
    """Whether what is sent there stays on this machine."""
    if address.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.hostname or "").is_loopback
    except ValueError:
        return False
