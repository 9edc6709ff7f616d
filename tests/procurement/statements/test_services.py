"""A statement's story: read, compared with what is really in our books, asked about, compared again, agreed."""

import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.bills.models import Bill
from procurement.invoices.messages import Hold
from procurement.invoices.models import Invoice
from procurement.invoices.services import (
    approve_invoice,
    hold_invoice,
    mark_paid,
    mark_scheduled,
    reject_invoice,
    withdraw_invoice,
)
from procurement.statements.messages import KeepStatement, RowSaid, SettleStatement
from procurement.statements.models import StatementRow, SupplierStatement
from procurement.statements.presenters import sentence_of, shown_rows
from procurement.statements.queries import find_statement, rows_of, waiting_statements
from procurement.statements.services import (
    answer_row,
    ask_row,
    compare_statement,
    discard_statement,
    keep_statement,
    settle_statement,
)
from tests.builders.changes import an_agreed_order
from tests.builders.facts import a_bill, bill
from tests.builders.invoices import a_draft_invoice, a_sent_invoice, do, settle
from tests.builders.statements import (
    STATED_ON,
    a_statement,
    an_item,
    balances_told,
    compared,
    rows_told,
)
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db
D = Decimal
LATER = MONDAY + timedelta(days=1)
TEN = D("81.52")  # ten valves at 6.85 and 19 % of tax


def books(people):
    """Eight invoices of Acme, each in another standing, and two bookings without one."""
    order = an_agreed_order(people["asha"])
    asha, otto = people["asha"], people["otto"]
    made = {
        name: a_sent_invoice(order, asha, {"L10": 10}, number=f"R-{place}")
        for place, name in enumerate(
            ("sent", "held", "approved", "scheduled", "paid", "rejected", "withdrawn"), start=1
        )
    }
    made["draft"] = a_draft_invoice(order, asha, {"L10": 10}, number="R-8")
    made["theirs"] = a_draft_invoice(order, otto, {"L10": 10}, number="R-9")
    settle(hold_invoice, made["held"], Hold("desk.held", "payables", (("reason", "The crates are wet."),)))
    for name in ("approved", "scheduled", "paid"):
        settle(approve_invoice, made[name], actor=otto.actor)
    settle(mark_scheduled, made["scheduled"], pay_on=date(2026, 3, 20))
    settle(mark_paid, made["paid"], paid_on=date(2026, 2, 27), reference="RUN-12")
    settle(reject_invoice, made["rejected"], "No tax number.", actor=otto.actor)
    do(withdraw_invoice, made["withdrawn"], asha, "Sent twice.")
    bill(
        a_bill("B-1", reference="PAPER-7", total=D(100), open_amount=D(40), state="partly_paid"),
        a_bill("B-2", reference="PAPER-8", total=D(30), open_amount=D(30), kind="credit_note"),
        a_bill(
            "B-3", reference="OLD-1", total=D(5), open_amount=D(0), state="paid", paid_on=date(2026, 2, 1)
        ),
    )
    return made


def their_list():
    return [
        an_item(2, "R1", TEN),
        an_item(3, "r-002", TEN),
        an_item(4, "R-3", D("90.00"), amount=D("90.00")),
        an_item(5, "RE R-4", TEN),
        an_item(6, "R-5", TEN),
        an_item(7, "R-6", TEN),
        an_item(8, "R-7", TEN),
        an_item(9, "R-8", TEN),
        an_item(10, "R-9", TEN),
        an_item(11, "R-77", "12.00"),
        an_item(12, "R1", TEN),
        an_item(13, "PAPER 7", D(100), amount=D(100)),
        an_item(14, "OLD-1", D(5)),
        an_item(15, "ZE-1", "-81.52", kind="payment", reference="run 12"),
        an_item(16, "G-1", "-9.00", kind="credit_note"),
        an_item(17, "R-1", TEN, currency="USD"),
    ]


