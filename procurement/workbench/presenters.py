"""What happened, as sentences: one for every kind of fact on an order's timeline, in the reader's language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.looks import look_of
from portal.kernel.templatetags.portal_ui import day_text, figure, moment_text, money_text
from procurement.bills.states import BillKind
from procurement.changes.presenters import differences_in, kinds_text, why_text
from procurement.clocks.messages import Action
from procurement.clocks.presenters import TAKEN_WORDS
from procurement.notifications.states import NoticeKind
from procurement.orders.presenters import field_word, lines_text, shown_value

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a timeline, as components/timeline.html shows it."""

    tone: str
    glyph: str
    text: str
    at: datetime | None = None
    note: str = ""
    now: bool = False
    old: str | None = None
    new: str | None = None
    url: str = ""


CHANNEL_WORDS = {
    "portal": "",
    "api": lazy("by program"),
    "file": lazy("by file"),
    "erp": lazy("from their ERP"),
    "edi": lazy("by EDI"),
    "mail": lazy("by mail"),
    "link": lazy("by link"),
    "rule": lazy("by rule"),
    "system": "",
}


def entry_of(
    event: AuditEvent, *, reader_id: int | None = None, side: str = "", linked: bool = False
) -> Entry:
    """One fact as an entry of the timeline; `linked` where the reader may see the command to the ERP that it is about.

    A kind without a sentence is a mistake of ours and raises.
    """
    tone, glyph, sentence = SENTENCES[event.kind]
    text = sentence(event.facts)
    who = _("you") if reader_id is not None and event.actor_user_id == reader_id else event.actor_label
    if event.actor_side == "system":
        who = ""
    through = str(CHANNEL_WORDS.get(event.channel, ""))
    if event.channel == "erp" and side == "company":
        through = _("from the ERP")
    if event.kind in TO_THE_ERP:
        through = ""
    note = ", ".join(part for part in (who, through) if part)
    url = _ruled_url(event) or _paper_url(event) or (_command_url(event) if linked else "")
    return Entry(tone, glyph, text, event.at, note, url=url)


def _ruled_url(event: AuditEvent) -> str:
    """Where one reads what rules agreed to on this order: both sides may."""
    if event.kind != "order.agreed_by_rule":
        return ""
    return f"{reverse('rule-decisions')}?{urlencode({'order': event.facts['order']})}"


def _paper_url(event: AuditEvent) -> str:
    """The ship notice or the invoice that a fact is about: both sides may read it."""
    if event.kind.startswith("order.shipment_"):
        return reverse("shipment", args=[event.facts["notice"]])
    if event.kind.startswith("order.invoice_") and "invoice" in event.facts:
        return reverse("invoice", args=[event.facts["invoice"]])
    return ""


def _command_url(event: AuditEvent) -> str:
    """Where the command is that a fact is about; facts of older versions do not name it for good."""
    origin = event.facts.get("origin") if event.kind.startswith("erp.command_") else None
    return reverse("integration-command", args=[origin]) if origin else ""


# --- one sentence for each kind -----------------------------------------------------------------------------


def _received(facts: Facts) -> str:
    count = facts["lines"]
    return ngettext("Order received, one line", "Order received, %(n)d lines", count) % {"n": count}


def _revised(facts: Facts) -> str:
    head = _("Revision %(number)s") % {"number": facts["revision"]}
    reopened, echoed = facts.get("reopened") or [], facts.get("echoed") or []
    changes = facts.get("changes") or []
    if reopened:
        told = next((one for one in changes if one["did"] == "reopened"), None)
        text = _("%(head)s asks anew: %(lines)s") % {"head": head, "lines": lines_text(reopened)}
        if told and len(reopened) <= 2:
            word = field_word(told["field"])
            old, new = (shown_value(told["field"], told[name]) for name in ("old", "new"))
            text += f" ({word} {old} → {new})"
        return text
    if sent_again := facts.get("sent_again"):
        told = _("%(head)s: what was agreed on %(lines)s stands")
        return told % {"head": head, "lines": lines_text(sent_again)}
    if echoed:
        return _("%(head)s says what was agreed: %(lines)s") % {"head": head, "lines": lines_text(echoed)}
    if cancelled := [one["line"] for one in changes if one["did"] == "cancelled"]:
        return _("%(head)s cancels %(lines)s") % {"head": head, "lines": lines_text(cancelled)}
    return _("%(head)s changed nothing you agreed") % {"head": head}


