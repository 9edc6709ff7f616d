"""What must be true of an invoice to send it, what is worth a thought, and what only to know. Pure.

These are the checks of the paper itself, before anything is matched: whether it is whole, adds up, and names what its
reader needs. Whether it may be paid is for `procurement.matching` to say; what will hold it there is said here as a
warning, while it can still be mended.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import figure
from portal.kernel.values import decimals_of, minor_units
from procurement.findings.policies import Finding, Grade
from procurement.invoices.policies.numbers import number_key
from procurement.invoices.policies.sums import TaxKey
from procurement.invoices.policies.terms import LONGEST_TERM
from procurement.invoices.states import REASONED, UNTAXED, InvoiceKind, TaxCategory

ZERO = Decimal(0)
MOST_LINES = 5000
LONGEST_AGO = timedelta(days=730)
# Taxes that the customer owes, or that another country's tax office asks about, need both tax numbers
# (EN 16931 BR-AE-02, BR-IC-02).
BOTH_TAX_IDS = (TaxCategory.REVERSE_CHARGE, TaxCategory.INTRA_COMMUNITY)


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One line with all that its checks must know.

    `order` and `number` name the order line, where it claims one; then `open` is what nobody has claimed of it yet (as
    the company takes claims), `price` and `price_per` what was agreed, `order_unit` its unit. `to_come` is what of the
    claim has not been received, where the company pays for what it has received. `returnable` is what a credit note can
    give back at most. `trouble` says what else is wrong with the order line.
    """

    position: int
    quantity: Decimal
    unit: str
    unit_price: Decimal
    price_quantity: Decimal
    amount: Decimal
    tax: TaxKey
    order: str = ""
    number: int = 0
    decimals: int = 6
    description: str = ""
    price_only: bool = False
    order_unit: str = ""
    open: Decimal | None = None
    to_come: Decimal = ZERO
    price: Decimal | None = None
    price_per: Decimal = Decimal(1)
    returnable: Decimal | None = None
    trouble: str = ""

    @property
    def label(self) -> str:
        """How a sentence calls it."""
        if self.order:
            return _("order %(order)s line %(line)s") % {"order": self.order, "line": self.number}
        return _("line %(line)s") % {"line": self.position}


@dataclass(frozen=True, slots=True)
class CheckedExtra:
    """A document-level charge or allowance, for its checks."""

    amount: Decimal
    tax: TaxKey
    is_allowance: bool = False
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CheckedInvoice:
    """An invoice as a whole, for its checks. `today` is the date where the supplier is.

    `reasons` says why what is taxed like this is not taxed; `offered` are the taxes that the company takes (none: any).
    `taken_by` names the document that has the number already. `credit_left` is what is left of the invoice that a
    credit note corrects. `pictures` is what its pictures say otherwise (`policies.picture`). `order_days` is the
    shortest term of payment of its orders.
    """

    today: date
    kind: str
    currency: str
    total: Decimal
    number: str = ""
    invoiced_on: date | None = None
    supplied_on: date | None = None
    due_on: date | None = None
    payment_days: int | None = None
    discount_percent: Decimal | None = None
    discount_days: int | None = None
    typed_total: Decimal | None = None
    reason: str = ""
    corrects: str = ""
    supplier_tax_id: str = ""
    company_tax_id: str = ""
    lines: Sequence[CheckedLine] = ()
    extras: Sequence[CheckedExtra] = ()
    reasons: dict[TaxKey, str] = field(default_factory=dict)
    offered: Sequence[TaxKey] = ()
    last_taxes: Sequence[TaxKey] = ()
    taken_by: str = ""
    allow_without_order: bool = True
    credit_left: Decimal | None = None
    pictures: Sequence[Finding] = ()
    order_days: int | None = None

    @property
    def is_credit(self) -> bool:
        return self.kind == InvoiceKind.CREDIT_NOTE


