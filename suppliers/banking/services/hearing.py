"""What others say about an account: the ERP, a sheet, an invoice. It is held against those in force, no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from portal.kernel.actors import Actor
from portal.kernel.errors import Intake, Invalid, Problem, Refusal
from portal.kernel.scope import acting, requires_scope
from portal.kernel.sealing import trace
from suppliers.banking.engine import bare, has_iban, read_account
from suppliers.banking.messages import AccountTyped, AskForChange
from suppliers.banking.models import BankAccount
from suppliers.banking.queries import OFFICE, accounts_by_number, live_accounts, numbers_like, open_number
from suppliers.banking.services.asking import propose_change
from suppliers.banking.states import AccountState, ChangeKind
from suppliers.models import Supplier


@dataclass(frozen=True, slots=True)
class AccountTold:
    """To which account somebody says that a supplier is paid, by the supplier's number in the ERP."""

    supplier: str
    typed: AccountTyped
    reason: str = ""


@requires_scope
def hear_of_accounts(told: Sequence[AccountTold], *, actor: Actor, at: datetime) -> Intake:
    """Hold accounts that the ERP or a sheet tells against those in force. One that differs becomes a proposal, at most
    once; what is in force stays so. An account that cannot be one is a problem of its row.
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
        outcome = _hear(one, supplier, actor, at)
        if isinstance(outcome, Problem):
            problems.append(outcome)
        stored += outcome is True
        same += outcome is False
    return Intake(stored=stored, unchanged=same, problems=tuple(problems))


def _hear(told: AccountTold, supplier: Supplier, actor: Actor, at: datetime) -> bool | Problem:
    account, found = read_account(told.typed)
    if account is None:
        return Problem(found[0].field, found[0].message, "", found[0].code, told.supplier)
    with acting(OFFICE):
        if accounts_by_number(supplier.pk, account):
            return False
        if numbers_like(account).filter(supplier=supplier, changes__isnull=False).exists():
            return False  # said before: it waits, or a person has refused it
        live = live_accounts(supplier, actor=OFFICE)
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
def account_on_paper(supplier_id: int, typed: str, bic: str = "") -> BankAccount | None:
    """The account in force that an invoice names; None where it is not one of its supplier's. In the office.

    The paper says no country: that of an IBAN is in it, a national number is held against those in force.
    """
    number = bare(typed)
    live = list(BankAccount.objects.filter(supplier_id=supplier_id, state=AccountState.IN_FORCE))
    for country in {number[:2]} | {one.country for one in live}:
        if not (len(country) == 2 and country.isalpha()):
            continue
        for routing in _routings(live, country):
            probe = AccountTyped("EUR", country, "x", number, routing, bic if has_iban(country) else "")
            account, _problems = read_account(probe)
            if account is not None and (found := accounts_by_number(supplier_id, account)):
                return found if found.state == AccountState.IN_FORCE else None
    return None


@requires_scope
def account_named(supplier_id: int, asked: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The account (number and BIC) that a paper asks to be paid to, in part, and by what it is recognised; the first
    that is not on record, where several are named. Two empty texts where none is. In the office.
    """
    named = ("", "")
    for number, bic in asked:
        known = account_on_paper(supplier_id, number, bic)
        if known is None:
            return f"•••• {bare(number)[-4:]}", trace(bare(number), settings.BANK_KEYS)
        named = (known.masked, known.number.trace)
    return named


def _routings(live: Sequence[BankAccount], country: str) -> list[str]:
    return ["", *(open_number(one.number)[1] for one in live if one.country == country)]
