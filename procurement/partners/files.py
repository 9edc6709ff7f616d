"""The list of suppliers, and the funnel of onboarding, as files: the columns of each, and which rows."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import IO, Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from portal.kernel.scope import requires_scope
from procurement.orders.files.exports import CHUNK, Column, rows_of, write_list
from suppliers.details.presenters import SupplierRow, supplier_rows
from suppliers.models import Supplier
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.presenters import RunRow, run_rows
from suppliers.onboarding.queries import quiet_since, sheets_of
from suppliers.states import SupplierState

SUPPLIER_COLUMNS = (
    Column(gettext_lazy("Supplier number"), lambda row: row.supplier.number),
    Column(gettext_lazy("Supplier"), lambda row: row.supplier.name),
    Column(gettext_lazy("Legal name"), lambda row: _own_name(row, "legal_name")),
    Column(gettext_lazy("Trading name"), lambda row: _own_name(row, "trading_name")),
    Column(gettext_lazy("Country"), lambda row: row.country),
    Column(gettext_lazy("Segment"), lambda row: row.segment),
    Column(gettext_lazy("Channel"), lambda row: row.channel),
    Column(gettext_lazy("State"), lambda row: str(SupplierState(row.supplier.state).label)),
    Column(gettext_lazy("Mail address"), lambda row: row.supplier.email),
    Column(gettext_lazy("Language"), lambda row: row.supplier.language),
    Column(gettext_lazy("Business ends on"), lambda row: row.supplier.leaving_on),
)

ONBOARDING_COLUMNS = (
    Column(gettext_lazy("Supplier number"), lambda row: row.run.supplier.number),
    Column(gettext_lazy("Supplier"), lambda row: row.run.supplier.name),
    Column(gettext_lazy("Mail address"), lambda row: row.run.address),
    Column(gettext_lazy("State"), lambda row: row.run.get_state_display()),
    Column(gettext_lazy("Waits at"), lambda row: row.waits_at),
    Column(gettext_lazy("Steps done"), lambda row: row.done),
    Column(gettext_lazy("Paying waits for"), lambda row: row.paying),
    Column(pgettext_lazy("day", "Invited on"), lambda row: timezone.localdate(row.run.invited_at)),
    Column(gettext_lazy("Reminders"), lambda row: row.run.reminders),
)


def _own_name(row: SupplierRow, field: str) -> str:
    names: Any = getattr(row.supplier, "names", None)
    return getattr(names, field) if names else ""


@requires_scope
def export_suppliers(suppliers: QuerySet[Supplier], kind: str) -> IO[bytes]:
    """The suppliers as a file, in the order they come."""
    rows = (one for row in rows_of(suppliers.select_related("names")) for one in supplier_rows([row]))
    return write_list(SUPPLIER_COLUMNS, rows, kind, _("Suppliers"))


@requires_scope
def export_onboardings(runs: QuerySet[OnboardingRun], kind: str, *, at: datetime) -> IO[bytes]:
    """Who stands where as a file, in the order they come."""
    return write_list(ONBOARDING_COLUMNS, _standing(rows_of(runs), at), kind, _("Onboarding"))


def _standing(runs: Iterator[OnboardingRun], at: datetime) -> Iterator[RunRow]:
    while chunk := list(islice(runs, CHUNK)):
        yield from run_rows(chunk, sheets_of(chunk, at), quiet_since(chunk), at)
