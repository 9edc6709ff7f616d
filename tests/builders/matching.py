"""Claims and what stands against them, for the engine's tests: one line of 1,000 pieces at 10.00 euros, if not said."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from portal.kernel.scope import acting
from portal.kernel.values import line_amount
from procurement.catalogue.models import Company
from procurement.invoices.models import Invoice, InvoiceCharge, InvoiceLine, InvoiceTaxChoice
from procurement.invoices.policies.numbers import number_key
from procurement.matching.engine import Claim, ClaimedLine, Grounds, Kind, Limits, LineGround, Totals, match
from procurement.matching.messages import WriteMatchPolicy
from procurement.matching.services import approve_match_policy, match_invoices, write_match_policy
from procurement.matching.states import Trigger
from procurement.orders.models import PurchaseOrderLine
from procurement.tolerances.messages import Direction, DocumentKind, Joined, Limit, Measure, Rule, Subject
from procurement.tolerances.policies import Rulebook
from tests.builders.world import MONDAY
from tests.people import FEED

TODAY = date(2026, 3, 2)
SUBJECT = Subject(
    DocumentKind.INVOICE, TODAY, "core", "ACME", "valves", "VALVE-15", "4500000001", "10", "EUR", "pcs"
)


def dec(value):
    return value if isinstance(value, Decimal) else Decimal(str(value))


def a_line(quantity, price="10.00", *, order_line=1, position=1, **changed):
    """A claimed line whose amount is its quantity at its price."""
    per = dec(changed.pop("price_quantity", 1))
    currency = changed.pop("currency", "EUR")
    amount = changed.pop("amount", None)
    return ClaimedLine(
        position,
        order_line,
        dec(quantity),
        changed.pop("unit", "pcs"),
        dec(price),
        line_amount(dec(quantity), dec(price), per, currency) if amount is None else dec(amount),
        per,
        **changed,
    )


def a_claim(*lines, key="one", kind=Kind.INVOICE, charges=(), taxes=(), **changed):
    """A claim of these lines whose sums add up."""
    net = sum((line.amount for line in lines), start=Decimal(0))
    off = sum((one.amount for one in charges if one.is_allowance and not one.position), start=Decimal(0))
    on = sum((one.amount for one in charges if not one.is_allowance and not one.position), start=Decimal(0))
    tax = sum((one.amount for one in taxes), start=Decimal(0))
    values = {
        "number": f"INV-{key}",
        "number_key": key,
        "currency": "EUR",
        "invoiced_on": TODAY,
        "totals": Totals(net, off, on, tax, net - off + on + tax),
    }
    return Claim(key=key, kind=kind, lines=lines, charges=charges, taxes=taxes, **{**values, **changed})


def a_ground(**changed):
    """An order line of 1,000 pieces at 10.00, all of which came."""
    values = {
        "id": 1,
        "order": "4500000001",
        "number": 10,
        "subject": SUBJECT,
        "ordered": 1000,
        "unit": "pcs",
        "price": "10.00",
        "currency": "EUR",
        "received": 1000,
        "more_comes": False,
    }
    values.update(changed)
    for name in (
        "ordered",
        "price",
        "price_per",
        "received",
        "rejected",
        "claimed_quantity",
        "claimed_amount",
    ):
        if name in values:
            values[name] = dec(values[name])
    return LineGround(**values)


def the_grounds(*lines, **changed):
    """All grounds of these order lines."""
    return Grounds(SUBJECT, {one.id: one for one in lines or (a_ground(),)}, **changed)


def a_rule(measure, absolute=None, percent=None, *, joined=Joined.AND, direction=Direction.OVER, **changed):
    """A rule for everything; a limit in money is in euros, one in quantity in pieces."""
    unit = ""
    if absolute is not None:
        unit = "pcs" if measure is Measure.QUANTITY else "EUR"
    values = {
        "key": f"{measure.value}-{direction.value}",
        "kind": DocumentKind.INVOICE,
        "measure": measure,
        "direction": direction,
        "limit": Limit(
            None if absolute is None else dec(absolute), None if percent is None else dec(percent), joined
        ),
        "unit": unit,
    }
    return Rule(**{**values, **changed})


def limits(*rules, **changed):
    """What the company allows."""
    return Limits(Rulebook(rules), "Invoices 2026", **changed)


def claimed(ground, claim):
    """The order line after this claim has been sent: what it claims counts from now on."""
    quantity, amount = ground.claimed_quantity, ground.claimed_amount
    for line in claim.lines:
        if line.order_line == ground.id:
            factor = Fraction(1) if line.unit == ground.unit else ground.factors[line.unit]
            counted = Fraction(0) if line.price_only else Fraction(line.quantity) * factor
            quantity += claim.sign * Decimal(counted.numerator) / Decimal(counted.denominator)
            amount += claim.sign * line.amount
    return replace(ground, claimed_quantity=quantity, claimed_amount=amount)


def one_after_the_other(ground, claims, limits_):
    """What comes of claims sent one after the other; each counts for the next, whatever came of it."""
    found = []
    for claim in claims:
        found.append(match(claim, the_grounds(ground), limits_))
        ground = claimed(ground, claim)
    return found


def said(matched, kind):
    """The one check of a kind."""
    (check,) = [one for one in matched.checks if one.kind is kind]
    return check


# --- in the database ----------------------------------------------------------------------------------------


def number_lines(entries):
    """(order line, quantity, price) each, numbered from 1; a dict in fourth place changes the line further."""
    return [(place, *entry[:3], entry[3] if len(entry) > 3 else {}) for place, entry in enumerate(entries, 1)]


def a_sent_invoice(*entries, number="INV-1", kind=Kind.INVOICE, at=None, charges=(), state="sent", **changed):
    """An invoice as it stands once it was sent: lines of (order line, quantity, price)."""
    at = at or MONDAY
    with acting(FEED):
        order = entries[0][0].order if entries and entries[0][0] is not None else None
        supplier = changed.pop("supplier", None) or order.supplier
        company = changed.pop("company", None) or Company.objects.get()
        values = {
            "number": number,
            "number_key": number_key(number),
            "invoiced_on": at.date(),
            "currency": "EUR",
            "drafted_at": at,
            "updated_at": at,
            "state_at": at,
            "written_by": "Asha",
            "sent_by": "Asha",
            "sent_at": None if state == "draft" else at,
        }
        made = number_lines(entries)
        net = sum(
            (
                line_amount(dec(quantity), dec(price), Decimal(1), "EUR")
                for _n, _line, quantity, price, _c in made
            ),
            start=Decimal(0),
        )
        on = sum((dec(amount) for _code, amount in charges), start=Decimal(0))
        invoice = Invoice.objects.create(
            supplier=supplier,
            company=company,
            kind=kind.value,
            state="draft",
            line_total=net,
            charge_total=on,
            total=net + on,
            **{**values, **changed},
        )
        for place, line, quantity, price, more in made:
            InvoiceLine.objects.create(
                supplier=supplier,
                invoice=invoice,
                line=line,
                order=line.order if line else None,
                position=place,
                **{
                    "quantity": dec(quantity),
                    "unit": line.unit if line else "pcs",
                    "unit_price": dec(price),
                    "amount": line_amount(dec(quantity), dec(price), Decimal(1), "EUR"),
                    **more,
                },
            )
        for code, amount in charges:
            InvoiceCharge.objects.create(supplier=supplier, invoice=invoice, code=code, amount=dec(amount))
        if state != "draft":
            Invoice.objects.filter(pk=invoice.pk).update(state=state)
            invoice.refresh_from_db()
    return invoice


def fresh_invoice(invoice):
    """The invoice as it stands in the database now."""
    with acting(FEED):
        return Invoice.objects.select_related("company", "supplier").get(pk=invoice.pk)


def order_lines(number="4500000001"):
    """The lines of an order, each with its order and supplier at hand."""
    with acting(FEED):
        found = PurchaseOrderLine.objects.filter(order__number=number).order_by("number")
        return list(found.select_related("order__supplier", "order__company"))


def matched_now(*invoices, trigger=Trigger.SENT, at=None):
    """Match these invoices together; how many were approved."""
    with acting(FEED):
        return match_invoices([one.pk for one in invoices], trigger=trigger, at=at or MONDAY)


def a_match_policy(people, *, at=None, **changed):
    """A matching policy that acts: Bea wrote it, Max let it; and the company takes 19 % VAT, so that it acts alone."""
    at = at or MONDAY
    bea, max_ = people["bea"].actor, people["max"].actor
    with acting(FEED):
        vat = {"category": "S", "rate": Decimal(19), "jurisdiction": ""}
        InvoiceTaxChoice.objects.get_or_create(
            company=Company.objects.get(), **vat, defaults={"label": "VAT 19 %"}
        )
    with acting(bea):
        values = {"company": Company.objects.get().pk, "name": "Clean ones", "way": "three_way"}
        values |= {"approves_alone": True}
        policy = write_match_policy(WriteMatchPolicy(**{**values, **changed}), actor=bea, at=at)
    with acting(max_):
        return approve_match_policy(policy.key, policy.version, actor=max_, at=at)
