"""Ship notices, counts and invoices that the ERP is told of, as pages show them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.outbox.models import DeliveryAttempt
from portal.kernel.templatetags.portal_ui import day_text, figure, money_text
from procurement.erp.models import EarlyPaymentWrite, InvoiceWrite, NoticeWrite
from procurement.erp.presenters import TRIES, outcome_word, reason_text
from procurement.erp.states import TellingState
from procurement.erp.telling import Write


@dataclass(frozen=True, slots=True)
class TellingRow:
    """One telling in a list: what it is of, and what the ERP is to do."""

    write: Write
    number: str
    what: str
    orders: str
    reason: str


@dataclass(frozen=True, slots=True)
class ToldLine:
    """So much of an order line, as the ERP is told."""

    order: str
    number: int
    quantity: str
    unit: str
    lot: str = ""
    price: str = ""
    amount: str = ""


def telling_row(write: Write) -> TellingRow:
    """A telling as one row."""
    orders = _orders_of(write)
    more = " …" if len(orders) > 3 else ""
    return TellingRow(
        write, number_of(write), what_word(write), ", ".join(orders[:3]) + more, reason_of(write)
    )


def _orders_of(write: Write) -> list[str]:
    if isinstance(write, EarlyPaymentWrite):
        return list(write.payload["orders"])
    return list(dict.fromkeys(line["order"] for line in write.payload["lines"]))


def number_of(write: Write) -> str:
    """What people call it: the delivery note's or the invoice's number, or the order where there is none."""
    if isinstance(write, NoticeWrite | InvoiceWrite | EarlyPaymentWrite):
        return str(write.payload["number"])
    return str(write.payload["reference"] or write.order.number)


def what_word(write: Write) -> str:
    """What the ERP is to do."""
    if isinstance(write, NoticeWrite):
        if write.withdrawn:
            return _("expect none of it")
        day = date.fromisoformat(write.payload["expected_on"])
        return _("expect it on %(day)s") % {"day": day_text(day)}
    if isinstance(write, InvoiceWrite):
        return _take_out_word(write) if write.voided else _book_word(write)
    if isinstance(write, EarlyPaymentWrite):
        return _early_word(write)
    if write.reversed:
        return _("take the receipt back")
    day = date.fromisoformat(write.payload["received_on"])
    return _("book the receipt of %(day)s") % {"day": day_text(day)}


def _early_word(write: EarlyPaymentWrite) -> str:
    if write.ended:
        return _("pay it in full when it was due")
    values = {
        "day": _day(write.payload["pay_on"]),
        "less": amount_of(write, write.payload["discount"]),
    }
    return _("pay it on %(day)s, %(less)s less") % values


def _book_word(write: InvoiceWrite) -> str:
    values = {"total": amount_of(write, write.payload["total"])}
    if write.payload["kind"] == "credit_note":
        return _("book a credit note of %(total)s") % values
    if write.payload["kind"] == "debit_note":
        return _("book a debit note of %(total)s") % values
    return _("book an invoice of %(total)s") % values


def _take_out_word(write: InvoiceWrite) -> str:
    if write.payload["kind"] == "credit_note":
        return _("take the credit note out")
    return _("take the invoice out")


def amount_of(write: InvoiceWrite | EarlyPaymentWrite, text: str) -> str:
    """An amount of the invoice, with its currency."""
    return money_text(Decimal(text), write.payload["currency"])


def reason_of(write: Write) -> str:
    """Why it did not get through, in the reader's language where the words are ours."""
    return reason_text(write.reason)


def told_lines(write: Write) -> list[ToldLine]:
    """What the ERP is told, line by line."""
    if isinstance(write, EarlyPaymentWrite):
        return []
    if isinstance(write, InvoiceWrite):
        return [*_billed_lines(write), *_beside_lines(write)]
    return [
        ToldLine(
            line["order"],
            line["number"],
            figure(Decimal(line["quantity"])),
            line["unit"],
            line.get("lot", ""),
        )
        for line in write.payload["lines"]
    ]


def _billed_lines(write: InvoiceWrite) -> Iterator[ToldLine]:
    for line in write.payload["lines"]:
        price = figure(Decimal(line["unit_price"]))
        if Decimal(line["price_per"]) != 1:
            price = _("%(price)s per %(number)s") % {
                "price": price,
                "number": figure(Decimal(line["price_per"])),
            }
        yield ToldLine(
            line["order"] or line["description"],
            line["number"],
            figure(Decimal(line["quantity"])),
            line["unit"],
            price=price,
            amount=amount_of(write, line["amount"]),
        )