def check_invoice(invoice: CheckedInvoice) -> list[Finding]:
    """Everything there is to say about an invoice before it is sent, the gravest first, each with its way out."""
    found = [*_check_header(invoice), *_check_terms(invoice)]
    # A credit note may give back charges alone (freight); what claims money says of what.
    if not invoice.lines and not (invoice.is_credit and invoice.extras):
        message = _("Nothing is claimed in it. Add a line.")
        found.append(Finding(Grade.STOP, "nothing", message, "lines"))
    if len(invoice.lines) > MOST_LINES:
        message = _("An invoice has at most %(most)d lines. Send the others with another one.")
        found.append(Finding(Grade.STOP, "too_many", message % {"most": MOST_LINES}, "lines"))
    for line in invoice.lines:
        found += _check_line(line, invoice)
    for extra in invoice.extras:
        if not extra.code and not extra.reason:
            message = _("Say what a charge or an allowance is for: by its code or in words.")
            found.append(Finding(Grade.STOP, "charge_reason", message, "charges"))
    found += _check_quantities(invoice)
    found += _check_taxes(invoice)
    found += _check_totals(invoice)
    found += invoice.pictures
    return sorted(found, key=lambda one: -one.grade)


def _check_header(invoice: CheckedInvoice) -> Iterable[Finding]:
    if not number_key(invoice.number):
        message = _("It needs the number that it has in your books: both sides look for it.")
        yield Finding(Grade.STOP, "number", message, "number")
    elif invoice.taken_by:
        yield Finding(Grade.STOP, "number_taken", taken_message(invoice.number, invoice.taken_by), "number")
    if invoice.invoiced_on is None:
        yield Finding(Grade.STOP, "invoiced_on", _("Say which day it is of."), "invoiced_on")
    elif invoice.invoiced_on > invoice.today:
        message = _("It cannot be of a day to come. Look at the day of the invoice.")
        yield Finding(Grade.STOP, "future", message, "invoiced_on")
    elif invoice.invoiced_on < invoice.today - LONGEST_AGO:
        message = _("It is of a day more than two years ago. Look at the year.")
        yield Finding(Grade.STOP, "long_ago", message, "invoiced_on")
    if invoice.kind != InvoiceKind.INVOICE:
        if not invoice.corrects:
            message = _("Say which invoice it is about: choose it, or type its number.")
            yield Finding(Grade.STOP, "corrects", message, "corrects_number")
        if not invoice.reason.strip():
            message = _("Say why: the other side reads it first.")
            yield Finding(Grade.STOP, "reason", message, "reason")


def taken_message(number: str, taken_by: str) -> str:
    """The refusal of a number that another document has."""
    message = _(
        "%(taken_by)s has the number %(number)s, written like this or nearly so. Open that one, or give this one "
        "its own number."
    )
    return message % {"number": number, "taken_by": taken_by}


def _check_terms(invoice: CheckedInvoice) -> Iterable[Finding]:
    days = invoice.payment_days
    if days is not None and not 0 <= days <= LONGEST_TERM:
        message = _("A term of payment lies between 0 and %(most)d days.")
        yield Finding(Grade.STOP, "payment_days", message % {"most": LONGEST_TERM}, "payment_days")
    if invoice.due_on and invoice.invoiced_on and invoice.due_on < invoice.invoiced_on:
        message = _("It cannot be due before the day it is of.")
        yield Finding(Grade.STOP, "due_before", message, "due_on")
    has_percent, has_days = invoice.discount_percent is not None, invoice.discount_days is not None
    if has_percent != has_days:
        message = _("A discount needs both: how many percent, and within how many days.")
        yield Finding(Grade.STOP, "discount", message, "discount_percent")
    elif invoice.discount_percent is not None and not ZERO < invoice.discount_percent < 100:
        message = _("A discount lies between 0 and 100 percent.")
        yield Finding(Grade.STOP, "discount", message, "discount_percent")
    elif invoice.discount_days is not None and days is not None and invoice.discount_days > days:
        message = _("The discount ends after the invoice is due. Look at both terms.")
        yield Finding(Grade.STOP, "discount", message, "discount_days")
    yield from _check_order_term(invoice)


def _check_order_term(invoice: CheckedInvoice) -> Iterable[Finding]:
    """By its days or by the day it is due, an invoice may ask for its money sooner than was agreed. Without any term it
    is due on its own day: that is nobody's wish.
    """
    unsaid = invoice.payment_days is None and invoice.due_on == invoice.invoiced_on
    if invoice.kind != InvoiceKind.INVOICE or invoice.order_days is None or unsaid:
        return
    asked = {"payment_days": invoice.payment_days}
    if invoice.due_on and invoice.invoiced_on and invoice.due_on >= invoice.invoiced_on:
        asked["due_on"] = (invoice.due_on - invoice.invoiced_on).days
    said = {name: days for name, days in asked.items() if days is not None and days < invoice.order_days}
    if said:
        where = min(said, key=lambda name: said[name])
        message = _("The order says %(order)d days, this says %(here)d: the order's term counts.")
        values = {"order": invoice.order_days, "here": said[where]}
        yield Finding(Grade.WARN, "shorter_term", message % values, where)


