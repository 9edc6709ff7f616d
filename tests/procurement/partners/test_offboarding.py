"""The business with a supplier ends: begun with notice, ended when nothing is left unsaid, taken up again by hand."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.kernel.actors import Side
from portal.kernel.audit.models import AuditEvent
from portal.kernel.errors import IllegalTransition, Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder
from procurement.acknowledgments.services import acknowledge_order, acknowledge_orders
from procurement.changes.messages import AnswerChange, ProposeChange
from procurement.changes.services import Choice, accept_change, decide_changes, propose_change
from procurement.links.messages import Person, ReplyTo
from procurement.links.models import SignedLink
from procurement.links.services import issue_link
from procurement.links.states import Purpose
from procurement.mailroom.queries import find_sender, side_of_holder
from procurement.notifications.queries import readers_at
from procurement.partners.messages import EndBusiness
from procurement.partners.policies import Share
from procurement.partners.queries import ends_with_it, open_matters
from procurement.partners.services import end_business
from procurement.shipments.services import send_notice
from suppliers.authentication import actor_of_token
from suppliers.banking.queries import payable_accounts
from suppliers.documents.queries import suppliers_after
from suppliers.messages import SupplierPaper
from suppliers.models import ApiToken, Invitation, Membership, Supplier
from suppliers.offboarding.messages import BeginOffboarding
from suppliers.offboarding.models import Offboarding
from suppliers.offboarding.policies import unexplained
from suppliers.offboarding.queries import history_of, standing_for, today_at
from suppliers.offboarding.services import (
    begin_offboarding,
    call_off_offboarding,
    move_last_day,
    reopen_business,
)
from suppliers.onboarding.messages import InviteSuppliers, Target
from suppliers.onboarding.models import OnboardingRun
from suppliers.onboarding.services import invite_suppliers
from suppliers.people.messages import InvitePerson
from suppliers.people.services import invite_person
from suppliers.queries import actor_of
from suppliers.roles import Permission
from suppliers.services import BusinessEnded, add_member, create_token, receive_suppliers, require_business
from tests.builders.bank import an_account, long_known
from tests.builders.changes import an_agreed_order, piece, propose, stands, to
from tests.builders.facts import a_bill, bill
from tests.builders.shipments import begin, named, write
from tests.builders.world import a_paper, fresh, receive
from tests.database import made_once
from tests.people import FEED, make_people

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def once(django_db_setup, django_db_blocker):
    from tests.builders.world import make_world

    with made_once(django_db_blocker):
        suppliers = make_world()
        with acting(FEED):
            people = make_people(suppliers)
        long_known()
        yield people, timezone.now()


@pytest.fixture
def people(once, db):
    return once[0]


@pytest.fixture
def root(people):
    return people["root"].actor


@pytest.fixture
def now(once):
    return once[1] + timedelta(minutes=1)


@pytest.fixture
def acme(people):
    return again()


def again(number="ACME"):
    with acting(FEED):
        return Supplier.objects.get(number=number)


def do(actor, verb, *args, at, **more):
    with acting(actor):
        return verb(*args, actor=actor, at=at, **more)


def begun(root, acme, now, days=30, words="Thank you for eleven good years."):
    last_on = today_at(acme, now) + timedelta(days=days)
    command = BeginOffboarding(acme.key, last_on, "Another source.", words)
    return do(root, begin_offboarding, command, at=now)


def ended(root, row, at, **reasons):
    return do(root, end_business, EndBusiness(row.key, row.version, reasons), at=at)


def facts(kind):
    with acting(FEED):
        return [one.facts for one in AuditEvent.objects.filter(kind=kind).order_by("id")]


def fields(refusal):
    return [one.field for one in refusal.value.problems]


def test_the_rules_without_a_database():
    assert unexplained({"orders": 2, "cases": 1}, {"orders": " ", "cases": "Theirs."}) == ["orders"]
    assert (Share(4, 4).percent, Share(0, 0).percent) == (None, None)
    assert (Share(199, 200).percent, Share(5, 5).percent) == (99, 100)


def test_begun_with_a_day_and_a_reason_and_its_people_are_told(people, root, acme, now):
    early = BeginOffboarding(acme.key, now.date() - timedelta(days=2), "", "x" * 501)
    with pytest.raises(Invalid) as refusal:
        do(root, begin_offboarding, early, at=now)
    assert fields(refusal) == ["reason", "words", "last_on"]
    with pytest.raises(Invalid):
        begun(root, acme, now, days=3 * 366 + 2)
    for who in ("asha", "bea", "otto", "ada"):
        with pytest.raises((NotAllowed, NotFound)):
            begun(people[who].actor, acme, now)

    row = begun(root, acme, now)

    assert (row.state, row.begun_by, again().leaving_on, again().left_at) == (
        "begun",
        "Root Admin",
        row.last_on,
        None,
    )
    (told,) = facts("offboarding.begun")
    assert (told["last_on"], told["words"]) == (row.last_on.isoformat(), "Thank you for eleven good years.")
    assert "Another source." not in str(told)
    assert sorted(one["address"] for one in told["tell"]) == [
        f"{name}@supplier.example" for name in ("arun", "asha", "olga", "sam")
    ]
    with pytest.raises(IllegalTransition):
        begun(root, acme, now)
    # The ERP goes on telling of the supplier, and changes nothing of it.
    with acting(FEED):
        receive_suppliers([SupplierPaper("ACME", "Acme Valves", "IN", "EUR", "en", "Asia/Kolkata", "core")])
    assert again().leaving_on == row.last_on


def test_a_supplier_has_no_way_to_it(people, root, acme, now):
    row = begun(root, acme, now)
    with pytest.raises(DatabaseError), transaction.atomic(), acting(people["asha"].actor):
        connection.cursor().execute("SELECT reason FROM suppliers_offboarding")
    with pytest.raises(NotAllowed):
        do(people["bea"].actor, move_last_day, row.key, row.version, row.last_on, at=now)


def test_moved_and_called_off_and_begun_anew(root, acme, now):
    row = begun(root, acme, now)
    later = row.last_on + timedelta(days=10)
    moved = do(root, move_last_day, row.key, row.version, later, at=now)
    assert (moved.last_on, again().leaving_on, moved.version) == (later, later, 2)
    assert facts("offboarding.day_moved")[0]["was_on"] == row.last_on.isoformat()
    with pytest.raises(StaleDocument):
        do(root, call_off_offboarding, row.key, row.version, "They stay.", at=now)
    with pytest.raises(Invalid) as refusal:
        do(root, call_off_offboarding, row.key, None, " ", at=now)
    assert fields(refusal) == ["why"]

    off = do(root, call_off_offboarding, row.key, moved.version, "They stay.", at=now)

    assert (off.state, off.over_by, again().leaving_on) == ("called_off", "Root Admin", None)
    with pytest.raises(IllegalTransition):
        ended(root, off, now)
    assert begun(root, acme, now).state == "begun"
    with acting(root):
        assert [one.state for one in history_of(acme, actor=root)] == ["begun", "called_off"]


def test_not_before_the_last_day_and_not_with_something_unsaid(root, acme, now):
    receive(a_paper("4500000001"), at=now)
    bill(a_bill())
    row = begun(root, acme, now, days=5)
    last = now + timedelta(days=6)
    with acting(root):
        assert open_matters(acme, actor=root) == {"orders": 1, "bills": 1}
    with pytest.raises(Invalid) as refusal:
        ended(root, row, last, orders="Comes by lorry on Monday.")
    assert fields(refusal) == ["reason_bills"]
    with pytest.raises(Invalid) as refusal:
        ended(root, row, now, orders="Comes on Monday.", bills="Paid on Friday.")
    assert fields(refusal) == ["last_on"]
    assert standing(acme).state == "begun"

    over = ended(root, row, last, orders="Comes on Monday.", bills="Paid on Friday.")

    assert over.left == [
        {"kind": "orders", "count": 1, "reason": "Comes on Monday."},
        {"kind": "bills", "count": 1, "reason": "Paid on Friday."},
    ]


def standing(acme):
    with acting(FEED):
        return standing_for(acme)


def test_with_the_end_nobody_gets_in_and_nobody_is_asked_any_more(people, root, acme, now):
    account = an_account(people)
    token = do(root, create_token, "Feed", "read", supplier=acme, at=now)
    do(root, invite_person, InvitePerson("new@acme.example", "orders", acme.pk), at=now)
    do(root, invite_suppliers, InviteSuppliers((Target("ACME"),)), at=now)
    to = Person("asha@supplier.example", "Asha Acme")
    with acting(FEED):
        issue_link(to, supplier_id=acme.pk, stream="order:x", purpose=Purpose.READ, actor=FEED, at=now)
    row = begun(root, acme, now, days=0)
    with acting(root):
        counted = ends_with_it(acme, actor=root, at=now)
        assert counted == {"people": 4, "invitations": 1, "tokens": 1, "links": 1}
        assert payable_accounts(acme.pk, "EUR", actor=root) == [account]
        assert actor_of_token(token.secret, at=now) is not None

    over = ended(root, row, now)

    assert over.stopped == {"people": 4, "invitations": 1, "tokens": 1, "links": 1}
    assert (over.state, over.left, again().left_at) == ("ended", [], now)
    with acting(FEED):
        assert not Membership.objects.filter(supplier=acme).exists()
        assert ApiToken.objects.get(pk=token.token.pk).revoked_by == "Root Admin"
        assert [one.state for one in Invitation.objects.filter(supplier=acme)] == ["revoked"]
        assert OnboardingRun.objects.get(supplier=acme).state == "withdrawn"
        assert SignedLink.objects.get(supplier=acme).revoked_at == now
        assert readers_at([acme.pk], Permission.ORDER_ACKNOWLEDGE) == {}
        assert payable_accounts(acme.pk, "EUR", actor=FEED) == []
        assert acme.pk not in [one.pk for one in suppliers_after(0, 100)]
    # Whoever acts for another supplier as well goes on there; their sessions ended all the same.
    assert actor_of(people["asha"].user) is None
    sam = people["sam"].user
    assert actor_of(sam).supplier_ids == (again("GLOBEX").pk,)
    sam.refresh_from_db()
    assert sam.session_round == 1
    assert actor_of_token(token.secret, at=now) is None
    # One mail each: of the end, and none besides of the role.
    assert [one["tell"] for one in facts("supplier.member_removed")] == [[]] * 4
    assert len(facts("offboarding.ended")[0]["tell"]) == 4


def test_what_still_comes_and_what_is_refused_after_the_end(people, root, acme, now):
    row = begun(root, acme, now, days=0)
    asha = people["asha"].actor
    receive(a_paper("4500000001"), at=now)
    written_to = ReplyTo("order:x", acme.pk, None, Person("sales@acme.example", "Acme Valves"))
    with acting(FEED):
        assert find_sender("sales@acme.example").supplier_ids == {acme.pk}
        assert side_of_holder(written_to) == Side.SUPPLIER
    ended(root, row, now, orders="The ERP closes it.")

    # Nobody speaks for it by mail either.
    with acting(FEED):
        assert not find_sender("sales@acme.example").is_known
        assert side_of_holder(written_to) is None
    receive(a_paper("4500000002"), at=now)
    assert fresh("4500000002").state == "issued"
    order = fresh("4500000001")
    with pytest.raises(BusinessEnded), acting(asha):
        acknowledge_order(AcknowledgeOrder(order.key, order.version, ()), actor=asha, at=now)
    with pytest.raises(BusinessEnded), acting(asha):
        require_business(acme.pk, actor=asha)
    with acting(root):
        require_business(acme.pk, actor=root)
    with pytest.raises(Invalid) as refusal:
        do(root, invite_person, InvitePerson("new@acme.example", "orders", acme.pk), at=now)
    assert refusal.value.problems[0].code == "left"
    with pytest.raises(Invalid):
        do(root, create_token, "Feed", "read", supplier=again(), at=now)
    with pytest.raises(Invalid):
        do(root, add_member, people["asha"].user, again(), "orders", at=now)
    outcome = do(root, invite_suppliers, InviteSuppliers((Target("ACME"),)), at=now)
    assert [one.code for one in outcome.problems] == ["left"]


def test_goods_that_have_left_get_their_notice_and_nothing_new_is_promised(people, root, acme, now):
    """Asha's pages were open, her notice was written and her sheet looked at when the business ended."""
    asha, bea = people["asha"], people["bea"]
    agreed = an_agreed_order(asha)
    wish = propose(agreed, bea, to(piece(100, date(2026, 4, 9))))
    on_its_way = {"ship_on": now.date(), "delivery_on": now.date() + timedelta(days=5)}
    notice = write(begin(fresh("4500000001"), asha, {"L20": None}), asha, **on_its_way)
    receive(a_paper("4500000002"), at=now)
    waiting = fresh("4500000002")
    ended(
        root,
        begun(root, acme, now, days=0),
        now,
        orders="The ERP closes them.",
        changes="Over.",
        cases="Too.",
    )

    answer = AcknowledgeOrder(waiting.key, waiting.version, rest_as_asked=True)
    for verb, command in (
        (acknowledge_order, answer),
        (propose_change, ProposeChange(agreed.key, fresh("4500000001").version, "L20", to(piece(1)))),
        (accept_change, AnswerChange(wish.key, wish.version)),
    ):
        with pytest.raises(BusinessEnded) as refusal:
            do(asha.actor, verb, command, at=now)
        assert refusal.value.code == "business_ended"
        assert refusal.value.message.startswith("Your business with this customer has ended.")
    (many,) = do(asha.actor, acknowledge_orders, [answer], at=now)
    assert isinstance(many.refusal, BusinessEnded)
    (decided,) = do(asha.actor, decide_changes, [Choice(wish.key, wish.version)], "accept", at=now)
    assert decided.refusal == refusal.value.message
    assert fresh("4500000002").version == waiting.version
    assert stands(wish).state == "proposed"

    sent = do(asha.actor, send_notice, named(notice), at=now)
    assert sent.notice.state == "sent"
    # What has to be said still, our people say in its name.
    do(bea.actor, acknowledge_order, answer, at=now)
    assert fresh("4500000002").version > waiting.version


