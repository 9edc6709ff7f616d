"""What no password may be, besides too short: what is tried first, what everybody here knows, and what has leaked.

Settings name these as Django's validators, so every way of choosing a password asks them: an invitation, a change, a
reset. ASVS 5.0, 6.1.2, 6.2.4, 6.2.11 and 6.2.12; docs/sign-in.md.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.scope import acting
from suppliers.models import User
from suppliers.signin.common import SHORTEST, common_passwords
from suppliers.signin.queries import DOORKEEPER, names_of_suppliers

PRODUCT = ("Quayside",)
TOO_SHORT_TO_TELL = 4  # a name of three letters is inside too many words
READ_AS = str.maketrans("@$€0!134578", "aseoiieastb")


class CommonPassword(CommonPasswordValidator):
    """Refuses what whoever guesses tries first: Django's list, and ours of the length we take (`common.py`)."""

    def __init__(self) -> None:
        super().__init__()
        self.passwords |= common_passwords()

    def get_error_message(self) -> str:
        """What is wrong, and the way out."""
        return _(
            "This is one of the passwords that are tried first. Take four words that have nothing to do with each "
            "other."
        )


class KnownWords:
    """Refuses a password that is too short without what everybody here knows: the names of our product, of the buying
    companies, of the suppliers somebody acts for and their numbers, and one's own name and address.

    `companies` is the dotted name of a function that says what the buying companies are called.
    """

    def __init__(self, companies: str = "") -> None:
        self.companies = companies

    def validate(self, password: str, user: Any = None) -> None:
        """Raises `ValidationError`, which names the word."""
        left, found = without_words(password, self._words(user))
        if found and len(left) < SHORTEST:
            raise ValidationError(
                ngettext(
                    "“%(word)s” is known to everybody here: without it this password has %(left)d character. It needs "
                    "%(least)d besides.",
                    "“%(word)s” is known to everybody here: without it this password has %(left)d characters. It needs "
                    "%(least)d besides.",
                    len(left),
                ),
                code="password_has_known_words",
                params={"word": found[0], "left": len(left), "least": SHORTEST},
            )

    def get_help_text(self) -> str:
        """What is said beforehand."""
        return _(
            "Your password can’t be made of names that everybody here knows: of a company, of this portal or your own."
        )

    def _words(self, user: Any) -> list[str]:
        names = list(PRODUCT)
        with acting(DOORKEEPER):
            names += import_string(self.companies)() if self.companies else []
        if isinstance(user, User):
            names += [user.name, user.email, *names_of_suppliers(user)]
        return names


def without_words(password: str, names: Iterable[str]) -> tuple[str, list[str]]:
    """What is left of a password without these names and their words, and the words that were in it, longest first.

    Read as people write them: capitals, accents and signs in the place of letters make no difference.
    """
    known = {plain(word) for name in names for word in (name, *re.split(r"[\W_]+", name))}
    left, found = plain(password), []
    for word in sorted(known, key=lambda one: (-len(one), one)):
        if len(word) >= TOO_SHORT_TO_TELL and word in left:
            left = left.replace(word, "")
            found.append(word)
    return left, found


def plain(text: str) -> str:
    """Small letters without accents, and letters for the signs that stand in for them; no spaces."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return re.sub(r"\s+", "", bare.casefold()).translate(READ_AS)


class BreachedPassword:
    """Refuses what is in a list of breached passwords that the installation keeps; without a list, nothing.

    The file has the SHA-1 of one password a line in hexadecimal, in order, with a count after a colon or not. It is
    searched where it is, whatever its size: some forty short reads. SHA-1 is how such lists are passed on; nothing
    of ours is kept so.
    """

    def __init__(self, path: str = "") -> None:
        self.path = Path(path) if path else None
        if self.path is not None:
            _refuse_unless_in_order(self.path)

    def validate(self, password: str, user: Any = None) -> None:
        """Raises `ValidationError`."""
        if self.path is None:
            return
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        with self.path.open("rb") as file:
            if _holds(file, wanted):
                raise ValidationError(
                    _(
                        "This password is in a list of passwords that were stolen elsewhere. Take another one, and "
                        "change it wherever else you use it."
                    ),
                    code="password_breached",
                )

    def get_help_text(self) -> str:
        """What is said beforehand."""
        return _("Your password can’t be one that was stolen elsewhere.") if self.path else ""


LINE = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?\s*")
LOOKED_AT = 64  # places at which the file is looked at when the portal starts


def _refuse_unless_in_order(path: Path) -> None:
    """A list in another shape would let every password through without a word."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            seen = [_line_at(file, size * place // LOOKED_AT) for place in range(LOOKED_AT)]
    except OSError as error:
        raise ImproperlyConfigured(
            f"BREACHED_PASSWORDS: {path} cannot be read ({error.strerror})."
        ) from error
    lines = [line for line in seen if line]
    if not lines or not all(LINE.fullmatch(line) for line in lines) or not _ascending(lines):
        raise ImproperlyConfigured(
            f"BREACHED_PASSWORDS: {path} must have one SHA-1 in hexadecimal a line, in ascending order."
        )


def _ascending(lines: Sequence[bytes]) -> bool:
    keys = [line[:40].upper() for line in lines]
    return keys == sorted(keys)


def _line_at(file: BinaryIO, place: int) -> bytes:
    """The first whole line at or after a place in a file; empty behind the last."""
    file.seek(max(place - 1, 0))
    if place:
        file.readline()
    return file.readline()


def _holds(file: BinaryIO, wanted: bytes) -> bool:
    low, high = 0, file.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        key = _line_at(file, middle)[:40].upper()
        if key and key < wanted:
            low = middle + 1
        else:
            high = middle
    return _line_at(file, low)[:40].upper() == wanted
