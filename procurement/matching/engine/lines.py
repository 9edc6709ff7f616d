"""Line by line: what it claims, how much of it, at which price, for which amount.

Note [Split or whole]: quantity and amount are compared for the order line, over all lines of this claim and all other
claims that count. So ten invoices say what one says, and a line written twice is no way around a limit.

Note [What waits]: three-way, what is claimed beyond what came, but not beyond what was ordered, waits for the goods as
long as any may come. Nobody need do a thing: it passes by itself when they are booked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from procurement.matching.engine.checks import Acts, Check, CheckKind, Input, Result, exact
from procurement.matching.engine.money import round_money, within_rounding
from procurement.matching.engine.papers import Claim, ClaimedLine, Grounds, Limits, LineGround, Way
from procurement.matching.engine.rules import check_of, judge
from procurement.tolerances.messages import Measure


@dataclass(frozen=True, slots=True)
class Mapped:
    """A line of the claim on its order line, in the order's unit; `factor` is how many of it one claimed unit is."""

    line: ClaimedLine
    ground: LineGround
    factor: Fraction

    @property
    def quantity(self) -> Fraction:
        quantity = exact(self.line.quantity)
        return quantity if self.factor == 1 else quantity * self.factor

    @property
    def unit_price(self) -> Fraction:
        """The claimed price for one of the order's units, exactly."""
        price, per = exact(self.line.unit_price), exact(self.line.price_quantity) * self.factor
        return price if per == 1 else price / per


# --- which line ---------------------------------------------------------------------------------------------


def map_lines(claim: Claim, grounds: Grounds) -> tuple[list[Check], list[Mapped]]:
    """What each line claims, as checks; and the lines that can be compared with their order line."""
    checks: list[Check] = [] if claim.lines else [_without_lines(grounds)]
    mapped: list[Mapped] = []
    for line in sorted(claim.lines, key=lambda one: one.position):
        ground = grounds.lines.get(line.order_line) if line.order_line is not None else None
        if ground is None:
            checks.append(_without_order(line, grounds))
            continue
        inputs: dict[str, Input] = {"order": ground.order, "line": str(ground.number), "unit": ground.unit}
        factor = Fraction(1) if line.unit == ground.unit else ground.factors.get(line.unit)
        if factor is None:
            inputs["claimed_unit"] = line.unit
            checks.append(_mapping(line, Result.FAILED, "mapping.unit", inputs, Acts.SUPPLIER))
            continue
        message = "mapping.line"
        if factor != 1 or line.unit != ground.unit:
            inputs |= {"claimed_unit": line.unit, "factor": factor}
            message = "mapping.converted"
        checks.append(_mapping(line, Result.PASSED, message, inputs))
        mapped.append(Mapped(line, ground, factor))
    return checks, mapped


def _without_order(line: ClaimedLine, grounds: Grounds) -> Check:
    """Without an order there is nothing to compare with: taken where the company takes such, and then by a person."""
    if line.order_line is not None:
        return _mapping(line, Result.FAILED, "mapping.unknown", {}, Acts.SUPPLIER)
    if grounds.without_order:
        return _mapping(line, Result.FAILED, "mapping.without_order", {}, Acts.PAYABLES)
    return _mapping(line, Result.FAILED, "mapping.no_order", {}, Acts.SUPPLIER)


def _without_lines(grounds: Grounds) -> Check:
    """A claim of charges alone names no order either: nothing would be compared, and all would pass."""
    message, acts = "mapping.no_order", Acts.SUPPLIER
    if grounds.without_order:
        message, acts = "mapping.without_order", Acts.PAYABLES
    return Check(CheckKind.MAPPING, Result.FAILED, message, acts=acts)


def _mapping(
    line: ClaimedLine, result: Result, message: str, inputs: dict[str, Input], acts: Acts = Acts.NOBODY
) -> Check:
    return Check(
        CheckKind.MAPPING,
        result,
        message,
        inputs,
        position=line.position,
        order_line=line.order_line,
        acts=acts,
    )


# --- how much -----------------------------------------------------------------------------------------------


def by_order_line(mapped: Sequence[Mapped]) -> list[list[Mapped]]:
    """The lines of a claim, put together where they claim the same. See Note [Split or whole]."""
    found: dict[int, list[Mapped]] = {}
    for one in mapped:
        found.setdefault(one.ground.id, []).append(one)
    return list(found.values())


def check_quantities(claim: Claim, mapped: Sequence[Mapped], limits: Limits) -> Iterator[Check]:
    """All that is claimed of each order line, this claim with it, against what came or what was ordered."""
    for lines in by_order_line(mapped):
        counting = [one for one in lines if not one.line.price_only]
        if counting:
            yield _quantity(claim, counting, limits)
        else:
            yield Check(
                CheckKind.QUANTITY,
                Result.NOT_CHECKED,
                "quantity.price_only",
                position=lines[0].line.position,
                order_line=lines[0].ground.id,
            )


