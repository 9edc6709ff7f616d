"""What the ERP says that it pays suppliers to, held against what is on record; and what is in force entered there."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, NotAllowed
from portal.kernel.scope import acting
from portal.kernel.security.models import SecurityEvent
from procurement.inbox.models import ExceptionCase
from procurement.inbox.services.review import INBOX, review_cases
from suppliers.banking.messages import AccountsPaper, PaidTo
from suppliers.banking.models import BankAccount, BankChange, BankTold
from suppliers.banking.queries import OFFICE
from suppliers.banking.services import (
    NeedsFactor,
    hear_of_erp,
    note_entered,
    refuse_change,
    take_due_effect,
)
from suppliers.messages import SupplierPaper
from suppliers.services import receive_suppliers
from tests.builders.bank import (
    NEW_IBAN,
    OLD_IBAN,
    THIRD_IBAN,
    all_said,
    an_account,
    ask,
    factor,
    in_office,
    typed,
    wanted,
)
from tests.builders.factors import show_factor
from tests.builders.programs import a_program
from tests.people import FEED

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def paper(*numbers, supplier="ACME", since=date(2025, 4, 1)):
    return AccountsPaper(supplier, tuple(PaidTo(typed(one), since) for one in numbers))


def hear(*papers, at):
    """(what moved, what did not, what was wrong)."""
    with acting(FEED):
        intake = hear_of_erp(papers, actor=FEED, at=at)
    return intake.stored, intake.unchanged, [one.code for one in intake.problems]


def proposed():
    rows = BankChange.objects.filter(state="proposed").order_by("id")
    return in_office(
        lambda: list(rows.values_list("supplier__number", "kind", "origin", "shown", "account__shown"))
    )


def told(supplier="ACME"):
    rows = BankTold.objects.filter(supplier__number=supplier).order_by("id")
    return in_office(lambda: [(one.masked, one.gone_at is None) for one in rows])


def alarms():
    rows = SecurityEvent.objects.filter(kind="bank.told_otherwise").order_by("id")
    return in_office(lambda: [one.facts for one in rows])


def replaced(people, acme, account, now):
    """Another account comes into force in the place of the first."""
    change = all_said(ask(wanted(acme, NEW_IBAN, account=account.key), people["asha"], now), people, now)
    assert take_due_effect(change.waits_until) == 1
    return in_office(
        lambda: BankChange.objects.select_related("supplier", "account", "number").get(pk=change.pk)
    )


def case_of(change, at):
    """What the inbox says of it: whether it waits for somebody, and whether it is to be entered in the ERP."""
    with acting(INBOX):
        review_cases((), {change.stream}, actor=INBOX, at=at)
        case = ExceptionCase.objects.get(subject=change.stream)
        return case.state != "resolved", case.facts.get("to_enter")


def test_what_the_erp_knows_alone_is_noted_and_what_is_changed_there_alone_is_an_alarm(people, acme, now):
    assert hear(paper(OLD_IBAN), paper(supplier="GLOBEX"), paper(supplier="NOBODY"), at=now) == (
        1,
        2,
        ["unknown"],
    )
    assert (told(), told("GLOBEX"), proposed(), alarms()) == ([("DE •••• 3000", True)], [], [], [])
    assert hear(paper(OLD_IBAN), at=now + DAY) == (0, 1, [])

    assert hear(paper(NEW_IBAN), at=now + 2 * DAY) == (1, 0, [])
    assert told() == [("DE •••• 3000", False), ("DE •••• 9890", True)]
    assert proposed() == [("ACME", "add", "erp", "9890", None)]
    assert alarms() == [{"supplier": "ACME", "told": "DE •••• 9890"}]
    (change,) = in_office(lambda: list(BankChange.objects.all()))
    assert change.reason == "The ERP pays to it since 2025-04-01."
    assert case_of(change, now) == (True, False)

    # Once, however often it is told; and again when it was refused and is still paid to.
    assert hear(paper(NEW_IBAN), at=now + 3 * DAY)[0] == 0
    with acting(people["otto"].actor):
        refuse_change(change, "Nobody asked for it.", actor=people["otto"].actor, at=now + 3 * DAY)
    assert hear(paper(NEW_IBAN), at=now + 10 * DAY)[0] == 0
    assert hear(paper(NEW_IBAN), at=now + 18 * DAY)[0] == 1
    assert len(proposed()) == 1


def test_an_account_beside_the_one_in_force_is_one_more_and_in_its_place_another(people, acme, now):
    account = an_account(people, at=now)
    assert hear(paper(OLD_IBAN), at=now) == (1, 0, [])  # noted
    assert hear(paper(OLD_IBAN, NEW_IBAN), at=now)[0] == 1
    assert hear(paper(THIRD_IBAN, NEW_IBAN), at=now)[0] == 1
    assert proposed() == [
        ("ACME", "add", "erp", "9890", None),
        ("ACME", "replace", "erp", "4300", account.shown),
    ]
    # What cannot be read may be the one that seems gone.
    assert hear(paper(THIRD_IBAN, "DE00"), at=now) == (0, 1, ["structure"])
    assert [one for one, stands in told() if stands] == ["DE •••• 9890", "NL •••• 4300"]
    assert alarms()[-1] == {"supplier": "ACME", "told": "?"}
    assert hear(paper(OLD_IBAN), at=now)[0] == 1
    assert [one for one, stands in told() if stands] == ["DE •••• 3000"]
    assert in_office(lambda: BankAccount.objects.get().state) == "in_force"


def test_what_is_only_asked_for_here_is_an_alarm_where_the_erp_pays_to_it_already(people, acme, now):
    account = an_account(people, at=now)
    hear(paper(OLD_IBAN), at=now)
    ask(wanted(acme, NEW_IBAN, account=account.key), people["asha"], now)
    assert hear(paper(NEW_IBAN), at=now + DAY)[0] == 1
    assert (proposed(), alarms()) == ([], [{"supplier": "ACME", "told": "DE •••• 9890"}])
    assert hear(paper(NEW_IBAN), at=now + 2 * DAY)[0] == 0  # once
    assert len(alarms()) == 1


def test_what_cannot_be_read_in_the_place_of_what_the_erp_alone_knew_is_an_alarm(people, now):
    assert hear(paper("DE00"), at=now) == (0, 1, ["structure"])
    assert hear(paper(OLD_IBAN), at=now)[0] == 1
    assert alarms() == []
    assert hear(paper("DE00"), at=now + DAY) == (0, 1, ["structure"])
    assert alarms() == [{"supplier": "ACME", "told": "?"}]


def test_what_is_in_force_is_a_task_until_the_erp_tells_of_it(people, acme, now):
    account = an_account(people, at=now)
    first = in_office(lambda: BankChange.objects.get(made=account))
    assert first.entered_at is None
    hear(paper(OLD_IBAN), at=now)
    assert in_office(lambda: BankChange.objects.get(pk=first.pk).entered_by) == "ERP"

    later = now + 4 * DAY
    change = replaced(people, acme, account, now)
    assert (change.entered_at, case_of(change, later)) == (None, (True, True))
    # The ERP pays to the old one still: that is the task, and no news. Nobody says that it is done where it is told.
    assert hear(paper(OLD_IBAN), at=later)[0] == 0
    assert (proposed(), alarms()) == ([], [])
    with pytest.raises(IllegalTransition, match="tells its accounts itself"), acting(people["otto"].actor):
        note_entered(change, actor=people["otto"].actor, factor=factor(people["otto"], later), at=later)
    hear(paper(OLD_IBAN, NEW_IBAN), at=later)
    assert in_office(lambda: BankChange.objects.get(pk=change.pk).entered_at) is None
    hear(paper(NEW_IBAN), at=later + DAY)
    done = in_office(lambda: BankChange.objects.get(pk=change.pk))
    assert (done.entered_at, done.entered_by) == (later + DAY, "ERP")
    assert not case_of(change, later + DAY)[0]
    assert (proposed(), alarms()) == ([], [])

    # Changed back in the ERP alone.
    assert hear(paper(OLD_IBAN), at=later + 2 * DAY)[0] == 1
    assert proposed() == [("ACME", "replace", "erp", "3000", "9890")]
    assert alarms() == [{"supplier": "ACME", "told": "DE •••• 3000"}]


def test_an_account_that_the_erp_pays_to_already_needs_no_task_and_an_overtaken_one_neither(
    people, acme, now
):
    hear(paper(OLD_IBAN), at=now)
    account = an_account(people, at=now)
    first = in_office(lambda: BankChange.objects.get(made=account))
    assert first.entered_by == "ERP"
    second = replaced(people, acme, account, now)
    newer = in_office(lambda: BankAccount.objects.get(by_change=second))
    later = now + 10 * DAY
    third = all_said(ask(wanted(acme, THIRD_IBAN, account=newer.key), people["asha"], later), people, later)
    assert take_due_effect(third.waits_until) == 1
    found = in_office(lambda: dict(BankChange.objects.order_by("id").values_list("shown", "entered_by")))
    assert found == {"3000": "ERP", "9890": "", "4300": ""}
    assert in_office(lambda: BankChange.objects.get(shown="9890").entered_at) is not None
    hear(paper(THIRD_IBAN), at=later)
    assert in_office(lambda: BankChange.objects.get(shown="4300").entered_by) == "ERP"


def test_where_the_erp_tells_nothing_a_person_says_that_it_is_entered(people, acme, now):
    account = an_account(people, at=now)
    change = in_office(lambda: BankChange.objects.get(made=account))
    address = reverse("bank-entered", args=[change.key])
    asha, otto = Client(), Client()
    asha.force_login(people["asha"].user)
    otto.force_login(people["otto"].user)
    page = otto.get(reverse("bank-change", args=[change.key])).content.decode()
    assert "Enter it in the ERP" in page
    assert "It tells no accounts of this supplier." in page
    assert OLD_IBAN not in page
    assert "Enter it in the ERP" not in asha.get(reverse("bank-change", args=[change.key])).content.decode()
    assert asha.post(address).status_code in (403, 404)
    with pytest.raises(NotAllowed), acting(people["asha"].actor):
        note_entered(change, actor=people["asha"].actor, factor=factor(people["asha"], now), at=now)
    # As to be shown a number: a session alone, or somebody at an open desk, says nothing of the kind.
    with pytest.raises(NeedsFactor), acting(people["otto"].actor):
        note_entered(change, actor=people["otto"].actor, factor=None, at=now)
    assert otto.post(address).status_code == 409
    show_factor(otto, people["otto"].user)
    assert otto.post(address).status_code == 303
    done = in_office(lambda: BankChange.objects.get(pk=change.pk))
    assert done.entered_by == people["otto"].actor.label
    assert otto.post(address).status_code == 409
    facts = in_office(lambda: AuditEvent.objects.get(kind="bank.change_entered").facts)
    assert facts == {"kind": "add", "how": "said", "approved_too": False}
    assert done.entered_by_user_id == people["otto"].user.pk


def test_who_approved_it_and_entered_it_too_is_shown_as_both(people, acme, now):
    account = an_account(people, at=now)
    change = in_office(lambda: BankChange.objects.get(made=account))
    max_ = Client()
    max_.force_login(people["max"].user)
    show_factor(max_, people["max"].user)
    assert max_.post(reverse("bank-entered", args=[change.key])).status_code == 303
    facts = in_office(lambda: AuditEvent.objects.get(kind="bank.change_entered").facts)
    assert facts == {"kind": "add", "how": "said", "approved_too": True}
    page = max_.get(reverse("bank-change", args=[change.key])).content.decode()
    assert "Max Manager, who also approved it" in page


def test_our_people_read_by_the_api_how_an_account_came_and_whether_the_erp_pays_by_it(people, acme, now):
    """One that waits to be entered in the ERP, and then one of which a person says that it is."""
    ours, theirs = Client(), a_program(acme, "invoice")
    ours.force_login(people["otto"].user)
    show_factor(ours, people["otto"].user)

    def read(program, kind="bank-accounts"):
        rows = program.get(f"/api/v1/{kind}").json()["results"]
        return [(one["account"], one.get("origin"), one["entered_at"], one["entered_how"]) for one in rows]

    account = an_account(people)
    first = in_office(lambda: BankAccount.objects.select_related("by_change").get(pk=account.pk).by_change)
    assert read(ours)[0][1:] == ("portal", None, None)
    with acting(people["otto"].actor):
        note_entered(first, actor=people["otto"].actor, factor=factor(people["otto"], now), at=now)
    shown, moment = "DE •••• 3000", now.isoformat().replace("+00:00", "Z")
    assert read(ours) == [(shown, "portal", moment, "person")]
    assert read(ours, "bank-changes") == [(shown, "portal", moment, "person")]
    # Of its customer’s ERP a supplier reads nothing.
    assert read(theirs) == [(shown, "portal", None, None)]
    assert read(theirs, "bank-changes") == [(shown, "portal", None, None)]


def test_it_stands_in_the_clear_nowhere_and_no_supplier_reads_it(people, acme, now):
    hear(paper(OLD_IBAN, NEW_IBAN), at=now)
    hear(paper(THIRD_IBAN), at=now)
    with acting(OFFICE), connection.cursor() as cursor:
        tables = ["kernel_auditevent", "kernel_outboxmessage", "kernel_securityevent"]
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'suppliers_bank%'")
        for table in [*tables, *(row[0] for row in cursor.fetchall())]:
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE t::text ~ '0532013000|0648489890|0417164300'"
            )
            assert cursor.fetchone()[0] == 0, table
    for number in (OLD_IBAN, NEW_IBAN):
        assert number not in repr(paper(OLD_IBAN, NEW_IBAN))
    with pytest.raises(DatabaseError), acting(people["asha"].actor), transaction.atomic():
        list(BankTold.objects.all())


@pytest.mark.parametrize("count", [1, 30])
def test_so_many_queries_where_nothing_moved_however_many_suppliers(
    people, acme, now, count, django_assert_max_num_queries
):
    numbers = [f"S{n}" for n in range(count)]
    with acting(FEED):
        receive_suppliers([SupplierPaper(one, one, "DE", "EUR") for one in numbers])
    papers = [paper(OLD_IBAN, supplier=one) for one in numbers]
    hear(*papers, at=now)
    with acting(FEED), django_assert_max_num_queries(16):
        assert hear_of_erp(papers, actor=FEED, at=now + DAY).unchanged == count
