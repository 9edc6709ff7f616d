"""Early payment in words: policies, what is offered, what was agreed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.kernel.templatetags.portal_ui import day_text, figure, money_text
from portal.kernel.values import minor_units
from procurement.discounting.models import DiscountPolicy, EarlyPayment
from procurement.discounting.policies import Offer, yearly_yield
from procurement.discounting.queries import Offered
from procurement.discounting.states import DiscountPolicyState, EarlyState
from procurement.tolerances.presenters.sentences import validity_text

STATE_LOOK = {
    DiscountPolicyState.DRAFT: ("wait", "none"),
    DiscountPolicyState.ACTIVE: ("done", "full"),
    DiscountPolicyState.RETIRED: ("quiet", "none"),
}
EARLY_LOOK = {
    EarlyState.AGREED: ("move", "half"),
    EarlyState.PAID: ("done", "full"),
    EarlyState.LAPSED: ("stop", "alert"),
    EarlyState.TAKEN_BACK: ("quiet", "none"),
    EarlyState.ENDED: ("quiet", "none"),
}


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy as its list shows it."""

    policy: DiscountPolicy
    whom: str
    rate: str
    between: str
    earliest: str
    validity: str
    state: str
    tone: str
    glyph: str


def policy_row(policy: DiscountPolicy) -> PolicyRow:
    """A policy in words."""
    tone, glyph = STATE_LOOK[DiscountPolicyState(policy.state)]
    if policy.supplier_number:
        whom = _("Supplier %(number)s") % {"number": policy.supplier_number}
    elif policy.segment:
        whom = _("Segment %(name)s") % {"name": policy.get_segment_display()}
    else:
        whom = _("Every supplier")
    rate = _("%(percent)s %% a year, of %(days)s days")
    between = _("%(least)s to %(most)s %%")
    return PolicyRow(
        policy=policy,
        whom=whom,
        rate=rate % {"percent": figure(policy.yearly_percent), "days": policy.day_count},
        between=between % {"least": figure(policy.least_percent), "most": figure(policy.most_percent)},
        earliest=ngettext("%(n)d working day from today", "%(n)d working days from today", policy.pay_days)
        % {"n": policy.pay_days},
        validity=validity_text(policy.valid_from, policy.valid_to),
        state=policy.get_state_display(),
        tone=tone,
        glyph=glyph,
    )


def offer_text(offer: Offer, currency: str) -> str:
    """An offer as its supplier reads it: "paid on 4 Dec 2026 for 1,234.10 EUR, 15.90 EUR less"."""
    values = {
        "day": day_text(offer.pay_on),
        "pays": money_text(offer.to_pay, currency),
        "less": money_text(offer.discount, currency),
    }
    return _("paid on %(day)s for %(pays)s, %(less)s less") % values


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer to choose: `value` is what the form sends, the day and the figure; `label` says the same so shortly that
    a select beside an invoice shows all of it, "4 Dec 2026: 1,234.10 EUR (−15.90)"; `text` is a sentence's."""

    offer: Offer
    value: str
    text: str
    label: str


def offer_rows(offered: Offered) -> Sequence[OfferRow]:
    """The days to choose from, the soonest first."""
    currency = offered.invoice.currency
    return [
        OfferRow(
            one,
            f"{one.pay_on.isoformat()}/{one.discount:f}",
            offer_text(one, currency),
            f"{day_text(one.pay_on)}: {money_text(one.to_pay, currency)} "
            f"(−{figure(one.discount, minor_units(currency))})",
        )
        for one in offered.offers
    ]


def early_text(early: EarlyPayment, *, can_be_taken_back: bool = False) -> str:
    """What was agreed, as a sentence for both sides."""
    values = {
        "day": day_text(early.pay_on),
        "pays": money_text(early.to_pay, early.currency),
        "less": money_text(early.discount, early.currency),
    }
    if early.state == EarlyState.PAID:
        return _("Paid early as agreed: %(pays)s, %(less)s less.") % values
    text = _("Agreed: it is paid on %(day)s for %(pays)s, %(less)s less.") % values
    if can_be_taken_back:
        more = _("You can take that back until the customer has scheduled the payment.")
        text = f"{text} {more}"
    return text


@dataclass(frozen=True, slots=True)
class EarlyRow:
    """An early payment as the buying side's list shows it: the discount, and what it yields a year in percent."""

    early: EarlyPayment
    yields: str
    state: str
    tone: str
    glyph: str


def yield_of(early: EarlyPayment) -> Decimal:
    """What the money earns, in percent a year."""
    return yearly_yield(early.discount, early.to_pay, early.days, early.day_count)


def early_rows(rows: Sequence[EarlyPayment]) -> list[EarlyRow]:
    """The rows of the list. No query."""
    found = []
    for one in rows:
        tone, glyph = EARLY_LOOK[EarlyState(one.state)]
        in_full = one.state == EarlyState.LAPSED and one.paid_on is not None
        state = _("Paid in full") if in_full else one.get_state_display()
        found.append(EarlyRow(one, figure(yield_of(one), 1), state, tone, glyph))
    return found