def _quantity(claim: Claim, lines: Sequence[Mapped], limits: Limits) -> Check:
    ground = lines[0].ground
    mine = lines[0].quantity
    for one in lines[1:]:
        mine += one.quantity
    before = exact(ground.claimed_quantity)
    total = before + claim.sign * mine
    position = lines[0].line.position
    inputs: dict[str, Input] = {
        "order": ground.order,
        "line": str(ground.number),
        "unit": ground.unit,
        "way": ground.way.value,
        "ordered": exact(ground.ordered),
        "received": exact(ground.received),
        "rejected": exact(ground.rejected),
        "claimed_before": before,
        "claimed": mine,
        "claimed_in_all": total,
    }
    if claim.sign < 0:
        return _credited(inputs, total, position, ground.id)
    three_way = ground.way is Way.THREE_WAY
    by_receipt = three_way or ground.claimable < ground.ordered
    basis = exact(ground.claimable)
    found = judge(limits, ground.subject, Measure.QUANTITY, expected=basis, actual=total, one_sided=True)
    inputs["over"] = max(Fraction(0), total - basis)
    if three_way and found[0] is Result.FAILED and ground.more_comes:
        to_come = exact(ground.ordered - ground.rejected)
        later, _said = judge(
            limits, ground.subject, Measure.QUANTITY, expected=to_come, actual=total, one_sided=True
        )
        if later is not Result.FAILED:
            return Check(
                CheckKind.QUANTITY,
                Result.WAITS,
                "quantity.waits",
                inputs,
                position=position,
                order_line=ground.id,
                limit=found[1].limit if found[1] else None,
                rule=found[1].rule if found[1] else None,
                acts=Acts.RECEIVER,
            )
    return check_of(
        CheckKind.QUANTITY,
        found,
        passed="quantity.received" if by_receipt else "quantity.ordered",
        failed="quantity.over_received" if by_receipt else "quantity.over_ordered",
        inputs=inputs,
        acts=Acts.SUPPLIER,
        position=position,
        order_line=ground.id,
    )


def _credited(inputs: dict[str, Input], total: Fraction, position: int, order_line: int) -> Check:
    """No more can be given back than was claimed."""
    failing = total < 0
    return Check(
        CheckKind.QUANTITY,
        Result.FAILED if failing else Result.PASSED,
        "quantity.over_credited" if failing else "quantity.credited",
        inputs,
        position=position,
        order_line=order_line,
        acts=Acts.SUPPLIER if failing else Acts.NOBODY,
    )


# --- at which price -----------------------------------------------------------------------------------------


def check_prices(claim: Claim, mapped: Sequence[Mapped], limits: Limits) -> Iterator[Check]:
    """The price of each line for one of the order's units, against the order's. Money claimed besides the goods of an
    order line is taken together. See Note [Split or whole].
    """
    besides: dict[int, Fraction] = {}
    for one in mapped:
        if one.line.price_only:
            so_far = besides.get(one.ground.id, Fraction(0))
            besides[one.ground.id] = so_far + exact(one.line.amount)
    for one in mapped:
        yield _price(claim, one, limits, besides.get(one.ground.id, Fraction(0)))


def _price(claim: Claim, one: Mapped, limits: Limits, besides: Fraction) -> Check:
    ground, line = one.ground, one.line
    if ground.currency != claim.currency:
        inputs: dict[str, Input] = {"currency": claim.currency, "ordered_currency": ground.currency}
        return _price_check(one, (Result.NOT_CHECKED, None), "price.currencies", "", inputs)
    expected, actual = ground.unit_price, one.unit_price
    passed, failed = "price.same", "price.over"
    if line.price_only:
        if claim.sign < 0:
            return _price_check(one, (Result.NOT_CHECKED, None), "price.corrected", "", {})
        if ground.claimed_quantity <= 0:
            return _price_check(one, (Result.FAILED, None), "", "price.nothing_claimed", {})
        # What is claimed besides makes the goods that were claimed dearer: so much they come to now.
        actual = (exact(ground.claimed_amount) + besides) / exact(ground.claimed_quantity)
        passed, failed = "price.besides", "price.besides_over"
    elif claim.sign < 0:
        expected = ground.credited_price if ground.credited_price is not None else expected
        passed, failed = "price.credited", "price.credited_under"
    figures = {"expected": claim.sign * expected, "actual": claim.sign * actual}
    found = judge(
        limits,
        ground.subject,
        Measure.UNIT_PRICE,
        expected=figures["expected"],
        actual=figures["actual"],
    )
    inputs = {
        "order": ground.order,
        "line": str(ground.number),
        "unit": ground.unit,
        "currency": claim.currency,
        "price": exact(line.unit_price),
        "price_quantity": exact(line.price_quantity),
        "claimed_unit": line.unit,
        "unit_price": actual,
        "ordered_unit_price": expected,
        "apart": abs(actual - expected),
    }
    if found[0] is Result.PASSED and found[1] is None and actual != expected:
        passed = f"{passed}_favourable"
    elif found[0] is Result.PASSED and actual != expected:
        passed = "price.inside"
    if found[0] is Result.FAILED and figures["actual"] < figures["expected"]:
        failed = "price.under"
    if found[0] is Result.NOT_CHECKED:
        passed = "price.not_checked"
    return _price_check(one, found, passed, failed, inputs)


