"""Log lines a machine can read: one JSON object each, with the story they belong to and without secrets."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from portal.kernel import correlation

HIDDEN = "[hidden]"
SECRET_NAMES = re.compile(
    r"pass(word|wd)|secret|token|authorization|cookie|api_?key|signature|credential", re.IGNORECASE
)
# What opens one of our pages without signing in, ends something, or chooses a new password: every address of ours that
# carries a token (a test walks them all), also as programs that guard mails write it into an address of their own.
_OPENS = (
    "l|approve|asked|notices/stop|join|register|wake|address/new|address/old|signin/confirm|signin/stop|bank/not-me"
    "|accounts/password/reset/key"
)
LINK = (
    re.compile(
        rf"((?:/|%2F)(?:{_OPENS.replace('/', '(?:/|%2F)')})(?:/|%2F))[\w-]{{20,}}(?:(?::|%3A)[\w:-]++)*+",
        re.ASCII | re.IGNORECASE,
    ),
    rf"\1{HIDDEN}",
)
SECRETS_IN_TEXT = (
    (re.compile(r"(\w[\w+.-]{0,40}://[^\s/:@]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"\b(bearer|token|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"((?:password|secret|api_?key|token)\w*[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+", re.IGNORECASE
        ),
        rf"\1{HIDDEN}",
    ),
    LINK,
    # Says whose reply a mail is.
    (re.compile(r"(reply\+)[a-z2-7]{20,}", re.IGNORECASE), rf"\1{HIDDEN}"),
)
ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
    "data",
}


def without_secrets(value: str) -> str:
    """The text with passwords in addresses, bearer tokens and `password=…` blacked out."""
    for pattern, replacement in SECRETS_IN_TEXT:
        value = pattern.sub(replacement, value)
    return value


def without_links(value: str) -> str:
    """The text with the keys of our own links blacked out, and nothing else: for what people wrote."""
    pattern, replacement = LINK
    return pattern.sub(replacement, value)


class JsonFormatter(logging.Formatter):
    """One line, one object: time, level, logger, message, correlation, then the caller's `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            "correlation": getattr(record, "correlation", "") or correlation.current(),
        }
        for name, value in vars(record).items():
            if name not in ORDINARY and name not in line:
                line[name] = shown(name, value)
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(
            {name: value for name, value in line.items() if value != ""}, default=str, ensure_ascii=False
        )


class TextFormatter(logging.Formatter):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        record.correlation = getattr(record, "correlation", "") or correlation.current() or "-"
        return without_secrets(super().format(record))


def shown(name: str, value: object) -> object:
    """A value as it may appear in a log; a request object or the like becomes its own short name."""
    if SECRET_NAMES.search(name):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): shown(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown("", item) for item in value]
    return without_secrets(str(value))


def log_settings(style: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error, in the chosen style."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": JsonFormatter},
            "text": {
                "()": TextFormatter,
                "format": "%(asctime)s %(levelname)s %(name)s [%(correlation)s] %(message)s",
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": style}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Our own line per request replaces Django's warnings about 4xx; what it says about 5xx stays.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "ERROR"},
            # portal/celery.py writes one line per task; Celery's own would be three.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # Gunicorn gives this one a handler of its own, in another style, unless it is named here.
            "gunicorn.error": {"handlers": ["stderr"], "level": level, "propagate": False},
        },
    }
