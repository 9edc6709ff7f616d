"""Papers as they must stand for a form to do something with them: each is made here, with the pages that show the form.

What is answered is an address, or an address with what is typed first: some forms come after another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from portal.kernel.actors import Channel
from portal.kernel.scope import acting
from procurement.invoices.messages import FileEntry
from procurement.invoices.models import Invoice
from procurement.invoices.services import add_invoice_file
from procurement.payables.services.approvals import accept_invoice
from procurement.payables.services.deciding import send_back
from procurement.statements.messages import RowSaid
from procurement.statements.services import ask_row
from suppliers.banking.models import BankAccount, BankChange, BankNotice
from suppliers.banking.queries import OFFICE, open_freeze
from suppliers.banking.services import (
    AccountTold,
    ask_shortening,
    ask_thaw,
    freeze_bank_details,
    hear_of_accounts,
)
from suppliers.models import Supplier
from suppliers.people.services import deactivate_staff
from suppliers.screening.models import ScreeningHit
from suppliers.services import create_own_token
from suppliers.signin.services import ask_factor_reset
from suppliers.sso.models import IdentityProvider
from suppliers.sso.services import switch_on
from tests.builders import bank, early, invoices, payables
from tests.builders.changes import an_agreed_order
from tests.builders.factors import give_app
from tests.builders.matrix import Objects
from tests.builders.statements import a_statement, an_item, compared
from tests.builders.told_invoices import an_approved_invoice
from tests.people import FEED, Person

People = dict[str, Person]
Page = str | tuple[str, dict[str, Any]]
Stage = Callable[[People, Objects], list[Page]]


def here(*names: str, **more: Any) -> str:
    return reverse(names[0], args=names[1:], kwargs=more or None)


# --- bank details -------------------------------------------------------------------------------------------


def _an_account(people: People, objects: Objects) -> BankAccount:
    """In force by all its steps, beside nothing else that is open; everybody has been known for long."""
    bank.long_known()
    with acting(OFFICE):
        BankChange.objects.filter(pk=objects.bank_change.pk).update(
            state="withdrawn", closed_at=timezone.now()
        )
        ScreeningHit.objects.filter(supplier=objects.supplier_id).update(state="lapsed")
    return bank.an_account(people, at=timezone.now() - timedelta(days=10))


def _requested(people: People, objects: Objects) -> BankChange:
    account = _an_account(people, objects)
    with acting(OFFICE):
        supplier = Supplier.objects.get(pk=objects.supplier_id)
    change = bank.ask(bank.wanted(supplier, account=account.key), people["asha"])
    bank.told(change)
    return change


def _of_change(change: BankChange) -> list[Page]:
    return [here("bank-change", change.key)]


def account_in_force(people: People, objects: Objects) -> list[Page]:
    account = _an_account(people, objects)
    return [
        f"{here('bank-new', objects.supplier_key)}?kind=replace&account={account.key}",
        here("bank-supplier", objects.supplier_key),
        here("bank-sheet"),
    ]


def change_requested(people: People, objects: Objects) -> list[Page]:
    return _of_change(_requested(people, objects))


def change_proposed(people: People, objects: Objects) -> list[Page]:
    _an_account(people, objects)
    by_sheet = replace(people["otto"].actor, channel=Channel.FILE)
    with acting(by_sheet):
        hear_of_accounts([AccountTold("ACME", bank.typed())], actor=by_sheet, at=timezone.now())
    with acting(OFFICE):
        return _of_change(BankChange.objects.get(state="proposed", supplier_id=objects.supplier_id))


def change_to_be_shortened(people: People, objects: Objects) -> list[Page]:
    change, otto, now = _requested(people, objects), people["otto"], timezone.now()
    with acting(otto.actor):
        ask_shortening(change, 24, bank.WHY, actor=otto.actor, factor=bank.factor(otto, now), at=now)
    return _of_change(change)


def change_not_told(people: People, objects: Objects) -> list[Page]:
    change = _requested(people, objects)
    with acting(OFFICE):
        one = BankNotice.objects.filter(change=change, of_company=False).order_by("id")[0]
        BankNotice.objects.filter(pk=one.pk).update(state="failed", sent_at=None)
    return _of_change(change)


def change_to_be_entered(people: People, objects: Objects) -> list[Page]:
    account = _an_account(people, objects)
    with acting(OFFICE):
        return _of_change(BankChange.objects.get(pk=account.by_change_id))


def frozen(people: People, objects: Objects) -> list[Page]:
    _requested(people, objects)
    asha = people["asha"].actor
    with acting(asha):
        supplier = Supplier.objects.get(pk=objects.supplier_id)
        freeze_bank_details(supplier, bank.WHY, actor=asha, at=timezone.now())
    return [here("bank-supplier", objects.supplier_key)]


def thaw_asked(people: People, objects: Objects) -> list[Page]:
    page, root, now = frozen(people, objects), people["root"], timezone.now()
    with acting(OFFICE):
        freeze = open_freeze(objects.supplier_id)
    assert freeze is not None
    with acting(root.actor):
        ask_thaw(freeze, bank.WHY, actor=root.actor, factor=bank.factor(root, now), at=now)
    return page


# --- invoices and what is paid of them ----------------------------------------------------------------------


def _draft(people: People) -> Invoice:
    return invoices.a_draft_invoice(an_agreed_order(people["asha"], "S-1"), people["asha"], number="S-1")


def invoice_begun(people: People, _objects: Objects) -> list[Page]:
    draft, asha = _draft(people), people["asha"].actor
    with acting(asha):
        entry = FileEntry("evidence", "proof.pdf", b"%PDF-1.7")
        file = add_invoice_file(draft.key, entry, actor=asha, at=timezone.now())
    return [
        here("invoice", draft.key),
        here("invoice-account", draft.key),
        here("invoice-discard", draft.key),
        here("invoice-file-drop", file.key),
    ]


def _too_dear(people: People) -> Invoice:
    return payables.an_invoice_over_price(people, "S-2", order="S-2")


def invoice_held(people: People, _objects: Objects) -> list[Page]:
    payables.a_limit(people, 100_000, role="accounts_payable")
    held = _too_dear(people)
    part = {"quantity-1": "98", "price-1": "6.85", "why-1": "Two came broken", "look": "1"}
    part["version"] = str(invoices.fresh_invoice(held).version)
    return [here("payables-case", held.key), (here("payables-short", held.key), part)]


def invoice_sent_back(people: People, _objects: Objects) -> list[Page]:
    held = _too_dear(people)
    payables.desk(send_back, held, people["otto"], "6.85 was agreed.", at=timezone.now())
    return [here("invoice", held.key)]


def approval_asked(people: People, _objects: Objects) -> list[Page]:
    held = _too_dear(people)
    payables.desk(accept_invoice, held, people["otto"], "Copper, agreed.", at=timezone.now())
    return [here("payables-case", held.key)]


def _paid_early(people: People) -> tuple[Invoice, datetime]:
    now = timezone.now()
    early.a_discount_policy(people, at=now, name="Early of today")
    due = now.date() + timedelta(days=40)
    days = {"invoiced_on": now.date(), "due_on": due, "pay_on": due}
    order = an_agreed_order(people["asha"], "S-3")
    return an_approved_invoice(order, {"L10": 60}, number="S-3", **days), now


def early_offered(people: People, _objects: Objects) -> list[Page]:
    invoice, _now = _paid_early(people)
    return [here("early-payment", invoice.key), here("invoice", invoice.key)]


def early_agreed(people: People, _objects: Objects) -> list[Page]:
    invoice, now = _paid_early(people)
    offer = early.offered(invoice, now)
    assert offer is not None
    early.agree(invoice, people["asha"], offer.best.pay_on, offer.best.discount, at=now)
    return [here("early-payment", invoice.key), here("invoice", invoice.key)]


# --- statements ---------------------------------------------------------------------------------------------


def statement_read(people: People, _objects: Objects) -> list[Page]:
    read = a_statement(people["asha"], [an_item(2, "NONE-1", 5)])
    return [here("statement", read.key)]


def statement_compared(people: People, _objects: Objects) -> list[Page]:
    otto = people["otto"]
    done = compared(a_statement(otto, [an_item(2, "NONE-2", 5), an_item(3, "NONE-3", 7)]), otto)
    with acting(otto.actor):
        asked = RowSaid(done.key, 2, "Which is it?")
        ask_row(asked, actor=otto.actor, at=timezone.now())
    return [f"{here('statement', done.key)}?only=all"]


# --- people, tokens, sign-in --------------------------------------------------------------------------------


def colleague_gone(people: People, _objects: Objects) -> list[Page]:
    root = people["root"].actor
    with acting(root):
        deactivate_staff(people["rex"].user.pk, actor=root, at=timezone.now())
    return [here("staff-list")]


def colleague(people: People, _objects: Objects) -> list[Page]:
    return [here("staff-role", people["rex"].user.pk)]


def factors_lost(people: People, _objects: Objects) -> list[Page]:
    give_app(people["arun"].user)
    return [here("person-signin", people["arun"].user.pk)]


def factors_to_be_removed(people: People, objects: Objects) -> list[Page]:
    page, root = factors_lost(people, objects), people["root"].actor
    with acting(root):
        ask_factor_reset(people["arun"].user, "Lost the phone.", actor=root, at=timezone.now())
    return page


def own_token(people: People, _objects: Objects) -> list[Page]:
    for name in ("max", "otto"):
        with acting(people[name].actor):
            create_own_token("Mine", actor=people[name].actor, at=timezone.now())
    return [here("own-token-list")]


def provider_in_use(people: People, objects: Objects) -> list[Page]:
    root = people["root"].actor
    with acting(FEED):
        provider = IdentityProvider.objects.get(supplier_id=objects.supplier_id)
    with acting(root):
        switch_on(provider, actor=root, at=timezone.now())
    return [here("identity-provider", provider.key)]


# --- the door, and what must stand for it -------------------------------------------------------------------

STANDING: dict[str, Stage] = {
    "bank-new": account_in_force,
    "bank-account-number": account_in_force,
    "bank-sheet": account_in_force,
    "bank-confirm": change_proposed,
    **{
        f"bank-{verb}": change_requested
        for verb in ("withdraw", "call", "approve", "shorten", "change-number", "proof")
    },
    "bank-grant": change_to_be_shortened,
    "bank-go-on": change_not_told,
    "bank-entered": change_to_be_entered,
    "bank-thaw": frozen,
    "bank-thaw-confirm": thaw_asked,
    "invoice-save": invoice_begun,
    "invoice-discard": invoice_begun,
    "invoice-file-drop": invoice_begun,
    "invoice-account": invoice_begun,
    "invoice-revise": invoice_sent_back,
    "payables-do": invoice_held,
    "payables-ask": invoice_held,
    "payables-short": invoice_held,
    "approval-answer": approval_asked,
    "early-payment-agree": early_offered,
    "early-payment-take-back": early_agreed,
    "statement-discard": statement_read,
    "statement-say": statement_compared,
    "statement-settle": statement_compared,
    "staff-role": colleague,
    "staff-reactivate": colleague_gone,
    "person-signin": factors_lost,
    "factor-reset-withdraw": factors_to_be_removed,
    "own-token-end": own_token,
    "identity-provider-off": provider_in_use,
    "scim-secret-new": provider_in_use,
}
