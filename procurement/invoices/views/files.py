"""The files of an invoice: added, fetched, taken out of a draft."""

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid, Refusal
from portal.kernel.files import as_download
from portal.kernel.web import see_other
from procurement.einvoices.pages import READ
from procurement.einvoices.pictures import read_picture
from procurement.invoices.messages import FileEntry
from procurement.invoices.models import Invoice
from procurement.invoices.queries import find_file, find_invoice, pictures_say
from procurement.invoices.services import add_invoice_file, drop_invoice_file
from procurement.invoices.states import FileKind
from procurement.invoices.views.paper import confirm, show_paper
from procurement.threads.policies import LARGEST_FILE
from suppliers.roles import Permission

P = Permission


@door(P.INVOICE_VIEW)
def invoice_file(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """One file, to be saved and never to be shown inside our pages: see the files of a thread."""
    found = find_file(key, actor=request.actor)
    return as_download(bytes(found.content), found.name, found.content_type)


class FileRequest(DoorRequest):
    """A request with the file that was posted to it, and what that shows."""

    entry: FileEntry | None


def read_file(request: FileRequest) -> None:
    """Take a posted file, and read what a picture shows, while no transaction is open."""
    sent = request.FILES.get("file")
    request.entry = None
    if sent is not None:
        # A byte more than fits tells that it is too large, and no more of it is read.
        content = sent.read(LARGEST_FILE + 1)
        kind = request.POST.get("kind", FileKind.EVIDENCE)
        is_read = kind == FileKind.PICTURE and 0 < len(content) <= LARGEST_FILE
        reading = read_picture(content) if is_read else {}
        request.entry = FileEntry(kind, sent.name or "", content, reading)


@door(P.INVOICE_WRITE, P.INVOICE_SETTLE, methods=["POST"], before=read_file)
def invoice_file_add(request: FileRequest, key: uuid.UUID) -> HttpResponse:
    """Add a file to a draft, or evidence to what was sent."""
    invoice = find_invoice(key, actor=request.actor)
    entry = request.entry
    refusal: Refusal | None = None
    if entry is None:
        refusal = Invalid(_("Choose a file first."))
    else:
        try:
            with transaction.atomic():
                add_invoice_file(key, entry, actor=request.actor, at=request.at)
        except Invalid as found:
            refusal = found
    if refusal is not None:
        return show_paper(request, invoice, refusal=refusal)
    messages.success(request, _added_text(entry, invoice))
    return _back(key)


def _added_text(entry: FileEntry | None, invoice: Invoice) -> str:
    if entry is None or entry.reading.get("state") != READ:
        return _("The file is added.")
    if pictures_say(invoice, invoice.lines.select_related("order")):
        return _("The file is added. Look at what it does not say as the data do.")
    return _("The file is added. It says what the data say.")


@door(P.INVOICE_WRITE, methods=["GET", "POST"])
def invoice_file_drop(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """Take a file out of a draft."""
    file = find_file(key, actor=request.actor)
    if request.method == "POST":
        invoice = drop_invoice_file(key, actor=request.actor, at=request.at)
        messages.success(request, _("The file is taken away."))
        return _back(invoice.key)
    context = {
        "title": _("Take %(name)s away?") % {"name": file.name},
        "text": _("The draft stays as it is otherwise."),
        "action": request.path,
        "verb": _("Take it away"),
        "danger": True,
        "back": reverse("invoice", args=[file.invoice.key]),
    }
    return confirm(request, context)


def _back(key: uuid.UUID) -> HttpResponse:
    response = see_other("invoice", key)
    response["Location"] += "#files"
    return response
