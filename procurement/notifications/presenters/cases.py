"""What a mail says of a case: that somebody was named on it, or is asked something."""

from datetime import date

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text
from procurement.links.queries import ASKED_FOR
from procurement.notifications.messages import Item, Quote
from procurement.notifications.models import Notice
from procurement.notifications.presenters.seen import LONGEST_QUOTE, Seen
from procurement.notifications.states import Audience
from procurement.orders.models import PurchaseOrder


def mentioned(item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen) -> str:
    """That a colleague named the reader on a case."""
    if words := str(event.facts.get("words") or ""):
        item.quotes.append(Quote(event.actor_label, words[:LONGEST_QUOTE]))
    if (path := _page_of(event.stream)) and order is None:
        item.url = f"{settings.PUBLIC_URL}{path}"
    item.button = _("Open the case")
    values = {"name": event.actor_label, "number": event.facts.get("number", "")}
    if values["number"]:
        return _("%(name)s named you on case %(number)s") % values
    return _("%(name)s named you") % values


def asked_question(
    item: Item, notice: Notice, event: AuditEvent, order: PurchaseOrder | None, seen: Seen
) -> str:
    """A question, and nothing else of the case: whom it is put to may be anybody."""
    facts = event.facts
    name = str(facts.get("by") or event.actor_label)
    item.quotes.append(Quote(name, str(facts.get("question") or "")[:LONGEST_QUOTE]))
    if due := str(facts.get("due_on") or ""):
        item.sentences.append(
            _("An answer is needed by %(day)s.") % {"day": day_text(date.fromisoformat(due))}
        )
    item.button = _("Answer the question")
    if notice.audience == Audience.OUTSIDE:
        until = {"day": day_text(timezone.localdate() + ASKED_FOR)}
        item.sentences.append(_("The button opens this question and nothing else, until %(day)s.") % until)
    else:
        item.url = f"{settings.PUBLIC_URL}{reverse('inbox-task', args=[facts['task']])}"
    if event.kind == "case.task_reminded":
        return _("Reminder: %(name)s waits for your answer") % {"name": name}
    return _("%(name)s asks you something") % {"name": name}


def _page_of(stream: str) -> str:
    """The page of a document that is told of by name alone: a case is of a floor above."""
    kind, _colon, key = stream.partition(":")
    try:
        return reverse({"case": "inbox-case"}.get(kind, kind), args=[key])
    except NoReverseMatch:
        return ""
