"""The worker's door of orders: long papers."""

from celery import shared_task
from django.utils import timezone, translation

from portal.kernel.actors import Actor
from portal.kernel.pdf import PdfUnavailable, render_pdf
from portal.kernel.scope import acting
from procurement.orders.files.paper import paper_html
from procurement.orders.queries import document_to_make
from procurement.orders.services import give_up_document, keep_document

PRINTER = Actor.system("Order papers")
SECONDS = 180


@shared_task(name="orders.make_document", ignore_result=True)
def make_document(document_id: int, **_ignored: object) -> bool:
    """Make the PDF of a long order and keep it. Twice does no harm; what is gone meanwhile is nobody's loss."""
    with acting(PRINTER):
        document = document_to_make(document_id)
        if document is None:
            return False
        with translation.override(document.language):
            html = paper_html(document.order)
    try:
        content = render_pdf(html, seconds=SECONDS)
    except PdfUnavailable as problem:
        with acting(PRINTER):
            give_up_document(document_id, str(problem))
        return False
    with acting(PRINTER):
        keep_document(document_id, content, at=timezone.now())
    return True
