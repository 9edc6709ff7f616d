"""What waits for us about bank details stands in the inbox, until it does not."""

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.inbox.models import ExceptionCase
from procurement.inbox.presenters.pages import own_page
from procurement.inbox.presenters.rows import row_of
from procurement.inbox.queries.banking import bank_unheard
from procurement.inbox.services.review import HEARS, INBOX, review_cases
from suppliers.banking.models import BankFreeze
from suppliers.banking.services import freeze_bank_details, withdraw_change
from tests.builders.bank import HOUR, NEW_IBAN, THIRD_IBAN, all_said, approve, ask, wanted

pytestmark = pytest.mark.django_db


def looked(at, *streams):
    """The review of these, as the clock and the facts bring it."""
    with acting(INBOX):
        return str(review_cases((), streams or bank_unheard(100), actor=INBOX, at=at))


def cases():
    with acting(INBOX):
        return list(ExceptionCase.objects.filter(cause="bank").select_related("supplier").order_by("id"))


def test_what_waits_for_us_is_a_case_and_what_waits_for_its_day_is_none(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    with acting(INBOX):
        kinds = set(AuditEvent.objects.filter(stream=change.stream).values_list("kind", flat=True))
    assert kinds & HEARS == {"bank.change_requested"}
    assert looked(now) == "opened 1, recurred 0, closed 0"
    assert looked(now) == "opened 0, recurred 0, closed 0"
    (case,) = cases()
    assert (case.kind, case.state, case.supplier.number) == ("bank_change", "open", "ACME")
    row = row_of(case, now)
    assert row.title == "Bank details are to change"
    assert own_page(case) == (f"/bank/changes/{change.key}/", "Open the change")
    assert NEW_IBAN[-4:] not in f"{case.facts} {row.title}"

    approve(change, people["max"], now)
    assert looked(now, change.stream) == "opened 0, recurred 0, closed 0"
    with acting(people["asha"].actor):
        withdraw_change(change, "", actor=people["asha"].actor, at=now)
    assert looked(now, change.stream) == "opened 0, recurred 0, closed 1"
    assert cases()[0].closed_because == "withdrawn"

    other = ask(wanted(acme, THIRD_IBAN), people["asha"], now)
    looked(now)
    all_said(other, people, now)
    assert looked(now, other.stream) == "opened 0, recurred 0, closed 1"
    assert cases()[1].closed_because == "settled"


def test_what_is_frozen_is_one_case_until_two_have_looked(people, acme, now):
    change = ask(wanted(acme), people["asha"], now)
    looked(now)
    with acting(people["max"].actor):
        freeze = freeze_bank_details(acme, "A call that sounded odd.", actor=people["max"].actor, at=now)
    assert looked(now, change.stream, f"bank_freeze:{freeze.key}") == "opened 1, recurred 0, closed 1"
    frozen = cases()[1]
    assert row_of(frozen, now).title.startswith("Bank details are frozen")
    assert own_page(frozen) == (f"/bank/suppliers/{acme.key}/", "Open the bank details")
    assert looked(now) == "opened 0, recurred 0, closed 0"
    with acting(INBOX):
        thawed = {"thaw_asked_by_user_id": 1, "thawed_by_user_id": 2, "thawed_at": now + HOUR}
        BankFreeze.objects.filter(pk=freeze.pk).update(**thawed)
    assert looked(now, f"bank_freeze:{freeze.key}") == "opened 0, recurred 0, closed 1"
