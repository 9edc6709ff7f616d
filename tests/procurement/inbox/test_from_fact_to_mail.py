"""The whole chain by the outbox alone: a late promise, its case, the case's clock, its ladder, and the mails."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.clocks.services import advance_clocks
from procurement.clocks.tasks import CLOCKS
from procurement.inbox.models import ExceptionCase
from tests.builders.inbox import answer, piece
from tests.builders.notices import html_of, mailed
from tests.builders.world import a_line, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

SOON = datetime.now(UTC).date() + timedelta(days=30)
WEDNESDAY = 2


def a_wednesday_at_ten(at):
    """The next time everybody's office is open: a ladder calls nobody at night or on a Sunday."""
    day = at + timedelta(days=(WEDNESDAY - at.weekday()) % 7)
    return day.replace(hour=10, minute=0)


def test_a_late_promise_that_nobody_decides_on_calls_its_buyer_and_then_the_manager(people):
    now = timezone.now()
    order = an_order(lines=[a_line(10, delivery_on=SOON)], at=now)
    answer(order, people["asha"], piece(delivery_on=SOON + timedelta(days=8)), at=now)
    mailed()

    with acting(FEED):
        case = ExceptionCase.objects.get(cause="answer")
    assert (case.holder_id, case.clock is not None, case.due_at is not None) == (
        people["bea"].user.pk,
        True,
        True,
    )

    then = a_wednesday_at_ten(now + timedelta(days=14))
    with acting(CLOCKS):
        advance_clocks(actor=CLOCKS, at=then)
    deliver_due(worker=1, clock=lambda: then, topics=["reactions"])
    letters = mailed()

    called = sorted(one.to[0].partition(" <")[0] for one in letters)
    assert called == ["Bea Buyer", "Max Manager"]
    for letter in letters:
        assert f"/inbox/{case.key}/" in letter.body
        assert f"/inbox/{case.key}/" in html_of(letter)
        assert f"Still to do: Promise later than need · {order.number}" in letter.body
