"""What is known of bank details, and of the people behind them.

Note [In the office]: rows about bank details are written, and what a supplier may not read of them is read, under the
company's scope, taken for just that. Who acts stays who acts: it is they whom the audit trail names.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import NotFound
from portal.kernel.link_keys import key_in, seal_key, sealing_secrets
from portal.kernel.scope import requires_scope
from portal.kernel.sealing import seal, trace, traces, unseal
from suppliers.approvers import standing_problem
from suppliers.banking.engine import Account, names_differ
from suppliers.banking.messages import Device, KnownContact, Signal, Told
from suppliers.banking.models import (
    BankAccount,
    BankChange,
    BankContact,
    BankFreeze,
    BankNotice,
    BankNumber,
    BankProof,
    BankSignal,
    BankTold,
    BankVote,
)
from suppliers.banking.policies import (
    CHANGED_LATELY,
    NEW_PERSON_FOR,
    REACHED_LATELY,
    contacts_changed,
    told_at,
)
from suppliers.banking.states import (
    UNDECIDED,
    AccountState,
    BankMailState,
    BankNoticeKind,
    ChangeState,
    VotePurpose,
)
from suppliers.details.models import Address, ChangeRequest, Contact
from suppliers.details.states import AddressKind, Part
from suppliers.details.states import ChangeState as DetailState
from suppliers.models import Membership, Supplier, User
from suppliers.roles import COMPANY_ROLES, SUPPLIER_ROLES, Permission
from suppliers.signin.models import Device as SeenDevice
from suppliers.signin.models import SignIn
from suppliers.signin.queries import factors_since

OFFICE = Actor.system("Bank details", Channel.RULE)
SHOWN = ("bank.number_shown", "bank.proof_shown")
NOT_ME = b"quayside.bank.not-me"
FIRST, MORE = "bank.frozen", "bank.objection_raised"
DEVICE_KNOWN_AFTER = timedelta(days=1)
NEW_COUNTRY_FOR = timedelta(days=14)
REMOVED_LATELY = timedelta(days=30)
PAYMENT_WITHIN = timedelta(days=14)
# What of a part of the company data says how a supplier is reached.
REACHED_BY = {
    Part.CONTACT: {"name", "email", "telephone"},
    Part.PREFERENCES: {"email"},
    Part.REMIT_TO: {"name", "line1", "line2", "district", "postal_code", "city", "region", "country"},
}
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


# --- accounts and changes -----------------------------------------------------------------------------------


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


def changes(actor: Actor) -> QuerySet[BankChange]:
    """The changes this actor may see, each with its supplier and the account it is about."""
    found: QuerySet[BankChange] = BankChange.objects.visible_to(actor).select_related("supplier", "account")
    return found if actor.is_company else found.defer(*OURS_ALONE)


def find_change(key: uuid.UUID, *, actor: Actor) -> BankChange:
    """One change. Raises `NotFound`."""
    found: BankChange | None = changes(actor).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such change of bank details."))
    return found


def find_account(key: uuid.UUID, *, actor: Actor) -> BankAccount:
    """One account. Raises `NotFound`."""
    found: BankAccount | None = accounts(actor).select_related("supplier").filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such account."))
    return found


def find_proof(key: uuid.UUID, *, actor: Actor) -> BankProof:
    """One paper, without what is in it (`services.open_proof`). Raises `NotFound`."""
    seen = BankProof.objects.visible_to(actor).defer("content")
    found: BankProof | None = seen.filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


def hold_change(pk: int) -> BankChange:
    """A change, held until the transaction ends; its supplier is held before it."""
    held: BankChange = (
        BankChange.objects.select_related("supplier", "account").select_for_update(of=("self",)).get(pk=pk)
    )
    return held


def open_freeze(supplier_id: int) -> BankFreeze | None:
    """What holds everything about a supplier's bank details still, if anything does. In the office."""
    found: BankFreeze | None = BankFreeze.objects.filter(supplier_id=supplier_id, thawed_at=None).first()
    return found


def objections(freeze: BankFreeze) -> list[AuditEvent]:
    """Everybody who said that it was not them, the first one first. In the office."""
    said = AuditEvent.objects.filter(stream=freeze.stream, kind__in=[FIRST, MORE])
    return list(said.order_by("id"))


