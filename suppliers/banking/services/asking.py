"""A change is proposed, requested or withdrawn. What is in force stays in force all the while."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.services import record
from portal.kernel.errors import Duplicate, Invalid, NotAllowed, Problem
from portal.kernel.scope import acting, requires_scope
from portal.kernel.sealing import Unreadable
from suppliers.banking.engine import Account, read_account
from suppliers.banking.messages import AccountTyped, AskForChange, FreshFactor
from suppliers.banking.models import BankAccount, BankChange, BankSignal
from suppliers.banking.policies import (
    RISKS,
    proof_problem,
    reason_problem,
    wait_hours,
)
from suppliers.banking.queries import (
    OFFICE,
    accounts_by_number,
    find_change,
    find_supplier,
    hold_change,
    hold_supplier,
    kept_number,
    numbers_like,
    open_number,
    signals_of,
    undecided_about,
)
from suppliers.banking.services.guards import (
    NotYou,
    NumberUnreadable,
    require_not_blocked,
    require_person,
    require_reason,
    require_thawed,
)
from suppliers.banking.services.papers import keep_proof
from suppliers.banking.services.telling import tell_everybody
from suppliers.banking.states import (
    CHANGE_OF_BANK_LIFECYCLE,
    UNDECIDED,
    AccountState,
    BankNoticeKind,
    ChangeKind,
    ChangeState,
    Origin,
)
from suppliers.models import ApiToken, Supplier
from suppliers.queries import makers_gone
from suppliers.roles import Permission

ORIGINS = {Channel.API: Origin.API, Channel.FILE: Origin.FILE, Channel.ERP: Origin.ERP}
MOST_PROPOSALS = 20
# Whoever asks more often tires out those who are told.
MOST_A_DAY = 5


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is wanted, held against what is there."""

    kind: str
    before: BankAccount | None
    account: Account | None


@requires_scope
def request_change(
    command: AskForChange, *, actor: Actor, factor: FreshFactor | None, at: datetime
) -> BankChange:
    """A person with a fresh second factor asks for other bank details; everybody earlier is told at once.

    By a supplier's administrator, or by our supplier administrator in the supplier's name (`on_behalf`). Nothing is in
    force by this. Raises `NeedsFactor`, `Frozen`, `Duplicate` where the account is being changed already, `Invalid`
    with every problem at once: domain.md §11, issue 7 §3.
    """
    user_id = require_person(actor, Permission.BANK_REQUEST, factor, at)
    seen = find_supplier(command.supplier, actor=actor)
    proposal = find_change(command.proposal, actor=actor) if command.proposal else None
    require_not_blocked(seen, actor)
    with acting(OFFICE):
        supplier = hold_supplier(seen.pk)
        require_thawed(supplier)
        asked = BankChange.objects.filter(supplier=supplier, requested_at__gt=at - timedelta(days=1))
        if asked.count() >= MOST_A_DAY:
            raise Duplicate(_("Too many changes were requested within a day. Try again tomorrow."))
        if proposal is not None:
            proposal = hold_change(proposal.pk)
            CHANGE_OF_BANK_LIFECYCLE.transition("confirm", proposal.state)
        wish = _wish(command, supplier, proposal, needs_proof=True)
        change = proposal or _staged(wish, supplier, Origin.PORTAL, user_id, actor, at)
        signals = signals_of(
            supplier,
            wish.account,
            before=wish.before,
            requester=user_id,
            proposer=change.proposed_by_user_id,
            on_behalf=actor.is_company,
            device=command.device,
            at=at,
            but=change.pk,
        )
        fields = {
            "reason": command.reason.strip(),
            "requested_at": at,
            "requested_by": actor.label,
            "requested_by_user_id": user_id,
            "on_behalf": actor.is_company,
            "wait_hours": wait_hours(
                signals, usual=settings.BANK_WAIT_HOURS, most=settings.BANK_WAIT_MOST_HOURS
            ),
        }
        if command.proof is not None:
            keep_proof(change, command.proof, actor, at)
        facts = {"kind": change.kind, "on_behalf": actor.is_company, **change.facts}
        if wish.before is not None:
            facts["before"] = wish.before.masked
        CHANGE_OF_BANK_LIFECYCLE.move(change, "confirm", actor=actor, at=at, facts=facts, fields=fields)
        kept = [
            BankSignal(
                supplier=supplier,
                change=change,
                round=change.round,
                kind=one.kind,
                hours=RISKS[one.kind].hours,
                facts=one.facts,
                seen_at=at,
            )
            for one in {one.kind: one for one in signals}.values()
        ]
        BankSignal.objects.bulk_create(kept)
        if kept:
            told = {"risks": sorted(one.kind for one in kept), "wait_hours": fields["wait_hours"]}
            record(
                "bank.risks_seen",
                change.stream,
                actor=OFFICE,
                at=at,
                supplier_id=supplier.pk,
                facts=told,
                internal=True,
            )
        tell_everybody(BankNoticeKind.REQUESTED, supplier, change, actor=actor, at=at)
    return change


