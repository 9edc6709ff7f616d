"""The life of a policy of early payment, and of one early payment that was agreed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.kernel.lifecycle import Lifecycle, Transition
from suppliers.roles import Permission


class DiscountPolicyState(models.TextChoices):
    """Where a policy stands. It is approved by somebody who did not write it, and then never edited."""

    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class EarlyState(models.TextChoices):
    """Where an early payment stands, once its supplier has agreed to it."""

    AGREED = "agreed", _("Agreed")
    TAKEN_BACK = "taken_back", _("Taken back")
    LAPSED = "lapsed", _("Lapsed")
    ENDED = "ended", _("Ended with the approval")
    PAID = "paid", _("Paid early")


S = EarlyState
# While one of these stands, nothing else is offered for the invoice.
STANDING = (S.AGREED, S.PAID)

DISCOUNT_POLICY_LIFECYCLE = Lifecycle(
    "early payment policy",
    Transition(
        "approve",
        frozenset({DiscountPolicyState.DRAFT}),
        DiscountPolicyState.ACTIVE,
        "discounting.policy_approved",
        Permission.POLICY_APPROVE,
        internal=True,
    ),
    Transition(
        "retire",
        frozenset({DiscountPolicyState.DRAFT, DiscountPolicyState.ACTIVE}),
        DiscountPolicyState.RETIRED,
        "discounting.policy_retired",
        Permission.INVOICE_SETUP,
        internal=True,
    ),
    initial=DiscountPolicyState.DRAFT,
    terminal=(DiscountPolicyState.RETIRED,),
)

_ERP_HEARS = frozenset({"erp"})
_AGREED = frozenset({S.AGREED})

EARLY_LIFECYCLE = Lifecycle(
    "early payment",
    # By its supplier, until the ERP has booked the invoice for payment.
    Transition(
        "take_back",
        _AGREED,
        S.TAKEN_BACK,
        "invoice.early_withdrawn",
        Permission.INVOICE_WRITE,
        _ERP_HEARS,
    ),
    # The agreed day has passed, and the ERP has not told that it was paid by then.
    Transition("lapse", _AGREED, S.LAPSED, "invoice.early_lapsed", Permission.INVOICE_SETTLE, _ERP_HEARS),
    # It had lapsed while the ERP was silent, which tells now that it did pay by that day.
    Transition(
        "honour", frozenset({S.LAPSED}), S.AGREED, "invoice.early_honoured", Permission.ERP_MANAGE, _ERP_HEARS
    ),
    # The approval was taken back, or the invoice declared void: there is nothing to be paid early.
    Transition("end", _AGREED, S.ENDED, "invoice.early_ended", Permission.INVOICE_SETTLE, _ERP_HEARS),
    Transition("pay", _AGREED, S.PAID, "invoice.early_paid", Permission.ERP_MANAGE),
    # Paid by its day, and nothing was taken off.
    Transition("pay_in_full", _AGREED, S.LAPSED, "invoice.early_fully_paid", Permission.ERP_MANAGE),
    Transition("unpay", frozenset({S.PAID}), S.AGREED, "invoice.early_unpaid", Permission.ERP_MANAGE),
    initial=S.AGREED,
    terminal=(S.TAKEN_BACK, S.ENDED),
)