def has_objected(freeze: BankFreeze, mark: str) -> bool:
    """Whether this one has said so since it was frozen. In the office."""
    return any(one.facts.get("mark") == mark for one in objections(freeze))


def frozen_suppliers(ids: Iterable[int]) -> set[int]:
    """Which of these suppliers are frozen. One query, in the office."""
    return set(
        BankFreeze.objects.filter(supplier__in=list(ids), thawed_at=None).values_list(
            "supplier_id", flat=True
        )
    )


def votes_of(change: BankChange, purpose: str = VotePurpose.APPROVE) -> list[BankVote]:
    """Who said yes in this round, in order. In the office."""
    return list(
        change.votes.filter(round=change.round, purpose=purpose).select_related("user").order_by("id")
    )


def callers_of(change: BankChange) -> list[int]:
    """Who called a contact back in this round. In the office."""
    return list(change.calls.filter(round=change.round).values_list("called_by_user_id", flat=True))


def waiting_changes(actor: Actor) -> QuerySet[BankChange]:
    """The changes somebody of ours has to do something about."""
    asks = (ChangeState.PROPOSED, ChangeState.REQUESTED, ChangeState.FIRST_APPROVED, ChangeState.APPROVED)
    return changes(actor).filter(state__in=[*asks, ChangeState.FROZEN])


def has_just_ended(supplier_id: int, account: Account) -> bool:
    """Whether this account ended here, and that is still to be entered in the ERP: it pays to it meanwhile. In the
    office.
    """
    if not waiting_to_be_entered([supplier_id]):
        return False
    like = numbers_like(account).filter(supplier_id=supplier_id).values("id")
    return BankAccount.objects.filter(
        supplier_id=supplier_id, state=AccountState.ENDED, number__in=like
    ).exists()


# --- what the ERP pays to -----------------------------------------------------------------------------------


def told_of(supplier_ids: Iterable[int]) -> Mapping[int, list[BankTold]]:
    """What the ERP said that it pays these suppliers to, also what it says no more. One query, in the office."""
    found: dict[int, list[BankTold]] = {}
    for row in BankTold.objects.filter(supplier__in=list(supplier_ids)).order_by("id"):
        found.setdefault(row.supplier_id, []).append(row)
    return found


def live_by_trace(supplier_ids: Iterable[int]) -> Mapping[int, dict[str, int]]:
    """The accounts of these suppliers that have not ended, by what they are recognised by. One query, in the office."""
    found: dict[int, dict[str, int]] = {}
    rows = BankAccount.objects.filter(supplier__in=list(supplier_ids)).exclude(state=AccountState.ENDED)
    for supplier_id, pk, kept in rows.values_list("supplier_id", "pk", "number__trace"):
        found.setdefault(supplier_id, {})[kept] = pk
    return found


def with_history(supplier_ids: Iterable[int]) -> set[int]:
    """Which of these suppliers have asked for an account here, or somebody for them, whatever became of it. One query,
    in the office.
    """
    rows = BankChange.objects.filter(supplier__in=list(supplier_ids))
    return set(rows.order_by().values_list("supplier_id", flat=True).distinct())


def waiting_to_be_entered(supplier_ids: Iterable[int] | None = None) -> QuerySet[BankChange]:
    """The changes in force of which it is not known that the ERP pays by them, the oldest first. In the office."""
    found: QuerySet[BankChange] = BankChange.objects.filter(state=ChangeState.IN_FORCE, entered_at=None)
    if supplier_ids is not None:
        found = found.filter(supplier__in=list(supplier_ids))
    return found.select_related("supplier", "number").order_by("id")


def to_enter_of(supplier_ids: Iterable[int]) -> set[int]:
    """Which of these suppliers have a change that is to be entered in the ERP. One query, in the office."""
    return set(waiting_to_be_entered(supplier_ids).values_list("supplier_id", flat=True))


def stands_in_erp(change: BankChange) -> bool:
    """Whether the ERP, as it last told, pays by a change: to its account, and to none that has ended here. Of a
    supplier of which it never told anything nobody knows. In the office.
    """
    rows = told_of([change.supplier_id]).get(change.supplier_id, [])
    if not rows:
        return False
    standing = {row.trace for row in rows if row.gone_at is None}
    ended = BankAccount.objects.filter(supplier_id=change.supplier_id, state=AccountState.ENDED)
    if ended.filter(number__trace__in=standing).exists():
        return False
    return change.number is None or change.number.trace in standing