def _shipment_sent(facts: Facts) -> str:
    """What a ship notice says of this order."""
    text = ngettext(
        "Ship notice %(number)s: one line leaves, expected %(day)s",
        "Ship notice %(number)s: %(n)d lines leave, expected %(day)s",
        facts["count"],
    )
    if facts.get("issue", 1) > 1:
        text = ngettext(
            "Ship notice %(number)s corrected: one line leaves, expected %(day)s",
            "Ship notice %(number)s corrected: %(n)d lines leave, expected %(day)s",
            facts["count"],
        )
    day = day_text(date.fromisoformat(facts["delivery_on"])) if facts["delivery_on"] else "–"
    return text % {"number": facts["number"], "n": facts["count"], "day": day}


def _shipment_cancelled(facts: Facts) -> str:
    return _("Ship notice %(number)s taken back") % {"number": facts["number"]}


def _goods_counted(facts: Facts) -> str:
    """What a posted count says of this order."""
    lines = facts["lines"]
    text = _("Counted at the dock: %(lines)s") % {"lines": lines_text(one["line"] for one in lines)}
    if any(Decimal(one["damaged"]) or Decimal(one["missing"]) for one in lines):
        text = _("Counted at the dock, otherwise than announced: %(lines)s") % {
            "lines": lines_text(one["line"] for one in lines)
        }
    return text


def _count_reversed(facts: Facts) -> str:
    return _("A count of the dock was taken back: %(why)s") % {"why": facts["why"]}


def _goods_received(facts: Facts) -> str:
    lines = facts["lines"]
    if len(lines) == 1:
        (line,) = lines
        values = {"quantity": figure(Decimal(line["received"])), "unit": line["unit"], "line": line["line"]}
        return _("%(quantity)s %(unit)s of line %(line)s received so far") % values
    numbers = (line["line"] for line in lines)
    return _("Goods received on %(lines)s") % {"lines": lines_text(numbers)}


def _receipts_booked(facts: Facts) -> str:
    receipts = facts["receipts"]
    lines = lines_text(sorted({one["line"] for one in receipts}))
    notes = sorted({one["reference"] for one in receipts if one["reference"]})
    values = {"lines": lines, "notes": ", ".join(notes[:3]) + (" …" if len(notes) > 3 else "")}
    if all(one["reversed"] for one in receipts):
        return _("Receipt taken back: %(lines)s") % values
    if notes:
        text = ngettext(
            "Delivery note %(notes)s booked: %(lines)s",
            "Delivery notes %(notes)s booked: %(lines)s",
            len(notes),
        )
        return text % values
    return _("Goods booked: %(lines)s") % values


def _invoices_told(facts: Facts) -> str:
    told = facts["invoices"]
    parts = [
        _("%(paper)s %(number)s: %(state)s")
        % {
            "paper": BillKind(one["kind"]).label,
            "number": one["invoice"],
            "state": str(look_of("bill", one["state"]).word).lower(),
        }
        for one in told[:3]
    ]
    if facts["count"] > len(parts):
        more = facts["count"] - len(parts)
        parts.append(ngettext("one more", "%(n)d more", more) % {"n": more})
    return "; ".join(parts)


def _acknowledged(facts: Facts) -> str:
    as_asked, waiting, refused = facts["as_asked"], facts["waiting"], facts["refused"]
    waiting = [one["line"] for one in waiting if one["line"] not in set(refused)]
    head = _("Revision %(number)s answered") % {"number": facts["revision"]}
    if facts.get("on_behalf"):
        head = _("Revision %(number)s answered by the buyer for the supplier") % {"number": facts["revision"]}
    parts = []
    if as_asked:
        count = len(as_asked)
        parts.append(ngettext("one line as asked", "%(n)d lines as asked", count) % {"n": count})
    if by_rule := facts.get("by_rule"):
        parts.append(_("%(lines)s within tolerance") % {"lines": lines_text(by_rule)})
    if waiting:
        parts.append(_("%(lines)s otherwise") % {"lines": lines_text(waiting)})
    if refused:
        parts.append(_("%(lines)s refused") % {"lines": lines_text(refused)})
    return f"{head}: {', '.join(parts)}" if parts else head