def _price_check(
    one: Mapped, found: tuple[Result, object], passed: str, failed: str, inputs: dict[str, Input]
) -> Check:
    result, said = found
    acts = Acts.SUPPLIER if failed == "price.nothing_claimed" else Acts.BUYER
    return check_of(
        CheckKind.PRICE,
        (result, said),  # type: ignore[arg-type]  # None, or what was said
        passed=passed,
        failed=failed,
        inputs=inputs,
        acts=acts,
        position=one.line.position,
        order_line=one.ground.id,
    )


# --- for which amount ---------------------------------------------------------------------------------------


def check_amounts(claim: Claim) -> Iterator[Check]:
    """Whether the amount of each line is its quantity at its price, with its own charges and allowances."""
    extras: dict[int, Fraction] = {}
    for charge in claim.charges:
        if charge.position:
            size = exact(charge.amount)
            extras[charge.position] = extras.get(charge.position, Fraction(0)) + (
                -size if charge.is_allowance else size
            )
    for line in sorted(claim.lines, key=lambda one: one.position):
        extra = extras.get(line.position, Fraction(0))
        gross = exact(line.quantity) * exact(line.unit_price)
        if line.price_quantity != 1:
            gross /= exact(line.price_quantity)
        expected = round_money(gross, claim.currency) + extra
        same = within_rounding(exact(line.amount), expected, claim.currency)
        yield Check(
            CheckKind.AMOUNT,
            Result.PASSED if same else Result.FAILED,
            "amount.adds_up" if same else "amount.other",
            {
                "currency": claim.currency,
                "claimed": exact(line.quantity),
                "claimed_unit": line.unit,
                "price": exact(line.unit_price),
                "price_quantity": exact(line.price_quantity),
                "extra": extra,
                "amount": exact(line.amount),
                "expected_amount": expected,
            },
            position=line.position,
            order_line=line.order_line,
            acts=Acts.NOBODY if same else Acts.SUPPLIER,
        )


def check_cumulative(claim: Claim, mapped: Sequence[Mapped], limits: Limits) -> Iterator[Check]:
    """All that is claimed of each order line, in money, against what the whole line costs as ordered."""
    for lines in by_order_line(mapped):
        ground = lines[0].ground
        if ground.currency != claim.currency:
            continue  # said once, by the currency
        mine = exact(lines[0].line.amount)
        for one in lines[1:]:
            mine += exact(one.line.amount)
        before = exact(ground.claimed_amount)
        total = before + claim.sign * mine
        inputs: dict[str, Input] = {
            "order": ground.order,
            "line": str(ground.number),
            "currency": claim.currency,
            "ordered_amount": ground.amount,
            "amount_before": before,
            "amount": mine,
            "amount_in_all": total,
            "amount_over": max(Fraction(0), total - ground.amount),
        }
        position = lines[0].line.position
        if claim.sign < 0:
            failing = total < 0 and not within_rounding(total, Fraction(0), claim.currency)
            yield Check(
                CheckKind.CUMULATIVE,
                Result.FAILED if failing else Result.PASSED,
                "cumulative.over_credited" if failing else "cumulative.credited",
                inputs,
                position=position,
                order_line=ground.id,
                acts=Acts.SUPPLIER if failing else Acts.NOBODY,
            )
            continue
        found = judge(
            limits,
            ground.subject,
            Measure.LINE_AMOUNT,
            expected=ground.amount,
            actual=total,
            one_sided=True,
        )
        passed = "cumulative.within" if found[0] is Result.PASSED else "cumulative.not_checked"
        yield check_of(
            CheckKind.CUMULATIVE,
            found,
            passed=passed,
            failed="cumulative.over",
            inputs=inputs,
            acts=Acts.BUYER,
            position=position,
            order_line=ground.id,
        )