@requires_scope
def propose_change(command: AskForChange, *, actor: Actor, at: datetime) -> BankChange:
    """A program, a sheet or the ERP says that an account is another. It is written down and does nothing: a person with
    a fresh second factor makes a request of it, or it is refused.

    What a token proposes, who made it has asked for. Raises `Invalid` and `Duplicate` as `request_change` does, and
    where too many wait already; `NotAllowed` for a supplier's token whose maker may make none there any more.
    """
    if not any(
        actor.may(one) for one in (Permission.BANK_PROPOSE, Permission.BANK_REQUEST, Permission.BANK_CALL)
    ):
        raise NotAllowed(_("You may not do this with bank details."))
    seen = find_supplier(command.supplier, actor=actor)
    require_not_blocked(seen, actor)
    with acting(OFFICE):
        proposer = actor.user_id if actor.user_id is not None else _maker(actor)
        supplier = hold_supplier(seen.pk)
        origin = ORIGINS.get(Channel(actor.channel), Origin.API)
        waiting = BankChange.objects.filter(supplier=supplier, state=ChangeState.PROPOSED)
        # Of each door: what a program proposes too often keeps nobody from hearing what the vendor file says.
        if waiting.filter(origin=origin).count() >= MOST_PROPOSALS:
            raise Duplicate(_("Too many proposals wait for a person already. Look at them first."))
        wish = _wish(command, supplier, None, needs_proof=False)
        if wish.account is not None:
            like = numbers_like(wish.account).filter(supplier=supplier).values("id")
            if waiting.filter(number__in=like, kind=wish.kind, account=wish.before).exists():
                raise Duplicate(_("The same change is proposed already and waits for a person."))
        change = _staged(wish, supplier, origin, proposer, actor, at)
        change.reason = command.reason.strip()[:2000]
        change.save(update_fields=["reason"])
        record(
            "bank.change_proposed",
            change.stream,
            actor=actor,
            at=at,
            supplier_id=supplier.pk,
            facts={"kind": change.kind, "origin": change.origin, **change.facts},
        )
    return change


@requires_scope
def withdraw_change(change: BankChange, reason: str, *, actor: Actor, at: datetime) -> BankChange:
    """Take a request back: by its supplier, or by ours where it was made in the supplier's name. Nobody waits for a
    factor to stop something; one that is frozen stays, for others to look at."""
    if not actor.may(Permission.BANK_REQUEST) or actor.user_id is None or actor.token_id is not None:
        raise NotAllowed(_("You may not do this with bank details."))
    seen = find_change(change.key, actor=actor)
    with acting(OFFICE):
        hold_supplier(seen.supplier_id)
        held = hold_change(seen.pk)
        if actor.is_company and not held.on_behalf and held.state != ChangeState.PROPOSED:
            raise NotYou(_("Its supplier requested it. You can refuse it, with a reason."))
        close_change(held, "withdraw", reason.strip()[:2000], actor=actor, at=at)
    return held


def close_change(change: BankChange, verb: str, reason: str, *, actor: Actor, at: datetime) -> None:
    """A change comes to nothing: refused or withdrawn. In the office, held."""
    CHANGE_OF_BANK_LIFECYCLE.move(
        change,
        verb,
        actor=actor,
        at=at,
        facts={"reason": reason[:300], "kind": change.kind, **change.facts},
        fields={"closed_at": at, "closed_by": actor.label, "close_reason": reason},
    )


def account_of(change: BankChange) -> Account | None:
    """The account that a change would bring, checked anew; None for one that ends an account. In the office.

    Raises `Invalid` where it does not hold any more.
    """
    if change.number is None:
        return None
    number, routing = open_number(change.number)
    typed = AccountTyped(change.currency, change.country, change.holder, number, routing, change.bic)
    account, problems = read_account(typed)
    if account is None:
        raise Invalid(problems[0].message, problems)
    return account