def _check_line(line: CheckedLine, invoice: CheckedInvoice) -> Iterable[Finding]:
    def say(grade: Grade, code: str, message: str, where: str = "quantity") -> Finding:
        return Finding(grade, code, message, where, line.position)

    if line.quantity <= ZERO:
        yield say(Grade.STOP, "no_quantity", _("Say how much, more than zero, or take the line out."))
    elif decimals_of(line.quantity) > line.decimals:
        message = ngettext(
            "A quantity in %(unit)s has at most %(count)d decimal.",
            "A quantity in %(unit)s has at most %(count)d decimals.",
            line.decimals,
        )
        whole = _("A quantity in %(unit)s is a whole number.")
        text = message if line.decimals else whole
        yield say(Grade.STOP, "decimals", text % {"unit": line.unit, "count": line.decimals})
    if line.unit_price < ZERO:
        message = _("A price cannot be below zero. Give something back with an allowance or a credit note.")
        yield say(Grade.STOP, "price_below_zero", message, "unit_price")
    if line.amount < ZERO:
        message = _("More is taken off this line than it comes to.")
        yield say(Grade.STOP, "below_zero", message, "charges")
    if not line.order:
        if not invoice.allow_without_order and invoice.kind == InvoiceKind.INVOICE:
            message = _("This company takes no line without an order. Name the order line that it claims.")
            yield say(Grade.STOP, "without_order", message, "order")
        if not line.description.strip():
            yield say(Grade.STOP, "description", _("Say what it is for."), "description")
        return
    if line.order_unit and line.unit != line.order_unit:
        message = _("%(label)s is in %(unit)s. Say the quantity and the price in that unit.")
        yield say(
            Grade.STOP, "unit", message % {"label": line.label.capitalize(), "unit": line.order_unit}, "unit"
        )
    if line.trouble:
        yield say(Grade.WARN, "order_trouble", line.trouble, "order")
    if line.price is not None and not line.price_only and not invoice.is_credit:
        here, agreed = line.unit_price * line.price_per, line.price * line.price_quantity
        if here > agreed:
            message = _(
                "The price agreed on %(label)s is %(price)s for %(per)s %(unit)s, less than this one."
            )
            values = {
                "label": line.label,
                "price": figure(line.price, minor_units(invoice.currency)),
                "per": figure(line.price_per),
                "unit": line.order_unit,
            }
            yield say(Grade.WARN, "price", message % values, "unit_price")


def _check_quantities(invoice: CheckedInvoice) -> Iterable[Finding]:
    """Several lines may claim one order line: what they claim together counts."""
    together: dict[tuple[str, int], Decimal] = {}
    last: dict[tuple[str, int], CheckedLine] = {}
    for line in invoice.lines:
        if line.order and not line.price_only:
            name = (line.order, line.number)
            together[name] = together.get(name, ZERO) + line.quantity
            last[name] = line
    for name, quantity in together.items():
        line = last[name]
        values = {"quantity": figure(quantity), "unit": line.unit, "label": line.label}
        if invoice.is_credit:
            if line.returnable is not None and quantity > line.returnable:
                message = _(
                    "%(quantity)s %(unit)s is more than the %(most)s %(unit)s that were claimed of %(label)s. "
                    "Give back less."
                )
                values["most"] = figure(max(ZERO, line.returnable))
                yield Finding(Grade.STOP, "over_credit", message % values, "quantity", line.position)
        elif line.open is not None and quantity > line.open:
            message = _(
                "%(quantity)s %(unit)s is more than the %(open)s %(unit)s left to invoice of %(label)s: "
                "it will be held."
            )
            values["open"] = figure(max(ZERO, line.open))
            yield Finding(Grade.WARN, "over_claim", message % values, "quantity", line.position)
        elif line.to_come > ZERO:
            message = _(
                "%(to_come)s %(unit)s of %(label)s have not been received yet. It waits until they are, "
                "and then goes on by itself."
            )
            values["to_come"] = figure(line.to_come)
            yield Finding(Grade.HINT, "to_come", message % values, "quantity", line.position)


