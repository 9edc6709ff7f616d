"""An invoice with all that its checks need, read once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from procurement.findings.policies import Finding
from procurement.invoices.messages import Claimed
from procurement.invoices.models import (
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceTax,
    InvoiceTaxChoice,
    InvoicingProfile,
)
from procurement.invoices.policies.checks import CheckedExtra, CheckedInvoice, CheckedLine
from procurement.invoices.policies.picture import Data, hold_against, picture_findings
from procurement.invoices.policies.sums import TaxKey
from procurement.invoices.policies.terms import read_terms
from procurement.invoices.queries.claims import claimed_by_line, returned_of
from procurement.invoices.queries.companies import last_taxes, profile_of, tax_key, taxes_of
from procurement.invoices.queries.open import agreed_prices
from procurement.invoices.queries.papers import namesake_of
from procurement.orders.models import PurchaseOrder, PurchaseOrderLine
from procurement.orders.states import OrderState

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Written:
    """An invoice as it stands, with all that its checks need: read once, used by the page, the API and the sender."""

    invoice: Invoice
    lines: Sequence[InvoiceLine]
    charges: Sequence[InvoiceCharge]
    taxes: Sequence[InvoiceTax]
    profile: InvoicingProfile
    offered: Sequence[InvoiceTaxChoice] = ()
    claimed: Mapping[int, Claimed] = field(default_factory=dict)
    last_taxes: Sequence[TaxKey] = ()

    def charges_of(self, line: InvoiceLine) -> list[InvoiceCharge]:
        """The charges and allowances of one line."""
        return [one for one in self.charges if one.of_line_id == line.pk]

    @property
    def document_charges(self) -> list[InvoiceCharge]:
        """The charges and allowances of the whole."""
        return [one for one in self.charges if one.of_line_id is None]


def written(invoice: Invoice) -> Written:
    """An invoice with its lines, charges and taxes, and what of its order lines is claimed without it. A fixed number
    of queries.
    """
    lines = list(invoice.lines.select_related("line", "order").order_by("position", "id"))
    charges = list(invoice.charges.order_by("position", "id"))
    taxes = list(invoice.taxes.order_by("category", "tax_rate", "id"))
    ids = {one.line_id for one in lines if one.line_id}
    claimed = claimed_by_line(ids, besides=invoice.document)
    return Written(
        invoice,
        lines,
        charges,
        taxes,
        profile_of(invoice.company),
        taxes_of(invoice.company),
        claimed,
        last_taxes(invoice.supplier_id, invoice.company, besides=invoice.document),
    )


def checked(draft: Written, *, at: datetime) -> CheckedInvoice:
    """An invoice as its checks see it. Four more queries at most."""
    invoice = draft.invoice
    prices = agreed_prices({one.line_id for one in draft.lines if one.line_id})
    namesake = namesake_of(invoice, invoice.number)
    together: dict[int | None, Decimal] = defaultdict(Decimal)  # lines of one order line count together
    for one in draft.lines:
        if not one.price_only:
            together[one.line_id] += one.quantity
    terms = [read_terms(text).days for text in {one.order.payment_terms for one in draft.lines if one.order}]
    return CheckedInvoice(
        today=at.astimezone(ZoneInfo(invoice.supplier.time_zone)).date(),
        kind=invoice.kind,
        currency=invoice.currency,
        total=invoice.total,
        number=invoice.number,
        invoiced_on=invoice.invoiced_on,
        supplied_on=invoice.supplied_on,
        due_on=invoice.due_on,
        payment_days=invoice.payment_days,
        discount_percent=invoice.discount_percent,
        discount_days=invoice.discount_days,
        typed_total=invoice.typed_total,
        reason=invoice.reason,
        corrects=invoice.corrects.number if invoice.corrects else invoice.corrects_number,
        supplier_tax_id=invoice.supplier_tax_id,
        company_tax_id=invoice.company_tax_id,
        lines=[_checked_line(one, draft, prices, together) for one in draft.lines],
        extras=[
            CheckedExtra(one.amount, tax_key(one), one.is_allowance, one.code, one.reason)
            for one in draft.document_charges
        ],
        reasons={tax_key(one): one.exemption_reason for one in draft.taxes},
        offered=[TaxKey(one.category, one.rate, one.jurisdiction) for one in draft.offered],
        last_taxes=draft.last_taxes,
        taken_by=str(_called(namesake)) if namesake else "",
        allow_without_order=draft.profile.allow_without_order,
        credit_left=_credit_left(invoice),
        pictures=pictures_say(invoice, draft.lines),
        order_days=min((days for days in terms if days is not None), default=None),
    )


def pictures_say(invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[Finding]:
    """What the pictures of an invoice do not say as its data do. One query."""
    data = data_of(invoice, lines)
    readings = invoice.files.exclude(reading={}).order_by("added_at", "id").values_list("reading", flat=True)
    return [
        said
        for reading in readings
        for said in picture_findings(reading, hold_against(reading, data), invoice.currency)
    ]


def data_of(invoice: Invoice, lines: Iterable[InvoiceLine]) -> Data:
    """What the picture of an invoice should say, as its data do."""
    return Data(
        number=invoice.number,
        day=invoice.invoiced_on,
        total=invoice.total,
        currency=invoice.currency,
        tax_id=invoice.supplier_tax_id,
        orders=sorted({one.order.number for one in lines if one.order}),
    )


def _called(invoice: Invoice) -> str:
    values = {"kind": invoice.get_kind_display(), "number": invoice.number}
    if invoice.invoiced_on is None:
        return f"{values['kind']} {values['number']}"
    return _("%(kind)s %(number)s of %(day)s") % {**values, "day": invoice.invoiced_on.isoformat()}


def _credit_left(invoice: Invoice) -> Decimal | None:
    if not invoice.is_credit or invoice.corrects is None or invoice.corrects.currency != invoice.currency:
        return None
    return invoice.corrects.total - returned_of(invoice.corrects, besides=invoice.document)


def _checked_line(
    one: InvoiceLine,
    draft: Written,
    prices: Mapping[int, tuple[Decimal, Decimal]],
    together: Mapping[int | None, Decimal],
) -> CheckedLine:
    line, order = one.line, one.order
    bare: dict[str, Any] = {
        "position": one.position,
        "quantity": one.quantity,
        "unit": one.unit,
        "unit_price": one.unit_price,
        "price_quantity": one.price_quantity,
        "amount": one.amount,
        "tax": tax_key(one),
        "description": one.description,
        "price_only": one.price_only,
    }
    if line is None or order is None:
        return CheckedLine(**bare)
    claimed = draft.claimed[line.pk].quantity
    mine = together[line.pk]
    price, per = prices.get(line.pk, (line.price, line.price_per))
    here = line.received_quantity
    to_come = max(ZERO, claimed + mine - here) if draft.profile.claims_received else ZERO
    return CheckedLine(
        **bare,
        order=order.number,
        number=line.number,
        decimals=line.unit_decimals,
        order_unit=line.unit,
        open=max(line.quantity, here) - claimed,
        to_come=min(mine, to_come),
        price=price,
        price_per=per,
        returnable=claimed,
        trouble=_trouble(line, order),
    )


def _trouble(line: PurchaseOrderLine, order: PurchaseOrder) -> str:
    values = {"order": order.number, "line": line.number}
    if order.state == OrderState.CANCELLED:
        return _("Order %(order)s was cancelled: it will be held.") % values
    if line.cancelled:
        return _("Order %(order)s line %(line)s was cancelled: it will be held.") % values
    return ""
