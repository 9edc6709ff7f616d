"""An invoice that names a strange account: also when nothing is in force, when it is corrected, when keys turn."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.kernel.scope import acting
from portal.kernel.sealing import SealingKey
from procurement.invoices.messages import InvoiceNamed
from procurement.invoices.models import Invoice
from procurement.invoices.services import revise_invoice
from procurement.matching.queries import gather
from suppliers.banking.models import BankAccount
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import account_named, seal_anew
from tests.builders.bank import NEW_IBAN, OLD_IBAN, an_account, long_known
from tests.builders.invoices import a_draft_invoice, fresh_invoice, send
from tests.builders.world import MONDAY, a_line, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db


def an_invoice(people, number, asked):
    """Sent by Asha, with the account that its electronic form names."""
    order = an_order(f"45{number}", [a_line(10)])
    draft = a_draft_invoice(order, people["asha"], number=number)
    with acting(OFFICE):
        shown, recognised = account_named(draft.supplier_id, [asked])
        Invoice.objects.filter(pk=draft.pk).update(asked_account=shown, asked_trace=recognised)
    return send(fresh_invoice(draft), people["asha"]).invoice


def named(invoice):
    """What matching makes of the account: the account in part, and whether it is known."""
    with acting(FEED):
        claim = gather([fresh_invoice(invoice)], at=MONDAY).claim(fresh_invoice(invoice))
    return claim.account, claim.account_is_known


def test_a_strange_account_stays_strange(people, settings):
    strange = an_invoice(people, "R1", NEW_IBAN)
    assert named(strange)[0] == ""  # the ERP alone knows any
    long_known()
    account = an_account(people, at=timezone.now())
    right = an_invoice(people, "R2", OLD_IBAN)
    assert named(strange) == ("•••• 9890", False)
    assert named(right) == ("DE •••• 3000", True)

    settings.BANK_KEYS = (
        SealingKey.of("TmV3IGtleSBvZiAyMDI3OiBhYmNkZWZnaGlqa2xtbm8="),
        *settings.BANK_KEYS,
    )
    with acting(OFFICE):
        seal_anew()
    settings.BANK_KEYS = settings.BANK_KEYS[:1]
    assert named(right) == ("DE •••• 3000", True)
    with acting(OFFICE), pytest.raises(DatabaseError, match="invoice_stays"), transaction.atomic():
        connection.cursor().execute("UPDATE procurement_invoice SET asked_trace = 'x'")

    with acting(OFFICE):
        BankAccount.objects.filter(pk=account.pk).update(state="held")
    assert named(right) == ("DE •••• 3000", False)
    assert named(strange) == ("•••• 9890", False)


def test_a_correction_by_hand_names_the_account_of_the_version_before(people):
    sent = an_invoice(people, "R3", NEW_IBAN)
    with acting(people["asha"].actor):
        sent = fresh_invoice(sent)
        draft = revise_invoice(InvoiceNamed(sent.key, sent.version), actor=people["asha"].actor, at=MONDAY)
    after = fresh_invoice(draft)
    assert (after.asked_account, after.asked_trace) == (sent.asked_account, sent.asked_trace)
    assert after.asked_account == "•••• 9890"
