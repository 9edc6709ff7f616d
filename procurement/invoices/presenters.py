"""Invoices in words: how one stands and whose turn it is, what its checks say and where, its terms, what happened."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.kernel.actors import Channel
from portal.kernel.audit.models import AuditEvent
from portal.kernel.templatetags.portal_ui import day_text, figure, money_text
from portal.kernel.values import minor_units
from procurement.einvoices.pages import READ
from procurement.findings.policies import Finding
from procurement.findings.presenters import Findings, Said, said
from procurement.invoices.models import Invoice, InvoiceFile, InvoiceLine, InvoiceTax, InvoiceTaxChoice
from procurement.invoices.policies.picture import Data, hold_against, picture_findings
from procurement.invoices.policies.terms import discount_until
from procurement.invoices.queries import data_of
from procurement.invoices.states import (
    HELD_DISPUTED,
    REJECTED_SAME,
    Acts,
    InvoiceKind,
    InvoiceState,
    TaxCategory,
)
from procurement.orders.policies import plain
from procurement.tolerances.messages import BY_RULE
from procurement.tolerances.presenters.sentences import said_by

# The charges and allowances that people choose from (UNCL 7161 and UNCL 5189, as EN 16931 takes them).
CHARGES: Mapping[str, Promise] = {
    "FC": lazy("Freight"),
    "DL": lazy("Delivery"),
    "SAA": lazy("Shipping and handling"),
    "HD": lazy("Handling"),
    "PC": lazy("Packing"),
    "ABL": lazy("Additional packaging"),
    "PL": lazy("Palletizing"),
    "LA": lazy("Labelling"),
    "SH": lazy("Special handling"),
    "SU": lazy("Set-up"),
    "TAC": lazy("Testing"),
    "FI": lazy("Financing"),
    "ADR": lazy("Other services"),
}
ALLOWANCES: Mapping[str, Promise] = {
    "95": lazy("Discount"),
    "100": lazy("Special rebate"),
    "64": lazy("Special agreement"),
    "65": lazy("For a fault in production"),
    "68": lazy("End of range"),
    "70": lazy("For the Incoterm"),
    "88": lazy("Material surcharge or deduction"),
    "103": lazy("Temporary"),
    "104": lazy("Standard discount"),
    "105": lazy("Yearly turnover"),
}


def code_word(code: str, *, is_allowance: bool) -> str:
    """What a code of a charge or an allowance means; the code itself where we have no word for it."""
    word = (ALLOWANCES if is_allowance else CHARGES).get(code)
    return str(word) if word else code


def kind_word(invoice: Invoice) -> str:
    """What sort of paper it is, as the reader calls it."""
    return str(InvoiceKind(invoice.kind).label)


def title_of(invoice: Invoice) -> str:
    """ "Invoice LF-26-0188", "Credit note CN-7"; a draft that has no number yet says so."""
    if not invoice.number:
        words = {
            InvoiceKind.INVOICE: _("New invoice"),
            InvoiceKind.CREDIT_NOTE: _("New credit note"),
            InvoiceKind.DEBIT_NOTE: _("New debit note"),
        }
        return words[InvoiceKind(invoice.kind)]
    words = {
        InvoiceKind.INVOICE: _("Invoice %(number)s"),
        InvoiceKind.CREDIT_NOTE: _("Credit note %(number)s"),
        InvoiceKind.DEBIT_NOTE: _("Debit note %(number)s"),
    }
    return words[InvoiceKind(invoice.kind)] % {"number": invoice.number}


# --- taxes --------------------------------------------------------------------------------------------------


def tax_text(
    category: str, rate: Decimal, jurisdiction: str, choices: Sequence[InvoiceTaxChoice] = ()
) -> str:
    """How a tax is called: as the company calls it, else by its category and rate."""
    for choice in choices:
        if (choice.category, choice.rate, choice.jurisdiction) == (category, rate, jurisdiction):
            return choice.label
    if not category:
        return _("not said")
    word = str(TaxCategory(category).label) if category in TaxCategory.values else category
    parts = [word, f"{figure(rate)} %" if rate else "", jurisdiction]
    return ", ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class TaxRow:
    """A tax of an invoice in words: what is taxed, what it comes to, and why there is none."""

    text: str
    base: Decimal
    amount: Decimal
    reason: str = ""

    @property
    def why(self) -> str:
        """Why there is none, with what it is about, which the reason often begins with by itself."""
        if self.reason.casefold().startswith(self.text.casefold()):
            return self.reason
        return f"{self.text}: {self.reason}"


def tax_rows(taxes: Iterable[InvoiceTax], choices: Sequence[InvoiceTaxChoice] = ()) -> list[TaxRow]:
    """The taxes of an invoice in words."""
    return [
        TaxRow(
            tax_text(tax.category, tax.tax_rate, tax.jurisdiction, choices),
            tax.base,
            tax.amount,
            tax.exemption_reason,
        )
        for tax in taxes
    ]


# --- what the checks say ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of an invoice, and what is to be said of it beside the data."""

    file: InvoiceFile
    said: Sequence[Said] = ()


