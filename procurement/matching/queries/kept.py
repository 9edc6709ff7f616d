"""Matches that were made."""

import uuid
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from procurement.invoices.models import Invoice
from procurement.matching.engine.checks import Check, check_from_json
from procurement.matching.models import Match


def visible_matches(actor: Actor) -> QuerySet[Match]:
    """The matches this actor may see: a supplier those of its own invoices, check by check."""
    return Match.objects.visible_to(actor)


def matches_of(invoice: Invoice, *, actor: Actor) -> list[Match]:
    """Every match of an invoice, the newest first."""
    return list(visible_matches(actor).filter(invoice=invoice).order_by("-id"))


def current_match(invoice: Invoice, *, actor: Actor) -> Match | None:
    """The match that counts now; none where it has not been matched yet."""
    return visible_matches(actor).filter(invoice=invoice, is_current=True).first()


def current_matches(invoices: Iterable[Invoice], *, actor: Actor) -> dict[int, Match]:
    """The matches that count, by the invoice's id, without their checks: one query."""
    found = visible_matches(actor).filter(invoice__in=[one.pk for one in invoices], is_current=True)
    return {one.invoice_id: one for one in found.defer("checks")}


def find_match(key: uuid.UUID, *, actor: Actor) -> Match:
    """One match. Raises `NotFound` for what is not there or not yours."""
    found = visible_matches(actor).filter(key=key).select_related("invoice__company").first()
    if found is None:
        raise NotFound(_("There is no such match."))
    return found


def checks_of(match: Match) -> list[Check]:
    """All checks of a match, in their order."""
    return [check_from_json(one) for one in match.checks]