def _agreed_by_rule(facts: Facts) -> str:
    rules = facts["rules"]
    count = facts["line_count"]
    told = lines_text(facts["lines"])
    if count > len(facts["lines"]):
        told = ngettext("%(n)d line", "%(n)d lines", count) % {"n": count}
    if not rules:
        return _("Agreed by rule: %(lines)s (%(policy)s)") % {"lines": told, "policy": facts["policy"]}
    text = ngettext(
        "Agreed by rule: %(lines)s (%(policy)s, rule %(rules)s)",
        "Agreed by rule: %(lines)s (%(policy)s, rules %(rules)s)",
        len(rules),
    )
    values = {"lines": told, "policy": facts["policy"], "rules": ", ".join(str(rule) for rule in rules)}
    return text % values


def _withdrawn(facts: Facts) -> str:
    return _("Answer taken back: %(lines)s") % {"lines": lines_text(facts["lines"])}


def _accepted(facts: Facts) -> str:
    settled = [*facts["agreed"], *facts["refused"]]
    if not settled:
        return _("Part of the answer accepted")
    return _("Accepted as answered: %(lines)s") % {"lines": lines_text(settled)}


def _declined(facts: Facts) -> str:
    values = {"lines": lines_text(facts["disputed"]), "reason": facts["reason"]}
    return _("Not accepted: %(lines)s. “%(reason)s”") % values


def _asked_again(facts: Facts) -> str:
    values = {"lines": lines_text(facts["lines"]), "words": facts.get("words", "")}
    if values["words"]:
        return _("Asked again: %(lines)s. “%(words)s”") % values
    return _("Asked again, what was agreed stands no longer: %(lines)s") % values


def _said(text: Any) -> Callable[[Facts], str]:
    return lambda facts: str(text)


def _erp(text: Any) -> Callable[[Facts], str]:
    return lambda facts: text % {"lines": lines_text(facts.get("lines") or ())}


def _assigned(facts: Facts) -> str:
    values = {"lines": lines_text(facts.get("lines") or ()), "name": facts.get("to", "")}
    if values["name"]:
        return _("To be keyed in by %(name)s: %(lines)s") % values
    return _("To be keyed in by anybody: %(lines)s") % values


def _step_reached(facts: Facts) -> str:
    word = str(TAKEN_WORDS[Action(facts["action"])])
    if not facts["overdue"]:
        return _("%(did)s: the answer is due %(when)s") % {"did": word, "when": _when(facts["due_at"])}
    return _("%(did)s: the answer was due %(when)s") % {"did": word, "when": _when(facts["due_at"])}


def _due_moved(facts: Facts) -> str:
    values = {"old": _when(facts["old"]), "new": _when(facts["new"]), "reason": facts["reason"]}
    return _("Answer due %(old)s → %(new)s. “%(reason)s”") % values


def _when(text: str) -> str:
    return moment_text(datetime.fromisoformat(text))


def _drift_repaired(facts: Facts) -> str:
    words = {
        "take_erp": _("Read from the ERP again after comparing both sides"),
        "send_again": _("Promise sent to the ERP again after comparing both sides"),
        "cancel": _("Cancelled after comparing both sides: the ERP no longer has it"),
    }
    return words.get(str(facts.get("repair")), _("Put right after comparing both sides"))


def _file_added(facts: Facts) -> str:
    return _("File added: %(name)s") % {"name": facts.get("name", "")}


def _change(text: Any) -> Callable[[Facts], str]:
    """A wish: what it would alter from what to what, and why."""

    def sentence(facts: Facts) -> str:
        told = text % {"lines": lines_text(facts["lines"]), "what": differences_in(facts)}
        return ". ".join(filter(None, (told, why_text(facts))))

    return sentence


def _change_ended(text: Any) -> Callable[[Facts], str]:
    """What became of a wish, and why."""

    def sentence(facts: Facts) -> str:
        told = text % {"lines": lines_text(facts["lines"]), "what": kinds_text(facts["kinds"])}
        return ". ".join(filter(None, (told, why_text(facts))))

    return sentence


def _mail(text: Any) -> Callable[[Facts], str]:
    """What became of a draft that was read in a mail: whose mail, which lines, and why."""

    def sentence(facts: Facts) -> str:
        told = str(text % {"sender": facts["sender"]})
        if facts.get("lines"):
            told = f"{told}: {lines_text(facts['lines'])}"
        return f"{told}. “{facts['reason']}”" if facts.get("reason") else told

    return sentence


def _invoice_sent(facts: Facts) -> str:
    words = {
        "credit_note": _("Credit note %(number)s sent, %(total)s"),
        "debit_note": _("Debit note %(number)s sent, %(total)s"),
    }
    first = _("Invoice %(number)s sent, %(total)s")
    again = _("Invoice %(number)s corrected, %(total)s")
    text = words.get(str(facts["kind"]), again if facts["issue"] > 1 else first)
    return text % {"number": facts["number"], "total": money_text(Decimal(facts["total"]), facts["currency"])}


