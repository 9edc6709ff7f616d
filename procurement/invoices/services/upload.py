"""An uploaded file of invoices: kept, looked at and answered as often as one likes, and made into drafts once."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.errors import Invalid, Refusal, StaleDocument
from portal.kernel.scope import requires_scope
from procurement.acknowledgments.messages import BadCell
from procurement.einvoices.codec import from_plain
from procurement.einvoices.terms import EInvoice
from procurement.findings.policies import stops
from procurement.invoices.messages import ApplyUpload, FileEntry, InvoiceNamed, InvoiceRow
from procurement.invoices.models import Invoice, UploadedInvoices
from procurement.invoices.policies.checks import check_invoice
from procurement.invoices.queries import (
    checked,
    find_invoice,
    find_upload,
    same_uploads,
    still_stand,
    written,
)
from procurement.invoices.services.einvoice import COMPANY, EPlan, eplan_told, plan_einvoice, write_einvoice
from procurement.invoices.services.files import add_invoice_file
from procurement.invoices.services.holding import require_may
from procurement.invoices.services.planning import (
    PlannedInvoice,
    invoice_told,
    plan_invoices,
    tell_refusal,
    told,
    wanted_by,
)
from procurement.invoices.services.send import send_invoice
from procurement.invoices.services.whole import write_whole
from procurement.invoices.states import FileKind
from procurement.orders.queries import lock_orders
from procurement.sheets.outcomes import BAD, LEFT, MADE, NEW, SENT
from suppliers.roles import Permission

KEPT = timedelta(days=90)
SHEET, EINVOICE = UploadedInvoices.SHEET, UploadedInvoices.EINVOICE


@dataclass(frozen=True, slots=True)
class KeepSheet:
    """A sheet as it was read: its name and SHA-256, its table, and which column is which."""

    name: str
    digest: str
    table: Sequence[Sequence[Any]]
    head: int
    columns: Mapping[str, int]
    rows: Sequence[InvoiceRow] = ()


@dataclass(frozen=True, slots=True)
class KeepEInvoice:
    """An electronic invoice as it was read: the file, and what it says (`files.einvoice.told_of`)."""

    name: str
    digest: str
    content: bytes
    told: Mapping[str, Any] = field(default_factory=dict)


@requires_scope
def keep_upload(
    command: KeepSheet | KeepEInvoice, *, actor: Actor, at: datetime
) -> tuple[UploadedInvoices, bool]:
    """Keep a file until drafts are made of it; what is old goes. True where it is kept anew.

    The same file again is the one that is kept already, as long as an invoice that was made of it stands: nothing is
    made twice.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    mine = UploadedInvoices.objects.visible_to(actor).filter(created_by_user_id=actor.user_id)
    mine.filter(created_at__lt=at - KEPT).delete()
    for earlier in same_uploads(command.digest, actor=actor):
        if earlier.applied_at is None and earlier.created_by_user_id == actor.user_id:
            return earlier, False
        if earlier.applied_at is not None and still_stand(_made_of(earlier), actor=actor):
            return earlier, False
    upload = UploadedInvoices(
        supplier_id=actor.supplier_ids[0] if actor.is_supplier else None,
        kind=SHEET if isinstance(command, KeepSheet) else EINVOICE,
        file_name=command.name[:200],
        digest=command.digest,
        created_at=at,
        created_by=actor.label,
        created_by_user_id=actor.user_id,
    )
    if isinstance(command, KeepSheet):
        upload.table, upload.head, upload.columns = list(command.table), command.head, dict(command.columns)
        upload.rows = [asdict(row) for row in command.rows]
    else:
        upload.content, upload.told = command.content, dict(command.told)
    upload.save(force_insert=True)
    return upload, True


def _made_of(upload: UploadedInvoices) -> list[str]:
    return [one["key"] for one in upload.result.get("invoices", ()) if one["key"]]


