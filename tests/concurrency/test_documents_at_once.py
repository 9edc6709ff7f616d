"""Two workers remind, two reviewers decide, one supplies while one is asked for or accepted: real threads."""

from collections import Counter
from datetime import timedelta

import pytest

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from suppliers.documents.models import DocumentVersion
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
from tests.builders.world import MONDAY
from tests.concurrency.at_once import at_once, kinds
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def told():
    with acting(FEED):
        found = AuditEvent.objects.filter(kind__startswith="document.").order_by("id")
        return Counter(found.values_list("kind", flat=True))


def test_what_is_due_is_said_once_by_however_many_workers(people):
    require()
    for n, kind, count in ((0, "asked", 2), (7, "reminded", 2), (31, "missed", 2)):
        at = MONDAY + n * DAY
        at_once(*(lambda at=at: clock(at) for _worker in range(4)))
        assert told()[f"document.{kind}"] == count  # one for each of the two suppliers


def test_what_ends_ends_once(people):
    accept(supply(people["asha"], valid_until=MONDAY.date()), people["root"])
    at_once(*(lambda: clock(MONDAY + 2 * DAY) for _worker in range(3)))

    assert (told()["document.expired"], states()) == (1, [(1, "expired")])


def test_of_two_reviewers_one_decides(people):
    version = supply(people["asha"])

    outcomes = kinds(at_once(lambda: accept(version, people["root"]), lambda: refuse(version, people["max"])))

    assert outcomes == Counter({"DocumentVersion": 1, "StaleDocument": 1})
    assert fresh_version(version).state in ("accepted", "refused")


def test_two_who_supply_leave_one_that_waits(people):
    at_once(*(lambda n=n: supply(people["asha"], content=PDF + str(n).encode()) for n in range(3)))

    found = states()
    assert sorted(number for number, _state in found) == [1, 2, 3]
    assert Counter(state for _number, state in found) == Counter({"replaced": 2, "in_review": 1})


def test_supplying_while_one_is_accepted_loses_neither(people):
    first = supply(people["asha"])

    outcomes = kinds(
        at_once(lambda: accept(first, people["root"]), lambda: supply(people["asha"], content=PDF + b"2"))
    )

    found = dict(states())
    assert found[2] == "in_review"
    assert (found[1], outcomes["DocumentVersion"]) in (("accepted", 2), ("replaced", 1))


def test_asked_or_supplied_first_and_nobody_is_asked_for_what_is_there(people):
    require(countries=("IN",))
    at_once(lambda: clock(MONDAY), lambda: supply(people["asha"]))

    with acting(FEED):
        version = DocumentVersion.objects.get()
    assert (version.state, told()["document.asked"] <= 1, clock(MONDAY + 9 * DAY)) == ("in_review", True, 0)
    accept(version, people["root"], at=MONDAY)
    assert the_document().asked_for == ""