def test_every_row_says_what_stands_against_it_and_the_bridge_adds_up(people):
    made = books(people)
    asha, otto = people["asha"], people["otto"]
    statement = compared(a_statement(asha, their_list()), asha)
    assert (statement.state, statement.revision, statement.differing) == ("compared", 1, 14)
    with acting(FEED):
        rows = list(rows_of(statement))
    told = [(row.place, row.verdict, row.difference, sentence_of(row, asha.actor)) for row in rows]
    assert told == [
        (2, "agrees", D(0), "With the customer, being matched."),
        (3, "held", D(0), "Accounts payable holds it: The crates are wet."),
        (
            4,
            "differs",
            D("-8.48"),
            "With the customer it comes to 81.52 EUR, of which 81.52 EUR is open. Approved, to be paid on 1 Apr 2026.",
        ),
        (5, "approved", D(0), "Booked, to be paid on 20 Mar 2026."),
        (
            6,
            "paid",
            -TEN,
            "Paid on 27 Feb 2026, reference RUN-12. You list the payment, and have not set it against this.",
        ),
        (
            7,
            "missing",
            -TEN,
            "It was sent back: “No tax number.”. Corrected, it is sent again under its number.",
        ),
        (8, "missing", -TEN, "It was withdrawn: “Sent twice.”."),
        (9, "missing", -TEN, "It is a draft still: it was never sent."),
        (10, "missing", -TEN, "It never came to the customer, neither here nor in the books of the ERP."),
        (11, "missing", D(-12), "It never came to the customer, neither here nor in the books of the ERP."),
        (12, "duplicate", -TEN, "Row 2 lists it already."),
        (
            13,
            "part_paid",
            D(-60),
            "The customer paid 60.00 EUR of it; 40.00 EUR is open. You have not posted the customer's payment.",
        ),
        (14, "paid", D(-5), "Paid on 1 Feb 2026. You have not posted the customer's payment."),
        (
            15,
            "payment",
            TEN,
            "Paid on 27 Feb 2026, reference RUN-12. You have not set it against its invoices.",
        ),
        (16, "missing", D(9), "The customer has no credit note of this number."),
        (17, "missing", -TEN, "It never came to the customer, neither here nor in the books of the ERP."),
        (
            None,
            "later",
            D(-30),
            "Dated after the day of your list, so it need not be in it.",
        ),
    ]
    theirs = sum((item.open for item in their_list() if item.currency == "EUR"), D(0))
    ours = 4 * TEN + D(40) - D(30)
    assert balances_told(statement) == {"EUR": (theirs, ours), "USD": (TEN, D(0))}
    with acting(FEED):
        for one in statement.balances.all():
            assert one.theirs + sum(map(D, one.bridge.values())) == one.ours
        assert (statement.gap, statement.gap_currency) == (ours - theirs, "EUR")
        (event,) = AuditEvent.objects.filter(kind="statement.compared")
    assert (event.facts["differing"], event.facts["to"], event.actor_label) == (14, "compared", "Asha Acme")
    # Each side knows its own drafts, and nobody the other's.
    with acting(FEED):
        by_place = {row.place: row for row in rows_of(statement)}
    never = "It never came to us, neither here nor in the books of the ERP."
    assert [sentence_of(by_place[place], otto.actor) for place in (9, 10)] == [
        never,
        "It is a draft still: it was never sent.",
    ]
    steps = {
        name: {
            one.row.place: (one.step.label, one.step.url) if one.step else None
            for one in shown_rows(by_place.values(), statement, people[name].actor)
        }
        for name in ("asha", "otto")
    }
    assert steps["asha"][3] == ("See why it is held", f"/invoices/{made['held'].key}/")
    assert steps["asha"][7] == ("Correct it", f"/invoices/{made['rejected'].key}/")
    assert steps["asha"][9] == ("Finish and send it", f"/invoices/{made['draft'].key}/")
    assert steps["asha"][10] == steps["asha"][11] == ("Write this invoice", "/invoices/new/")
    assert steps["otto"][3] == ("Open the case", f"/payables/{made['held'].key}/")
    assert steps["otto"][9] is None
    assert steps["otto"][10] == ("Open the draft", f"/invoices/{made['theirs'].key}/")


