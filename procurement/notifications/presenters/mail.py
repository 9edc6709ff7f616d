"""The whole mail around its documents, as text and as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from procurement.notifications.messages import Item, Written
from procurement.notifications.states import Audience, Cadence

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is around the words of a mail: to whom, why they get it, and the ways out."""

    name: str
    address: str
    company: str
    audience: str
    cadence: str
    may_reply: bool
    stop_url: str = ""
    kinds: Sequence[str] = ()


def written(items: Sequence[Item], envelope: Envelope) -> Written:
    """A mail of one document, or of several, as text and as HTML. Its reader's language and zone are active."""
    single = items[0] if len(items) == 1 else None
    if single is None:
        for item in items:
            item.sentences = [*_beside(item), *item.sentences]
    context = {
        "items": items[:MOST_LISTED],
        "more_items": max(0, len(items) - MOST_LISTED),
        "single": single,
        "first": items[0],
        "heading": _heading(items, envelope),
        "preheader": " ".join([*items[0].sentences, *(quote.words[:120] for quote in items[0].quotes)])[:200],
        "envelope": envelope,
        "is_supplier": envelope.audience == Audience.SUPPLIER,
        "no_account": envelope.audience != Audience.COMPANY and not items[0].signs_in,
        "why": _why(envelope),
    }
    subject = " ".join(_subject(items, envelope).split())
    text = render_to_string("mail/notice.txt", context).strip() + "\n"
    return Written(subject, text, render_to_string("mail/notice.html", context))


def _beside(item: Item) -> list[str]:
    """The two figures of each row in a sentence, where a mail of several documents has no room for a table."""
    if item.heads is None:
        return []
    was, now = item.heads
    said = []
    for row in item.rows:
        figures = f"{was}: {row.old} · {now}: {row.new}" if row.old else f"{now}: {row.new}"
        said.append(f"{row.head}, {row.detail}. {figures}" if row.detail else f"{row.head}. {figures}")
    return said


def _heading(items: Sequence[Item], envelope: Envelope) -> str:
    if len(items) == 1:
        return _with_deadline(items[0], envelope)
    waiting = sum(item.deadline is not None for item in items)
    if envelope.cadence == Cadence.AT_ONCE and waiting == len(items):
        return ngettext("%(n)d order waits for you", "%(n)d orders wait for you", waiting) % {"n": waiting}
    if all(item.stream.startswith("document:") for item in items):
        return ngettext("News of %(n)d document", "News of %(n)d documents", len(items)) % {"n": len(items)}
    if not all(item.stream.startswith("order:") for item in items):
        return _("News of %(n)d orders and shipments") % {"n": len(items)}
    return ngettext("News of %(n)d order", "News of %(n)d orders", len(items)) % {"n": len(items)}


def _with_deadline(item: Item, envelope: Envelope) -> str:
    if item.deadline is None or envelope.audience != Audience.SUPPLIER:
        return f"{item.heading}."
    return _("%(heading)s. Please answer by %(moment)s.") % {
        "heading": item.heading,
        "moment": item.deadline_text,
    }


def _subject(items: Sequence[Item], envelope: Envelope) -> str:
    text = _heading(items, envelope).rstrip(".")
    return f"{envelope.company}: {text}" if envelope.company and len(items) > 1 else text


def _why(envelope: Envelope) -> str:
    """Why somebody gets this: how often they want it."""
    how = {
        Cadence.AT_ONCE: _("Sent to %(address)s at once."),
        Cadence.DAILY: _("Sent to %(address)s once a day."),
        Cadence.WEEKLY: _("Sent to %(address)s once a week."),
    }
    text = how.get(Cadence(envelope.cadence), _("Sent to %(address)s."))
    return text % {"address": envelope.address}
