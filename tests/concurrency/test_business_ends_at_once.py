"""The business ends while the supplier sends an invoice, or two press the button: real threads."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.services import acknowledge_order
from procurement.invoices.services import send_invoice
from procurement.partners.messages import EndBusiness
from procurement.partners.services import end_business
from suppliers.models import Membership, Supplier, User
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.queries import today_at
from suppliers.offboarding.services import begin_offboarding
from suppliers.people.messages import InvitePerson
from suppliers.people.services import accept_invitation, invite_person
from tests.builders.changes import an_agreed_order
from tests.builders.invoices import a_draft_invoice, fresh_invoice, named
from tests.builders.world import an_order
from tests.concurrency.at_once import at_once, kinds
from tests.concurrency.test_two_manage_people import inside
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme(world):
    return world["ACME"]


def begun(root, acme):
    now = timezone.now()
    command = BeginOffboarding(acme.key, today_at(acme, now), "Another source.")
    with acting(root):
        return begin_offboarding(command, actor=root, at=now - timedelta(hours=1))


def ending(root, row, **reasons):
    return inside(root, end_business, EndBusiness(row.key, row.version, reasons))


def stored(row):
    with acting(FEED):
        return Offboarding.objects.get(pk=row.pk)


@pytest.mark.parametrize("_time", range(3))
def test_an_invoice_is_sent_before_the_end_and_counted_or_not_at_all(people, acme, _time):
    root, asha = people["root"].actor, people["asha"].actor
    invoice = a_draft_invoice(an_agreed_order(people["asha"]), people["asha"])
    row = begun(root, acme)
    # All that there is but the invoice may be left: whether there is one, the count says.
    end = ending(root, row, orders="Closed by the ERP.", cases="Closed with it.")
    sent, over = at_once(inside(asha, send_invoice, named(invoice)), end)

    state = fresh_invoice(invoice).state
    if stored(row).state == "ended":
        assert (type(sent).__name__, state) == ("BusinessEnded", "draft"), sent
    else:
        assert (type(over).__name__, type(sent).__name__) == ("Invalid", "Sent"), (over, sent)
        assert [one.field for one in over.problems] == ["reason_invoices"]
        assert state != "draft"


@pytest.mark.parametrize("_time", range(3))
def test_an_answer_is_given_before_the_end_or_not_at_all(people, world, _time):
    """Each order that is answered was answered before the count; the other stays as the ERP asks for it."""
    root, asha = people["root"].actor, people["asha"]
    order = an_order("4500000007")
    row = begun(root, world["ACME"])
    command = AcknowledgeOrder(order.key, order.version, rest_as_asked=True)

    given, over = at_once(
        inside(asha.actor, acknowledge_order, command), ending(root, row, orders="The ERP closes it.")
    )

    assert type(over).__name__ == "Offboarding", over
    with acting(FEED):
        answers = OrderAcknowledgment.objects.filter(order=order).count()
    assert (type(given).__name__, answers) in (("Acknowledged", 1), ("BusinessEnded", 0)), given


def test_two_end_it_and_it_ends_once(people, acme):
    root, row = people["root"].actor, begun(people["root"].actor, acme)

    came = at_once(ending(root, row), ending(root, row))

    assert kinds(came) == Counter({"Offboarding": 1, "StaleDocument": 1})
    assert stored(row).stopped["people"] == 4


def test_an_invitation_is_accepted_before_the_end_or_opens_nothing(people, acme):
    root, row = people["root"].actor, begun(people["root"].actor, acme)
    with acting(FEED):
        nina = User.objects.create_user("nina@acme.example", name="Nina New")
        paper = InvitePerson("nina@acme.example", "orders", acme.pk)
    with acting(root):
        invitation = invite_person(paper, actor=root, at=timezone.now())

    came = at_once(inside(root, accept_invitation, invitation, nina), ending(root, row))

    assert kinds(came) in (
        Counter({"Offboarding": 1, "NoneType": 1}),
        Counter({"Offboarding": 1, "InvitationOver": 1}),
    )
    with acting(FEED):
        assert not Membership.objects.filter(supplier=acme).exists()
        assert Supplier.objects.get(pk=acme.pk).left_at is not None
