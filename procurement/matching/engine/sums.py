"""What belongs to the whole claim: charges by code, tax by category and rate, the sums, and whole orders in money."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from procurement.matching.engine.checks import Acts, Check, CheckKind, Input, Result, exact
from procurement.matching.engine.lines import Mapped
from procurement.matching.engine.money import minor_unit, round_money, within_rounding
from procurement.matching.engine.papers import Claim, Grounds, Limits
from procurement.matching.engine.rules import check_of, judge
from procurement.tolerances.messages import Measure

ZERO = Fraction(0)
# Categories under which no tax is due (EN 16931 BR-Z, BR-E, BR-AE, BR-IC, BR-G, BR-O).
UNTAXED = frozenset({"Z", "E", "AE", "K", "G", "O"})
UNLISTED = "tax.unlisted"


def check_charges(claim: Claim, grounds: Grounds, limits: Limits) -> Iterator[Check]:
    """What is charged, by code, with what other claims charge on the same orders: no order asks for any.

    An allowance on an invoice favours the payer; on a credit note, it is the charge that does.
    """
    against: dict[str, Fraction] = {}
    for charge in claim.charges:
        if charge.is_allowance == (claim.sign < 0):
            against[charge.code] = against.get(charge.code, ZERO) + exact(charge.amount)
    if not against:
        yield Check(CheckKind.CHARGE, Result.PASSED, "charge.none")
    for code in sorted(against):
        before = exact(grounds.charged.get(code, Decimal(0)))
        total = before + against[code]
        found = judge(
            limits,
            grounds.subject,
            Measure.CHARGE,
            expected=ZERO,
            actual=total,
            code=code,
            one_sided=True,
        )
        inputs: dict[str, Input] = {
            "code": code,
            "currency": claim.currency,
            "charge": against[code],
            "charged_before": before,
            "charged_in_all": total,
        }
        yield check_of(
            CheckKind.CHARGE,
            found,
            passed="charge.inside" if found[0] is Result.PASSED else "charge.not_checked",
            failed="charge.over" if found[1] else "charge.not_agreed",
            inputs=inputs,
            acts=Acts.BUYER,
        )


def check_taxes(claim: Claim, grounds: Grounds, limits: Limits) -> Iterator[Check]:
    """Each tax: one that the company takes, on what is taxed so, at its rate.

    Where the company lists none that it takes, nobody knows whether a tax is owed: what claims one is approved by a
    person.
    """
    bases = _bases(claim)
    taxed = {(one.category, one.rate.normalize(), one.jurisdiction) for one in claim.taxes}
    if not claim.taxes and not any(category for category, _rate, _place in bases):
        yield Check(CheckKind.TAX, Result.NOT_CHECKED, "tax.none")
        return
    for tax in sorted(claim.taxes, key=lambda one: (one.category, one.rate, one.jurisdiction)):
        key = (tax.category, tax.rate.normalize(), tax.jurisdiction)
        inputs: dict[str, Input] = {
            "category": tax.category,
            "rate": exact(tax.rate),
            "jurisdiction": tax.jurisdiction,
            "currency": claim.currency,
            "base": exact(tax.base),
            "tax": exact(tax.amount),
        }
        if not _is_known(key, grounds):
            yield Check(CheckKind.TAX, Result.FAILED, "tax.unknown", inputs, acts=Acts.PAYABLES)
            continue
        if tax.category in UNTAXED and (tax.rate or tax.amount):
            yield Check(CheckKind.TAX, Result.FAILED, "tax.untaxed", inputs, acts=Acts.SUPPLIER)
            continue
        base = bases.get(key, ZERO)
        if not within_rounding(exact(tax.base), base, claim.currency):
            inputs["expected_base"] = base
            yield Check(CheckKind.TAX, Result.FAILED, "tax.base", inputs, acts=Acts.SUPPLIER)
            continue
        yield _tax_amount(claim, grounds, limits, inputs)
    if grounds.taxes is None and any(tax.amount for tax in claim.taxes):
        yield Check(CheckKind.TAX, Result.NOT_CHECKED, UNLISTED)
    for category, rate, place in sorted(set(bases) - taxed):
        if category and bases[category, rate, place]:
            inputs = {
                "category": category,
                "rate": exact(rate),
                "jurisdiction": place,
                "currency": claim.currency,
                "base": bases[category, rate, place],
            }
            yield Check(CheckKind.TAX, Result.FAILED, "tax.missing", inputs, acts=Acts.SUPPLIER)


def _bases(claim: Claim) -> dict[tuple[str, Decimal, str], Fraction]:
    """What is taxed alike, by (category, rate, jurisdiction), as the lines and the whole claim's charges say."""
    found: dict[tuple[str, Decimal, str], Fraction] = {}

    def add(category: str, rate: Decimal, place: str, amount: Fraction) -> None:
        key = (category, rate.normalize(), place)
        found[key] = found.get(key, ZERO) + amount

    for line in claim.lines:
        add(line.category, line.tax_rate, line.jurisdiction, exact(line.amount))
    for charge in claim.charges:
        if not charge.position:
            size = exact(charge.amount)
            add(
                charge.category,
                charge.tax_rate,
                charge.jurisdiction,
                -size if charge.is_allowance else size,
            )
    return found