def test_taken_up_again_with_a_reason_and_nobody_gets_back_in_by_it(people, root, acme, now):
    account = an_account(people)
    row = ended(root, begun(root, acme, now, days=0), now)
    with pytest.raises(IllegalTransition):
        do(root, call_off_offboarding, row.key, None, "They stay.", at=now)

    back = do(root, reopen_business, row.key, row.version, "The other source failed.", at=now)

    assert (back.state, back.why, again().left_at, again().leaving_on) == (
        "reopened",
        "The other source failed.",
        None,
        None,
    )
    assert actor_of(people["asha"].user) is None
    assert "tell" not in facts("offboarding.reopened")[0]
    with acting(root):
        assert payable_accounts(acme.pk, "EUR", actor=root) == [account]
    do(root, invite_person, InvitePerson("asha@supplier.example", "administrator", acme.pk), at=now)
    assert begun(root, acme, now).state == "begun"


def test_the_database_keeps_one_that_stands_and_says_why(root, acme, now):
    row = begun(root, acme, now)
    for wrong in (
        {"state": "called_off"},
        {"state": "ended"},
        {"state": "gone"},
        {"reason": ""},
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), acting(root):
            Offboarding.objects.filter(pk=row.pk).update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic(), acting(root):
        Offboarding.objects.create(
            supplier=acme, reason="x", last_on=row.last_on, begun_at=now, begun_by="Root Admin"
        )
    with pytest.raises(DatabaseError), transaction.atomic(), acting(root):
        Supplier.objects.filter(pk=acme.pk).update(left_at=now, leaving_on=None)
