"""Files of an invoice: its picture, what proves it, itself as an electronic invoice. Few kinds, and each must be what
its name says."""

import hashlib
import re
import uuid
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.invoices.messages import FileEntry
from procurement.invoices.models import Invoice, InvoiceFile
from procurement.invoices.queries import find_file, lock_invoice
from procurement.invoices.services.holding import require_may, said_of
from procurement.invoices.states import FileKind, InvoiceState
from procurement.threads.policies import LARGEST_FILE, content_type_of, extension_of, problem_with, safe_name
from suppliers.roles import Permission

MOST_FILES = 30
MOST_BYTES_OF_DAY = 2 * 1024 * 1024 * 1024
PICTURES = ("application/pdf", "image/png", "image/jpeg")
_XML = re.compile(rb"^(\xef\xbb\xbf)?\s*<(\?xml|[A-Za-z])")


@requires_scope
def add_invoice_file(key: uuid.UUID, entry: FileEntry, *, actor: Actor, at: datetime) -> InvoiceFile:
    """Add a file to an invoice: its picture (one, while it is a draft; a new one takes its place), the electronic
    invoice that it was read from, or evidence, also later. Raises `Invalid` for what is not taken.
    """
    if not (actor.may(Permission.INVOICE_WRITE) or actor.may(Permission.INVOICE_SETTLE)):
        require_may(actor, Permission.INVOICE_WRITE)
    invoice = lock_invoice(key, actor=actor)
    if entry.kind != FileKind.EVIDENCE and not invoice.is_draft:
        message = _("What was sent stays as it is: only evidence can be added to it.")
        raise IllegalTransition(message, details={"state": invoice.state})
    if invoice.state in (InvoiceState.DISCARDED, InvoiceState.REPLACED):
        message = _("This version is not looked at any more. Add the file to the newest one.")
        raise IllegalTransition(message, details={"state": invoice.state})
    name = safe_name(entry.name)
    content_type = _content_type(entry, name)
    if entry.kind == FileKind.PICTURE:
        invoice.files.filter(kind=FileKind.PICTURE).delete()
    _require_room(invoice, len(entry.content), name, actor=actor, at=at)
    file = InvoiceFile.objects.create(
        supplier_id=invoice.supplier_id,
        invoice=invoice,
        kind=entry.kind,
        name=name,
        content_type=content_type,
        size=len(entry.content),
        sha256=hashlib.sha256(entry.content).hexdigest(),
        content=entry.content,
        reading=dict(entry.reading),
        added_at=at,
        added_by=actor.label,
    )
    _record("invoice.file_added", invoice, file, actor=actor, at=at)
    return file


def _require_room(invoice: Invoice, size: int, name: str, *, actor: Actor, at: datetime) -> None:
    """Raise `Invalid` where an invoice, or a supplier's day, has no room for one more file. The buying side is not held
    to the day."""
    if invoice.files.count() >= MOST_FILES:
        raise _refused(_("An invoice has room for %(most)d files.") % {"most": MOST_FILES}, name)
    if not actor.is_supplier:
        return
    day = InvoiceFile.objects.filter(supplier=invoice.supplier_id, added_at__gt=at - timedelta(days=1))
    if (day.aggregate(size=Sum("size"))["size"] or 0) + size > MOST_BYTES_OF_DAY:
        message = _("At most %(most)d MB of files can be added within 24 hours. Add the others tomorrow.")
        raise _refused(message % {"most": MOST_BYTES_OF_DAY // (1024 * 1024)}, name)


@requires_scope
def drop_invoice_file(key: uuid.UUID, *, actor: Actor, at: datetime) -> Invoice:
    """Take a file out of a draft. What was sent stays."""
    require_may(actor, Permission.INVOICE_WRITE)
    file = find_file(key, actor=actor)
    invoice = lock_invoice(file.invoice.key, actor=actor)
    if not invoice.is_draft:
        raise IllegalTransition(_("What was sent stays as it is."), details={"state": invoice.state})
    _record("invoice.file_dropped", invoice, file, actor=actor, at=at)
    file.delete()
    return invoice


def _record(kind: str, invoice: Invoice, file: InvoiceFile, *, actor: Actor, at: datetime) -> None:
    facts = said_of(invoice) | {"file": str(file.key), "name": file.name, "sha256": file.sha256}
    record(kind, invoice.stream, actor=actor, at=at, supplier_id=invoice.supplier_id, facts=facts)


def _content_type(entry: FileEntry, name: str) -> str:
    """What a file is served as. Raises `Invalid` for one that is not taken."""
    if entry.kind not in FileKind.values:
        raise _refused(_("Say what the file is: the picture of the invoice, or evidence."), name)
    if entry.kind == FileKind.EINVOICE and extension_of(name) == "xml":
        if not entry.content or len(entry.content) > LARGEST_FILE or not _XML.match(entry.content[:200]):
            raise _refused(_("%(name)s is no electronic invoice that is taken here.") % {"name": name}, name)
        return "application/xml"
    if message := problem_with(name, entry.content):
        raise _refused(message, name)
    found = content_type_of(name, entry.content) or ""
    if entry.kind == FileKind.PICTURE and found not in PICTURES:
        raise _refused(_("The picture of an invoice is a PDF, a PNG or a JPG."), name)
    if entry.kind == FileKind.EINVOICE and found != "application/pdf":
        raise _refused(_("%(name)s is no electronic invoice that is taken here.") % {"name": name}, name)
    return found


def _refused(message: str, name: str) -> Invalid:
    return Invalid(message, [Problem("files", message, name, "not_taken")])
