"""The papers of a shipment: labels for every printer, the delivery note, the packing slip.

They are made after the door has closed its transaction: no connection waits for a typesetter.

Note [In parts]: a web worker makes a paper in ten seconds or so. Labels are drawn, a thousand in a second; only where
our typeface lacks a letter are they set, 15 in a second. A slip takes 17 ms for each row. What would take longer is
offered in parts that do not.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.access import DoorRequest, door
from portal.kernel.errors import Invalid
from portal.kernel.pdf import PdfUnavailable
from portal.kernel.web import whole_number
from procurement.labels.layout import DoesNotFit
from procurement.labels.papers import Label
from procurement.labels.printing import label_sheets_pdf, labels_pdf, takes_long
from procurement.labels.slips import PaperSize, delivery_note_pdf, package_rows, packing_slip_pdf
from procurement.labels.stock import SHEETS, STOCKS
from procurement.labels.zpl import RESOLUTIONS, LabelPrinter, labels_zpl
from procurement.shipments.files.papers import delivery_paper, labels_of, parts_of_labels, parts_of_slip
from procurement.shipments.forms import places_of
from procurement.shipments.models import ShipNotice
from procurement.shipments.presenters import number_of
from procurement.shipments.queries import find_notice, written
from procurement.shipments.states import NOTICE_LIFECYCLE
from suppliers.roles import Permission

PRINT = "procurement/shipments/print.html"
PARTS = "procurement/shipments/print_parts.html"
PDF, ZPL = "application/pdf", "text/plain; charset=utf-8"
MOST_SET, MOST_ROWS = 150, 500
LETTER_COUNTRIES = ("US", "CA", "MX")


@door(Permission.ORDER_VIEW)
def shipment_print(request: DoorRequest, key: uuid.UUID) -> HttpResponse:
    """What can be printed, and for which paper."""
    notice = find_notice(key, actor=request.actor)
    draft = written(notice)
    numbered = sum(bool(number_of(package)) for package in draft.packages)
    context = {
        "notice": notice,
        "packages": len(draft.packages),
        "numbered": numbered,
        "may_number": notice.is_draft and request.actor.may(Permission.SHIPMENT_WRITE),
        "may_correct": "replace" in NOTICE_LIFECYCLE.verbs_for(request.actor, notice.state),
        "sheets": SHEETS.values(),
        "resolutions": RESOLUTIONS,
    }
    return render(request, PRINT, context)


@door(Permission.ORDER_VIEW)
def shipment_document(request: DoorRequest, key: uuid.UUID, what: str) -> HttpResponse:
    """One paper as a file: labels of all packages or of some, as PDF or ZPL; the delivery note; the packing slip."""
    notice = find_notice(key, actor=request.actor)
    draft = written(notice)
    back = reverse("shipment-print", args=[key])
    some = places_of(request.GET.getlist("package")) or None
    if what in ("delivery-note", "packing-slip"):
        paper = delivery_paper(draft, some)
        if what == "packing-slip" and some is None and len(package_rows(paper.packages)) > MOST_ROWS:
            return _in_parts(request, notice, what, parts_of_slip(draft, MOST_ROWS))
        size = PaperSize.LETTER if notice.supplier.country in LETTER_COUNTRIES else PaperSize.A4
        make = delivery_note_pdf if what == "delivery-note" else packing_slip_pdf
        return PaperResponse(lambda: make(paper, size), file_name(what, notice.number, "pdf"), PDF, back)
    labels = labels_of(draft, some)
    make_labels = _labels(request, what, labels)
    if make_labels is None:
        raise Http404
    if not labels:
        raise Invalid(_("No package has a number yet. Give the packages their numbers first, then print."))
    if len(labels) > MOST_SET and _takes_long(what, labels):
        return _in_parts(request, notice, what, parts_of_labels(draft, MOST_SET))
    kind, content_type = ("zpl", ZPL) if what.startswith("zpl") else ("pdf", PDF)
    return PaperResponse(make_labels, file_name(f"labels-{what}", notice.number, kind), content_type, back)


def _labels(request: DoorRequest, what: str, labels: list[Label]) -> Callable[[], bytes] | None:
    """How these labels are made: one to a page, several on a sheet of which some places are used, or as ZPL."""
    skip = min(whole_number(request.GET.get("skip")) or 0, 100)
    if what in STOCKS:
        return lambda: labels_pdf(labels, STOCKS[what])
    if what.removeprefix("sheet-") in SHEETS and what.startswith("sheet-"):
        return lambda: label_sheets_pdf(labels, SHEETS[what.removeprefix("sheet-")], skip=skip)
    stock, _dash, dots = what.removeprefix("zpl-").rpartition("-")
    if what.startswith("zpl-") and stock in STOCKS and whole_number(dots) in RESOLUTIONS:
        printer = LabelPrinter(dpi=int(dots))
        return lambda: labels_zpl(labels, STOCKS[stock], printer).encode()
    return None


def _takes_long(what: str, labels: list[Label]) -> bool:
    """Whether labels must be set rather than drawn. What does not fit at all is told when it is made."""
    stock = SHEETS[what.removeprefix("sheet-")].stock if what.startswith("sheet-") else STOCKS.get(what)
    try:
        return stock is not None and takes_long(labels, stock)
    except DoesNotFit:
        return False


def _in_parts(request: DoorRequest, notice: ShipNotice, what: str, parts: list[str]) -> HttpResponse:
    return render(request, PARTS, {"notice": notice, "what": what, "parts": parts})


def file_name(what: str, number: str, kind: str) -> str:
    """A name for the file that every system takes."""
    safe = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in number)[:40]
    return f"{what}-{safe or 'draft'}.{kind}"


class PaperResponse(SimpleTemplateResponse):
    """A paper made after the door has closed its transaction; where it cannot be made, a page that says why."""

    def __init__(self, make: Callable[[], bytes], name: str, content_type: str, back: str) -> None:
        super().__init__(PRINT, content_type=content_type)
        self.make, self.name, self.back = make, name, back

    @property
    def rendered_content(self) -> Any:
        """The file."""
        self["Cache-Control"] = "no-store"
        try:
            content = self.make()
        except PdfUnavailable as problem:
            return self._sorry(503, str(problem))
        except DoesNotFit as problem:
            return self._sorry(422, str(problem))
        self["Content-Disposition"] = f'attachment; filename="{self.name}"'
        return content

    def _sorry(self, status: int, reason: str) -> str:
        self.status_code = status
        self["Content-Type"] = "text/html; charset=utf-8"
        context = {"reason": reason, "back_url": self.back}
        return render_to_string("procurement/shipments/print_none.html", context)