def _wish(
    command: AskForChange, supplier: Supplier, proposal: BankChange | None, *, needs_proof: bool
) -> _Wish:
    problems: list[Problem] = []
    kind = proposal.kind if proposal else command.kind
    before = proposal.account if proposal else _account_named(command, supplier, kind, problems)
    account: Account | None = None
    if kind not in ChangeKind.values:
        problems.append(Problem("kind", _("Choose what is to change."), kind[:20], "unknown"))
    elif proposal is not None:
        try:
            account = account_of(proposal)
        except Unreadable as error:
            raise NumberUnreadable(_("This number cannot be read with the keys there are.")) from error
    elif kind != ChangeKind.END:
        account, found = read_account(command.typed or AccountTyped("", "", "", ""))
        problems += found
    if needs_proof:
        problems += _said_with_it(command, kind)
    if not problems and account is not None:
        problems += _known_already(supplier, account, proposal)
    if problems:
        raise Invalid(problems[0].message, problems)
    if before is not None:
        if before.state == AccountState.ENDED:
            raise Invalid(
                _("This account has ended already."),
                [Problem("account", _("This account has ended already."), "", "ended")],
            )
        if needs_proof and before.changes.filter(state__in=UNDECIDED).exists():
            raise Duplicate(_("A change of this account is under way. Wait for it, or withdraw it first."))
    return _Wish(kind, before, account)


def _account_named(
    command: AskForChange, supplier: Supplier, kind: str, problems: list[Problem]
) -> BankAccount | None:
    if kind == ChangeKind.ADD or kind not in ChangeKind.values:
        return None
    found: BankAccount | None = None
    if command.account is not None:
        found = BankAccount.objects.filter(supplier=supplier, key=command.account).first()
    if found is None:
        problems.append(Problem("account", _("Choose which account it is about."), "", "required"))
    return found


def _said_with_it(command: AskForChange, kind: str) -> list[Problem]:
    problems = []
    if message := reason_problem(command.reason):
        problems.append(Problem("reason", message, "", "required"))
    if command.proof is not None:
        if message := proof_problem(command.proof.name, command.proof.content):
            problems.append(Problem("proof", message, "", "not_taken"))
    elif kind != ChangeKind.END:
        message = _("Add a paper of the bank that shows whose account it is.")
        problems.append(Problem("proof", message, "", "required"))
    return problems


def _known_already(supplier: Supplier, account: Account, proposal: BankChange | None) -> list[Problem]:
    if accounts_by_number(supplier.pk, account):
        return [Problem("number", _("This account is on record for this supplier already."), "", "known")]
    like = list(numbers_like(account).filter(supplier=supplier).values_list("id", flat=True))
    if undecided_about(supplier, like):
        return [Problem("number", _("A change to this account is under way already."), "", "under_way")]
    return []


def _maker(actor: Actor) -> int | None:
    """Who made the token that acts: whoever left a program behind would otherwise go on asking through it."""
    token = ApiToken.objects.filter(pk=actor.token_id or 0).first()
    if token is None:
        return None
    if makers_gone([token]):
        raise NotAllowed(
            _(
                "The person who made this token is no administrator there any more: it proposes no bank details. An "
                "administrator makes a new one."
            )
        )
    maker: int | None = token.created_by_user_id
    return maker


def _staged(
    wish: _Wish, supplier: Supplier, origin: str, proposer: int | None, actor: Actor, at: datetime
) -> BankChange:
    change = BankChange(
        supplier=supplier,
        kind=wish.kind,
        origin=origin,
        account=wish.before,
        proposed_at=at,
        proposed_by=actor.label,
        proposed_by_user_id=proposer,
    )
    if wish.account is not None:
        account = wish.account
        change.number = kept_number(account, supplier)
        for name in ("form", "currency", "country", "holder", "bic", "bank_name", "shown"):
            setattr(change, name, getattr(account, name))
    elif wish.before is not None:
        for name in ("currency", "country"):
            setattr(change, name, getattr(wish.before, name))
    change.save()
    return change


__all__ = [
    "account_of",
    "close_change",
    "propose_change",
    "request_change",
    "require_reason",
    "withdraw_change",
]
