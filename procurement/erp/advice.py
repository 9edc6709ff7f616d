"""Who must act when the ERP does not take something, and the way out: by the kind of fault, and by what the ERP said.

Sentences of the ERPs we know are recognised by their words, in the language in which the connection asks; everything
else falls back on the kind of fault.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from procurement.erp.ports import (
    Conflict,
    ErpError,
    ExpiredCredentials,
    PermissionRefused,
    Throttled,
    UnknownOutcome,
    Unsupported,
    ValidationRefused,
)
from procurement.erp.states import CommandState, Fault, TellingState


class Who(StrEnum):
    """Who must act."""

    NOBODY = "nobody"
    BUYER = "buyer"
    PAYABLES = "payables"
    SUPPLIER = "supplier"
    ERP_ADMINISTRATOR = "erp_administrator"
    INTEGRATION_OWNER = "integration_owner"


WHO_WORDS: dict[Who, Promise] = {
    Who.NOBODY: _("Nobody, for now"),
    Who.BUYER: _("The buyer"),
    Who.PAYABLES: _("Accounts payable"),
    Who.SUPPLIER: _("The supplier"),
    Who.ERP_ADMINISTRATOR: _("Whoever administers the ERP"),
    Who.INTEGRATION_OWNER: _("The integration owner"),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """Who must act, and what helps."""

    who: Who
    way_out: Promise

    @property
    def who_word(self) -> str:
        return str(WHO_WORDS[self.who])


def fault_of(error: ErpError) -> str:
    """Of which kind an error is, as a command keeps it."""
    for kind, fault in _FAULTS:
        if isinstance(error, kind):
            return fault
    return Fault.TRANSIENT


_FAULTS: tuple[tuple[type[ErpError], Fault], ...] = (
    (Conflict, Fault.CONFLICT),
    (UnknownOutcome, Fault.UNKNOWN),
    (ValidationRefused, Fault.VALIDATION),
    (PermissionRefused, Fault.PERMISSION),
    (ExpiredCredentials, Fault.CREDENTIALS),
    (Throttled, Fault.THROTTLED),
    (Unsupported, Fault.UNSUPPORTED),
)


def advice_for(state: str, fault: str, reason: str) -> Advice | None:
    """Who must act on a command that does not get through; nothing where it is on its way as it should be."""
    if state == CommandState.CONFLICT:
        return BY_FAULT[Fault.CONFLICT]
    if state == CommandState.TO_KEY:
        return TO_KEY
    if state == CommandState.UNKNOWN:
        return BY_FAULT[Fault.UNKNOWN]
    if state == CommandState.NEEDS_PERSON:
        return known_sentence(reason) or BY_FAULT[fault or Fault.VALIDATION]
    if state == CommandState.QUEUED and fault:
        return BY_FAULT[fault]
    return None


def advice_of_telling(state: str, fault: str, reason: str, *, is_invoice: bool = False) -> Advice | None:
    """Who must act on a ship notice, a count or an invoice that the ERP does not take; nothing where it is on its way.

    What is a buyer's to see to of goods is accounts payable's of an invoice.
    """
    found = _advice_of(state, fault, reason)
    if is_invoice and found is not None and found.who is Who.BUYER:
        return replace(found, who=Who.PAYABLES)
    return found


def _advice_of(state: str, fault: str, reason: str) -> Advice | None:
    if state == TellingState.TO_KEY:
        return KEY_BY_HAND
    if state == TellingState.UNKNOWN:
        return TOLD_AGAIN
    if state == TellingState.NEEDS_PERSON:
        return known_sentence(reason) or (
            LOOK_THERE if fault in (Fault.NONE, Fault.VALIDATION) else BY_FAULT[fault]
        )
    if state == TellingState.QUEUED and fault:
        return BY_FAULT[fault]
    return None


def known_sentence(reason: str) -> Advice | None:
    """The way out of something that an ERP is known to say."""
    return next((advice for pattern, advice in KNOWN if pattern.search(reason)), None)


BY_FAULT: dict[str, Advice] = {
    Fault.CONFLICT: Advice(
        Who.BUYER,
        _("Compare the three columns below, and choose whose values hold."),
    ),
    Fault.UNKNOWN: Advice(
        Who.NOBODY,
        _(
            "The ERP is searched for it as soon as the slowest call must have ended. Nothing is repeated before."
        ),
    ),
    Fault.VALIDATION: Advice(
        Who.BUYER,
        _(
            "The ERP will refuse it again as long as nothing changes. Change what it complains of there and write "
            "again, or ask the supplier for something that it takes."
        ),
    ),
    Fault.PERMISSION: Advice(
        Who.ERP_ADMINISTRATOR,
        _(
            "Give the user with which the portal signs in the right that is missing. It is tried again by itself."
        ),
    ),
    Fault.CREDENTIALS: Advice(
        Who.INTEGRATION_OWNER,
        _("Renew the credentials of the connection. It is tried again by itself."),
    ),
    Fault.UNSUPPORTED: Advice(
        Who.INTEGRATION_OWNER,
        _(
            "The connection was asked for something that it cannot do. Key it in by hand, and report it to us."
        ),
    ),
    Fault.TRANSIENT: Advice(Who.NOBODY, _("It is tried again by itself.")),
    Fault.THROTTLED: Advice(Who.NOBODY, _("It is tried again by itself, as late as the ERP asked for.")),
}
KEY_BY_HAND = Advice(Who.BUYER, _("Key in what stands below, then say so here."))
TOLD_AGAIN = Advice(
    Who.NOBODY,
    _(
        "The ERP is told again as soon as the slowest call must have ended. What stands there is not made twice."
    ),
)
LOOK_THERE = Advice(
    Who.BUYER,
    _(
        "Put right in the ERP what it complains of, then have it told again; or do it there by hand, and say so here."
    ),
)
TO_KEY = Advice(Who.BUYER, _("Key in what stands below. The next reading that shows it closes this."))

KNOWN: tuple[tuple[re.Pattern[str], Advice], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), advice)
    for pattern, advice in (
        (
            r"\bon a shipment\b",
            Advice(
                Who.BUYER,
                _(
                    "The delivery is on a shipment: change the date on the shipment in the ERP, or take it off the "
                    "shipment and write again."
                ),
            ),
        ),
        (
            r"\bone price per line\b",
            Advice(
                Who.BUYER,
                _(
                    "Agree with the supplier on one price for the line, or split the line in the ERP and ask again."
                ),
            ),
        ),
        (
            r"\bone item per line\b",
            Advice(
                Who.BUYER,
                _(
                    "Add a line for the substitute in the ERP, or agree with the supplier on one item for the line."
                ),
            ),
        ),
        (
            r"\bno product\b|\bno such (item|product)\b",
            Advice(
                Who.ERP_ADMINISTRATOR, _("Create the item in the ERP under this number, then write again.")
            ),
        ),
        (
            r"\bperiod\b.*\bclosed\b|\bclosed period\b",
            Advice(
                Who.ERP_ADMINISTRATOR,
                _(
                    "Open the period in the ERP and write again, or ask the supplier for a day in an open one."
                ),
            ),
        ),
        (
            r"\blocked\b|\bbeing edited\b|\bin use by\b|\bopen in another session\b",
            Advice(
                Who.BUYER,
                _("Somebody has the order open in the ERP. Have it closed there, then write again."),
            ),
        ),
        (
            r"\bthere is no (such )?order\b|\border\b.*\bnot found\b",
            Advice(
                Who.BUYER,
                _(
                    "Look for the order in the ERP. If it is gone for good, give this up and tell the supplier."
                ),
            ),
        ),
        (
            r"\bis over\b|\border is (closed|done|cancelled)\b",
            Advice(
                Who.BUYER,
                _(
                    "Open the order again in the ERP and write again, or give this up: the agreement stands here alone."
                ),
            ),
        ),
    )
)
