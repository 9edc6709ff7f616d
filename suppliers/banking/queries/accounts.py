"""Accounts, and whose they are."""

import uuid
from collections.abc import Iterable, Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import NotFound
from suppliers.banking.models import BankAccount
from suppliers.banking.states import AccountState
from suppliers.models import Supplier

# Columns of a change that its supplier's scope has no right to (migration 0031).
OURS_ALONE = (
    "wait_hours",
    "waits_until",
    "entered_at",
    "entered_by",
    "entered_by_user_id",
    "proposed_by_user_id",
    "requested_by_user_id",
)


def find_supplier(key: uuid.UUID, *, actor: Actor) -> Supplier:
    """A supplier. Raises `NotFound` for what is not there or not yours."""
    found: Supplier | None = Supplier.objects.visible_to(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such supplier."))
    return found


def find_supplier_by_number(number: str, *, actor: Actor) -> Supplier:
    """A supplier by its number in the ERP. Raises `NotFound`."""
    found: Supplier | None = (
        Supplier.objects.visible_to(actor).filter(number=number).first() if number else None
    )
    if found is None:
        raise NotFound(_("There is no such supplier."))
    return found


def own_supplier(actor: Actor) -> Supplier:
    """The supplier acted for. Raises `NotFound` for one who acts for none."""
    found: Supplier | None = Supplier.objects.visible_to(actor).filter(pk__in=actor.supplier_ids).first()
    if found is None:
        raise NotFound(_("There is no such supplier."))
    return found


def hold_supplier(pk: int) -> Supplier:
    """A supplier, held until the transaction ends: everything about its bank details happens one after the other."""
    held: Supplier = Supplier.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    return held


def accounts(actor: Actor) -> QuerySet[BankAccount]:
    """The accounts this actor may see, those in force first."""
    found: QuerySet[BankAccount] = BankAccount.objects.visible_to(actor)
    return found.order_by("-state", "currency", "id")


def accounts_with_changes(actor: Actor) -> QuerySet[BankAccount]:
    """The accounts this actor may see, each with its supplier and the change that brought it."""
    found = accounts(actor).select_related("supplier", "by_change")
    return found if actor.is_company else found.defer(*(f"by_change__{name}" for name in OURS_ALONE))


def live_accounts(supplier: Supplier, *, actor: Actor) -> list[BankAccount]:
    """The accounts of a supplier that have not ended: in force, or held."""
    return list(accounts(actor).filter(supplier=supplier).exclude(state=AccountState.ENDED))


def known_traces(supplier_ids: Iterable[int]) -> Mapping[int, set[str]]:
    """What the accounts in force of these suppliers are recognised by. One query, in the office.

    A supplier that has, or had, an account of any kind is named: with nothing in force every account is a strange one.
    """
    found: dict[int, set[str]] = {}
    rows = BankAccount.objects.filter(supplier__in=list(supplier_ids))
    for supplier_id, state, kept in rows.values_list("supplier_id", "state", "number__trace"):
        in_force = found.setdefault(supplier_id, set())
        if state == AccountState.IN_FORCE:
            in_force.add(kept)
    return found


def payable_accounts(supplier_id: int, currency: str, *, actor: Actor) -> list[BankAccount]:
    """The accounts to which an invoice in a currency may be paid: in force, those of its currency first. None of a
    supplier with which the business has ended."""
    in_force = accounts(actor).filter(supplier_id=supplier_id, state=AccountState.IN_FORCE)
    found = list(in_force.filter(supplier__left_at=None))
    return sorted(found, key=lambda one: (one.currency != currency, one.pk))


def held_accounts(supplier_id: int) -> list[str]:
    """The accounts of a supplier that are held, in part. In the office."""
    found = BankAccount.objects.filter(supplier_id=supplier_id, state=AccountState.HELD)
    return [one.masked for one in found.order_by("id")]


def find_account(key: uuid.UUID, *, actor: Actor) -> BankAccount:
    """One account. Raises `NotFound`."""
    found: BankAccount | None = accounts(actor).select_related("supplier").filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such account."))
    return found
