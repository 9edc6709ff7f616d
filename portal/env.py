"""Typed readers of the environment: a setting is what it says it is, or the portal does not start."""

from __future__ import annotations

import os
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str = "") -> str:
    """A plain word or sentence."""
    return os.environ.get(name, default).strip()


def secret(name: str) -> str:
    """A secret, from the variable or from the file named by `<NAME>_FILE`; empty when neither is set."""
    file = os.environ.get(f"{name}_FILE", "").strip()
    if not file:
        return text(name)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {problem}") from problem


def named(prefix: str) -> dict[str, str]:
    """Everything whose name begins with the prefix, by the rest of its name; a name ending in `_FILE` names a file."""
    names = {name.removesuffix("_FILE") for name in os.environ if name.startswith(prefix)}
    return {name.removeprefix(prefix): value for name in sorted(names) if (value := secret(name))}


def flag(name: str, default: bool = False) -> bool:
    """A yes or a no; anything else is refused rather than guessed."""
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of 1, true, yes, on, 0, false, no, off.")


def integer(name: str, default: int, *, at_least: int = 0) -> int:
    """A whole number that is not too small to make sense."""
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError as problem:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number.") from problem
    if number < at_least:
        raise ImproperlyConfigured(f"{name} is {number}; it must be {at_least} or more.")
    return number


def amounts(name: str, default: str = "") -> dict[str, Decimal]:
    """An amount for each currency: `EUR=10000,USD=9000.50`."""
    found: dict[str, Decimal] = {}
    for word in words(name, default):
        currency, _equals, figure = word.partition("=")
        if not re.fullmatch(r"[A-Z]{3}=\d{1,12}(\.\d{1,4})?", word, re.ASCII):
            raise ImproperlyConfigured(
                f"{name} has {word!r}; each must be a currency and an amount, such as EUR=10000."
            )
        found[currency] = Decimal(figure)
    return found


def day(name: str) -> date | None:
    """A day as YYYY-MM-DD, or None."""
    value = text(name)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as problem:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a day as YYYY-MM-DD.") from problem


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    """One of a few words."""
    value = text(name, default) or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def secrets(name: str) -> list[str]:
    """Secrets separated by commas, from the variable or from the file that NAME_FILE names."""
    return [word.strip() for word in secret(name).split(",") if word.strip()]


def words(name: str, default: str = "") -> list[str]:
    """Words separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def weights(name: str, allowed: tuple[str, ...], default: str) -> dict[str, int]:
    """How much each of some words weighs, 0 to 100: `kept=60,answered=20`. What is not named weighs nothing."""
    found = dict.fromkeys(allowed, 0)
    for one in words(name, default):
        word, _equals, figure = one.partition("=")
        if word not in allowed or not re.fullmatch(r"\d{1,3}", figure, re.ASCII) or int(figure) > 100:
            raise ImproperlyConfigured(
                f"{name} has {one!r}; each must be one of {', '.join(allowed)} and a weight, such as {allowed[0]}=60."
            )
        found[word] = int(figure)
    if not any(found.values()):
        raise ImproperlyConfigured(f"{name} weighs nothing; at least one of {', '.join(allowed)} must.")
    return found


def path(name: str, default: Path) -> Path:
    """A folder or file of this machine."""
    value = text(name)
    return Path(value).expanduser().resolve() if value else default


def url(name: str, schemes: tuple[str, ...], default: str = "") -> SplitResult | None:
    """An address with one of the given schemes, or None. May carry a password: never print it."""
    value = secret(name) or default
    return parsed_url(name, value, schemes) if value else None


def url_list(name: str, schemes: tuple[str, ...]) -> list[str]:
    """Addresses separated by commas."""
    return [parsed_url(name, value, schemes).geturl() for value in words(name)]


def parsed_url(name: str, value: str, schemes: tuple[str, ...]) -> SplitResult:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 -- reading it is the check
    except ValueError as problem:
        raise ImproperlyConfigured(f"{name} is not an address: {problem}.") from problem
    if parts.scheme not in schemes:
        found = parts.scheme or "nothing"
        raise ImproperlyConfigured(f"{name} starts with {found}; it must be one of {', '.join(schemes)}.")
    return parts
