"""Bank details: who asks, who calls back, who approves; an account in force by all its steps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.db.models import F
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.notifications.bank import mail_of
from suppliers.banking.messages import AccountTyped, AskForChange, FreshFactor, ProofFile, RecordCall
from suppliers.banking.models import BankAccount, BankChange, BankContact, BankNotice, BankNumber
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import (
    approve_change,
    contacts_to_call,
    record_call,
    request_change,
    take_due_effect,
)
from suppliers.models import Membership, Supplier, User
from suppliers.queries import actor_of
from tests.people import PASSWORD, Person

OLD_IBAN, NEW_IBAN, THIRD_IBAN = "DE89370400440532013000", "DE12500105170648489890", "NL91ABNA0417164300"
PAPER = ProofFile("confirmation.pdf", b"%PDF-1.7 whose account it is")
WHY = "We have moved to another bank."
HOUR = timedelta(hours=1)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # the tests' own


def long_known(days: int = 400) -> None:
    """Everybody there is has been known, and has had a second factor, for more than a year."""
    with acting(OFFICE):
        for user in User.objects.order_by("id"):
            TOTP.activate(user, SECRET)
        Authenticator.objects.update(created_at=F("created_at") - timedelta(days=days))
        contacts_long_known(days)
        Membership.objects.update(role_since_at=F("role_since_at") - timedelta(days=days))
        long = timedelta(days=days)
        User.objects.update(
            date_joined=F("date_joined") - long, approver_since_at=F("approver_since_at") - long
        )


def contacts_long_known(days: int = 400) -> None:
    """Every contact has been known for so long. Where bank details were asked for already, nobody gets any older."""
    with acting(OFFICE):
        BankContact.objects.update(since_at=F("since_at") - timedelta(days=days))


def a_colleague(name: str = "Petra Payer", role: str = "accounts_payable", *, days: int = 400) -> Person:
    """One more of ours, who has had the role for so many days."""
    with acting(OFFICE):
        email = f"{name.split(maxsplit=1)[0].lower()}@northmoor.example"
        user = User.objects.create_user(email, PASSWORD, name=name, company_role=role)
        User.objects.filter(pk=user.pk).update(
            approver_since_at=timezone.now() - timedelta(days=days) if days else timezone.now()
        )
        TOTP.activate(user, SECRET)
        made = Authenticator.objects.filter(user=user)
        made.update(created_at=F("created_at") - timedelta(days=max(days, 2)))
        actor = actor_of(user)
        assert actor is not None
        return Person(user, actor)


def factor(person: Person, at: datetime) -> FreshFactor:
    """Shown a minute ago."""
    return FreshFactor(person.user.pk, at - timedelta(minutes=1))


def typed(number: str = NEW_IBAN, **changed: str) -> AccountTyped:
    """An account of Acme in Germany, as somebody types it."""
    values = {"currency": "EUR", "country": number[:2], "holder": "Acme Valves", "number": number, **changed}
    return AccountTyped(**values)


def wanted(supplier: Supplier, number: str = NEW_IBAN, **changed: Any) -> AskForChange:
    """A request for one account more, or in the place of `account`."""
    values: dict[str, Any] = {
        "supplier": supplier.key,
        "kind": "replace" if changed.get("account") else "add",
        "reason": WHY,
        "typed": typed(number),
        "proof": PAPER,
    }
    return AskForChange(**{**values, **changed})


def ask(command: AskForChange, person: Person, at: datetime | None = None) -> BankChange:
    """Request it as a person does."""
    at = at or timezone.now()
    with acting(person.actor):
        return request_change(command, actor=person.actor, factor=factor(person, at), at=at)


def approve(change: BankChange, person: Person, at: datetime) -> BankChange:
    """Approve it as it stands."""
    fresh = again(change)
    with acting(person.actor):
        return approve_change(fresh, fresh.version, actor=person.actor, factor=factor(person, at), at=at)


def call(change: BankChange, person: Person, at: datetime, outcome: str = "confirmed") -> Any:
    """Call the first contact back who may be."""
    with acting(OFFICE):
        contact = contacts_to_call(again(change))[0].ref
    command = RecordCall(change.key, contact, outcome, "+49 30 5550100", "contract of 2019")
    with acting(person.actor):
        return record_call(command, actor=person.actor, factor=factor(person, at), at=at)


def told(change: BankChange) -> None:
    """Everybody got the mail about it at once."""
    with acting(OFFICE):
        BankNotice.objects.filter(change=change, kind="requested").update(state="sent", sent_at=F("made_at"))


def all_said(change: BankChange, people: dict[str, Person], at: datetime) -> BankChange:
    """Everybody was told; called back by Otto, approved by Max and Root: it waits."""
    told(change)
    call(change, people["otto"], at)
    approve(change, people["max"], at)
    return approve(change, people["root"], at)


def an_account(
    people: dict[str, Person], number: str = OLD_IBAN, at: datetime | None = None, **changed: Any
) -> BankAccount:
    """An account of Acme that came into force by all its steps."""
    at = at or timezone.now()
    with acting(OFFICE):
        supplier = Supplier.objects.get(number="ACME")
    change = ask(wanted(supplier, number, **changed), people["asha"], at)
    change = all_said(change, people, at)
    assert change.waits_until is not None
    assert take_due_effect(change.waits_until) == 1
    with acting(OFFICE):
        return BankAccount.objects.get(by_change=change)


def an_account_row(supplier: Supplier) -> BankAccount:
    """An account in force as a row, for whoever asks only where it stands. In the office."""
    at = timezone.now()
    number = BankNumber.objects.create(supplier=supplier, sealed="x.y", trace=supplier.number)
    said = {
        "proposed_at": at,
        "requested_at": at,
        "requested_by_user_id": 1,
        "called_at": at,
        "approved_at": at,
    }
    change = BankChange.objects.create(
        supplier=supplier,
        number=number,
        kind="add",
        origin="portal",
        state="in_force",
        waits_until=at,
        closed_at=at,
        **said,
    )
    return BankAccount.objects.create(
        supplier=supplier, number=number, by_change=change, since_at=at, country="DE", shown="3000"
    )


def in_office(query: Callable[[], Any]) -> Any:
    """What is found with the eyes of whoever sees to bank details."""
    with acting(OFFICE):
        return query()


def live() -> list[tuple[str, str]]:
    """The accounts that have not ended, and how each stands."""
    return in_office(
        lambda: list(BankAccount.objects.exclude(state="ended").values_list("shown", "state").order_by("id"))
    )


def events(change: BankChange) -> list[str]:
    """What happened to it, in order."""
    found = AuditEvent.objects.filter(stream=change.stream, kind__startswith="bank.change_")
    return in_office(lambda: [one.kind.removeprefix("bank.change_") for one in found.order_by("id")])


def again(change: BankChange) -> BankChange:
    """As it stands now."""
    with acting(OFFICE):
        return BankChange.objects.select_related("supplier", "account").get(pk=change.pk)


def notices_out() -> int:
    """Let the notices leave: by the outbox, or, within a test's transaction, as it would write them."""
    if connection.in_atomic_block:
        with acting(OFFICE):
            waiting = list(
                BankNotice.objects.filter(state="queued").select_related("supplier", "change__account")
            )
            for one in waiting:
                mail_of(one).send()
            BankNotice.objects.filter(pk__in=[one.pk for one in waiting]).update(
                state="sent", sent_at=F("made_at")
            )
        return len(waiting)
    return deliver_due(worker=1, clock=timezone.now, topics=["bank notices"])
