"""Bank details in words: accounts, what a change waits for, and the risks it carries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from suppliers.banking.models import BankAccount, BankChange, BankSignal
from suppliers.banking.policies import RISKS
from suppliers.banking.states import OPEN, AccountState, ChangeKind, ChangeState

S = ChangeState
CHANGE_LOOK = {
    S.PROPOSED: ("wait", "none"),
    S.REQUESTED: ("wait", "wait"),
    S.FIRST_APPROVED: ("wait", "quarter"),
    S.APPROVED: ("wait", "half"),
    S.WAITING: ("move", "most"),
    S.IN_FORCE: ("done", "full"),
    S.REFUSED: ("stop", "stop"),
    S.WITHDRAWN: ("quiet", "none"),
    S.FROZEN: ("stop", "alert"),
}
ACCOUNT_LOOK = {
    AccountState.IN_FORCE: ("done", "full"),
    AccountState.HELD: ("stop", "alert"),
    AccountState.ENDED: ("quiet", "none"),
}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as lists show it."""

    account: BankAccount
    state: str
    tone: str
    glyph: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change as lists show it: what it does, where it stands, and what it waits for."""

    change: BankChange
    what: str
    state: str
    tone: str
    glyph: str
    waits_for: str


def account_rows(rows: Sequence[BankAccount]) -> list[AccountRow]:
    """Accounts with their states in words."""
    return [
        AccountRow(one, str(AccountState(one.state).label), *ACCOUNT_LOOK[AccountState(one.state)])
        for one in rows
    ]


def what_text(change: BankChange) -> str:
    """What a change does, in a line."""
    if change.kind == ChangeKind.ADD:
        return _("%(new)s is added") % {"new": change.masked}
    before = change.account.masked if change.account else "••••"
    if change.kind == ChangeKind.END:
        return _("%(old)s ends") % {"old": before}
    return _("%(old)s becomes %(new)s") % {"old": before, "new": change.masked}


def waits_for_text(change: BankChange, approvals: int) -> str:
    """What has to happen next, as a sentence for both sides."""
    if change.state == S.PROPOSED:
        return _("A person requests it with a second factor, or it is refused. Until then it does nothing.")
    if change.state == S.WAITING:
        return _("All is said. It comes into force when the waiting time is over.")
    if change.state == S.FROZEN:
        return _("Somebody says that this was not them. Two people of the company that pays look into it.")
    if change.state not in OPEN:
        return change.close_reason
    missing = []
    if change.called_at is None:
        missing.append(_("a contact from before the request is called back"))
    if approvals < 2:
        left = 2 - approvals
        missing.append(ngettext("one more person approves it", "two people approve it", left))
    return _("It waits until %(what)s.") % {"what": _(" and ").join(missing)} if missing else ""


def change_rows(rows: Sequence[BankChange], approvals: Mapping[int, int]) -> list[ChangeRow]:
    """Changes as lists show them. No query."""
    return [
        ChangeRow(
            one,
            what_text(one),
            str(ChangeState(one.state).label),
            *CHANGE_LOOK[ChangeState(one.state)],
            waits_for_text(one, approvals.get(one.pk, 0)),
        )
        for one in rows
    ]


def steps_of(change: BankChange, approvers: Sequence[int], *, is_ours: bool) -> list[dict[str, Any]]:
    """The way of a change, step by step, as `components/timeline.html` draws it. `approvers`: who has approved it.

    How many hours it waits is for us alone: they tell which risks were seen, such as that another supplier has the same
    account. A supplier reads the least of them.
    """
    is_open, approvals = change.state in OPEN, len(approvers)
    steps = [
        _step(
            _("Requested by %(who)s") % {"who": change.requested_by}
            if change.requested_at
            else _("Proposed, not requested yet"),
            change.requested_at or change.proposed_at,
            done=change.requested_at is not None,
            now=change.state == S.PROPOSED,
            note=_("in the supplier’s name") if change.on_behalf else "",
        ),
        _step(
            _("Everybody known from before was told"),
            change.requested_at,
            done=change.requested_at is not None,
        ),
        _step(
            _("A contact from before the request was called back and confirmed it")
            if change.called_at
            else _("A contact from before the request is called back"),
            change.called_at,
            done=change.called_at is not None,
            now=is_open and change.called_at is None,
        ),
        _step(
            _("%(n)d of 2 people have approved it") % {"n": approvals},
            change.approved_at,
            done=approvals >= 2,
            now=is_open and approvals < 2,
        ),
        _step(
            _("It waits, so that whoever knows nothing of it can say so"),
            None,
            done=change.state == S.IN_FORCE,
            now=change.state == S.WAITING,
            note=_wait_text(change, is_ours=is_ours),
        ),
    ]
    if change.state in (S.REFUSED, S.WITHDRAWN, S.FROZEN):
        words = {
            S.REFUSED: _("Refused"),
            S.WITHDRAWN: _("Withdrawn"),
            S.FROZEN: _("Frozen: somebody says that this was not them"),
        }
        tone, glyph = CHANGE_LOOK[ChangeState(change.state)]
        text = words[ChangeState(change.state)]
        steps.append(
            {"tone": tone, "glyph": glyph, "text": text, "at": change.closed_at, "note": change.close_reason}
        )
    else:
        steps.append(
            _step(_("In force: paid to from here on"), change.closed_at, done=change.state == S.IN_FORCE)
        )
        if is_ours and change.state == S.IN_FORCE:
            steps.append(_entered_step(change, approvers))
    return steps


def _entered_step(change: BankChange, approvers: Sequence[int]) -> dict[str, Any]:
    """That the ERP pays by it, as far as is known; and where one of those who approved it says so, that too."""
    who = change.entered_by
    if change.entered_by_user_id in approvers:
        who = _("%(name)s, who also approved it") % {"name": who}
    text = _("The ERP pays by it")
    if change.entered_at is None:
        text = _("It is entered in the ERP")
    return _step(
        text,
        change.entered_at,
        done=change.entered_at is not None,
        now=change.entered_at is None,
        note=who,
    )


def _wait_text(change: BankChange, *, is_ours: bool) -> str:
    if change.requested_at is None:
        return ""
    if is_ours:
        return ngettext("%(n)d hour", "%(n)d hours", change.wait_hours) % {"n": change.wait_hours}
    days = -(-settings.BANK_WAIT_HOURS // 24)
    return ngettext("at least %(n)d day", "at least %(n)d days", days) % {"n": days}


def _step(text: str, at: datetime | None, *, done: bool, now: bool = False, note: str = "") -> dict[str, Any]:
    tone, glyph = ("done", "full") if done else ("wait", "wait") if now else ("quiet", "none")
    return {"text": text, "at": at if done else None, "tone": tone, "glyph": glyph, "now": now, "note": note}


@dataclass(frozen=True, slots=True)
class RiskRow:
    """A risk as our case shows it."""

    label: str
    detail: str
    hours: int


def risk_rows(rows: Sequence[BankSignal]) -> list[RiskRow]:
    """The risks in words; what they stand on beside them."""
    return [
        RiskRow(
            str(RISKS[one.kind].label) if one.kind in RISKS else one.kind,
            _ways(one.facts["ways"]) if "ways" in one.facts else ", ".join(one.facts.values()),
            one.hours,
        )
        for one in rows
    ]


def _ways(kept: str) -> str:
    """How a supplier is reached otherwise, in the reader's language."""
    words = {"contact": _("a contact"), "mail": _("a mail address"), "remit_to": _("the remit-to address")}
    return ", ".join(words.get(one, one) for one in kept.split())