@requires_scope
def read_upload_as(
    key: uuid.UUID, head: int, columns: Mapping[str, int], rows: Sequence[InvoiceRow], *, actor: Actor
) -> UploadedInvoices:
    """Say anew which column of a sheet is which, and what its rows say then."""
    upload = _hold_open(key, actor)
    upload.head, upload.columns, upload.rows = head, dict(columns), [asdict(row) for row in rows]
    upload.plan, upload.planned_at = {}, None
    upload.save(update_fields=["head", "columns", "rows", "plan", "planned_at"])
    return upload


@requires_scope
def answer_upload(
    key: uuid.UUID, answers: Mapping[str, str], *, actor: Actor, at: datetime
) -> UploadedInvoices:
    """Say of an electronic invoice whom it is for (`company`: a code) and which order line each line is about (its
    position: the name of a candidate, or `none`). An empty answer takes an earlier one back. Then look at it anew.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    upload = _hold_open(key, actor)
    known = {COMPANY, *(str(one) for one in range(1, len(upload.told["invoice"].get("lines", ())) + 1))}
    kept = dict(upload.answers) | {name: value for name, value in answers.items() if name in known}
    if kept.get(COMPANY) != upload.answers.get(COMPANY):
        kept = {COMPANY: kept[COMPANY]}  # the others name order lines of another company
    upload.answers = {name: value for name, value in kept.items() if value}
    upload.save(update_fields=["answers"])
    return _look(upload, actor=actor, at=at)


@requires_scope
def look_at_upload(key: uuid.UUID, *, actor: Actor, at: datetime) -> UploadedInvoices:
    """Find out what would become of a file now, and keep that for its preview. Nothing is made."""
    require_may(actor, Permission.INVOICE_WRITE)
    return _look(_hold_open(key, actor), actor=actor, at=at)


def _look(upload: UploadedInvoices, *, actor: Actor, at: datetime) -> UploadedInvoices:
    if upload.kind == SHEET:
        upload.plan = told(plan_invoices(rows_of(upload), actor=_by_file(actor), at=at))
    else:
        upload.plan = eplan_told(plan_einvoice(upload, actor=_by_file(actor), at=at))
    upload.planned_at = at
    upload.save(update_fields=["plan", "planned_at"])
    return upload


@requires_scope
def apply_upload(command: ApplyUpload, *, actor: Actor, at: datetime) -> UploadedInvoices:
    """Make drafts of all that can be made of a file; `send`: and send those that nothing stops.

    Everything is looked at anew with the orders held: between the preview and now anything may have moved, and a
    colleague may be doing the same. Raises `StaleDocument` where it was done already, `Invalid` where nothing can be
    made.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    upload = _hold_open(command.upload, actor)
    by_file = _by_file(actor)
    result = (_apply_sheet if upload.kind == SHEET else _apply_einvoice)(upload, command, by_file, at)
    if not any(one["key"] for one in result["invoices"]):
        raise Invalid(_("No invoice can be made of this file. Mend what is marked, and upload it again."))
    upload.applied_at, upload.applied_by, upload.result = at, actor.label, result
    upload.save(update_fields=["applied_at", "applied_by", "result"])
    return upload


def _apply_sheet(
    upload: UploadedInvoices, command: ApplyUpload, actor: Actor, at: datetime
) -> dict[str, Any]:
    rows = rows_of(upload)
    wanted = wanted_by(plan_invoices(rows, actor=actor, at=at, write=False))
    lock_orders(line.order_id for line in wanted.values())
    _require_once(upload, actor)
    plan = plan_invoices(rows, actor=actor, at=at)
    made = [_make(one, command, actor=actor, at=at) for one in plan.invoices]
    return told(plan) | {"invoices": made}


def _apply_einvoice(
    upload: UploadedInvoices, command: ApplyUpload, actor: Actor, at: datetime
) -> dict[str, Any]:
    plan = plan_einvoice(upload, actor=actor, at=at)
    _require_once(upload, actor)
    if plan.asks:
        raise Invalid(_("Answer first what is asked about this invoice."))
    if plan.problems:
        raise Invalid(plan.problems[0])
    draft = write_einvoice(plan, actor=actor, at=at)
    lost = _add_files(draft, upload, plan, actor=actor, at=at)
    kept = eplan_told(plan)
    made = {
        "number": kept["number"],
        "kind": kept["kind"],
        "outcome": MADE,
        "key": str(draft.key),
        "why_not": "",
    }
    made |= _send(draft, command, actor=actor, at=at, is_short=bool(plan.placed.stops))
    return kept | {"invoices": [made], "lost_files": lost}


