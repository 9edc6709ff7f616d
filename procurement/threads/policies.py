"""How much may hang on an order. Which files are taken at all is `portal.kernel.files`'s to say. No database here."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.kernel.files import (
    LARGEST_FILE,
    LONGEST_NAME,
    content_type_of,
    extension_of,
    problem_with,
    safe_name,
)

__all__ = [
    "LARGEST_FILE",
    "LONGEST_NAME",
    "content_type_of",
    "extension_of",
    "problem_with",
    "safe_name",
]

MOST_FILES = 5
MOST_FILES_OF_ORDER = 200
KEPT_FOR_COMPANY = 50  # a supplier who fills up an order must not keep its buyer from adding a file
MOST_FILES_OF_DAY = 300
MOST_BYTES_OF_DAY = 500 * 1024 * 1024
LONGEST_BODY = 10_000


@dataclass(frozen=True, slots=True)
class Stored:
    """How many files there are already, and how large they are together."""

    files: int = 0
    size: int = 0


def problem_with_room(sizes: Sequence[int], *, on_order: int, of_day: Stored, is_supplier: bool) -> str:
    """Why there is no room for more files, with the way out; an empty text where there is.

    `on_order` counts the files of the order; `of_day` is what was added to all orders of this supplier within a day.
    The buying side is not held to the day: what a supplier adds must not silence its buyer.
    """
    room = MOST_FILES_OF_ORDER + (0 if is_supplier else KEPT_FOR_COMPANY)
    if on_order + len(sizes) > room:
        return _("An order has room for %(most)d files. Send a link to what does not fit.") % {"most": room}
    if not is_supplier:
        return ""
    if of_day.files + len(sizes) > MOST_FILES_OF_DAY:
        message = _("At most %(most)d files can be added within 24 hours. Add the others tomorrow.")
        return message % {"most": MOST_FILES_OF_DAY}
    if of_day.size + sum(sizes) > MOST_BYTES_OF_DAY:
        message = _("At most %(most)d MB of files can be added within 24 hours. Add the others tomorrow.")
        return message % {"most": MOST_BYTES_OF_DAY // (1024 * 1024)}
    return ""
