"""Whom to invite: of the suppliers of the ERP those from whom was ordered lately; and the rows of a sheet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import IO, Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from procurement.catalogue.models import Company
from procurement.orders.models import PurchaseOrder
from procurement.sheets.package import refused
from procurement.sheets.tables import Table, named_rows, read_table
from procurement.sheets.values import text_of
from procurement.sheets.workbook import Wanted, names_of
from suppliers.models import Supplier
from suppliers.onboarding.messages import Target
from suppliers.onboarding.policies import MOST_TARGETS
from suppliers.onboarding.queries import without_run
from suppliers.states import Segment

USUAL_DAYS, MOST_DAYS = 365, 3650
COLUMNS = ("supplier", "address", "name", "company", "country")
# What ERPs call these columns when they write a list of suppliers. An "Adresse" is a street, so it is none of them.
ALSO_CALLED = {
    "supplier": (
        *("supplier number", "supplier no", "supplier no.", "supplier id"),
        *("vendor", "vendor number", "vendor no", "vendor no.", "vendor id"),
        *("lieferant", "lieferantennummer", "lieferantennr", "lieferantennr.", "lieferanten-nr"),
        *("lieferanten-nr.", "lieferant nr.", "kreditor", "kreditorennummer"),
    ),
    "address": (
        *("mail", "email", "e-mail", "mail address", "email address", "e-mail address"),
        *("mailadresse", "emailadresse", "e-mailadresse", "e-mail-adresse"),
    ),
    "name": ("contact", "contact person", "contact name", "person", "ansprechpartner", "kontakt"),
    "company": ("company name", "vendor name", "supplier name", "firma", "lieferantenname"),
    "country": ("country code", "land", "länderschlüssel"),
}
NAMED = {name: column for column in COLUMNS for name in (column, *ALSO_CALLED[column])}
# By its number, or, where the ERP does not know it yet, by its name.
KEYS = ("supplier", "company")
WANTED = Wanted(
    keys=tuple((name,) for name, column in NAMED.items() if column in KEYS),
    answers=tuple(NAMED),
    head_within=10,
    most_rows=MOST_TARGETS,
    most_columns=60,
)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Which suppliers: with an order of the last days (0: with or without), of a segment, of a country."""

    days: int = USUAL_DAYS
    segment: str = ""
    country: str = ""


def candidates_asked(asked: Mapping[str, str]) -> Candidates:
    """What a form or an address asks for; what is none of it is passed over."""
    days = asked.get("days", str(USUAL_DAYS))
    segment, country = asked.get("segment", ""), asked.get("country", "").strip().upper()
    return Candidates(
        min(int(days), MOST_DAYS) if days.isascii() and days.isdecimal() and len(days) < 9 else USUAL_DAYS,
        segment if segment in Segment.values else "",
        country if len(country) == 2 and country.isalpha() else "",
    )


def candidates(asked: Candidates, today: date, *, actor: Actor) -> QuerySet[Supplier]:
    """The suppliers that fit, were never invited and are not excluded."""
    found = without_run(actor, today)
    if asked.days:
        since = today - timedelta(days=asked.days)
        orders = PurchaseOrder.objects.filter(supplier=OuterRef("pk"), ordered_on__gte=since)
        found = found.filter(Exists(orders))
    if asked.segment:
        found = found.filter(segment=asked.segment)
    return found.filter(country=asked.country) if asked.country else found


def read_targets(file: IO[bytes], size: int) -> list[Target]:
    """The suppliers of a sheet (CSV or XLSX), each with the number of its row. Raises `Invalid`."""
    names, rows = _head(read_table(file, size, WANTED))
    found = []
    for number, cells in named_rows(names, rows, MOST_TARGETS):
        said = {name: text_of(cells.get(name)) for name in COLUMNS}
        target = Target(said["supplier"][:40], said["address"][:254], said["name"][:150], str(number))
        found.append(replace(target, company=said["company"][:200], country=said["country"][:20]))
    return found


def _head(table: Table) -> tuple[dict[int, str], Table]:
    for _number, row in islice(table, WANTED.head_within):
        names = _names_in(row)
        if any(key in names.values() for key in KEYS):
            return names, table
    raise refused(_("The row with the names of the columns is missing: supplier, address, name."))


def _names_in(row: Sequence[Any]) -> dict[int, str]:
    """The columns of a row of names, by their places; of two that mean the same the first."""
    found: dict[int, str] = {}
    for place, name in names_of(row[: WANTED.most_columns]).items():
        column = NAMED.get(name)
        if column and column not in found.values():
            found[place] = column
    return found


def our_companies() -> list[Company]:
    """The companies of our group, by name."""
    return list(Company.objects.order_by("name", "id"))


def ordering_companies(events: Iterable[AuditEvent]) -> dict[str, list[str]]:
    """Of orders that came, the numbers of their suppliers by the code of the company that ordered. One query."""
    keys = [event.stream.partition(":")[2] for event in events if event.stream.startswith("order:")]
    found: dict[str, list[str]] = {}
    rows = PurchaseOrder.objects.filter(key__in=keys).values_list("company__code", "supplier__number")
    for company, number in rows:
        found.setdefault(company, []).append(number)
    return found