# --- numbers ------------------------------------------------------------------------------------------------


def kept_number(account: Account, supplier: Supplier) -> BankNumber:
    """The number of an account, sealed and stored."""
    row = BankNumber(key=uuid.uuid4(), supplier=supplier)
    row.sealed = seal(f"{account.number}/{account.routing}", row.place, settings.BANK_KEYS)
    row.trace = trace(account.identity, settings.BANK_KEYS)
    row.save()
    return row


def open_number(row: BankNumber) -> tuple[str, str]:
    """The number and the bank's code. Raises `sealing.Unreadable`. Say so in the audit trail before you show it."""
    number, _slash, routing = unseal(row.sealed, row.place, settings.BANK_KEYS).partition("/")
    return number, routing


def numbers_like(account: Account) -> QuerySet[BankNumber]:
    """Every number that is this one, of whichever supplier. In the office."""
    found: QuerySet[BankNumber] = BankNumber.objects.filter(
        trace__in=traces(account.identity, settings.BANK_KEYS)
    )
    return found


# --- people -------------------------------------------------------------------------------------------------


@requires_scope
def known_contacts(supplier: Supplier) -> list[KnownContact]:
    """Through whom a supplier is, or was, reachable: the oldest first. In the office, two queries.

    Its people and its address in the ERP, and the contacts of its company data, each with since when its address and
    its telephone number belong together (details.models, Note [Never edited in place]).
    """
    people = [
        KnownContact(
            ref=f"person:{row.pk}",
            name=row.name,
            address=row.address,
            telephone="",
            since_at=row.since_at,
            until_at=row.until_at,
            language=row.language,
            user_id=row.user_id,
        )
        for row in BankContact.objects.filter(supplier=supplier).order_by("id")
    ]
    named = [
        KnownContact(
            ref=f"contact:{row.pk}",
            name=row.name,
            address=row.email,
            telephone=row.telephone,
            since_at=row.since_at,
            until_at=row.ended_at,
            language=row.language,
        )
        for row in Contact.objects.filter(supplier=supplier).order_by("id")
    ]
    return sorted([*people, *named], key=lambda one: one.since_at)


def is_told_of_a_change(user_id: int) -> bool:
    """Whether somebody is, or was, a contact of a supplier whose bank details are being changed. In the office."""
    mine = BankContact.objects.filter(user_id=user_id).values("supplier_id")
    return BankChange.objects.filter(supplier__in=mine, state__in=UNDECIDED).exists()


def company_watchers() -> list[User]:
    """The people of ours who see to bank details."""
    roles = [role for role, may in COMPANY_ROLES.items() if Permission.BANK_APPROVE in may]
    return list(User.objects.filter(company_role__in=roles, is_active=True).order_by("id"))


