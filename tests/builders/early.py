"""Early payment on demand: a policy that acts, an approved invoice, and what its supplier says."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal.kernel.scope import acting
from procurement.catalogue.models import Company
from procurement.discounting.messages import AgreeEarly, WriteDiscountPolicy
from procurement.discounting.models import DiscountPolicy, EarlyPayment
from procurement.discounting.queries import Offered, offered_for
from procurement.discounting.services import (
    agree_early,
    approve_discount_policy,
    take_early_back,
    write_discount_policy,
)
from procurement.invoices.models import Invoice
from tests.builders.invoices import fresh_invoice
from tests.builders.world import MONDAY
from tests.people import FEED, Person

# Of 1,313.76 claimed on 2 March and due on 1 April, at 12 % a year: 28 days sooner.
SOONEST = date(2026, 3, 4)
LESS = Decimal("12.26")


def a_discount_policy(
    people: dict[str, Person], *, at: datetime = MONDAY, acts: bool = True, **changed: Any
) -> DiscountPolicy:
    """12 % a year, at most 2 %, from the second working day on: Max wrote it, Root let it act."""
    max_, root = people["max"].actor, people["root"].actor
    with acting(max_):
        values: dict[str, Any] = {
            "company": Company.objects.get().pk,
            "name": "Paid early",
            "currency": "EUR",
            "yearly_percent": Decimal(12),
            "most_percent": Decimal(2),
        }
        policy = write_discount_policy(WriteDiscountPolicy(**{**values, **changed}), actor=max_, at=at)
    if not acts:
        return policy
    with acting(root):
        return approve_discount_policy(policy.key, policy.version, actor=root, at=at)


def offered(invoice: Invoice, at: datetime = MONDAY) -> Offered | None:
    """What is offered for an invoice as it stands now."""
    fresh = fresh_invoice(invoice)
    with acting(FEED):
        return offered_for([fresh], at).get(invoice.pk)


def agree(
    invoice: Invoice,
    person: Person,
    day: date = SOONEST,
    less: Decimal = LESS,
    *,
    at: datetime = MONDAY,
) -> EarlyPayment:
    """Somebody agrees to be paid on a day for so much less."""
    with acting(person.actor):
        return agree_early(AgreeEarly(invoice.key, day, less), actor=person.actor, at=at)


def take_back(invoice: Invoice, person: Person, *, at: datetime = MONDAY) -> EarlyPayment:
    """Somebody takes it back."""
    with acting(person.actor):
        return take_early_back(invoice.key, actor=person.actor, at=at)


def the_early() -> EarlyPayment:
    """What was agreed last."""
    with acting(FEED):
        found: EarlyPayment = EarlyPayment.objects.select_related("invoice").latest("id")
        return found