def _invoice_ended(facts: Facts) -> str:
    words = {
        "withdrawn": _("Invoice %(number)s taken back. “%(reason)s”"),
        "rejected": _("Invoice %(number)s sent back. “%(reason)s”"),
    }
    text = words.get(str(facts["what"]), _("Invoice %(number)s is void. “%(reason)s”"))
    return text % {"number": facts["number"], "reason": facts["reason"]}


def _seen(facts: Facts) -> str:
    return _("Revision %(number)s seen by the supplier") % {"number": facts["revision"]}


def _mailed(text: str | Promise) -> Callable[[Facts], str]:
    """A mail that left, or did not: what it was about, and to whom."""

    def sentence(facts: Facts) -> str:
        kinds = facts.get("kinds") or [facts.get("kind", "")]
        words = [str(NoticeKind(kind).label) for kind in kinds if kind in NoticeKind.values]
        return str(text) % {
            "what": ", ".join(words),
            "to": facts.get("to", ""),
            "reason": facts.get("reason", ""),
        }

    return sentence


def _mail_failed(facts: Facts) -> str:
    if facts.get("reason") == "nobody":
        return _mailed(_("Nobody could be told: %(what)s. No person with rights, and no mail address."))(
            facts
        )
    return _mailed(_("The mail to %(to)s did not arrive: %(reason)s"))(facts)


def _link(text: Promise) -> Callable[[Facts], str]:
    return lambda facts: str(text) % {"to": facts.get("to", ""), "by": facts.get("by", "")}


