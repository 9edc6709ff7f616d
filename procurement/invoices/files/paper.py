"""An invoice as a PDF, in its supplier's language; by choice with the invoice inside, for programs (Factur-X)."""

from collections.abc import Callable

from django.template.loader import render_to_string
from django.utils.translation import override

from portal.kernel.pdf import ARCHIVED, render_pdf
from portal.kernel.templatetags.portal_ui import figure
from procurement.einvoices.writing import write_facturx
from procurement.invoices.files.einvoice import einvoice_of
from procurement.invoices.models import InvoiceLine
from procurement.invoices.presenters import tax_rows, tax_text, terms_text, title_of
from procurement.invoices.queries import Written

TEMPLATE = "procurement/invoices/paper.html"
SECONDS, SECONDS_A_ROW = 60.0, 0.05
LETTER_COUNTRIES = ("US", "CA", "MX")


def invoice_paper(draft: Written, *, is_electronic: bool = False) -> Callable[[], bytes]:
    """What makes the PDF, with everything looked up already: the typesetter needs no transaction.

    `is_electronic`: a PDF/A-3 that carries the invoice as Factur-X.
    """
    invoice = draft.invoice
    language = invoice.supplier.language
    with override(language):
        html = render_to_string(
            TEMPLATE,
            {
                "invoice": invoice,
                "title": title_of(invoice),
                "profile": draft.profile,
                "lines": [
                    {
                        "one": line,
                        "price": _price(line),
                        "tax": tax_text(line.category, line.tax_rate, line.jurisdiction, draft.offered),
                        "charges": draft.charges_of(line),
                    }
                    for line in draft.lines
                ],
                "charges": draft.document_charges,
                "taxes": tax_rows(draft.taxes, draft.offered),
                "terms": terms_text(invoice),
                "language": language,
                "size": "Letter" if invoice.supplier.country in LETTER_COUNTRIES else "A4",
            },
        )
        told = einvoice_of(draft) if is_electronic else None
    seconds = SECONDS + SECONDS_A_ROW * len(draft.lines)

    def make() -> bytes:
        if told is None:
            return render_pdf(html, seconds=seconds)
        return write_facturx(render_pdf(html, seconds=seconds, variant=ARCHIVED), told, language=language)

    return make


def _price(line: InvoiceLine) -> str:
    """The price, and for how many units where that is not one."""
    text = figure(line.unit_price)
    return text if line.price_quantity == 1 else f"{text} / {figure(line.price_quantity)}"