def test_it_is_compared_again_asked_about_answered_and_agreed(people):
    asha, otto, gil = people["asha"], people["otto"], people["gil"]
    order = an_agreed_order(asha)
    first = compared(a_statement(asha, [an_item(2, "R-1", TEN)]), asha)
    assert first.differing == 1
    with acting(otto.actor):
        assert list(waiting_statements(otto.actor)) == [first]
        ask_row(RowSaid(first.key, 2, "Which order is R-1 for?"), actor=otto.actor, at=MONDAY)
    with acting(asha.actor):
        with pytest.raises(NotAllowed):
            ask_row(RowSaid(first.key, 2, "?"), actor=asha.actor, at=MONDAY)
        with pytest.raises(Invalid):
            answer_row(RowSaid(first.key, 2, "  "), actor=asha.actor, at=MONDAY)
        with pytest.raises(NotFound):
            answer_row(RowSaid(first.key, 9, "x"), actor=asha.actor, at=MONDAY)
        answer_row(RowSaid(first.key, 2, "4500000001"), actor=asha.actor, at=LATER)
    a_sent_invoice(order, asha, {"L10": 10}, number="R-1")
    again = compared(first, otto, at=LATER)
    row = rows_told(again)["R-1"]
    assert (again.revision, again.differing, again.gap, row.verdict) == (2, 0, D(0), "agrees")
    assert (row.question, row.answer, row.answered_by) == (
        "Which order is R-1 for?",
        "4500000001",
        "Asha Acme",
    )
    with acting(FEED):  # the first comparison is kept beside the second
        assert list(again.balances.order_by("revision").values_list("revision", "theirs", "ours")) == [
            (1, TEN, D(0)),
            (2, TEN, TEN),
        ]
    for person in (asha, people["arun"], people["bea"]):
        with acting(person.actor), pytest.raises(NotAllowed):
            settle_statement(SettleStatement(first.key, again.version), actor=person.actor, at=LATER)
    with acting(gil.actor), pytest.raises(NotFound):
        compare_statement(first.key, actor=gil.actor, at=LATER)
    with acting(otto.actor):
        with pytest.raises(StaleDocument):
            settle_statement(SettleStatement(first.key, again.version - 1), actor=otto.actor, at=LATER)
        done = settle_statement(SettleStatement(first.key, again.version), actor=otto.actor, at=LATER)
        assert (done.state, done.settled_by) == ("settled", "Otto Payer")
        with pytest.raises(IllegalTransition):
            compare_statement(first.key, actor=otto.actor, at=LATER)
        with pytest.raises(IllegalTransition):
            ask_row(RowSaid(first.key, 2, "And now?"), actor=otto.actor, at=LATER)
    with acting(FEED):
        kinds = list(
            AuditEvent.objects.filter(stream=first.stream).order_by("id").values_list("kind", flat=True)
        )
    assert kinds == [
        "statement.read",
        "statement.compared",
        "statement.asked",
        "statement.answered",
        "statement.compared",
        "statement.settled",
    ]


def test_what_differs_is_agreed_with_a_word_and_a_newer_one_takes_the_place_of_what_is_open(people):
    asha, otto = people["asha"], people["otto"]
    an_agreed_order(asha)
    first = compared(a_statement(asha, [an_item(2, "R-1", 5)]), asha)
    newer = a_statement(otto, [an_item(2, "R-1", 5)], stated_on=STATED_ON + timedelta(days=1), at=LATER)
    with acting(asha.actor), pytest.raises(NotFound):
        find_statement(newer.key, actor=asha.actor)  # accounts payable has only read it so far
    newer = compared(newer, otto, at=LATER)
    with acting(asha.actor):
        assert find_statement(newer.key, actor=asha.actor).on_behalf
        assert find_statement(first.key, actor=asha.actor).state == "replaced"
    with acting(otto.actor):
        assert not waiting_statements(otto.actor).exists()  # it was not the supplier who sent it
        with pytest.raises(Invalid, match="differs still"):
            settle_statement(SettleStatement(newer.key, newer.version), actor=otto.actor, at=LATER)
        settle_statement(
            SettleStatement(newer.key, newer.version, "R-1 was never delivered."), actor=otto.actor, at=LATER
        )
    older = compared(a_statement(asha, [], stated_on=date(2026, 2, 1), at=LATER), asha, at=LATER)
    with acting(FEED):
        assert SupplierStatement.objects.get(pk=newer.pk).state == "settled"
        assert SupplierStatement.objects.get(pk=older.pk).state == "compared"


def test_who_may_and_what_is_refused(people):
    asha, otto = people["asha"], people["otto"]

    def keep(person, **more):
        values = {"stated_on": STATED_ON, "items": (an_item(2, "R-1", 5),), **more}
        with acting(person.actor):
            return keep_statement(KeepStatement(**values), actor=person.actor, at=MONDAY)

    with pytest.raises(Invalid, match="Choose to whom"):
        keep(asha)  # nobody has ordered anything of Acme
    an_agreed_order(asha)
    for name in ("arun", "olga", "bea", "ada", "ines", "root"):
        with pytest.raises(NotAllowed):
            keep(people[name])
    for more, field in (
        ({"supplier": "NOBODY"}, "supplier"),
        ({"supplier": "acme", "company": "XX"}, "company"),
        ({"supplier": "ACME", "stated_on": STATED_ON + timedelta(days=9)}, "stated_on"),
        ({"supplier": "ACME", "items": (an_item(3, "", 5),)}, "number"),
        ({"supplier": "ACME", "items": (an_item(3, "R", "5.005"),)}, "open"),
        ({"supplier": "ACME", "items": (an_item(3, "R", 5, currency="EURO"),)}, "currency"),
        ({"supplier": "ACME", "items": (an_item(3, "R", 10**12),)}, "open"),
    ):
        with pytest.raises(Invalid) as refused:
            keep(otto, **more)
        assert refused.value.problems[0].field == field
    first, is_new = keep(otto, supplier="Acme Valves", digest="a" * 64)
    same, again = keep(otto, supplier="ACME", digest="a" * 64)
    assert (first.pk, is_new, again) == (same.pk, True, False)
    with acting(otto.actor):
        discard_statement(first.key, actor=otto.actor, at=MONDAY)
        with pytest.raises(NotFound):
            find_statement(first.key, actor=otto.actor)