def _beside_lines(write: InvoiceWrite) -> Iterator[ToldLine]:
    """Charges, allowances and taxes."""
    for charge in write.payload["charges"]:
        words = charge["reason"] or (_("Allowance") if Decimal(charge["amount"]) < 0 else _("Charge"))
        yield ToldLine(words, 0, "", "", amount=amount_of(write, charge["amount"]))
    for tax in write.payload["taxes"]:
        words = _("Tax %(category)s %(rate)s %%") % {
            "category": tax["category"],
            "rate": figure(Decimal(tax["tax_rate"])),
        }
        yield ToldLine(words, 0, "", "", amount=amount_of(write, tax["amount"]))


@dataclass(frozen=True, slots=True)
class ToldFact:
    """One thing that the ERP is told of the whole."""

    label: str
    value: str


def told_head(write: Write) -> list[ToldFact]:
    """What the ERP is told of the whole; what was not said is left out."""
    said = write.payload
    if isinstance(write, NoticeWrite):
        rows = [
            (_("Delivery note"), said["number"]),
            (_("Version"), str(said["issue"])),
            (_("Ship-to place"), said["ship_to"]),
            (_("Leaves"), _day(said["ship_on"])),
            (_("Expected"), _day(said["expected_on"])),
            (_("Carrier"), said["carrier"]),
            (_("Tracking numbers"), said["tracking"]),
        ]
    elif isinstance(write, InvoiceWrite):
        rows = [
            (_("Number"), said["number"]),
            (_("Invoice date"), _day(said["invoiced_on"])),
            (_("Due"), _day(said["due_on"]) if said["due_on"] else ""),
            (_("Corrects"), said["corrects"]),
            (_("Total"), amount_of(write, said["total"])),
            (_("Note"), said["note"]),
            (_("The supplier’s document"), said["picture"]),
        ]
    elif isinstance(write, EarlyPaymentWrite):
        early = [
            (_("Pay on"), _day(said["pay_on"])),
            (_("Taken off"), amount_of(write, said["discount"])),
            (_("To pay"), amount_of(write, f"{Decimal(said['total']) - Decimal(said['discount'])}")),
        ]
        rows = [
            (_("Number"), said["number"]),
            (_("Total"), amount_of(write, said["total"])),
            *([] if write.ended else early),
            (_("Due before"), _day(said["due_on"])),
        ]
    else:
        rows = [
            (_("Delivery note"), said["reference"]),
            (_("Site"), said["site"]),
            (_("Counted"), _day(said["received_on"])),
        ]
    return [ToldFact(label, value) for label, value in rows if value]


def _day(text: str) -> str:
    return day_text(date.fromisoformat(text))


def story_of_telling(write: Write, tries: Iterable[DeliveryAttempt]) -> Sequence[dict[str, Any]]:
    """What happened to it, newest first, as entries of components/timeline.html."""
    entries = []
    if write.state == TellingState.CONFIRMED:
        entries.append(_entry("done", "full", _("It stands in the ERP"), write.updated_at, reason_of(write)))
    for attempt in tries:
        tone, glyph = TRIES.get(attempt.outcome, ("quiet", "half"))
        values = {"number": attempt.number, "outcome": outcome_word(attempt.outcome)}
        text = _("Attempt %(number)d: %(outcome)s") % values
        entries.append(_entry(tone, glyph, text, attempt.started_at, reason_text(attempt.error)))
    entries.append(_entry("quiet", "none", _began(write), write.queued_at))
    return entries


def _began(write: Write) -> str:
    if isinstance(write, NoticeWrite):
        return _("Sent, and promised to the ERP")
    if isinstance(write, InvoiceWrite):
        return (
            _("Taken back, and promised to the ERP")
            if write.voided
            else _("Approved, and promised to the ERP")
        )
    if isinstance(write, EarlyPaymentWrite):
        return (
            _("Not paid early any more, and promised to the ERP")
            if write.ended
            else _("Agreed, and promised to the ERP")
        )
    return _("Counted, and promised to the ERP")


def _entry(tone: str, glyph: str, text: str, at: Any, note: str = "") -> dict[str, Any]:
    return {"tone": tone, "glyph": glyph, "text": text, "at": at, "note": note, "now": False}
