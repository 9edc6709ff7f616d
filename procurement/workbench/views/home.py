"""The first page: what waits for whoever signs in."""

from datetime import datetime

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.access import DoorRequest, door
from portal.kernel.actors import Actor
from procurement.workbench.policies import given_name
from procurement.workbench.queries.home import Home, supplier_home
from suppliers.documents.presenters import asked_of_me
from suppliers.offboarding.queries import last_day_for
from suppliers.onboarding.presenters import Newcomer, newcomer_of
from suppliers.onboarding.queries import terms_owed
from suppliers.roles import Permission

NOON, EVENING = 12, 18


@door(Permission.ORDER_VIEW, Permission.ERP_VIEW, Permission.SUPPLIER_VIEW)
def home(request: DoorRequest) -> HttpResponse:
    """What waits for me, most urgent first. The buying side begins with its inbox."""
    if not request.actor.is_supplier:
        return HttpResponseRedirect(reverse(_first_page(request.actor)))
    found = supplier_home(request.actor, request.at)
    may_give = request.actor.may(Permission.DETAIL_EDIT)
    newcomer = newcomer_of(request.actor, request.at) if may_give else None
    terms = terms_owed(request.actor, request.at) if may_give else []
    documents = asked_of_me(request.actor, request.at) if request.actor.may(Permission.DOCUMENT_VIEW) else []
    context = {
        "home": found,
        "title": _title(found, _given(newcomer, len(terms), len(documents)), request),
        "newcomer": newcomer,
        "may_answer": request.actor.may(Permission.ORDER_ACKNOWLEDGE),
        "here": timezone.localtime(request.at),
        "documents": documents,
        "terms": terms,
        "last_on": last_day_for(request.actor),
    }
    return render(request, "procurement/workbench/home_supplier.html", context)


def _first_page(actor: Actor) -> str:
    """Where somebody of the buying side begins: at what needs a person, the integration, the dock, the invoices,
    or the orders."""
    if actor.may(Permission.ORDER_DECIDE):
        return "inbox"
    if actor.may(Permission.ERP_MANAGE):
        return "integration"
    if actor.may(Permission.GOODS_RECEIVE):
        return "receiving-list"
    if actor.may(Permission.INVOICE_SETTLE):
        return "payables"
    return "order-list" if actor.may(Permission.ORDER_VIEW) else "preferences"


def _greeting(at: datetime) -> str:
    hour = timezone.localtime(at).hour
    if hour < NOON:
        return _("Good morning")
    return _("Good afternoon") if hour < EVENING else _("Good evening")


def _given(newcomer: Newcomer | None, terms: int, documents: int) -> str:
    """What is asked of the company: of one that is new the steps, of which terms and documents are two; else these."""
    if newcomer and (count := newcomer.waiting):
        words = ngettext("One step of getting started waits.", "%(n)d steps of getting started wait.", count)
        return words % {"n": count}
    if newcomer:
        return _("Hand in what was asked of you.")
    asked = []
    if terms:
        words = ngettext("New terms wait for your word.", "%(n)d new terms wait for your word.", terms)
        asked.append(words % {"n": terms})
    if documents:
        words = ngettext("One document is asked for.", "%(n)d documents are asked for.", documents)
        asked.append(words % {"n": documents})
    return " ".join(asked)


def _title(found: Home, given: str, request: DoorRequest) -> str:
    name = given_name(request.actor.label)
    if not found.count and not given:
        return _("Nothing waits for you, %(name)s.") % {"name": name}
    waits = []
    if count := found.waiting_orders:  # the rail counts these, so they are told apart from the late ones
        words = ngettext("One order waits for your answer.", "%(n)d orders wait for your answer.", count)
        waits.append(words % {"n": count})
    if count := found.change_count:
        words = ngettext("One change request waits.", "%(n)d change requests wait.", count)
        waits.append(words % {"n": count})
    if count := len(found.dock):
        words = ngettext("The dock asks you one thing.", "The dock asks you %(n)d things.", count)
        waits.append(words % {"n": count})
    if count := found.invoice_count:
        words = ngettext("One invoice waits for you.", "%(n)d invoices wait for you.", count)
        waits.append(words % {"n": count})
    if count := found.late:
        words = ngettext("One order is late in delivery.", "%(n)d orders are late in delivery.", count)
        waits.append(words % {"n": count})
    if given:
        waits.append(given)
    return _("%(greeting)s, %(name)s. %(waits)s") % {
        "greeting": _greeting(request.at),
        "name": name,
        "waits": " ".join(waits),
    }
