"""What is odd about a change, and so lengthens its wait."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.module_loading import import_string

from suppliers.banking.engine import Account, names_differ
from suppliers.banking.messages import Device, Signal
from suppliers.banking.models import BankAccount, BankChange, BankFreeze, BankSignal
from suppliers.banking.policies import CHANGED_LATELY, NEW_PERSON_FOR, REACHED_LATELY, contacts_changed
from suppliers.banking.queries.numbers import numbers_like
from suppliers.banking.queries.people import is_known_device, known_contacts
from suppliers.banking.states import UNDECIDED, ChangeState
from suppliers.details.models import Address, ChangeRequest
from suppliers.details.states import AddressKind, Part
from suppliers.details.states import ChangeState as DetailState
from suppliers.models import Membership, Supplier
from suppliers.signin.models import SignIn

NEW_COUNTRY_FOR = timedelta(days=14)
REMOVED_LATELY = timedelta(days=30)
PAYMENT_WITHIN = timedelta(days=14)
# What of a part of the company data says how a supplier is reached.
REACHED_BY = {
    Part.CONTACT: {"name", "email", "telephone"},
    Part.PREFERENCES: {"email"},
    Part.REMIT_TO: {"name", "line1", "line2", "district", "postal_code", "city", "region", "country"},
}


def signals_of(
    supplier: Supplier,
    account: Account | None,
    *,
    before: BankAccount | None,
    requester: int,
    proposer: int | None = None,
    on_behalf: bool,
    device: Device,
    at: datetime,
    but: int | None = None,
) -> list[Signal]:
    """What makes a request look like a fraud. In the office; a fixed number of queries. `but` is the request itself,
    `proposer` who wrote its number down where that is somebody else."""
    contacts = known_contacts(supplier)
    found = list(_of_the_account(supplier, account, before, but)) if account else []
    mine = [one.since_at for one in contacts if one.user_id == requester and one.until_at is None]
    # Who was a clerk until a minute ago is as new to this as who was nobody there.
    role = Membership.objects.filter(user=requester, supplier=supplier)
    raised = role.values_list("role_since_at", flat=True).first()
    if not on_behalf and (not mine or max(min(mine), raised or min(mine)) > at - NEW_PERSON_FOR):
        found.append(Signal("new_person"))
    if not is_known_device(requester, device, at):
        found.append(Signal("new_device"))
    news = SignIn.objects.filter(user_id=requester, is_new_country=True, at__gt=at - NEW_COUNTRY_FOR)
    if where := news.order_by("-id").values_list("country", flat=True).first():
        found.append(Signal("new_country", {"country": where}))
    askers = {requester, proposer} - {None}
    own = {one.address.casefold() for one in contacts if one.user_id in askers}
    if not any(
        one.since_at < at - NEW_PERSON_FOR and not (one.address and one.address.casefold() in own)
        for one in contacts
    ):
        found.append(Signal("no_old_contact"))
    if others := contacts_changed(contacts, at=at) | _to_be_reached_otherwise(supplier, at):
        found.append(Signal("reached_otherwise", {"ways": " ".join(sorted(others))}))
    people = [one for one in contacts if one.user_id is not None]
    still = {one.user_id for one in people if one.until_at is None}
    removed = {one.user_id for one in people if one.until_at and one.until_at > at - REMOVED_LATELY} - still
    if removed:
        found.append(Signal("people_removed", {"people": str(len(removed))}))
    past = BankChange.objects.filter(supplier=supplier).exclude(pk=but)
    if past.filter(state=ChangeState.IN_FORCE, closed_at__gt=at - CHANGED_LATELY).exists():
        found.append(Signal("changed_lately"))
    if BankFreeze.objects.filter(supplier=supplier).exists():
        found.append(Signal("frozen_before"))
    big = settings.BANK_BIG_PAYMENT, settings.BANK_BIG_PAYMENT_OTHERWISE
    for path in settings.BANK_WATCHES:
        found.extend(import_string(path)(supplier.pk, at, at + PAYMENT_WITHIN, *big))
    return found


def _of_the_account(
    supplier: Supplier, account: Account, before: BankAccount | None, but: int | None
) -> Iterable[Signal]:
    if not account.digits_fit:
        yield Signal("odd_digits")
    if supplier.country and account.country != supplier.country:
        yield Signal("foreign_account", {"country": account.country})
    if before is not None and before.country and before.country != account.country:
        yield Signal("other_country", {"before": before.country, "now": account.country})
    if names_differ(account.holder, supplier.name):
        yield Signal("other_holder", {"holder": account.holder})
    like = numbers_like(account).exclude(supplier=supplier)
    held = like.filter(accounts__isnull=False).values_list("supplier__number", flat=True).distinct()
    if numbers := sorted(held):
        yield Signal("shared_account", {"suppliers": ", ".join(numbers[:5])})
    asked = like.filter(changes__state__in=[ChangeState.PROPOSED, *UNDECIDED]).exclude(changes__pk__in=[but])
    if numbers := sorted(set(asked.values_list("supplier__number", flat=True))):
        yield Signal("asked_elsewhere", {"suppliers": ", ".join(numbers[:5])})


def _to_be_reached_otherwise(supplier: Supplier, at: datetime) -> set[str]:
    """Which ways to reach a supplier wait to be others, and whether its remit-to address became another lately. What is
    said for the first time is no change. Two queries."""
    moved = Address.objects.filter(
        supplier=supplier, kind=AddressKind.REMIT_TO, ended_at__gt=at - REACHED_LATELY
    )
    found = {"remit_to"} if moved.exists() else set()
    waiting = ChangeRequest.objects.filter(supplier=supplier, state=DetailState.WAITING, part__in=REACHED_BY)
    for one in waiting.exclude(old={}):
        if REACHED_BY[Part(one.part)] & set(one.fields):
            found.add({Part.REMIT_TO: "remit_to", Part.CONTACT: "contact"}.get(Part(one.part), "mail"))
    return found


def signals_kept(change: BankChange) -> Sequence[BankSignal]:
    """The risks that were seen, whatever was said since. In the office."""
    return list(change.signals.order_by("-hours", "kind"))
