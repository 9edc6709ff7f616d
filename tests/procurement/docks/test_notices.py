"""Who is told of a time at the dock by mail, and what the mail says."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from portal.kernel.outbox.services import deliver_due
from portal.kernel.scope import acting
from procurement.docks.services import confirm_time, refuse_time
from procurement.notifications.models import Notice
from procurement.notifications.services import send_due
from procurement.notifications.services.gathering import POSTMAN
from procurement.shipments.services import cancel_notice
from tests.builders.docks import an_asked_time, answer, fresh_time
from tests.builders.shipments import do
from tests.people import FEED
from tests.procurement.docks.test_pages import NOW, START, a_shipment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def notices_on(settings):
    settings.NOTICES = True


def told():
    deliver_due(worker=1, clock=lambda: timezone.now() + timedelta(hours=2), topics=["reactions", "notices"])
    with acting(FEED):
        rows = Notice.objects.filter(kind="dock_time").order_by("id")
        return [(one.event_kind.removeprefix("shipment.time_"), one.audience, one.name) for one in rows]


def test_each_side_is_told_of_what_the_other_has_done(people):
    notice = a_shipment(people, 1)
    one = an_asked_time(notice, people["asha"], starts_at=START, at=NOW)
    assert set(told()) == {("asked", "company", "Rex Receiver"), ("asked", "company", "Max Manager")}

    answer(confirm_time, one, people["rex"], door=2, at=NOW)

    confirmed = [row for row in told() if row[0] == "confirmed"]
    assert {name for _kind, _side, name in confirmed} == {"Asha Acme", "Olga Acme", "Sam Both"}
    assert {side for _kind, side, _name in confirmed} == {"supplier"}


def test_what_is_taken_back_gives_its_door_back_by_itself(people):
    notice = a_shipment(people, 1)
    one = an_asked_time(notice, people["asha"], starts_at=START, at=NOW)
    answer(confirm_time, one, people["rex"], at=NOW)
    do(cancel_notice, notice, people["asha"], "Not ready.", at=NOW)

    told()

    assert fresh_time(one).state == "cancelled"


def test_a_mail_names_the_time_with_its_zone_the_reason_and_the_way(people):
    notice = a_shipment(people, 1)
    one = an_asked_time(notice, people["asha"], starts_at=START, at=NOW)
    told()
    answer(refuse_time, one, people["rex"], "Stock-taking.", at=NOW)
    told()
    with acting(POSTMAN):
        assert send_due(at=timezone.now() + timedelta(hours=1))
    told()

    (sent,) = [one for one in mail.outbox if "asha@supplier.example" in one.to[0]]
    assert sent.subject.startswith("The time at the dock for DN-1 is refused")
    assert "(Europe/London)" in sent.body
    assert "Stock-taking." in sent.body
    assert f"/shipments/{notice.key}/" in sent.body
