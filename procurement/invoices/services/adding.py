"""More lines of orders go into a draft."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Invalid, Problem
from portal.kernel.scope import requires_scope
from procurement.invoices.messages import InvoiceNamed, LineChoice, LineEntry, SaveDraft
from procurement.invoices.models import Invoice
from procurement.invoices.queries import (
    agreed_prices,
    find_invoice,
    invoiceable_lines,
    last_taxes,
    left_to_claim,
    order_ids_of,
    preset_tax,
    taxes_of,
)
from procurement.invoices.services.draft import entries_of, save_draft
from procurement.invoices.services.holding import hold_draft, require_may
from procurement.orders.queries import lock_orders, visible_orders
from suppliers.roles import Permission


@requires_scope
def add_lines(named: InvoiceNamed, choices: Sequence[LineChoice], *, actor: Actor, at: datetime) -> Invoice:
    """Put lines of orders behind those of a draft, each with what nobody has claimed of it, at its agreed price.

    Raises `Invalid` where nothing of them is left, or they are of another company or currency.
    """
    require_may(actor, Permission.INVOICE_WRITE)
    wanted = {(one.order, one.line_key): one.quantity for one in choices}
    seen = find_invoice(named.invoice, actor=actor)
    # Note [Orders first]: those it names already, and those that are added.
    more = visible_orders(actor).filter(key__in={order for order, _key in wanted})
    lock_orders({*order_ids_of([seen.pk]), *more.values_list("pk", flat=True)})
    invoice = hold_draft(named.invoice, named.version, actor=actor)
    lines = invoiceable_lines(actor).filter(
        supplier=invoice.supplier_id,
        order__company=invoice.company_id,
        order__currency=invoice.currency,
        order__key__in={order for order, _key in wanted},
        key__in={key for _order, key in wanted},
    )
    found = [line for line in lines.order_by("order_id", "number") if (line.order.key, line.key) in wanted]
    if not found:
        message = _("Nothing is left to invoice of what you chose: all of it was claimed already.")
        raise Invalid(message, [Problem("lines", message, "", "nothing_left")])
    last = last_taxes(invoice.supplier_id, invoice.company, besides=invoice.document)
    tax = preset_tax(last, taxes_of(invoice.company))
    prices = agreed_prices(line.pk for line in found)
    left = left_to_claim(found, alone=True)
    entries = list(entries_of(invoice))
    for line in found:
        asked = wanted[line.order.key, line.key]
        price, per = prices.get(line.pk, (line.price, line.price_per))
        entries.append(
            LineEntry(
                quantity=left[line.pk] if asked is None else asked,
                unit_price=price,
                order=line.order.key,
                line_key=line.key,
                description=line.description,
                supplier_item=line.supplier_part_number,
                unit=line.unit,
                price_quantity=per,
                category=tax.category if tax else "",
                tax_rate=tax.rate if tax else Decimal(0),
                jurisdiction=tax.jurisdiction if tax else "",
            )
        )
    return save_draft(SaveDraft(invoice.key, invoice.version, lines=tuple(entries)), actor=actor, at=at)
