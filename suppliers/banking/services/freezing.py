"""'This was not me': everything about a supplier's bank details stands still at once, until two others have looked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor, Channel
from portal.kernel.audit.services import record
from portal.kernel.errors import IllegalTransition, NotAllowed, StaleDocument
from portal.kernel.scope import acting, requires_scope
from suppliers.approvers import long_approvers
from suppliers.banking.messages import FreshFactor, Signal
from suppliers.banking.models import BankAccount, BankChange, BankFreeze, BankNotice, BankVote
from suppliers.banking.policies import wait_hours
from suppliers.banking.queries import (
    FIRST,
    MORE,
    OFFICE,
    find_supplier,
    has_objected,
    hold_change,
    hold_supplier,
    open_freeze,
)
from suppliers.banking.services.guards import NotYou, require_person, require_reason, require_standing
from suppliers.banking.services.telling import tell_everybody
from suppliers.banking.states import (
    ACCOUNT_LIFECYCLE,
    CHANGE_OF_BANK_LIFECYCLE,
    OPEN,
    AccountState,
    BankNoticeKind,
    ChangeState,
    VotePurpose,
)
from suppliers.models import Supplier
from suppliers.roles import Permission


def freeze_everything(
    supplier: Supplier,
    change: BankChange | None,
    reason: str,
    *,
    mark: str = "",
    actor: Actor,
    at: datetime,
) -> BankFreeze:
    """What is under way stands still, and what came into force lately is paid no more. In the office, supplier held.

    Everybody is told, as of the request. Frozen already, it is one more objection (`_object`). `mark` says whose it is.
    """
    mark = mark or f"user:{actor.user_id}"
    freeze = open_freeze(supplier.pk)
    is_news = freeze is None
    if freeze is None:
        freeze = BankFreeze.objects.create(
            supplier=supplier,
            change=change,
            frozen_at=at,
            frozen_by=actor.label,
            frozen_by_user_id=actor.user_id,
            reason=reason,
        )
    # Who objected, and how, is not for whoever asked: these facts say only that somebody did.
    for row in BankChange.objects.filter(supplier=supplier, state__in=OPEN).order_by("id"):
        CHANGE_OF_BANK_LIFECYCLE.move(hold_change(row.pk), "freeze", actor=OFFICE, at=at)
    young = at - timedelta(days=settings.BANK_FORMER_DAYS)
    for account in _young_accounts(supplier, young):
        ACCOUNT_LIFECYCLE.move(account, "hold", actor=OFFICE, at=at, facts=account.facts)
    if is_news:
        _note(freeze, FIRST, {"by": actor.label, "reason": reason[:300], "mark": mark}, actor, at)
        tell_everybody(BankNoticeKind.FROZEN, supplier, change, actor=actor, at=at)
        return freeze
    return _object(freeze, change, reason, mark, actor=actor, at=at)


def _object(
    freeze: BankFreeze, change: BankChange | None, reason: str, mark: str, *, actor: Actor, at: datetime
) -> BankFreeze:
    """One more says that it was not them: a fact with their name, which our people hear of. Whoever has asked that it
    goes on has not known of it, so that is asked anew. Said twice by the same, with nothing asked between, it is said
    once: nobody floods those who watch.
    """
    held: BankFreeze = (
        BankFreeze.objects.select_for_update(of=("self",)).select_related("supplier").get(pk=freeze.pk)
    )
    if held.thaw_asked_at is None and has_objected(held, mark):
        return held
    held.thaw_asked_at, held.thaw_asked_by, held.thaw_asked_by_user_id = None, "", None
    held.thaw_reason, held.releases = "", False
    held.save()
    _note(held, MORE, {"by": actor.label, "reason": reason[:300], "mark": mark}, actor, at)
    tell_everybody(BankNoticeKind.FROZEN, held.supplier, change, only_ours=True, actor=actor, at=at)
    return held


def _young_accounts(supplier: Supplier, since: datetime) -> Sequence[BankAccount]:
    found = BankAccount.objects.filter(supplier=supplier, state=AccountState.IN_FORCE, since_at__gt=since)
    return list(found.select_for_update(of=("self",)).order_by("id"))


@requires_scope
def freeze_bank_details(supplier: Supplier, reason: str, *, actor: Actor, at: datetime) -> BankFreeze:
    """By a person of either side who may: no second factor is asked for, since to stop is never the danger."""
    if not actor.may(Permission.BANK_FREEZE) or actor.token_id is not None:
        raise NotAllowed(_("You may not do this with bank details."))
    text = require_reason(reason)
    seen = find_supplier(supplier.key, actor=actor)
    with acting(OFFICE):
        return freeze_everything(hold_supplier(seen.pk), None, text, actor=actor, at=at)


def link_is_good(notice: BankNotice | None, at: datetime) -> bool:
    """Whether the link of a notice still freezes."""
    lasts = timedelta(days=settings.BANK_FORMER_DAYS)
    return notice is not None and not notice.of_company and at < notice.made_at + lasts


@requires_scope
def freeze_by_link(notice: BankNotice, *, at: datetime) -> BankFreeze:
    """An earlier contact pressed 'this was not me' in a mail: no account, no password, one press. In the office."""
    supplier = hold_supplier(notice.supplier_id)
    actor = Actor.system(notice.name or notice.address, Channel.LINK)
    said = {"who": notice.name or notice.address, "person": notice.about.get("name", "")}
    reason = _("%(who)s says: this was not me.") % said
    if notice.kind == BankNoticeKind.NEW_PERSON:
        reason = _("%(who)s says: we do not know %(person)s, who acts for us now.") % said
    freeze = freeze_everything(supplier, notice.change, reason, mark=notice.mark, actor=actor, at=at)
    BankNotice.objects.filter(pk=notice.pk, pressed_at=None).update(pressed_at=at)
    return freeze


# --- thawing ------------------------------------------------------------------------------------------------


@requires_scope
def ask_thaw(
    freeze: BankFreeze,
    reason: str,
    *,
    releases: bool = False,
    actor: Actor,
    factor: FreshFactor | None,
    at: datetime,
) -> BankFreeze:
    """The first of two says that it may go on, and why. `releases`: the accounts held with it are paid to again.

    Raises `IllegalTransition` while somebody else's asking waits to be confirmed: it is never silently another's.
    """
    user_id = require_person(actor, Permission.BANK_APPROVE, factor, at, ours=True)
    text = require_reason(reason)
    with acting(OFFICE):
        held = _held_freeze(freeze)
        _require_others(held, user_id, at, releases=releases)
        if held.thaw_asked_by_user_id not in (None, user_id) and _stands(held):
            raise IllegalTransition(
                _("%(who)s has asked for it a moment before you. Read why, then confirm it or leave it.")
                % {"who": held.thaw_asked_by}
            )
        held.thaw_asked_at, held.thaw_asked_by, held.thaw_asked_by_user_id = at, actor.label, user_id
        held.thaw_reason, held.releases = text, releases
        held.save()
        _note(held, "bank.thaw_asked", {"reason": text[:300], "releases": releases}, actor, at)
    return held


@requires_scope
def confirm_thaw(
    freeze: BankFreeze,
    reason: str,
    *,
    seen: str,
    actor: Actor,
    factor: FreshFactor | None,
    at: datetime,
) -> BankFreeze:
    """The second says so too, of exactly what they have read (`seen`: its `thaw_mark`). What was under way is approved,
    called back and waits anew. Raises `StaleDocument` where something else is asked meanwhile.
    """
    user_id = require_person(actor, Permission.BANK_APPROVE, factor, at, ours=True)
    text = require_reason(reason)
    with acting(OFFICE):
        held = _held_freeze(freeze)
        _require_others(held, user_id, at, releases=held.releases)
        if held.thaw_asked_by_user_id is None or not _stands(held):
            raise IllegalTransition(
                _("Somebody asks for it first, with a reason; then another one confirms.")
            )
        if held.thaw_asked_by_user_id == user_id:
            raise NotYou(_("You asked for it: somebody else confirms."))
        if seen != held.thaw_mark:
            raise StaleDocument(_("Something else is asked than you have read. Look at it once more."))
        held.thawed_at, held.thawed_by, held.thawed_by_user_id = at, actor.label, user_id
        held.thawed_reason = text
        held.save()
        _note(held, "bank.thawed", {"reason": text[:300], "releases": held.releases}, actor, at)
        for row in BankChange.objects.filter(supplier_id=held.supplier_id, state=ChangeState.FROZEN):
            change = hold_change(row.pk)
            # Why is between our people: it may say what another supplier has, or whom one suspects.
            CHANGE_OF_BANK_LIFECYCLE.move(change, "thaw", actor=actor, at=at, fields=begun_anew(change))
        if held.releases:
            found = BankAccount.objects.filter(supplier_id=held.supplier_id, state=AccountState.HELD)
            for account in found.select_for_update(of=("self",)):
                ACCOUNT_LIFECYCLE.move(account, "release", actor=actor, at=at, facts=account.facts)
    return held


def begun_anew(change: BankChange) -> dict[str, object]:
    """The fields of a change of which nothing that was said counts any more."""
    seen = [Signal(kind) for kind in change.signals.values_list("kind", flat=True)]
    if change.state == ChangeState.FROZEN:
        seen.append(Signal("frozen_before"))
    hours = wait_hours(seen, usual=settings.BANK_WAIT_HOURS, most=settings.BANK_WAIT_MOST_HOURS)
    again = {"called_at": None, "approved_at": None, "waits_until": None}
    return {"round": change.round + 1, "wait_hours": hours, **again}


def _stands(freeze: BankFreeze) -> bool:
    """Whether who asked still has the role for it: what they said counts no longer than that."""
    return bool(long_approvers([freeze.thaw_asked_by_user_id or 0], freeze.frozen_at))


def _held_freeze(freeze: BankFreeze) -> BankFreeze:
    hold_supplier(freeze.supplier_id)
    held: BankFreeze = BankFreeze.objects.select_for_update(of=("self",)).get(pk=freeze.pk)
    if held.thawed_at is not None:
        raise IllegalTransition(_("It was thawed already."))
    return held


def _require_others(freeze: BankFreeze, user_id: int, at: datetime, *, releases: bool) -> None:
    """Raise `NotYou` for who froze it; who requested, or wrote down, what stands still or what brought an account that
    is held; where those are paid to again, who approved that; and whose role or second factor is too new.
    """
    about = BankChange.objects.filter(supplier_id=freeze.supplier_id)
    barred = {freeze.frozen_by_user_id}
    for change in about.filter(Q(state=ChangeState.FROZEN) | Q(made__state=AccountState.HELD)):
        barred |= change.askers
    if user_id in barred:
        raise NotYou(_("Two others thaw it: neither who froze it, nor who requested a change."))
    if releases:
        votes = BankVote.objects.filter(
            change__in=about.filter(made__state=AccountState.HELD), round=F("change__round")
        )
        if votes.filter(purpose=VotePurpose.APPROVE, user=user_id).exists():
            raise NotYou(
                _(
                    "You approved an account that is held: others say whether it is paid to again, or it stays held."
                )
            )
    require_standing(user_id, freeze.frozen_at, at)


def _note(freeze: BankFreeze, kind: str, facts: dict[str, object], actor: Actor, at: datetime) -> None:
    record(
        kind, freeze.stream, actor=actor, at=at, supplier_id=freeze.supplier_id, facts=facts, internal=True
    )