def file_rows(files: Iterable[InvoiceFile], invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[FileRow]:
    """The files of an invoice, each that was read with how it agrees with the data."""
    data = data_of(invoice, lines)
    return [FileRow(file, _picture_said(file.reading, data)) for file in files]


def _picture_said(reading: Mapping[str, Any], data: Data) -> list[Said]:
    told = picture_findings(reading, hold_against(reading, data), data.currency)
    if not told and reading.get("state") == READ:
        return [Said("done", "full", _("Compared"), _("it says what the data say."))]
    return [said(one) for one in told]


# Fields of the checks that are no field of the editor, and where their sentences stand there.
PLACES = {"total": "totals", "category": "lines", "tax_rate": "lines", "order": "lines", "unit": "lines"}


def findings(found: Sequence[Finding]) -> Findings:
    """Each finding beside what it speaks of."""
    fields: dict[str, list[Said]] = defaultdict(list)
    lines: dict[int, list[Said]] = defaultdict(list)
    for one in found:
        if one.line is None:
            fields[PLACES.get(one.field, one.field)].append(said(one))
        else:
            lines[one.line].append(said(one))
    return Findings(fields, lines, Counter(one.grade for one in found))


# --- terms --------------------------------------------------------------------------------------------------


def terms_text(invoice: Invoice) -> str:
    """When it is to be paid, and what who pays early may keep, as one sentence; empty where nothing is known."""
    parts = []
    until = discount_until(invoice.invoiced_on, invoice.discount_days)
    if until and invoice.discount_percent:
        values = {
            "percent": figure(invoice.discount_percent),
            "day": day_text(until),
            "less": money_text(invoice.discount_amount, invoice.currency),
        }
        parts.append(_("%(percent)s %% less if paid by %(day)s, that is %(less)s.") % values)
    if invoice.due_on:
        parts.append(_("Due in full on %(day)s.") % {"day": day_text(invoice.due_on)})
    return " ".join(parts)


def open_terms_text(invoice: Invoice) -> str:
    """The same as long as it is not paid: empty afterwards, when nobody can keep anything any more."""
    return "" if invoice.state == InvoiceState.PAID else terms_text(invoice)


def paid_text(invoice: Invoice) -> str:
    """How much of it the ERP tells that it has paid; empty where it tells of nothing."""
    bill = invoice.bill
    if bill is None or bill.open_amount >= bill.total:
        return ""
    return money_text(bill.total - bill.open_amount, bill.currency)


# --- how it stands ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Headline:
    """The sentence at the top of an invoice: who is to act, and how it stands."""

    tone: str
    glyph: str
    turn: str
    yours: bool
    sentence: str | SafeString


def turn_word(invoice: Invoice, *, is_supplier: bool) -> str:
    """Who acts while it is held, for this reader. Who of the buying side decides is not told to a supplier: while
    somebody is asked for approval, that is another than whom the match names.
    """
    if not invoice.acts:
        return ""
    decides = _("The customer decides")
    words = {
        Acts.SUPPLIER: _("Your turn") if is_supplier else _("The supplier acts"),
        Acts.BUYER: decides if is_supplier else _("The buyer acts"),
        Acts.RECEIVER: _("Receiving acts"),
        Acts.PAYABLES: decides if is_supplier else _("Accounts payable acts"),
        Acts.NOBODY: _("Goes on by itself"),
    }
    return words[Acts(invoice.acts)]


def same_as(invoice: Invoice) -> str:
    """The number of the invoice that a rejected one is the same as; "" for any other: that one is to be corrected."""
    is_same = invoice.state == InvoiceState.REJECTED and invoice.held_for.get("key") == REJECTED_SAME
    return str(invoice.held_for["params"]["other"]) if is_same else ""


def is_yours(invoice: Invoice, *, is_supplier: bool) -> bool:
    """Whether it waits for the reader's side."""
    if invoice.state == InvoiceState.DRAFT:
        return True
    if invoice.state == InvoiceState.REJECTED:
        return is_supplier and not same_as(invoice)
    if invoice.state not in (InvoiceState.HELD, InvoiceState.DISPUTED) or invoice.acts == Acts.NOBODY:
        return False
    return is_supplier == (invoice.acts == Acts.SUPPLIER)


def asks_supplier(invoice: Invoice) -> bool:
    """Whether its supplier is asked about it, and has not answered yet."""
    return invoice.state == InvoiceState.DISPUTED and invoice.held_for.get("key") == HELD_DISPUTED


def headline(invoice: Invoice, *, is_supplier: bool, why: str, turn: str = "") -> Headline:
    """Where an invoice stands, for whoever reads it. `why` is the reason for which it is held, as a sentence; `turn`
    whose turn it is, where that is another than the invoice itself says.
    """
    yours = is_yours(invoice, is_supplier=is_supplier) and not turn
    state = InvoiceState(invoice.state)
    if state in (InvoiceState.HELD, InvoiceState.DISPUTED):
        return _held(invoice, is_supplier=is_supplier, yours=yours, why=why, turn=turn)
    look = HEADLINES[state]
    return Headline(look.tone, look.glyph, str(look.turn), yours, look.sentence(invoice))


def _held(invoice: Invoice, *, is_supplier: bool, yours: bool, why: str, turn: str) -> Headline:
    if turn:
        text = format_html("{}. {}", turn, why) if why else turn
        return Headline("wait", "wait", _("Waits for approval"), False, text)
    turn = turn_word(invoice, is_supplier=is_supplier)
    since = day_text(timezone.localtime(invoice.held_at).date()) if invoice.held_at else ""
    text = _("{why} <span>Since {since}.</span>")
    sentence = format_html(text, why=why or _("Held."), since=since)
    if invoice.state == InvoiceState.DISPUTED:
        return Headline("talk", "talk", turn or _("Disputed"), yours, sentence)
    if invoice.acts == Acts.NOBODY:
        return Headline("move", "half", turn, False, sentence)
    return Headline("wait", "alert", turn or _("Held"), yours, sentence)


@dataclass(frozen=True, slots=True)
class _Look:
    tone: str
    glyph: str
    turn: Promise
    sentence: Callable[[Invoice], str | SafeString]


def _sent(invoice: Invoice) -> str:
    return _("It is being held against its orders and what was received of them.")


def _approved(invoice: Invoice) -> str | SafeString:
    if invoice.is_credit:
        return _("Taken. It counts against what is to be paid.")
    if invoice.due_on is None:
        return approved_text(invoice)
    if invoice.early_discount and invoice.pay_on:
        text = _("{approved} As agreed it is to be paid early, on <b>{day}</b>.")
        return format_html(text, approved=approved_text(invoice), day=day_text(invoice.pay_on))
    text = _("{approved} It is to be paid on <b>{day}</b> at the latest.")
    return format_html(text, approved=approved_text(invoice), day=day_text(invoice.due_on))


def approved_text(invoice: Invoice) -> str:
    """Who approved an invoice, or by which rule it was, as a sentence."""
    name = invoice.approved_by
    text = _("Approved %(by)s.") if name.startswith(BY_RULE) else _("Approved by %(by)s.")
    return text % {"by": said_by(name)}


def _scheduled(invoice: Invoice) -> str | SafeString:
    day = invoice.pay_on or invoice.due_on
    if day is None:
        return _("Booked. It is paid with one of the next runs.")
    return format_html(_("Booked. Planned to be paid on <b>{day}</b>."), day=day_text(day))


def _paid(invoice: Invoice) -> str | SafeString:
    if invoice.paid_on is None:
        return _("Paid.")
    if invoice.payment_reference:
        text = _("Paid on <b>{day}</b>, reference {reference}.")
        return format_html(text, day=day_text(invoice.paid_on), reference=invoice.payment_reference)
    return format_html(_("Paid on <b>{day}</b>."), day=day_text(invoice.paid_on))


def _rejected(invoice: Invoice) -> str:
    if other := same_as(invoice):
        text = _("Sent back: “%(why)s”. It is the same as invoice %(other)s: there is nothing to do.")
        return text % {"why": invoice.rejected_reason, "other": other}
    text = _("Sent back: “%(why)s”. Correct it and send it again under the same number.")
    return text % {"why": invoice.rejected_reason}


def _withdrawn(invoice: Invoice) -> str:
    if invoice.end_reason:
        return _("Withdrawn: “%(why)s”. Its number is free again.") % {"why": invoice.end_reason}
    return _("Withdrawn. Its number is free again.")


def _voided(invoice: Invoice) -> str:
    if invoice.end_reason:
        return _("Voided: “%(why)s”. Nothing of it is paid.") % {"why": invoice.end_reason}
    return _("Voided. Nothing of it is paid.")


HEADLINES: Mapping[InvoiceState, _Look] = {
    InvoiceState.DRAFT: _Look("quiet", "none", lazy("Draft"), lambda _one: _("Nothing is sent yet.")),
    InvoiceState.SENT: _Look("move", "quarter", lazy("Being matched"), _sent),
    InvoiceState.APPROVED: _Look("move", "half", lazy("Approved"), _approved),
    InvoiceState.SCHEDULED: _Look("move", "most", lazy("To be paid"), _scheduled),
    InvoiceState.PAID: _Look("done", "full", lazy("Paid"), _paid),
    InvoiceState.REJECTED: _Look("stop", "stop", lazy("Sent back"), _rejected),
    InvoiceState.WITHDRAWN: _Look("quiet", "stop", lazy("Withdrawn"), _withdrawn),
    InvoiceState.REPLACED: _Look(
        "quiet", "stale", lazy("Replaced"), lambda _one: _("A newer version has taken its place.")
    ),
    InvoiceState.VOIDED: _Look("quiet", "stop", lazy("Voided"), _voided),
    InvoiceState.DISCARDED: _Look(
        "quiet", "none", lazy("Discarded"), lambda _one: _("This draft was thrown away.")
    ),
}


# --- what happened ------------------------------------------------------------------------------------------

Facts = Mapping[str, Any]

STORY: Mapping[str, tuple[str, str, Promise]] = {
    "invoice.drafted": ("quiet", "none", lazy("Begun")),
    "invoice.discarded": ("quiet", "none", lazy("The draft was thrown away")),
    "invoice.sent": ("move", "quarter", lazy("Sent")),
    "invoice.withdrawn": ("quiet", "stop", lazy("Withdrawn")),
    "invoice.replaced": ("quiet", "stale", lazy("Replaced by its next version")),
    "invoice.held": ("wait", "alert", lazy("Held")),
    "invoice.released": ("move", "quarter", lazy("Goes on: it is matched again")),
    "invoice.disputed": ("talk", "talk", lazy("Disputed")),
    "invoice.approved": ("move", "half", lazy("Approved")),
    "invoice.reopened": ("wait", "stale", lazy("The approval was taken back")),
    "invoice.booking_cancelled": ("stop", "stale", lazy("The ERP has cancelled its booking")),
    "invoice.rejected": ("stop", "stop", lazy("Sent back")),
    "invoice.scheduled": ("move", "most", lazy("Booked, to be paid")),
    "invoice.approval_reasoned": ("quiet", "full", lazy("Why it was approved")),
    "invoice.booked_otherwise": ("stop", "stop", lazy("The ERP has booked another total")),
    "invoice.paid": ("done", "full", lazy("Paid")),
    "invoice.payment_reversed": ("wait", "stale", lazy("The payment was taken back")),
    "invoice.voided": ("quiet", "stop", lazy("Voided")),
    "invoice.file_added": ("quiet", "full", lazy("A file was added")),
    "invoice.file_dropped": ("quiet", "none", lazy("A file was taken away")),
    "invoice.matched": ("quiet", "full", lazy("Matched")),
    "invoice.question_asked": ("talk", "talk", lazy("Accounts payable asks")),
    "invoice.question_answered": ("talk", "full", lazy("Answered")),
    "invoice.colleague_asked": ("talk", "talk", lazy("A colleague is asked")),
    "invoice.colleague_answered": ("talk", "full", lazy("Answered")),
    "invoice.early_agreed": ("move", "half", lazy("Agreed to be paid early")),
    "invoice.early_withdrawn": ("quiet", "stale", lazy("Not to be paid early any more")),
    "invoice.early_lapsed": ("wait", "stale", lazy("Not paid by the agreed day: what was agreed has lapsed")),
    "invoice.early_paid": ("done", "full", lazy("Paid early as agreed")),
    "invoice.early_honoured": ("move", "half", lazy("Paid by the agreed day after all")),
    "invoice.early_fully_paid": (
        "quiet",
        "full",
        lazy("Paid in full: nothing was taken off for paying early"),
    ),
    "invoice.approval_asked": ("wait", "wait", lazy("Approval asked for")),
    "invoice.approval_granted": ("done", "full", lazy("Approval given")),
    "invoice.approval_declined": ("stop", "stop", lazy("Approval declined")),
    "invoice.approval_refused": ("quiet", "stop", lazy("The mail went to the wrong person")),
    "invoice.erp_notified": ("move", "half", lazy("The ERP was told")),
    "invoice.erp_confirmed": ("done", "full", lazy("The ERP has taken it over")),
    "invoice.erp_refused": ("stop", "stop", lazy("The ERP did not take it: a person looks at it")),
    "invoice.erp_task_opened": ("wait", "wait", lazy("A person keys it into the ERP")),
    "invoice.erp_unanswered": ("wait", "alert", lazy("The ERP did not answer")),
    "invoice.erp_keyed": ("done", "full", lazy("A person says that it stands in the ERP")),
    "invoice.erp_superseded": ("quiet", "none", lazy("A later word to the ERP took the place of this one")),
}
# What is no news beside the others: that a mail left, and what came of itself.
UNTOLD = frozenset(
    {
        "notice.sent",
        "invoice.question_dropped",
        "invoice.approval_reached",
        "invoice.approval_lapsed",
        "invoice.early_ended",
        "invoice.early_unpaid",
        "invoice.early_missed",
    }
)


def story(
    events: Iterable[AuditEvent], reader_id: int | None, *, why: Callable[[Facts], str] = lambda _facts: ""
) -> list[dict[str, Any]]:
    """What happened to an invoice, for the timeline. `why` says the reason that a fact carries, where it carries one.

    A fact of a kind without words is shown by its kind: the packages above tell theirs on the same story.
    """
    entries = []
    for event in events:
        if event.kind in UNTOLD:
            continue
        tone, glyph, text = STORY.get(event.kind, ("quiet", "full", event.kind.partition(".")[2]))
        who = _("you") if reader_id is not None and event.actor_user_id == reader_id else event.actor_label
        told = next(
            (event.facts[name] for name in ("reason", "answer", "question") if event.facts.get(name)), ""
        )
        reason = why(event.facts) or str(told)
        words = f"{text}: {reason}" if reason else str(text)
        if event.kind == "invoice.sent" and int(event.facts.get("issue") or 1) > 1:
            words = _("Sent again as version %(issue)s") % {"issue": event.facts["issue"]}
        if event.channel == Channel.LINK:
            who = ", ".join((who, _("by link")))
        entries.append(
            {
                "tone": tone,
                "glyph": glyph,
                "text": words,
                "at": event.at,
                "note": "" if event.actor_side == "system" else who,
            }
        )
    return entries


def per_text(price_quantity: Decimal, unit: str) -> str:
    """For how many a price is: "per 100 pcs"; "per pc" is said without the one."""
    if price_quantity == 1:
        return _("per %(unit)s") % {"unit": unit}
    return _("per %(count)s %(unit)s") % {"count": plain(price_quantity), "unit": unit}


def days_over(invoice: Invoice, today: date) -> int:
    """By how many days it is due and not paid; zero where it is not."""
    over = (InvoiceState.PAID, *ENDED, InvoiceState.DRAFT)
    if invoice.due_on is None or invoice.state in over:
        return 0
    return max(0, (today - invoice.due_on).days)


ENDED = (
    InvoiceState.REJECTED,
    InvoiceState.WITHDRAWN,
    InvoiceState.REPLACED,
    InvoiceState.VOIDED,
    InvoiceState.DISCARDED,
)


def price_text(price: Decimal, per: Decimal, currency: str, unit: str) -> str:
    """A price as a sentence says it: "9.40 EUR", "94.00 EUR per 100 pcs"."""
    text = f"{figure(price, minor_units(currency))} {currency}"
    return text if per == 1 else f"{text} {per_text(per, unit)}"