def judging_problem(user_id: int, before: datetime, at: datetime) -> str:
    """Why somebody of ours does not judge yet what began at a moment, as a sentence; empty for who may. In the office.

    By a role that is too new, or a second factor that is: whoever has got at somebody's mailbox sets up one of their
    own, and confirms it there, so that a mail makes none older here (signin: `is_settled`).
    """
    if problem := standing_problem(user_id, before):
        return problem
    since = factors_since(user_id)
    if since is None or at - since >= settings.NEW_FACTOR_WAITS:
        return ""
    hours = int(settings.NEW_FACTOR_WAITS.total_seconds() // 3600)
    return _(
        "Your second factor is new: in its first %(hours)d hours you judge no bank details. Wait, or somebody else "
        "does it."
    ) % {"hours": hours}


def may_still_approve(users: Iterable[User]) -> bool:
    """Whether each of these is with us and may approve, now."""
    return all(
        user.is_active and Permission.BANK_APPROVE in COMPANY_ROLES.get(user.company_role, frozenset())
        for user in users
    )


def may_still_request(change: BankChange) -> bool:
    """Whether who requested a change still may, now."""
    user = User.objects.filter(pk__in=[change.requested_by_user_id], is_active=True).first()
    if user is None:
        return False
    if change.on_behalf:
        return Permission.BANK_REQUEST in COMPANY_ROLES.get(user.company_role, frozenset())
    roles = Membership.objects.filter(user=user, supplier_id=change.supplier_id).values_list(
        "role", flat=True
    )
    return any(Permission.BANK_REQUEST in SUPPLIER_ROLES[role] for role in roles)


def is_known_device(user_id: int, device: Device, at: datetime) -> bool:
    """Whether somebody has signed in with this very browser before today. In the office."""
    mine = SeenDevice.objects.filter(user_id=user_id, digest=device.digest).exclude(digest="")
    return mine.filter(first_seen_at__lt=at - DEVICE_KNOWN_AFTER).exists()


# --- risks --------------------------------------------------------------------------------------------------


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


# --- notices ------------------------------------------------------------------------------------------------


def notice_token(notice: BankNotice) -> str:
    """What the link of a notice holds: its key under a seal (kernel.link_keys). Never to be logged."""
    return seal_key(notice.key, settings.SECRET_KEY, seal=NOT_ME)


def notice_of(token: str) -> BankNotice | None:
    """The notice whose link this is; None for one that is not ours. In the office."""
    key = key_in(token, sealing_secrets(), seal=NOT_ME)
    return find_notice(key) if key is not None else None


def told_of_request(change: BankChange) -> datetime | None:
    """When the last of those known from before was told of a request; None while one is not. In the office."""
    who = change.askers
    own = {
        *User.objects.filter(pk__in=who).values_list("email", flat=True),
        *BankContact.objects.filter(user_id__in=who).values_list("address", flat=True),
    }
    rows = change.notices.filter(kind=BankNoticeKind.REQUESTED, of_company=False)
    return told_at(
        [Told(one.address, one.state, one.sent_at, one.waived_at is not None) for one in rows], own=own
    )


def unreached(change: BankChange) -> QuerySet[BankNotice]:
    """The mails about a request that could not be delivered, and of which nobody has said that it goes on without."""
    found: QuerySet[BankNotice] = change.notices.filter(
        kind=BankNoticeKind.REQUESTED, of_company=False, state=BankMailState.FAILED, waived_at=None
    )
    return found


def find_notice(key: uuid.UUID) -> BankNotice | None:
    """A notice. In the office."""
    found: BankNotice | None = (
        BankNotice.objects.filter(key=key).select_related("supplier", "change__account").first()
    )
    return found


def numbers_shown(supplier: Supplier, *, actor: Actor, limit: int = 20) -> QuerySet[AuditEvent]:
    """Who was shown a number of this supplier, and why, or a paper with one on it: the newest first."""
    seen = AuditEvent.objects.visible_to(actor).filter(supplier_id=supplier.pk, kind__in=SHOWN)
    return seen.filter(internal=False).order_by("-at", "-id")[:limit]


def shown_lately(user_id: int, at: datetime) -> int:
    """How many numbers, and papers with one, somebody was shown within a day. In the office."""
    return AuditEvent.objects.filter(
        kind__in=SHOWN, actor_user_id=user_id, at__gt=at - timedelta(days=1)
    ).count()


def undecided_about(supplier: Supplier, number_ids: Iterable[int]) -> bool:
    """Whether a change with one of these numbers is under way. In the office."""
    mine = BankChange.objects.filter(supplier=supplier, number__in=list(number_ids))
    return mine.filter(state__in=UNDECIDED).exists()


def accounts_by_number(supplier_id: int, account: Account) -> BankAccount | None:
    """The live account of a supplier that has this number. In the office."""
    like = numbers_like(account).filter(supplier_id=supplier_id).values("id")
    found: BankAccount | None = (
        BankAccount.objects.filter(Q(number__in=like), supplier_id=supplier_id)
        .exclude(state=AccountState.ENDED)
        .first()
    )
    return found


def progress_of(rows: Sequence[BankChange]) -> Mapping[int, int]:
    """How many approvals each of these has in its round. One query, in the office."""
    counted: dict[int, int] = {}
    rounds = {row.pk: row.round for row in rows}
    said = BankVote.objects.filter(change__in=rounds, purpose=VotePurpose.APPROVE)
    for change_id, number in said.values_list("change_id", "round"):
        if rounds[change_id] == number:
            counted[change_id] = counted.get(change_id, 0) + 1
    return counted
