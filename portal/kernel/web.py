"""The htmx manners, keyset paging and safe redirects: in one place."""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from portal.kernel.errors import Refusal

LONGEST_CURSOR = 4_000  # a text of 200 letters beyond ASCII, and a key


def panel_or_page(
    request: HttpRequest, template: str, partial: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render the partial of a page for htmx, the whole page for everybody else."""
    narrow = getattr(request, "htmx", False) and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, f"{template}#{partial}" if narrow else template, context, status=status)


def see_other(to: str, *args: Any, **kwargs: Any) -> HttpResponse:
    """303: what was posted is done, look here."""
    response = HttpResponseRedirect(reverse(to, args=args, kwargs=kwargs))
    response.status_code = 303
    return response


def back_or(request: HttpRequest, fallback: str) -> str:
    """Where a form asked to return to, if that is one of our own addresses."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return fallback


def ask_files_again(form: Any, sent: Any) -> None:
    """Say beside the field of a file that came with something to be mended: a page cannot choose it once more."""
    for name, file in sent.items():
        if name in form.fields:
            said = _("Choose the file again, a page cannot do it for you: %(name)s")
            form[name].help_text = escape(said % {"name": file.name})


def whole_number(text: str | None) -> int | None:
    """A number of the address or a button's value; None for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


def with_camera(response: HttpResponse) -> HttpResponse:
    """A page on which one scans: the browser may ask its reader for the camera there. No other page of ours may."""
    response["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"
    return response


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, with the cursors to its neighbours ('' where there is none)."""

    rows: Sequence[Any]
    next: str
    previous: str


def _encode(direction: str, order: Sequence[str], values: Sequence[Any]) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, (datetime, date)):
            return value.isoformat()
        return str(value) if isinstance(value, Decimal) else value

    packed = json.dumps([direction, _sign(order), [plain(value) for value in values]], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def _decode(cursor: str, order: Sequence[str]) -> tuple[str, list[Any]] | None:
    if len(cursor) > LONGEST_CURSOR:
        return None
    try:
        direction, sign, values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, RecursionError):
        return None
    if direction not in ("n", "p") or sign != _sign(order):
        return None
    if not isinstance(values, list) or len(values) != len(order):
        return None
    if any(not isinstance(value, (str, int, float)) or isinstance(value, bool) for value in values):
        return None
    return direction, values


def _sign(order: Sequence[str]) -> int:
    """What tells the cursors of one order of rows from those of another, whose values may look the same."""
    return zlib.crc32(",".join(order).encode())


class UnknownCursor(Refusal):
    """A cursor that was tampered with or that belongs to another list."""

    code = "malformed"
    status = 400


def paginate(
    queryset: QuerySet[Any],
    cursor: str,
    *,
    order: Sequence[str],
    size: int = 50,
    strict: bool = False,
    narrow: bool = False,
) -> Page:
    """One page by keyset: as fast on page 1,000 as on page 1, and stable while rows come and go.

    `order` names non-null fields, '-' for descending, the last one unique. A cursor that was tampered with or that
    belongs to another sort starts at the first page; with `strict` it raises `UnknownCursor`, since a program that
    is sent back to the start in silence never ends. With `narrow` the rows of the page are chosen first and joined to
    what belongs to them after: worth it where thousands are found and sorted.
    """
    names = [name.lstrip("-") for name in order]
    decoded = _decode(cursor, order) if cursor else None
    if decoded:
        try:
            # In a savepoint: PostgreSQL refuses what no column holds, and the door's transaction must go on.
            with transaction.atomic():
                window = queryset.filter(_beyond(order, decoded))
                rows = _fetch(window, order, backwards=decoded[0] == "p", size=size, narrow=narrow)
        except (ValueError, TypeError, ArithmeticError, ValidationError, DataError):
            decoded = None  # one that was tampered with
    if cursor and not decoded and strict:
        raise UnknownCursor(_("This cursor is not of this list. Begin again without it."))
    if not decoded:
        rows = _fetch(queryset, order, backwards=False, size=size, narrow=narrow)
    more = len(rows) > size
    rows = rows[:size]
    backwards = bool(decoded and decoded[0] == "p")
    if backwards:
        rows.reverse()
    if not rows:
        return Page(rows, "", "")
    last, first = (_encode(way, order, _values(row, names)) for way, row in (("n", rows[-1]), ("p", rows[0])))
    has_next = more if not backwards else True
    has_previous = more if backwards else bool(decoded)
    return Page(rows, last if has_next else "", first if has_previous else "")


def _fetch(
    queryset: QuerySet[Any], order: Sequence[str], *, backwards: bool, size: int, narrow: bool
) -> list[Any]:
    ordering = [
        F(name.lstrip("-")).desc() if name.startswith("-") != backwards else F(name.lstrip("-")).asc()
        for name in order
    ]
    rows = queryset.order_by(*ordering)
    if narrow:
        chosen = rows.select_related(None).values("pk")[: size + 1]
        return list(queryset.filter(pk__in=chosen).order_by(*ordering))
    return list(rows[: size + 1])


def _beyond(order: Sequence[str], decoded: tuple[str, list[Any]]) -> Q:
    direction, values = decoded
    bare = [name.lstrip("-") for name in order]
    down = [name.startswith("-") != (direction == "p") for name in order]
    beyond = Q()
    for position in range(len(order)):
        equal = dict(zip(bare[:position], values, strict=False))
        beyond |= Q(**equal, **{f"{bare[position]}__{'lt' if down[position] else 'gt'}": values[position]})
    # Implied by the above, but an index can start from it.
    return beyond & Q(**{f"{bare[0]}__{'lte' if down[0] else 'gte'}": values[0]})


def _values(row: Any, names: Sequence[str]) -> list[Any]:
    found = []
    for name in names:
        value = row
        for step in name.split("__"):
            value = value[step] if isinstance(value, dict) else getattr(value, step)
        found.append(value)
    return found
