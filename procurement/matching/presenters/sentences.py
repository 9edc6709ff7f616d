"""The one sentence of each check, from the key and the figures that the check kept.

Why an invoice is held is kept as the same key and figures (`Invoice.held_for`), so its page, its mail and its case say
what the check says.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, figure, money_text, quantity_text
from procurement.matching.engine.checks import DAYS, WORDS, Check, Input, Result
from procurement.matching.queries.waiting import BY_MATCH
from procurement.tolerances.presenters.sentences import SHOWN_DECIMALS, shown
from suppliers.onboarding.presenters import names_of as steps_text

QUANTITIES = frozenset(
    {"ordered", "received", "rejected", "claimed_before", "claimed", "claimed_in_all", "over"}
)
PLAIN = frozenset({"price_quantity", "factor", "rate"})

SENTENCES: dict[str, Any] = {
    "duplicate.none": lazy("No other invoice has its number, its file or its amount."),
    "duplicate.number": lazy("Invoice %(other)s of %(other_day)s has the same number."),
    "duplicate.number_alike": lazy(
        "Its number %(number)s is that of invoice %(other)s of %(other_day)s, written another way."
    ),
    "duplicate.file": lazy("Invoice %(other)s of %(other_day)s came as the same file."),
    "duplicate.amount": lazy(
        "Invoice %(other)s of %(other_day)s claims the same amount, %(total)s, on the same order lines."
    ),
    "supplier.active": lazy("The supplier is active."),
    "supplier.blocked": lazy("The supplier is blocked: nothing is paid to it."),
    "supplier.bank_frozen": lazy(
        "The supplier's bank details are frozen: somebody says that a change was not theirs. Nothing is approved until "
        "two people have looked."
    ),
    "supplier.onboarding_open": lazy(
        "Paying waits for the onboarding of the supplier: %(steps)s. It goes on by itself when that is done."
    ),
    "supplier.account_over": lazy(
        "It asks to be paid to %(account)s, an account that is not in force. Correct it, and choose another one."
    ),
    "supplier.account_known": lazy("It names %(account)s, an account of this supplier that is on record."),
    "supplier.account_unknown": lazy(
        "It asks to be paid to %(account)s, an account that we do not know. Ask the supplier, under a number known "
        "from before. Whatever you decide, money goes to the accounts on record."
    ),
    "currency.same": lazy("It is in the currency of its orders, %(currency)s."),
    "currency.other": lazy(
        "It is in %(currency)s, but order %(order)s is in %(ordered_currency)s. Currencies are never mixed."
    ),
    "tax_id.supplier_known": lazy("The supplier's tax number %(tax_id)s is the one we know."),
    "tax_id.supplier_other": lazy(
        "The supplier's tax number on it is %(tax_id)s; the one we know is %(known_tax_id)s."
    ),
    "tax_id.supplier_unknown": lazy(
        "The supplier's tax number was not compared: one of the two is not known."
    ),
    "tax_id.company_known": lazy("Our tax number %(tax_id)s is right."),
    "tax_id.company_other": lazy("Our tax number on it is %(tax_id)s; ours is %(known_tax_id)s."),
    "tax_id.company_unknown": lazy("Our tax number was not compared: one of the two is not known."),
    "order.open": lazy("Order %(order)s can be claimed."),
    "order.cancelled": lazy("Line %(line)s of order %(order)s is cancelled, and nothing of it came."),
    "mapping.line": lazy("It claims line %(line)s of order %(order)s."),
    "mapping.converted": lazy(
        "It claims line %(line)s of order %(order)s; one %(claimed_unit)s is %(factor)s %(unit)s."
    ),
    "mapping.unit": lazy(
        "It claims %(claimed_unit)s, but line %(line)s of order %(order)s is in %(unit)s: who knows how many that is?"
    ),
    "mapping.unknown": lazy("The order line that it names is not one of this supplier's."),
    "mapping.no_order": lazy("It claims something that no order asks for. An order line must be named."),
    "mapping.without_order": lazy("It claims something that no order asks for: a person decides."),
    "quantity.received": lazy("%(claimed_in_all)s are claimed in all; %(received)s came."),
    "quantity.ordered": lazy("%(claimed_in_all)s are claimed in all; %(ordered)s are ordered."),
    "quantity.waits": lazy(
        "%(claimed_in_all)s of order %(order)s, line %(line)s, are claimed, but only %(received)s are booked in yet. "
        "It goes on by itself when the rest is."
    ),
    "quantity.over_received": lazy(
        "%(claimed_in_all)s of order %(order)s, line %(line)s, are claimed, but %(received)s came: %(over)s too many."
    ),
    "quantity.over_ordered": lazy(
        "%(claimed_in_all)s of order %(order)s, line %(line)s, are claimed, but %(ordered)s are ordered: "
        "%(over)s too many."
    ),
    "quantity.price_only": lazy("It moves money alone: no quantity is claimed."),
    "quantity.credited": lazy("%(claimed)s are given back of %(claimed_before)s that were claimed."),
    "quantity.over_credited": lazy(
        "%(claimed)s of order %(order)s, line %(line)s, are given back, but only %(claimed_before)s were claimed."
    ),
    "price.same": lazy("The price is the order's: %(ordered_unit_price)s each."),
    "price.same_favourable": lazy(
        "The price is %(apart)s below the order's %(ordered_unit_price)s: in the payer's favour."
    ),
    "price.inside": lazy(
        "The price is %(apart)s apart from the order's %(ordered_unit_price)s, which is allowed."
    ),
    "price.not_checked": lazy("The price is not checked: a rule says so."),
    "price.over": lazy(
        "%(unit_price)s each is claimed on order %(order)s, line %(line)s, but %(ordered_unit_price)s was agreed: "
        "%(apart)s too much."
    ),
    "price.under": lazy(
        "%(unit_price)s each is claimed on order %(order)s, line %(line)s, but %(ordered_unit_price)s was agreed: "
        "%(apart)s too little, which a rule asks about."
    ),
    "price.currencies": lazy("The price was not compared: it is in another currency than the order's."),
    "price.corrected": lazy("A price is corrected: money is given back, and no goods."),
    "price.nothing_claimed": lazy("It claims more for goods that were never claimed."),
    "price.besides": lazy("With this the goods come to %(unit_price)s each, as the order says."),
    "price.besides_favourable": lazy(
        "With this the goods come to %(unit_price)s each, no more than the order says."
    ),
    "price.besides_over": lazy(
        "With this the goods of order %(order)s, line %(line)s, come to %(unit_price)s each, but "
        "%(ordered_unit_price)s was agreed."
    ),
    "price.credited": lazy(
        "It is given back at the price at which it was claimed, %(ordered_unit_price)s each."
    ),
    "price.credited_favourable": lazy("More is given back for each than was claimed."),
    "price.credited_under": lazy(
        "%(unit_price)s each is given back on order %(order)s, line %(line)s, but %(ordered_unit_price)s was claimed: "
        "%(apart)s too little."
    ),
    "amount.adds_up": lazy("Its amount is quantity times price, with its own charges and allowances."),
    "amount.other": lazy("Its amount is %(amount)s, but quantity times price comes to %(expected_amount)s."),
    "cumulative.within": lazy(
        "%(amount_in_all)s are claimed in all; the whole line costs %(ordered_amount)s."
    ),
    "cumulative.not_checked": lazy(
        "What is claimed in all follows from quantity and price; no rule limits it."
    ),
    "cumulative.over": lazy(
        "%(amount_in_all)s are claimed in all on order %(order)s, line %(line)s, which costs %(ordered_amount)s: "
        "%(amount_over)s too much."
    ),
    "cumulative.credited": lazy("%(amount)s are given back of %(amount_before)s that were claimed."),
    "cumulative.over_credited": lazy(
        "%(amount)s are given back on order %(order)s, line %(line)s, but only %(amount_before)s were claimed."
    ),
    "charge.none": lazy("Nothing is charged besides."),
    "charge.inside": lazy("%(charged_in_all)s are charged in all under %(code)s, which is allowed."),
    "charge.not_checked": lazy("Charges under %(code)s are not checked: a rule says so."),
    "charge.over": lazy("%(charged_in_all)s are charged in all on these orders under %(code)s."),
    "charge.not_agreed": lazy(
        "%(charge)s are charged under %(code)s, and no order and no rule speaks of it."
    ),
    "tax.none": lazy("It names no tax."),
    "tax.right": lazy("%(tax)s tax on %(base)s at %(rate)s %% (%(category)s) is right."),
    "tax.inside": lazy("%(tax)s tax on %(base)s lies apart from %(expected_tax)s, which is allowed."),
    "tax.not_checked": lazy("The amount of tax is not checked: a rule says so."),
    "tax.unknown": lazy("Tax of %(rate)s %% under %(category)s is none that the company takes."),
    "tax.unlisted": lazy("Whether such a tax is owed was not checked: the company lists none that it takes."),
    "tax.untaxed": lazy("Under %(category)s no tax is due, but it claims %(tax)s."),
    "tax.base": lazy("Tax is worked out of %(base)s, but what is taxed so comes to %(expected_base)s."),
    "tax.missing": lazy("%(base)s are taxed at %(rate)s %% (%(category)s), but the tax is missing."),
    "tax.other": lazy("It claims %(tax)s tax, but %(base)s at %(rate)s %% are %(expected_tax)s."),
    "total.adds_up": lazy("All sums are right; %(sum)s are to be paid."),
    "total.lines": lazy("The lines are said to come to %(sum)s, but they come to %(expected_sum)s."),
    "total.allowances": lazy("Allowances are said to come to %(sum)s, but they come to %(expected_sum)s."),
    "total.charges": lazy("Charges are said to come to %(sum)s, but they come to %(expected_sum)s."),
    "total.tax": lazy("Taxes are said to come to %(sum)s, but they come to %(expected_sum)s."),
    "total.total": lazy("%(sum)s are said to be paid, but it comes to %(expected_sum)s."),
    "order_amount.within": lazy("Order %(order)s is claimed at its prices in all."),
    "order_amount.not_checked": lazy("What order %(order)s comes to in all is not limited."),
    "order_amount.over": lazy(
        "%(amount_in_all)s are claimed in all on order %(order)s; at its prices it were %(ordered_amount)s: "
        "%(amount_over)s too much."
    ),
    "approval.alone": lazy("All checks passed: approved by the policy “%(approver)s”."),
    "approval.person": lazy("All checks passed: a person approves it."),
}


NONE_BOOKED = lazy(
    "%(claimed_in_all)s of order %(order)s, line %(line)s, are claimed, but none is booked in yet. "
    "It goes on by itself when they are."
)

# Where the dock did not accept some of what came.
NOT_ACCEPTED: dict[str, Any] = {
    "quantity.received": lazy(
        "%(claimed_in_all)s are claimed in all; %(received)s came, and %(rejected)s of them were not accepted."
    ),
    "quantity.waits": lazy(
        "%(claimed_in_all)s of order %(order)s, line %(line)s, are claimed, but only %(received)s came yet, and "
        "%(rejected)s of them were not accepted. It goes on by itself when good ones are booked."
    ),
    "quantity.over_received": lazy(
        "%(claimed_in_all)s of order %(order)s, line %(line)s, are claimed, but %(received)s came and %(rejected)s of "
        "them were not accepted: %(over)s too many."
    ),
}


def check_sentence(check: Check) -> str:
    """What one check says."""
    limit = check.limit if check.result is not Result.PASSED else None
    return sentence(check.message, check.inputs, limit=limit)


def held_sentence(held_for: Mapping[str, Any]) -> str:
    """Why the match holds an invoice, from what the invoice keeps of it; nothing where it is held for anything else."""
    key = str(held_for.get("key", ""))
    if not key.startswith(BY_MATCH):
        return ""
    params = dict(held_for.get("params", {}))
    limit = params.pop("limit", None)
    inputs = {name: _read(name, str(text)) for name, text in params.items()}
    return sentence(key.removeprefix(BY_MATCH), inputs, limit=None if limit is None else Fraction(str(limit)))


def _read(name: str, text: str) -> Input:
    if name in WORDS:
        return text
    return date.fromisoformat(text) if name in DAYS else Fraction(text)


def sentence(message: str, inputs: Mapping[str, Input], *, limit: Fraction | None = None) -> str:
    """A sentence with its figures as the reader writes them; with what was allowed, where a limit was broken."""
    words = SENTENCES.get(message)
    if inputs.get("rejected"):
        words = NOT_ACCEPTED.get(message, words)
    if message == "quantity.waits" and inputs.get("received") == 0:
        words = NONE_BOOKED
    if words is None:
        return ""
    text = str(words) % _Shown(inputs)
    if limit is None or message.startswith("tax.right"):
        return text
    return f"{text} {allowed_text(message.partition('.')[0], limit, inputs)}"


def allowed_text(kind: str, limit: Fraction, inputs: Mapping[str, Input]) -> str:
    """What would have been allowed, as a sentence; rounded down, for nobody may read a limit that is not taken."""
    if kind == "duplicate":
        days = int(limit)
        text = ngettext(
            "Within %(n)d day that is asked about.", "Within %(n)d days that is asked about.", days
        )
        return text % {"n": days}
    if not limit:
        return _("None is allowed.")
    size = Decimal(floor(limit * 10**SHOWN_DECIMALS)).scaleb(-SHOWN_DECIMALS)
    if kind == "quantity":
        told = quantity_text(size, str(inputs.get("unit", "")))
    else:
        told = money_text(size, str(inputs.get("currency", "")))
    return _("%(limit)s more would be allowed.") % {"limit": told}


class _Shown(dict[str, str]):
    """The figures of a check, each written when its sentence asks for it."""

    def __init__(self, inputs: Mapping[str, Input]) -> None:
        super().__init__()
        self.inputs = inputs

    def __missing__(self, name: str) -> str:
        return input_text(name, self.inputs)


def input_text(name: str, inputs: Mapping[str, Input]) -> str:
    """One figure of a check as the reader writes it, with its unit or currency."""
    value = inputs.get(name)
    if value is None:
        return ""
    if isinstance(value, date):
        return day_text(value)
    if name == "steps":
        return steps_text(str(value).split())
    if isinstance(value, str):
        return value
    if name in QUANTITIES:
        return quantity_text(shown(value), str(inputs.get("unit", "")))
    return (
        figure(shown(value)) if name in PLAIN else money_text(shown(value), str(inputs.get("currency", "")))
    )
