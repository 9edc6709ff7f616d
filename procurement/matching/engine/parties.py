"""Who claims, in which money, under which tax ids, and whether what it claims of can be claimed."""

import re
from collections.abc import Iterator

from procurement.matching.engine.checks import Acts, Check, CheckKind, Result
from procurement.matching.engine.papers import ZERO, Claim, Grounds, Limits, LineGround

ONBOARDING_OPEN = "supplier.onboarding_open"


def check_parties(claim: Claim, grounds: Grounds) -> Iterator[Check]:
    """The supplier, the currency, both tax ids, and each order."""
    if grounds.supplier_is_blocked:
        yield Check(CheckKind.SUPPLIER, Result.FAILED, "supplier.blocked", acts=Acts.PAYABLES)
    else:
        yield Check(CheckKind.SUPPLIER, Result.PASSED, "supplier.active")
    if claim.sign > 0:  # what gives back is paid to nobody
        yield from _payable(claim, grounds)
    if claim.account:
        yield _account(claim)
    yield _currency(claim, grounds)
    yield _tax_id("supplier", claim.supplier_tax_id, grounds.supplier_tax_ids)
    yield _tax_id("company", claim.company_tax_id, grounds.company_tax_ids)
    yield from _orders(claim, grounds)


def _payable(claim: Claim, grounds: Grounds) -> Iterator[Check]:
    if grounds.bank_is_frozen:
        yield Check(CheckKind.SUPPLIER, Result.FAILED, "supplier.bank_frozen", acts=Acts.PAYABLES)
    if claim.pay_to and not claim.pay_to_counts:
        inputs = {"account": claim.pay_to}
        yield Check(CheckKind.SUPPLIER, Result.FAILED, "supplier.account_over", inputs, acts=Acts.SUPPLIER)


def check_onboarding(claim: Claim, grounds: Grounds, limits: Limits) -> Iterator[Check]:
    """Whether paying waits for the supplier's onboarding. The last of all checks: whoever acts on another difference
    does so meanwhile (domain.md §11: only paying waits), and what gives back is paid to nobody.
    """
    if claim.sign < 0 or not limits.waits_for_onboarding or not grounds.paying_waits:
        return
    inputs = {"steps": " ".join(grounds.paying_waits)}
    acts = Acts.NOBODY if grounds.onboarding_is_ours else Acts.SUPPLIER
    if grounds.onboarding_is_over:
        acts = Acts.PAYABLES
    yield Check(CheckKind.SUPPLIER, Result.FAILED, ONBOARDING_OPEN, inputs, acts=acts)


def _account(claim: Claim) -> Check:
    inputs = {"account": claim.account}
    if claim.account_is_known:
        return Check(CheckKind.SUPPLIER, Result.PASSED, "supplier.account_known", inputs)
    return Check(CheckKind.SUPPLIER, Result.FAILED, "supplier.account_unknown", inputs, acts=Acts.PAYABLES)


def claimed_grounds(claim: Claim, grounds: Grounds) -> list[LineGround]:
    """What stands against the claim's lines, each once, by order and number."""
    known = [grounds.lines[pk] for pk in claim.order_lines if pk in grounds.lines]
    return sorted(known, key=lambda one: (one.order, one.number, one.id))


def _currency(claim: Claim, grounds: Grounds) -> Check:
    for ground in claimed_grounds(claim, grounds):
        if ground.currency != claim.currency:
            inputs = {
                "currency": claim.currency,
                "order": ground.order,
                "ordered_currency": ground.currency,
            }
            return Check(CheckKind.CURRENCY, Result.FAILED, "currency.other", inputs, acts=Acts.SUPPLIER)
    return Check(CheckKind.CURRENCY, Result.PASSED, "currency.same", {"currency": claim.currency})


def tax_id_key(text: str) -> str:
    """A tax id as two are compared: letters and digits alone."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def _tax_id(whose: str, said: str, known: frozenset[str]) -> Check:
    if not said or not known:
        return Check(CheckKind.TAX_ID, Result.NOT_CHECKED, f"tax_id.{whose}_unknown", {"tax_id": said})
    if tax_id_key(said) in {tax_id_key(one) for one in known}:
        return Check(CheckKind.TAX_ID, Result.PASSED, f"tax_id.{whose}_known", {"tax_id": said})
    inputs = {"tax_id": said, "known_tax_id": min(known)}
    return Check(CheckKind.TAX_ID, Result.FAILED, f"tax_id.{whose}_other", inputs, acts=Acts.SUPPLIER)


def _orders(claim: Claim, grounds: Grounds) -> Iterator[Check]:
    """Each order once: what is cancelled and brought nothing cannot be claimed; what is given back always can."""
    by_order: dict[str, list[LineGround]] = {}
    for ground in claimed_grounds(claim, grounds):
        by_order.setdefault(ground.order, []).append(ground)
    for order, lines in by_order.items():
        dead = [one for one in lines if not one.is_open and one.accepted <= ZERO]
        if dead and claim.sign > 0:
            inputs = {"order": order, "line": str(dead[0].number)}
            yield Check(
                CheckKind.ORDER,
                Result.FAILED,
                "order.cancelled",
                inputs,
                order_line=dead[0].id,
                acts=Acts.BUYER,
            )
        else:
            yield Check(CheckKind.ORDER, Result.PASSED, "order.open", {"order": order})
