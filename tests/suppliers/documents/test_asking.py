"""Suppliers are asked in time, reminded each week, in their own days; each once, and it stops by itself."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.inbox.models import ExceptionCase
from procurement.inbox.presenters.pages import own_page
from procurement.inbox.presenters.rows import row_of
from procurement.inbox.services.review import INBOX, react, review_cases
from procurement.inbox.services.sweeping import sweep
from suppliers.documents.models import Requirement
from suppliers.documents.services import retire_requirement
from suppliers.models import Supplier
from suppliers.states import SupplierState
from tests.builders.documents import (
    PDF,
    accept,
    clock,
    fresh_version,
    refuse,
    require,
    states,
    supply,
    the_document,
)
from tests.builders.notices import mailed, notices, post
from tests.builders.notices import react as react_to_all
from tests.builders.world import MONDAY
from tests.people import FEED

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LAST = date(2099, 12, 31)


def told(*, supplier="ACME"):
    """Which asks there were, by day."""
    with acting(FEED):
        found = AuditEvent.objects.filter(
            kind__in=["document.asked", "document.reminded", "document.missed", "document.excused"],
            supplier_id=Supplier.objects.get(number=supplier).pk,
        )
        return [((one.at - MONDAY).days, one.kind.partition(".")[2]) for one in found.order_by("id")]


def the_case():
    with acting(FEED):
        return ExceptionCase.objects.select_related("supplier").get(cause="document")


def test_one_that_was_never_there(people):
    require(countries=("IN",))
    for n in range(40):
        assert clock(MONDAY + n * DAY) == clock(MONDAY + n * DAY) + (n in (0, 7, 14, 21, 28, 31))

    assert told() == [
        (0, "asked"),
        (7, "reminded"),
        (14, "reminded"),
        (21, "reminded"),
        (28, "reminded"),
        (31, "missed"),
    ]
    assert told(supplier="GLOBEX") == []


def test_one_that_ends_is_asked_for_before_and_ends_by_its_suppliers_days(people):
    require(countries=("IN",))
    ends = MONDAY.date() + 31 * DAY
    version = accept(supply(people["asha"], valid_until=ends), people["root"])

    assert clock(MONDAY) == 0
    # It is the next day in India when it is 18:30 in UTC.
    assert clock(datetime(2026, 3, 2, 18, 29, tzinfo=UTC)) == 0
    assert clock(datetime(2026, 3, 2, 18, 30, tzinfo=UTC)) == 1
    last = datetime(2026, 4, 2, 18, 29, tzinfo=UTC)
    clock(last)
    assert fresh_version(version).state == "accepted"
    clock(last + timedelta(minutes=1))
    assert fresh_version(version).state == "expired"
    clock(last + timedelta(minutes=2))
    with acting(FEED):
        assert AuditEvent.objects.filter(kind="document.expired").count() == 1


def test_it_stops_when_supplied_goes_on_when_refused_and_rests_when_accepted(people):
    require(countries=("IN",))
    clock(MONDAY)
    version = supply(people["asha"], at=MONDAY + DAY)
    for n in range(2, 10):
        clock(MONDAY + n * DAY)
    refuse(version, people["root"], at=MONDAY + 10 * DAY)
    for n in range(10, 20):
        clock(MONDAY + n * DAY)
    assert told() == [(0, "asked"), (17, "reminded")]

    accept(
        supply(people["asha"], content=PDF + b"2", at=MONDAY + 20 * DAY), people["root"], at=MONDAY + 20 * DAY
    )
    document = the_document()
    assert (document.asked_for, document.due_on, document.late_at) == ("", None, None)
    clock(MONDAY + 40 * DAY)
    assert told() == [(0, "asked"), (17, "reminded")]


def test_a_blocked_supplier_is_asked_for_nothing_and_a_requirement_of_later_asks_later(people):
    require(countries=("IN",), from_on=MONDAY.date() + 3 * DAY)
    clock(MONDAY)
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(state=SupplierState.BLOCKED)
    clock(MONDAY + 3 * DAY)
    assert told() == []
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(state=SupplierState.ACTIVE)
    clock(MONDAY + 4 * DAY)
    assert told() == [(4, "asked")]


def late(people):
    """A document that is late, at a moment of today."""
    require(countries=("IN",))
    now = timezone.now()
    clock(now - 31 * DAY)
    clock(now)
    return now


def test_what_is_late_is_a_case_until_it_comes(people):
    now = late(people)
    stream = the_document().stream
    with acting(INBOX):
        review_cases((), [stream], actor=INBOX, at=now)
        review_cases((), [stream], actor=INBOX, at=now)

    case = the_case()
    assert (case.kind, case.state, case.order_id) == ("document_expiring", "open", None)
    assert row_of(case, now).title.startswith("ISO 9001 was due by")
    assert own_page(case) == (f"/suppliers/{case.supplier.key}/documents/", "Open the documents")

    version = supply(people["asha"], at=now)
    with acting(INBOX):
        review_cases((), [stream], actor=INBOX, at=now)
    assert (the_case().state, the_case().closed_because) == ("resolved", "supplied")

    refuse(version, people["root"], at=now)
    with acting(INBOX):
        review_cases((), [stream], actor=INBOX, at=now)
    assert (the_case().state, the_case().occurrences) == ("open", 2)


def test_a_case_of_what_is_required_no_more_closes(people):
    now = late(people)
    with acting(INBOX):
        review_cases((), [the_document().stream], actor=INBOX, at=now)
    with acting(people["root"].actor):
        key = Requirement.objects.get().key
        retire_requirement(key, actor=people["root"].actor, at=now)
    clock(now)
    assert told()[-1][1] == "excused"
    with acting(INBOX):
        review_cases((), [the_document().stream], actor=INBOX, at=now)
    assert (the_case().state, the_case().closed_because) == ("resolved", "not_asked")


def test_a_case_of_a_supplier_that_is_blocked_closes_and_it_is_asked_anew_later(people):
    now = late(people)
    with acting(INBOX):
        review_cases((), [the_document().stream], actor=INBOX, at=now)
    block(SupplierState.BLOCKED)
    assert clock(now) == clock(now) == 0
    assert (told()[-1][1], the_document().asked_for) == ("excused", "")
    assert [kind for _day, kind in told()].count("excused") == 1
    with acting(INBOX):
        review_cases((), [the_document().stream], actor=INBOX, at=now)
    assert (the_case().state, the_case().closed_because) == ("resolved", "not_asked")

    block(SupplierState.ACTIVE)
    assert clock(now) == 1
    assert told()[-1][1] == "asked"


def block(state):
    with acting(FEED):
        Supplier.objects.filter(number="ACME").update(state=state)


@pytest.mark.django_db(transaction=True)
def test_the_fact_and_the_clock_both_bring_the_case(people):
    now = late(people)
    with acting(FEED):
        event = AuditEvent.objects.get(kind="document.missed")
    assert react([event], now) == "opened 1, recurred 0, closed 0"
    with acting(FEED):
        ExceptionCase.objects.all().delete()
    assert sweep(now)["due"] == 1
    assert sweep(now)["due"] == 0


@pytest.mark.django_db(transaction=True)
def test_people_are_mailed_what_is_still_true(people):
    require(countries=("IN",))
    clock(timezone.now())
    (letter,) = mailed()
    assert letter.to == ["Asha Acme <asha@supplier.example>"]
    assert letter.subject == "A document is asked of you: ISO 9001"
    assert "Orders go on meanwhile." in letter.body
    assert "/documents/" in letter.body

    # It was asked for, and then something was supplied: that mail does not leave. Reviewers hear once a day.
    require("insurance", countries=("IN",))
    clock(timezone.now())
    react_to_all()
    version = supply(people["asha"], "insurance", valid_until=LAST, at=timezone.now())
    assert mailed() == []
    assert [one.state for one in notices(event_kind="document.asked")] == ["sent", "not_wanted"]
    waiting = {one.address for one in notices(event_kind="document.admitted")}
    assert waiting == {"root@northmoor.example", "max@northmoor.example"}
    post(timezone.now() + 2 * DAY)
    assert sorted(one.to[0][:4] for one in mail.outbox) == ["Max ", "Root"]
    assert mail.outbox[0].subject == "Asha Acme gave a document to review: Liability insurance"
    mail.outbox[:] = []

    refuse(version, people["root"], "The stamp is missing.", at=timezone.now())
    (letter,) = mailed()
    assert letter.subject == "Not accepted: Liability insurance"
    assert "The stamp is missing." in letter.body
    assert states() == [(1, "refused")]
