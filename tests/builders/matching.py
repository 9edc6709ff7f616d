"""Claims and what stands against them, for the engine's tests: one line of 1,000 pieces at 10.00 euros, if not said."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from portal.kernel.values import line_amount
from procurement.matching.engine import Claim, ClaimedLine, Grounds, Kind, Limits, LineGround, Totals, match
from procurement.tolerances.messages import Direction, DocumentKind, Joined, Limit, Measure, Rule, Subject
from procurement.tolerances.policies import Rulebook

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