def test_what_the_erp_booked_of_an_invoice_counts(people):
    asha = people["asha"]
    order = an_agreed_order(asha)
    invoice = a_sent_invoice(order, asha, {"L10": 10}, number="R-1")
    settle(approve_invoice, invoice, actor=people["otto"].actor)
    # Booked at another total: the ERP's figure is what will be paid, and no second item of ours.
    bill(
        a_bill("B-1", reference="r 1", total=D("80.00"), open_amount=D("80.00"), invoiced_on=date(2026, 3, 2))
    )
    statement = compared(a_statement(asha, [an_item(2, "R-1", TEN, amount=TEN)]), asha)
    row = rows_told(statement)["R-1"]
    assert (row.verdict, row.our_amount, row.difference) == ("differs", D("80.00"), D("-1.52"))
    assert row.invoice_id == invoice.pk
    assert balances_told(statement) == {"EUR": (TEN, D("80.00"))}
    with acting(FEED):
        # Joined to it and partly paid.
        booked = Bill.objects.get(key="B-1")
        Bill.objects.filter(pk=booked.pk).update(total=TEN, open_amount=D(20), state="partly_paid")
        Invoice.objects.filter(pk=invoice.pk).update(bill=booked)
    row = rows_told(compared(statement, asha))["R-1"]
    assert (row.verdict, row.our_open, row.difference) == ("part_paid", D(20), D(20) - TEN)
    with acting(FEED):
        Bill.objects.filter(pk=booked.pk).update(state="cancelled", open_amount=0)
    row = rows_told(compared(statement, asha))["R-1"]
    assert (row.verdict, row.our_open, row.bill_id) == ("approved", TEN, None)


def test_what_was_agreed_for_paying_early_is_neither_owed_again_nor_paid(people):
    asha, less = people["asha"], D("1.52")
    invoice = a_sent_invoice(an_agreed_order(asha), asha, {"L10": 10}, number="R-1")
    settle(approve_invoice, invoice, actor=people["otto"].actor)
    paid = {"total": TEN, "open_amount": less, "state": "partly_paid", "paid_on": date(2026, 2, 27)}
    bill(a_bill("B-1", reference="R-1", invoiced_on=date(2026, 3, 2), **paid))
    with acting(FEED):
        booked = Bill.objects.get(key="B-1")
        values = {"bill": booked, "state": "paid", "early_discount": less, "pay_on": paid["paid_on"]}
        Invoice.objects.filter(pk=invoice.pk).update(**values, paid_on=paid["paid_on"])

    listed = [
        an_item(2, "R-1", TEN, amount=TEN),
        an_item(3, "ZE-1", less - TEN, kind="payment", dated_on=date(2026, 2, 28)),
    ]
    statement = compared(a_statement(asha, listed), asha)
    rows = rows_told(statement)
    row = rows["R-1"]
    assert (row.verdict, row.our_open, row.our_amount, row.difference) == ("paid", D(0), TEN, -TEN)
    assert (rows["ZE-1"].verdict, rows["ZE-1"].invoice_id) == ("payment", invoice.pk)
    assert balances_told(statement) == {"EUR": (less, D(0))}


def test_five_thousand_rows_take_a_few_seconds_and_as_many_queries_as_ten(people):
    asha = people["asha"]
    order = an_agreed_order(asha)
    invoice = a_sent_invoice(order, asha, {"L10": 10}, number="R-0")
    with acting(FEED):
        copy = Invoice.objects.get(pk=invoice.pk)
        rows = [
            Invoice(
                **{
                    field.attname: getattr(copy, field.attname)
                    for field in Invoice._meta.concrete_fields
                    if field.name not in ("id", "key", "document", "number", "number_key")
                },
                number=f"S-{n}",
                number_key=f"s-{n}",
            )
            for n in range(1, 5001)
        ]
        Invoice.objects.bulk_create(rows, batch_size=1000)
    counts = []
    for size in (10, 5000):
        statement = a_statement(asha, [an_item(n + 1, f"S-{n}", TEN) for n in range(1, size + 1)])
        began = time.monotonic()
        with CaptureQueriesContext(connection) as captured:
            statement = compared(statement, asha)
        took = time.monotonic() - began
        counts.append(sum("SAVEPOINT" not in one["sql"] for one in captured))
    with acting(FEED):
        assert StatementRow.objects.filter(statement=statement, verdict="agrees").count() == 5000
        assert StatementRow.objects.filter(statement=statement, verdict="unlisted").count() == 1
    assert took < 20, took
    assert counts[1] - counts[0] <= 12, counts  # batches, and the earlier one that is replaced
