"""An order for the printer, and as a PDF.

Note [Long papers]: WeasyPrint takes some 15 ms for each line of an order. Up to `AT_ONCE` lines the PDF is made
while one waits, after the door has closed its transaction. A longer one is made by a worker: the page says so, looks
every two seconds, and keeps the file for that version of the order. The print view always works.
"""

from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from portal.kernel.access import door
from portal.kernel.actors import Actor
from portal.kernel.pdf import PdfUnavailable, render_pdf
from portal.kernel.scope import acting
from portal.kernel.web import panel_or_page, see_other
from procurement.orders.files.paper import paper_html
from procurement.orders.models import OrderDocument, PurchaseOrder
from procurement.orders.queries import document_of, find_order
from procurement.orders.services import GIVEN_UP_AFTER, ask_for_document, give_up_document
from procurement.orders.states import DocumentState
from suppliers.roles import Permission
from suppliers.signin.middleware import session_told

AT_ONCE = 300
LINES_A_SECOND = 60
TASK = "orders.make_document"
PDF = "application/pdf"


@door(Permission.ORDER_VIEW)
def order_print(request: HttpRequest, key: UUID) -> HttpResponse:
    """The paper of an order, to be printed from the browser."""
    order = find_order(key, actor=request.actor)  # type: ignore[attr-defined]  # set by the middleware
    return HttpResponse(paper_html(order, session=session_told(request)))


@door(Permission.ORDER_VIEW, methods=["GET", "POST"])
def order_pdf(request: HttpRequest, key: UUID) -> HttpResponse:
    """The paper of an order as a PDF: at once, or when a worker has made it. Posted, a long one is asked for."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]  # set by the door
    order = find_order(key, actor=actor)
    language = get_language() or "en"
    if order.line_count <= AT_ONCE and request.method == "GET":
        return PdfResponse(order, paper_html(order))
    if request.method == "POST":
        if order.line_count > AT_ONCE:
            document = ask_for_document(order, language, at=at)
            transaction.on_commit(lambda: _make_soon(document, actor))
        return see_other("order-pdf", key=key)
    return _long_pdf(request, order, document_of(order, language, actor=actor))


def _long_pdf(request: HttpRequest, order: PurchaseOrder, document: OrderDocument | None) -> HttpResponse:
    ready = document is not None and document.state == DocumentState.READY
    if document and ready and not request.htmx:  # type: ignore[attr-defined]  # the panel cannot hold a file
        return _as_pdf(bytes(document.content), order)
    at = request.at  # type: ignore[attr-defined]  # set by the door
    late = bool(document and document.asked_at < at - GIVEN_UP_AFTER)
    context = {
        "order": order,
        "state": "" if document is None or (late and not ready) else document.state,
        "reason": document.reason if document else "",
        "lines": order.line_count,
        "seconds": 2 + order.line_count // LINES_A_SECOND,
    }
    return panel_or_page(request, "procurement/orders/pdf_wait.html", "wait", context)


def _make_soon(document: OrderDocument, actor: Actor) -> None:
    try:
        current_app.send_task(TASK, kwargs={"document_id": document.pk}, expires=600, retry=False)
    except OperationalError:
        reason = _("No worker can be reached to make the PDF. Use the print view, or try again later.")
        with acting(actor):
            give_up_document(document.pk, reason)


def _as_pdf(content: bytes, order: PurchaseOrder) -> HttpResponse:
    response = HttpResponse(content, content_type=PDF)
    response["Content-Disposition"] = f'inline; filename="{file_name(order.number)}"'
    response["Cache-Control"] = "no-store"
    return response


def file_name(number: str) -> str:
    """A name for the file that every system takes."""
    safe = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in number)
    return f"order-{safe}.pdf"


class PdfResponse(SimpleTemplateResponse):
    """A PDF made after the door has closed its transaction: no connection waits for the typesetter."""

    def __init__(self, order: PurchaseOrder, html: str) -> None:
        super().__init__("procurement/orders/paper.html", content_type=PDF)
        self.number, self.html = order.number, html
        self.pages = {
            "print_url": reverse("order-print", kwargs={"key": order.key}),
            "back_url": reverse("order", kwargs={"key": order.key}),
        }

    @property
    def rendered_content(self) -> Any:
        """The file; where this machine cannot make one, a page that says so and leads to the print view."""
        self["Cache-Control"] = "no-store"
        try:
            content = render_pdf(self.html)
        except PdfUnavailable as problem:
            self.status_code = 503
            self["Content-Type"] = "text/html; charset=utf-8"
            return render_to_string(
                "procurement/orders/pdf_none.html", {"reason": str(problem), **self.pages}
            )
        self["Content-Disposition"] = f'inline; filename="{file_name(self.number)}"'
        return content