def _add_files(
    draft: Invoice, upload: UploadedInvoices, plan: EPlan, *, actor: Actor, at: datetime
) -> list[dict[str, str]]:
    """The file itself goes along, and what it carries; what is not taken is told."""
    reading = upload.told.get("picture", {})
    files = [FileEntry(FileKind.EINVOICE, upload.file_name, bytes(upload.content), reading)]
    files += [
        FileEntry(FileKind.EVIDENCE, one.filename or one.reference or _("Attachment"), one.content)
        for one in plan.invoice.documents
        if one.content
    ]
    lost = []
    for entry in files:
        try:
            with transaction.atomic():
                add_invoice_file(draft.key, entry, actor=actor, at=at)
        except Refusal as refusal:
            lost.append({"name": entry.name, "message": refusal.message})
    return lost


def _require_once(upload: UploadedInvoices, actor: Actor) -> None:
    for earlier in same_uploads(upload.digest, actor=actor):
        if earlier.applied_at is not None and still_stand(_made_of(earlier), actor=actor):
            raise _taken()


def _taken() -> StaleDocument:
    return StaleDocument(_("This file was taken already, and nothing is made twice. Look at what it made."))


def _by_file(actor: Actor) -> Actor:
    return replace(actor, channel=Channel.FILE)


def _hold_open(key: uuid.UUID, actor: Actor) -> UploadedInvoices:
    upload = find_upload(key, actor=actor, hold=True)
    if upload.applied_at is not None:
        raise _taken()
    return upload


def rows_of(upload: UploadedInvoices) -> list[InvoiceRow]:
    """The rows of a sheet as they were read."""
    return [
        InvoiceRow(**{**row, "bad": tuple(BadCell(**cell) for cell in row["bad"])}) for row in upload.rows
    ]


def einvoice_of_upload(upload: UploadedInvoices) -> EInvoice:
    """What an uploaded electronic invoice says."""
    return from_plain(EInvoice, upload.told["invoice"])


def _make(invoice: PlannedInvoice, command: ApplyUpload, *, actor: Actor, at: datetime) -> dict[str, Any]:
    """One invoice, or none of it and why."""
    if invoice.outcome == NEW and command.only_whole and invoice.is_short:
        invoice.outcome = LEFT
        for row in invoice.taken:
            row.outcome = LEFT
    if invoice.outcome != NEW or invoice.whole is None:
        return invoice_told(invoice)
    try:
        with transaction.atomic():
            draft = write_whole(invoice.whole, actor=actor, at=at)
    except Refusal as refusal:
        tell_refusal(invoice, refusal)
        invoice.outcome = BAD
        return invoice_told(invoice)
    made = {"outcome": MADE, "key": str(draft.key)}
    sent = _send(draft, command, actor=actor, at=at, is_short=invoice.is_short)
    return invoice_told(invoice) | made | sent


def _send(
    draft: Invoice, command: ApplyUpload, *, actor: Actor, at: datetime, is_short: bool
) -> dict[str, Any]:
    """Send a draft where that is wished, nothing stops it, and all its rows are in it."""
    if not command.send:
        return {}
    if is_short:
        return {"why_not": _("A part of it could not be taken, so it waits as a draft.")}
    draft = find_invoice(draft.key, actor=actor)
    if found := stops(check_invoice(checked(written(draft), at=at))):
        return {"why_not": found[0].message}
    try:
        with transaction.atomic():
            send_invoice(InvoiceNamed(draft.key, draft.version), actor=actor, at=at)
    except Refusal as refusal:
        return {"why_not": refusal.message}
    return {"outcome": SENT}
