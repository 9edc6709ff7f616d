"""Files of invoices that were uploaded, until drafts are made of them."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.invoices.models import UploadedInvoices
from procurement.invoices.queries.papers import visible_invoices
from procurement.invoices.states import InvoiceState


def find_upload(key: object, *, actor: Actor, hold: bool = False) -> UploadedInvoices:
    """One uploaded file of invoices, held for whoever is about to make drafts of it. Raises `NotFound`."""
    uploads = UploadedInvoices.objects.visible_to(actor).filter(key=key)
    upload: UploadedInvoices | None = (uploads.select_for_update() if hold else uploads).first()
    if upload is None:
        raise NotFound(_("There is no such file."))
    return upload


def recent_uploads(*, actor: Actor, count: int = 5) -> list[UploadedInvoices]:
    """The files this person uploaded last, without what is in them."""
    mine = UploadedInvoices.objects.visible_to(actor).filter(created_by_user_id=actor.user_id)
    inside = ("content", "table", "rows", "told", "plan", "result")
    return list(mine.defer(*inside).order_by("-created_at", "-id")[:count])


def same_uploads(digest: str, *, actor: Actor) -> list[UploadedInvoices]:
    """The same file, as this side has uploaded it before; the newest first. What is in them is left where it is."""
    found = UploadedInvoices.objects.visible_to(actor).filter(digest=digest)
    if actor.is_company:
        found = found.filter(supplier=None)
    return list(found.defer("content", "table", "rows", "told", "plan").order_by("-created_at", "-id")[:20])


def still_stand(keys: Iterable[str], *, actor: Actor) -> bool:
    """Whether any of these invoices is still there: drafted, or sent and not taken back."""
    gone = [InvoiceState.DISCARDED, InvoiceState.WITHDRAWN, InvoiceState.REJECTED, InvoiceState.VOIDED]
    return visible_invoices(actor).filter(key__in=list(keys)).exclude(state__in=gone).exists()
