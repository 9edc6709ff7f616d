"""An invoice as a file: PDF, Factur-X, UBL, CII. Made after the door has closed its transaction."""

import uuid

from django.http import Http404, HttpResponse
from django.urls import reverse

from portal.kernel.access import DoorRequest, door
from procurement.einvoices.writing import write_cii, write_ubl
from procurement.invoices.files.einvoice import einvoice_of
from procurement.invoices.files.paper import invoice_paper
from procurement.invoices.queries import find_invoice, written
from procurement.shipments.views.documents import PDF, PaperResponse, file_name
from suppliers.roles import Permission

XML = "application/xml"
WRITERS = {"ubl": write_ubl, "cii": write_cii}


@door(Permission.INVOICE_VIEW)
def invoice_pdf(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """The invoice on paper; `?facturx=1`: one that programs read as well."""
    invoice = find_invoice(key, actor=request.actor)
    draft = written(invoice)
    name = file_name(invoice.kind.replace("_", "-"), invoice.number, "pdf")
    make = invoice_paper(draft, is_electronic="facturx" in request.GET)
    return PaperResponse(make, name, PDF, reverse("invoice", args=[key]))


@door(Permission.INVOICE_VIEW)
def invoice_xml(request: DoorRequest, key: uuid.UUID, syntax: str) -> HttpResponse:
    """The invoice as UBL 2.1 or UN/CEFACT CII."""
    if syntax not in WRITERS:
        raise Http404
    invoice = find_invoice(key, actor=request.actor)
    content = WRITERS[syntax](einvoice_of(written(invoice)))
    name = file_name(f"{invoice.kind.replace('_', '-')}-{syntax}", invoice.number, "xml")
    response = HttpResponse(content, content_type=XML)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