def _is_known(key: tuple[str, Decimal, str], grounds: Grounds) -> bool:
    if grounds.taxes is None:
        return True
    return key in {(category, rate.normalize(), place) for category, rate, place in grounds.taxes}


def _tax_amount(claim: Claim, grounds: Grounds, limits: Limits, inputs: dict[str, Input]) -> Check:
    rate, base, tax = inputs["rate"], inputs["base"], inputs["tax"]
    assert isinstance(rate, Fraction)
    assert isinstance(base, Fraction)
    assert isinstance(tax, Fraction)
    expected = base * rate / 100
    inputs["expected_tax"] = round_money(expected, claim.currency)
    if within_rounding(tax, expected, claim.currency):
        limit = minor_unit(claim.currency)
        return Check(CheckKind.TAX, Result.PASSED, "tax.right", inputs, limit=limit)
    found = judge(
        limits,
        grounds.subject,
        Measure.TAX,
        expected=claim.sign * round_money(expected, claim.currency),
        actual=claim.sign * tax,
    )
    if found[1] is None:
        # Too little tax is as wrong as too much: neither side may claim it so.
        found = (Result.FAILED, None)
    return check_of(
        CheckKind.TAX,
        found,
        passed="tax.inside" if found[0] is Result.PASSED else "tax.not_checked",
        failed="tax.other",
        inputs=inputs,
        acts=Acts.SUPPLIER,
    )


def check_totals(claim: Claim) -> Iterator[Check]:
    """Whether the sums are those of what stands above them."""
    said = claim.totals
    whole = [one for one in claim.charges if not one.position]
    sums: tuple[tuple[str, Fraction, Fraction], ...] = (
        ("lines", exact(said.lines), sum((exact(one.amount) for one in claim.lines), start=ZERO)),
        (
            "allowances",
            exact(said.allowances),
            sum((exact(one.amount) for one in whole if one.is_allowance), start=ZERO),
        ),
        (
            "charges",
            exact(said.charges),
            sum((exact(one.amount) for one in whole if not one.is_allowance), start=ZERO),
        ),
        ("tax", exact(said.tax), sum((exact(one.amount) for one in claim.taxes), start=ZERO)),
        (
            "total",
            exact(said.total),
            exact(said.lines) - exact(said.allowances) + exact(said.charges) + exact(said.tax),
        ),
    )
    for name, told, expected in sums:
        if told != expected:
            inputs: dict[str, Input] = {
                "currency": claim.currency,
                "sum": told,
                "expected_sum": expected,
            }
            yield Check(CheckKind.TOTAL, Result.FAILED, f"total.{name}", inputs, acts=Acts.SUPPLIER)
            return
    inputs = {"currency": claim.currency, "sum": exact(said.total)}
    yield Check(CheckKind.TOTAL, Result.PASSED, "total.adds_up", inputs)


def check_orders(claim: Claim, mapped: Sequence[Mapped], grounds: Grounds, limits: Limits) -> Iterator[Check]:
    """Each order as a whole: what all claims on it come to, against the same quantities at the order's prices.

    Only where a rule speaks of amounts of whole papers: else it follows from quantity and price.
    """
    by_order: dict[str, list[Mapped]] = {}
    for one in mapped:
        if one.ground.currency == claim.currency and one.ground.order in grounds.orders:
            by_order.setdefault(one.ground.order, []).append(one)
    for order, lines in sorted(by_order.items()):
        ground = grounds.orders[order]
        amount = exact(ground.claimed_amount) + claim.sign * sum(
            (exact(one.line.amount) for one in lines), start=ZERO
        )
        value = ground.claimed_value + claim.sign * sum(
            (one.quantity * one.ground.unit_price for one in lines if not one.line.price_only), start=ZERO
        )
        found = judge(
            limits,
            ground.subject,
            Measure.DOCUMENT_AMOUNT,
            expected=value,
            actual=amount,
            one_sided=True,
        )
        inputs: dict[str, Input] = {
            "order": order,
            "currency": claim.currency,
            "ordered_amount": value,
            "amount_in_all": amount,
            "amount_over": max(ZERO, amount - value),
        }
        yield check_of(
            CheckKind.ORDER_AMOUNT,
            found,
            passed="order_amount.within" if found[0] is Result.PASSED else "order_amount.not_checked",
            failed="order_amount.over",
            inputs=inputs,
            acts=Acts.BUYER,
        )