# What happened: the tone and glyph of its dot, and its sentence. A test holds this equal to what is recorded.
SENTENCES: dict[str, tuple[str, str, Callable[[Facts], str]]] = {
    "order.received": ("quiet", "none", _received),
    "order.revised": ("talk", "stale", _revised),
    "order.cancelled": ("stop", "stop", _said(lazy("Order cancelled by the buyer"))),
    "order.closed": ("quiet", "full", _said(lazy("Order closed"))),
    "order.reopened": ("talk", "stale", _said(lazy("Order opened again"))),
    "order.goods_received": ("done", "most", _goods_received),
    "order.asked_again": ("talk", "talk", _asked_again),
    "order.receipts_booked": ("done", "most", _receipts_booked),
    "order.invoices_told": ("quiet", "full", _invoices_told),
    "order.acknowledged": ("move", "most", _acknowledged),
    "order.agreed_by_rule": ("done", "full", _agreed_by_rule),
    "order.answer_withdrawn": ("quiet", "stale", _withdrawn),
    "order.answer_accepted": ("done", "full", _accepted),
    "order.answer_declined": ("talk", "talk", _declined),
    "clock.step_reached": ("wait", "wait", _step_reached),
    "clock.overdue": ("stop", "alert", _said(lazy("The answer is overdue"))),
    "clock.due_moved": ("talk", "stale", _due_moved),
    "change.proposed": ("talk", "talk", _change(lazy("Change asked for, %(lines)s: %(what)s"))),
    "change.edited": ("talk", "talk", _change(lazy("Wish put anew, %(lines)s: %(what)s"))),
    "change.countered": ("talk", "talk", _change(lazy("Counter-proposal, %(lines)s: %(what)s"))),
    "change.accepted": ("done", "full", _change(lazy("Change agreed, %(lines)s: %(what)s"))),
    "change.retained": (
        "done",
        "most",
        _change_ended(lazy("The change stands here alone, the ERP is not told, %(lines)s: %(what)s")),
    ),
    "change.declined": ("stop", "stop", _change_ended(lazy("Change declined, %(lines)s: %(what)s"))),
    "change.withdrawn": ("quiet", "stale", _change_ended(lazy("Wish taken back, %(lines)s: %(what)s"))),
    "change.expired": ("quiet", "stale", _change_ended(lazy("Nobody answered in time, %(lines)s: %(what)s"))),
    "change.superseded": ("quiet", "stale", _change_ended(lazy("Overtaken, %(lines)s: %(what)s"))),
    "change.confirmed": (
        "done",
        "full",
        _change_ended(lazy("The change is in the ERP, %(lines)s: %(what)s")),
    ),
    "mail.draft_offered": ("wait", "wait", _mail(lazy("Read in a mail of %(sender)s, waits for a press"))),
    "mail.draft_confirmed": ("move", "most", _mail(lazy("Taken from the mail of %(sender)s"))),
    "mail.draft_corrected": (
        "quiet",
        "half",
        _mail(lazy("Draft from the mail of %(sender)s taken over for correction")),
    ),
    "mail.draft_discarded": ("quiet", "stop", _mail(lazy("Draft from the mail of %(sender)s discarded"))),
    "mail.draft_superseded": ("quiet", "stale", _mail(lazy("Draft from the mail of %(sender)s overtaken"))),
    "erp.command_sent": ("move", "half", _erp(lazy("Sent to the ERP: %(lines)s"))),
    "erp.command_confirmed": ("done", "full", _erp(lazy("In the ERP: %(lines)s"))),
    "erp.command_conflicted": ("stop", "alert", _erp(lazy("The ERP holds something else: %(lines)s"))),
    "erp.command_refused": ("stop", "stop", _erp(lazy("The ERP did not take it: %(lines)s"))),
    "erp.command_unknown": (
        "wait",
        "stale",
        _erp(lazy("Nobody knows yet whether the ERP took it: %(lines)s")),
    ),
    "erp.command_retried": ("quiet", "wait", _erp(lazy("Sent to the ERP once more: %(lines)s"))),
    "erp.command_superseded": ("quiet", "stale", _erp(lazy("Replaced by a newer agreement: %(lines)s"))),
    "erp.command_handed_over": ("wait", "wait", _erp(lazy("To key into the ERP by hand: %(lines)s"))),
    "erp.command_asked_again": ("talk", "talk", _erp(lazy("Not written, the supplier is asked: %(lines)s"))),
    "erp.command_yielded": ("quiet", "full", _erp(lazy("The ERP’s values are kept: %(lines)s"))),
    "erp.command_assigned": ("quiet", "none", _assigned),
    "erp.command_given_up": ("quiet", "stop", _erp(lazy("Not written to the ERP: %(lines)s"))),
    "erp.drift_repaired": ("quiet", "full", _drift_repaired),
    "outbox.replayed": ("quiet", "stale", _said(lazy("Message delivered once more"))),
    "outbox.skipped": ("quiet", "stop", _said(lazy("Message given up"))),
    "notice.sent": ("quiet", "none", _mailed(lazy("Mail to %(to)s: %(what)s"))),
    "notice.failed": ("stop", "alert", _mail_failed),
    "notice.unreachable": (
        "stop",
        "alert",
        _said(lazy("Nobody of the supplier can be written to: no person with rights, and no mail address")),
    ),
    "order.shipment_sent": ("move", "half", _shipment_sent),
    "order.shipment_cancelled": ("talk", "stale", _shipment_cancelled),
    "order.goods_counted": ("move", "most", _goods_counted),
    "order.count_reversed": ("talk", "stale", _count_reversed),
    "order.invoice_sent": ("move", "half", _invoice_sent),
    "order.invoice_ended": ("talk", "stale", _invoice_ended),
    "order.seen": ("quiet", "none", _seen),
    "order.unseen": ("wait", "wait", _said(lazy("Nobody of the supplier has seen it for too long"))),
    "order.unread": ("wait", "wait", _said(lazy("Told that its programs have not read it"))),
    "link.opened": ("quiet", "none", _link(lazy("The link of the mail to %(to)s was opened"))),
    "link.forwarded": ("quiet", "none", _link(lazy("%(by)s forwarded the order to %(to)s"))),
    "link.asked_again": ("quiet", "stale", _link(lazy("A new link for %(to)s was asked for"))),
    "link.refused": (
        "talk",
        "stop",
        _link(lazy("%(to)s says that this is not for them; their link has ended")),
    ),
    "link.revoked": ("quiet", "stop", _link(lazy("The link of %(to)s was ended"))),
    "thread.message_sent": ("quiet", "none", _said(lazy("Message sent"))),
    "thread.note_written": ("quiet", "none", _said(lazy("Internal note written"))),
    "thread.file_added": ("quiet", "none", _file_added),
}

# What went the other way: to the ERP, or not there.
TO_THE_ERP = frozenset(
    f"erp.command_{did}"
    for did in (
        "sent",
        "unknown",
        "retried",
        "superseded",
        "given_up",
        "handed_over",
        "asked_again",
        "yielded",
        "assigned",
    )
)


__all__ = ["SENTENCES", "Entry", "entry_of", "field_word", "lines_text", "shown_value"]
