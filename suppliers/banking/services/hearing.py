"""What others say about an account: the ERP, a sheet, an invoice. It is held against those in force, no more.

Note [Told, and on record]: an ERP that has paid a supplier for years knows its account, and nobody here does. So what
it tells of a supplier of whose accounts nothing was ever asked here is noted and proposes nothing; what it tells
*otherwise* later does, for then somebody has changed it there. Of any other supplier every account that is not on
record is proposed, but for one that has ended here while the change that ended it is still to be entered in the ERP
(`entering`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Intake, Invalid, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from portal.kernel.sealing import Unreadable, trace
from suppliers.banking.engine import bare, read_account
from suppliers.banking.messages import AccountTyped, AskForChange
from suppliers.banking.models import BankAccount, BankChange
from suppliers.banking.queries import (
    OFFICE,
    accounts_by_number,
    has_just_ended,
    live_accounts,
    numbers_like,
    open_number,
)
from suppliers.banking.services.asking import propose_change
from suppliers.banking.states import UNDECIDED, AccountState, ChangeKind, ChangeState
from suppliers.models import Supplier

# Refused by us, and told as the one that is paid to for so long: then somebody has to look at the ERP.
HEARD_AGAIN = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class AccountTold:
    """To which account somebody says that a supplier is paid, by the supplier's number in the ERP."""

    supplier: str
    typed: AccountTyped
    reason: str = ""


@requires_scope
def hear_of_accounts(told: Sequence[AccountTold], *, actor: Actor, at: datetime) -> Intake:
    """Hold accounts that a sheet tells against those in force. One that differs becomes a proposal, once at a time;
    what is in force stays so. An account that cannot be one is a problem of its row.
    """
    known = {
        one.number: one
        for one in Supplier.objects.visible_to(actor).filter(number__in=[t.supplier for t in told])
    }
    stored, same, problems = 0, 0, list[Problem]()
    for one in told:
        supplier = known.get(one.supplier)
        if supplier is None:
            message = _("Supplier %(value)s is not known.") % {"value": one.supplier[:40]}
            problems.append(Problem("supplier", message, one.supplier[:40], "unknown", one.supplier[:40]))
            continue
        outcome = hear_one(one, supplier, actor, at)
        if isinstance(outcome, Problem):
            problems.append(outcome)
        stored += outcome is True
        same += outcome is False
    return Intake(stored=stored, unchanged=same, problems=tuple(problems))


def hear_one(
    told: AccountTold, supplier: Supplier, actor: Actor, at: datetime, beside: Collection[int] = ()
) -> bool | Problem:
    """Whether an account became a proposal. `beside`: the accounts, by id, that are told with it, and so go on."""
    account, found = read_account(told.typed)
    if account is None:
        return Problem(found[0].field, found[0].message, "", found[0].code, told.supplier)
    with acting(OFFICE):
        if accounts_by_number(supplier.pk, account):
            return False
        if has_just_ended(supplier.pk, account):
            return False  # not told to the ERP's people yet: their task stands open
        same = BankChange.objects.filter(supplier=supplier, number__in=numbers_like(account).values("id"))
        refused = Q(state=ChangeState.REFUSED, closed_at__gt=at - HEARD_AGAIN)
        if same.filter(Q(state__in=[ChangeState.PROPOSED, *UNDECIDED]) | refused).exists():
            return False  # said before: it waits, or a person has refused it a short while ago
        live = [one for one in live_accounts(supplier, actor=OFFICE) if one.pk not in beside]
    of_currency = [one for one in live if one.currency == account.currency] or live
    command = AskForChange(
        supplier=supplier.key,
        kind=ChangeKind.REPLACE if len(of_currency) == 1 else ChangeKind.ADD,
        account=of_currency[0].key if len(of_currency) == 1 else None,
        typed=told.typed,
        reason=told.reason,
    )
    try:
        propose_change(command, actor=actor, at=at)
    except Invalid as refusal:
        first = refusal.problems[0]
        return Problem(first.field, first.message, "", first.code, told.supplier)
    except Refusal as refusal:
        return Problem("number", refusal.message, "", refusal.code, told.supplier)
    return True


@requires_scope
def account_on_paper(supplier_id: int, typed: str) -> BankAccount | None:
    """The account in force that an invoice names; None where it is not one of its supplier's. In the office.

    Held against the few numbers that are in force: a paper writes a national number with the bank's code or without.
    """
    number = bare(typed)
    found = BankAccount.objects.filter(supplier_id=supplier_id, state=AccountState.IN_FORCE)
    live: list[BankAccount] = list(found.select_related("number").order_by("id"))
    for one in live:
        try:
            kept, routing = open_number(one.number)
        except Unreadable:
            continue
        if number in (kept, f"{routing}{kept}"):
            return one
    return None


@requires_scope
def account_named(supplier_id: int, asked: Sequence[str]) -> tuple[str, str]:
    """The account that a paper asks to be paid to, in part, and by what it is recognised; the first
    that is not on record, where several are named. Two empty texts where none is. In the office.
    """
    named = ("", "")
    for number in asked:
        known = account_on_paper(supplier_id, number)
        if known is None:
            return f"•••• {bare(number)[-4:]}", trace(bare(number), settings.BANK_KEYS)
        named = (known.masked, known.number.trace)
    return named