def _check_taxes(invoice: CheckedInvoice) -> Iterable[Finding]:
    places: dict[TaxKey, int | None] = {}
    for line in invoice.lines:
        places.setdefault(line.tax, line.position)
    for extra in invoice.extras:
        places.setdefault(extra.tax, None)
    if any(not key.category for key in places):
        position = next(where for key, where in places.items() if not key.category)
        message = _("Say how it is taxed, of every line and every charge.")
        yield Finding(Grade.STOP, "tax", message, "category", position)
    for key, position in places.items():
        if not key.category:
            continue
        if key.category in UNTAXED and key.rate != ZERO:
            message = _("What is taxed like this has no rate: no tax is due.")
            yield Finding(Grade.STOP, "tax_rate", message, "tax_rate", position)
        elif key.category == TaxCategory.STANDARD and not ZERO < key.rate < 100:
            message = _("Say the rate of the tax, in percent.")
            yield Finding(Grade.STOP, "tax_rate", message, "tax_rate", position)
        elif invoice.offered and key not in invoice.offered:
            message = _("This company takes no tax of %(rate)s %% of this kind. Choose one of its list.")
            yield Finding(
                Grade.STOP, "tax_not_offered", message % {"rate": figure(key.rate)}, "category", position
            )
        if key.category in REASONED and not invoice.reasons.get(key, "").strip():
            message = _("Say why no tax is due: the words stand on the invoice.")
            yield Finding(Grade.STOP, "exemption_reason", message, "exemption_reason", position)
        if key.category in BOTH_TAX_IDS:
            if not invoice.supplier_tax_id:
                message = _("With this kind of tax your tax number stands on the invoice.")
                yield Finding(Grade.STOP, "supplier_tax_id", message, "supplier_tax_id")
            if not invoice.company_tax_id:
                message = _("With this kind of tax the customer's tax number stands on the invoice.")
                yield Finding(Grade.STOP, "company_tax_id", message, "company_tax_id")
        elif key.category == TaxCategory.STANDARD and not invoice.supplier_tax_id:
            message = _(
                "Your tax number is not on the invoice. The customer may need it to get the tax back."
            )
            yield Finding(Grade.WARN, "supplier_tax_id", message, "supplier_tax_id")
    yield from _check_last_taxes(invoice, places)
    kinds = {key.category for key in places}
    if TaxCategory.OUTSIDE_SCOPE in kinds and len(kinds - {""}) > 1:
        message = _("What is outside the scope of tax stands on an invoice of its own.")
        yield Finding(Grade.STOP, "tax_mixed", message, "category")


def _check_last_taxes(invoice: CheckedInvoice, places: Mapping[TaxKey, int | None]) -> Iterable[Finding]:
    """A supplier is mostly taxed as it was before: another kind of tax is worth a look."""
    before = [one.category for one in invoice.last_taxes]
    if invoice.is_credit or not before:
        return
    for key, position in places.items():
        if key.category and key.category not in before:
            message = _("The invoice before it says “%(before)s”, this one “%(here)s”. Look which is right.")
            values = {"before": TaxCategory(before[0]).label, "here": TaxCategory(key.category).label}
            yield Finding(Grade.WARN, "other_tax", message % values, "category", position)
            return


def _check_totals(invoice: CheckedInvoice) -> Iterable[Finding]:
    if invoice.total < ZERO:
        message = _("It comes to less than zero. What is given back is a credit note.")
        yield Finding(Grade.STOP, "total_below_zero", message, "total")
    elif invoice.total == ZERO and invoice.lines:
        message = _("It comes to zero: nothing is to be paid.")
        yield Finding(Grade.WARN, "total_zero", message, "total")
    if invoice.typed_total is not None and invoice.typed_total != invoice.total:
        places = minor_units(invoice.currency)
        message = _(
            "You typed %(typed)s %(currency)s; lines, charges and taxes come to %(total)s %(currency)s. "
            "Look which one is wrong."
        )
        values = {
            "typed": figure(invoice.typed_total, places),
            "total": figure(invoice.total, places),
            "currency": invoice.currency,
        }
        yield Finding(Grade.STOP, "typed_total", message % values, "typed_total")
    if invoice.is_credit and invoice.credit_left is not None and invoice.total > invoice.credit_left:
        places = minor_units(invoice.currency)
        message = _("Of that invoice %(left)s %(currency)s are left to give back, less than this comes to.")
        values = {"left": figure(invoice.credit_left, places), "currency": invoice.currency}
        yield Finding(Grade.STOP, "over_credit", message % values, "total")
