"""Bank details in the demo: an account in force, a change that waits for the second approval, one that is frozen."""

from datetime import datetime, timedelta

from django.db.models import F

from portal.kernel.actors import Actor, Channel
from portal.kernel.scope import acting
from procurement.demo.loading import SET_UP
from procurement.demo.people import ANA, HELEN, KOFI, LIAN_FENG, MEI
from suppliers.banking.messages import (
    AccountsPaper,
    AccountTyped,
    AskForChange,
    FreshFactor,
    PaidTo,
    ProofFile,
    RecordCall,
)
from suppliers.banking.models import BankAccount, BankChange, BankContact, BankNotice
from suppliers.banking.services import (
    approve_change,
    contacts_to_call,
    freeze_by_link,
    hear_of_erp,
    record_call,
    request_change,
    take_due_effect,
)
from suppliers.banking.states import BankMailState, CallOutcome, ChangeKind
from suppliers.models import Membership, Supplier, User
from suppliers.queries import actor_of
from suppliers.states import SupplierState

LONG_AGO = timedelta(days=400)
_PAPER = ProofFile("account-confirmation.pdf", b"%PDF-1.4\n% The demo's: no bank has written it.\n%%EOF\n")
_HOLDER = "Wenzhou Lian Feng Valve Co., Ltd."
_FIRST = AccountTyped("USD", "CN", _HOLDER, "1203282009200123456", "102333000123", "ICBKCNBJZJP")
_NEXT = AccountTyped("USD", "CN", _HOLDER, "33150198443600000777", "105333000456", "PCBCCNBJZJW")
_ERP = Actor.system("ERP feed", Channel.ERP)
_KNOWN, _SWAPPED = "DE89370400440532013000", "DE75512108001245126199"


def keep_bank_details(*, at: datetime) -> None:
    """Lian Feng's account came into force weeks ago, and since two days another one waits for the second approval.
    Somebody at another supplier says that a change was not theirs: it is frozen. And of a third one the ERP pays to
    another account since yesterday, of which nobody here knows.

    Nothing is mailed: whoever would be told is marked as told, since the demo's addresses are nobody's.
    """
    with acting(SET_UP):
        # As if the portal had been here for long: who is known is older than what is asked.
        BankContact.objects.update(since_at=F("since_at") - LONG_AGO)
        Membership.objects.update(role_since_at=F("role_since_at") - LONG_AGO)
        mei, ana, helen, kofi = (
            actor_of(User.objects.get(email=one.email)) for one in (MEI, ANA, HELEN, KOFI)
        )
        supplier = Supplier.objects.get(name=LIAN_FENG)
        # Of a supplier that is blocked anyway: what is frozen would hold the invoices of the demo's morning.
        other = Supplier.objects.filter(state=SupplierState.BLOCKED).order_by("number").first()
    assert mei is not None  # all four have accounts
    assert ana is not None
    assert helen is not None
    assert kofi is not None
    begun = at - timedelta(days=40)
    first = _ask(mei, supplier, _FIRST, "Our account for invoices in US dollars.", at=begun)
    _call(ana, first, at=begun + timedelta(hours=2))
    for approver, hours in ((helen, 3), (kofi, 5)):
        _approve(approver, first, at=begun + timedelta(hours=hours))
    with acting(SET_UP):
        due = BankChange.objects.get(pk=first.pk).waits_until
    assert due is not None  # all is said
    take_due_effect(due)
    _told()
    with acting(SET_UP):
        # The ERP pays to it: nobody has to enter it there.
        paid = AccountsPaper(supplier.number, (PaidTo(_FIRST, due.date()),))
        hear_of_erp([paid], actor=SET_UP, at=due + timedelta(hours=1))
    with acting(SET_UP):
        account = BankAccount.objects.get(by_change=first)
    asked = at - timedelta(days=2)
    second = _ask(mei, supplier, _NEXT, "We have moved to another bank.", account=account, at=asked)
    _call(ana, second, at=asked + timedelta(hours=4))
    _approve(helen, second, at=asked + timedelta(hours=6))
    if other is not None:
        _freeze(kofi, other, at=at - timedelta(days=1))
    _swap(supplier, at=at)


def _freeze(kofi: Actor, supplier: Supplier, *, at: datetime) -> None:
    typed = AccountTyped("EUR", "DE", supplier.name, "DE12500105170648489890")
    change = _ask(kofi, supplier, typed, "As their new letterhead of last week says.", at=at)
    with acting(SET_UP):
        notice = BankNotice.objects.filter(change=change, address=supplier.email, of_company=False).first()
        if notice is not None:
            freeze_by_link(notice, at=at + timedelta(hours=3))
    _told()


def _swap(but: Supplier, *, at: datetime) -> None:
    """For long the ERP alone knew to which account it pays; since yesterday it is another: a proposal, and an alarm."""
    with acting(SET_UP):
        euros = Supplier.objects.filter(state=SupplierState.ACTIVE, country="DE").exclude(pk=but.pk)
        supplier = euros.order_by("number").first()
        if supplier is None:  # a small company of a test
            return
        for number, moment in ((_KNOWN, at - LONG_AGO), (_SWAPPED, at - timedelta(days=1))):
            paid = PaidTo(AccountTyped("EUR", "DE", supplier.name, number), moment.date())
            hear_of_erp([AccountsPaper(supplier.number, (paid,))], actor=_ERP, at=moment)
    _told()


def _ask(
    actor: Actor,
    supplier: Supplier,
    typed: AccountTyped,
    reason: str,
    *,
    account: BankAccount | None = None,
    at: datetime,
) -> BankChange:
    command = AskForChange(
        supplier.key,
        ChangeKind.REPLACE if account else ChangeKind.ADD,
        reason,
        account=account.key if account else None,
        typed=typed,
        proof=_PAPER,
    )
    with acting(actor):
        change = request_change(command, actor=actor, factor=_shown(actor, at), at=at)
    _told()
    return change


def _call(actor: Actor, change: BankChange, *, at: datetime) -> None:
    with acting(SET_UP):
        contact = contacts_to_call(change)[0]
    command = RecordCall(
        change.key, contact.ref, CallOutcome.CONFIRMED, "+86 577 8555 0101", "the contract of 2019"
    )
    with acting(actor):
        record_call(command, actor=actor, factor=_shown(actor, at), at=at)


def _approve(actor: Actor, change: BankChange, *, at: datetime) -> None:
    with acting(SET_UP):
        version = BankChange.objects.get(pk=change.pk).version
    with acting(actor):
        approve_change(change, version, actor=actor, factor=_shown(actor, at), at=at)


def _told() -> None:
    with acting(SET_UP):
        waiting = BankNotice.objects.filter(state=BankMailState.QUEUED)
        waiting.update(state=BankMailState.SENT, sent_at=F("made_at"))


def _shown(actor: Actor, at: datetime) -> FreshFactor:
    assert actor.user_id is not None  # people
    return FreshFactor(actor.user_id, at - timedelta(minutes=1))
