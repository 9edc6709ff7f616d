"""What a mail says of a supplier itself: company data, getting started, documents."""

from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text
from procurement.notifications.messages import Item, Quote
from procurement.notifications.models import Notice
from procurement.notifications.presenters.seen import LONGEST_QUOTE, Seen
from procurement.orders.models import PurchaseOrder
from suppliers.details.states import Part, Way
from suppliers.documents.presenters import kind_name
from suppliers.onboarding.presenters import names_of as steps_text


def told_detail(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """A change of company data: it waits for the reader, or came into force, or was refused. What it says is on its
    page, for who is signed in."""
    facts = event.facts
    item.number = str(facts.get("supplier", ""))
    if key := facts.get("detail"):
        item.url = f"{settings.PUBLIC_URL}{reverse('detail-change', args=[key])}"
    item.signs_in = True
    item.button = _("Look at the change")
    if event.kind.startswith("detail_rule."):
        item.url, item.button = f"{settings.PUBLIC_URL}{reverse('detail-rules')}", _("Which changes wait")
    if words := str(facts.get("reason") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    if event.kind == "supplier.change_requested":
        item.sentences.append(_("Until somebody has decided, what stood stands."))
    values = {
        "name": event.actor_label,
        "supplier": facts.get("supplier", ""),
        "part": dict(Part.choices).get(facts.get("part"), ""),
    }
    texts = {
        "supplier.change_requested": _("Company data of %(supplier)s waits for you: %(part)s"),
        "supplier.detail_changed": _("%(name)s changed company data: %(part)s"),
        "supplier.change_approved": _("Approved, and in force now: %(part)s"),
        "supplier.change_refused": _("Not taken over: %(part)s"),
        "detail_rule.loosening_asked": _("%(name)s asks that changes come into force at once: %(part)s"),
        "detail_rule.changed": _("Changes wait for approval from now on: %(part)s"),
    }
    if event.kind == "detail_rule.changed" and facts.get("to") == Way.AT_ONCE:
        return _("Changes come into force at once from now on: %(part)s") % values
    return texts[event.kind] % values


# What is for our administrator, and its page.
OURS = {
    "onboarding.submitted": "onboarding-run",
    "registration.received": "registration",
    "screening.hit_found": "screening-hit",
    "screening.hit_reopened": "screening-hit",
}


def told_onboarding(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """What is asked of a supplier to get started, and what became of it; for us, what we are to decide."""
    facts = event.facts
    supplier = str(facts.get("supplier", ""))
    item.number = supplier
    item.signs_in = True
    key = event.stream.partition(":")[2]
    is_ours = event.kind in OURS
    path = reverse(OURS[event.kind], args=[key]) if is_ours else reverse("getting-started")
    item.button = _("Look at it") if is_ours else _("Getting started")
    if event.kind == "onboarding.terms_asked":
        path, item.button = reverse("onboarding-terms-own"), _("Read and accept them")
    item.url = f"{settings.PUBLIC_URL}{path}"
    if words := str(facts.get("reason") or facts.get("words") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    values = {
        "supplier": supplier,
        "who": event.actor_label,
        "steps": steps_text(facts.get("steps") or ()),
        "title": str(facts.get("title", "")),
    }
    if event.kind == "onboarding.reminded":
        item.sentences.append(_("Open still: %(steps)s. Orders go on meanwhile.") % values)
    if event.kind == "onboarding.terms_asked":
        if facts.get("again"):
            item.sentences.append(_("What you accepted before was an older version."))
        if facts.get("from"):
            day = day_text(date.fromisoformat(str(facts["from"])))
            item.sentences.append(
                _("It counts from %(day)s; until then nothing waits for it.") % {"day": day}
            )
        item.sentences.append(_("Orders go on meanwhile."))
    if event.kind == "onboarding.invited":
        item.sentences.append(_("Each step says what it is for. Orders go on meanwhile."))
    texts = {
        "onboarding.invited": _("We ask you for a few things about %(supplier)s"),
        "onboarding.reminded": _("A few steps are open still for %(supplier)s"),
        "onboarding.terms_asked": _("Please accept for %(supplier)s: %(title)s"),
        "onboarding.submitted": _("%(supplier)s has handed in its onboarding"),
        "registration.received": _("%(supplier)s asks to become a supplier"),
        "screening.hit_found": _("%(supplier)s is called like somebody on a list of sanctioned parties"),
        "screening.hit_reopened": _("%(supplier)s is called like somebody on a list of sanctioned parties"),
        "onboarding.returned": _("Something is to be done again for %(supplier)s"),
        "onboarding.approved": _("Thank you: everything is there for %(supplier)s"),
        "onboarding.refused": _("The onboarding of %(supplier)s was refused"),
    }
    if facts.get("of") == "holder":
        return (
            _("An account for %(supplier)s has a holder called like somebody on a list of sanctioned parties")
            % values
        )
    return texts[event.kind] % values


def told_document(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """A document that is asked for, or what became of one; for a reviewer, that one waits."""
    facts = event.facts
    name = kind_name(str(facts["kind"]), str(facts["kind_name"]))
    item.number = name
    item.signs_in = True
    version = facts.get("version")
    path = reverse("document-version", args=[version]) if version else reverse("document-list")
    item.url = f"{settings.PUBLIC_URL}{path}"
    item.button = _("Look at the document") if version else _("Supply it")
    until = day_text(date.fromisoformat(str(facts["until"]))) if facts.get("until") else ""
    values = {"name": name, "who": event.actor_label, "day": until}
    if event.kind == "document.admitted":
        return _("%(who)s gave a document to review: %(name)s") % values
    if event.kind == "document.accepted":
        item.sentences.append(_("It is valid until %(day)s.") % values if until else _("It has no end."))
        return _("Accepted: %(name)s") % values
    if event.kind in ("document.refused", "document.infected", "document.unjudged"):
        if reason := str(facts.get("reason") or ""):
            item.quotes.append(Quote(event.actor_label, reason[:LONGEST_QUOTE]))
        if found := str(facts.get("found") or ""):
            text = _("The file carries malware (%(what)s). Look after the machine it comes from.")
            item.sentences.append(text % {"what": found})
        if event.kind == "document.unjudged":
            item.sentences.append(_("The virus scanner could not look into the file. Save it anew."))
        item.sentences.append(_("Please supply another one. What was accepted before stays in force."))
        return _("Not accepted: %(name)s") % values
    due = {"day": day_text(date.fromisoformat(str(facts["due_on"])))}
    if not facts.get("compulsory"):
        item.sentences.append(_("It is not compulsory: it helps us if you have one."))
    elif facts.get("has_ended"):
        item.sentences.append(_("The one that we have ended on %(day)s.") % values)
    elif until:
        item.sentences.append(_("The one that we have is valid until %(day)s.") % values)
    else:
        item.sentences.append(_("Please supply it by %(day)s.") % due)
    item.sentences.append(_("Orders go on meanwhile. A picture taken with a phone will do."))
    if event.kind == "document.missed":
        return _("Overdue: %(name)s") % values
    if event.kind == "document.reminded":
        return _("Reminder: %(name)s is asked of you") % values
    return _("A document is asked of you: %(name)s") % values
