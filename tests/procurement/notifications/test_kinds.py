"""Each kind of notice: whom it reaches, what it says, and what never reaches a supplier."""

from datetime import timedelta
from email.utils import parseaddr

import pytest
from django.utils import timezone

from portal.kernel.actors import Actor
from portal.kernel.audit.models import AuditEvent
from portal.kernel.audit.services import Fact, record_all
from portal.kernel.scope import acting
from procurement.acknowledgments.messages import (
    DECLINE,
    AcknowledgeOrder,
    AnswerPiece,
    DecideAnswer,
    LineAnswer,
)
from procurement.acknowledgments.services import acknowledge_order, decide_answer
from procurement.changes.messages import AnswerChange
from procurement.changes.services import accept_change, decline_change, withdraw_change
from procurement.notifications.models import Notice
from procurement.notifications.policies import HEARD
from procurement.notifications.services.gathering import POSTMAN
from procurement.orders.services import cancel_order
from procurement.threads.messages import NewMessage
from procurement.threads.services import send_message
from tests.builders.changes import A_WEEK, agree, propose
from tests.builders.notices import html_of, mailed, notices, react
from tests.builders.world import a_line, a_paper, an_order, fresh, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
NEXT_MONTH = timezone.localdate() + timedelta(days=40)
CLOCKS = Actor.system("Clocks")


def line(number=10, **changed):
    return a_line(number, delivery_on=NEXT_MONTH, **changed)


@pytest.fixture
def order(people):
    """An order whose news has been told already."""
    made = an_order(lines=[line(10), line(20)], ordered_on=TODAY, at=timezone.now())
    mailed()
    return made


def addresses(letters):
    return sorted(parseaddr(one.to[0])[1] for one in letters)


def told(letters, name):
    return next(one for one in letters if parseaddr(one.to[0])[1].startswith(name))


def say(order, person, text, internal=False):
    with acting(person.actor):
        return send_message(
            NewMessage(order.key, text, internal=internal), actor=person.actor, at=timezone.now()
        )


def tell(order, kind, facts, *, internal=False, actor=CLOCKS):
    with acting(actor):
        fact = Fact(kind, order.stream, order.supplier_id, facts, internal)
        record_all([fact], actor=actor, at=timezone.now())


ACME = ["asha@supplier.example", "olga@supplier.example", "sam@supplier.example"]


def test_a_revision_says_what_moved_from_what_to_what(people, order):
    agree(order, people["asha"], at=timezone.now())
    mailed()
    later = NEXT_MONTH + timedelta(days=7)
    receive(a_paper(lines=[line(10), a_line(20, delivery_on=later)], revision="2"), at=timezone.now())

    letters = mailed()

    assert addresses(letters) == ACME
    letter = letters[0]
    assert letter.subject.startswith("Order 4500000001 changed. Please answer by")
    assert "Revision 2 touches one line. The other one stays as it was" in letter.body
    assert "→" in letter.body
    assert f"{later.day} " in html_of(letter)


def test_a_cancelled_order_is_told_and_asks_for_nothing(people, order):
    with acting(FEED):
        cancel_order(fresh(), "Not needed any more.", actor=FEED, at=timezone.now())

    letter = told(mailed(), "asha")

    assert letter.subject == "Order 4500000001 is cancelled"


def test_what_the_buyer_says_to_an_answer_is_told(people, order):
    asha, bea = people["asha"].actor, people["bea"].actor
    late = AnswerPiece(delivery_on=NEXT_MONTH + timedelta(days=30))
    with acting(asha):
        command = AcknowledgeOrder(order.key, order.version, (LineAnswer("L10", (late,)),))
        acknowledge_order(command, actor=asha, at=timezone.now())
    with acting(bea):
        word = DecideAnswer(order.key, fresh().version, DECLINE, reason="We need it by June.")
        decide_answer(word, actor=bea, at=timezone.now())

    letter = told(mailed(), "olga")

    assert letter.subject.startswith("Bea Buyer did not accept your answer to order 4500000001")
    assert "We need it by June." in letter.body


class TestAChange:
    """The side that owes a word is told, and then the one that asked."""

    def wished(self, people, order, by="bea"):
        agreed = agree(order, people["asha"], at=timezone.now())
        mailed()
        return propose(agreed, people[by], A_WEEK, at=timezone.now())

    def test_the_buyers_wish_reaches_the_supplier(self, people, order):
        self.wished(people, order)

        letters = mailed()

        assert addresses(letters) == ACME
        assert "asks for a change of order 4500000001: date" in letters[0].subject
        assert "/l/" in letters[0].body

    def test_the_suppliers_wish_reaches_the_buyer_and_nobody_else(self, people, order):
        self.wished(people, order, by="asha")

        (letter,) = mailed()

        assert letter.to == ["Bea Buyer <bea@northmoor.example>"]
        assert "/l/" not in letter.body

    def test_a_wish_that_is_taken_back_at_once_is_told_as_such_alone(self, people, order):
        change = self.wished(people, order)
        bea = people["bea"].actor
        with acting(bea):
            withdraw_change(AnswerChange(change.key, change.version), actor=bea, at=timezone.now())

        letter = told(mailed(), "asha")

        assert letter.subject == "Bea Buyer took the wish on order 4500000001 back"

    @pytest.mark.parametrize(
        ("verb", "text"), [(accept_change, "agreed to the change"), (decline_change, "declined the change")]
    )
    def test_the_answer_reaches_who_asked(self, people, order, verb, text):
        change = self.wished(people, order)
        mailed()
        asha = people["asha"].actor
        with acting(asha):
            verb(AnswerChange(change.key, change.version, note="As said."), actor=asha, at=timezone.now())

        (letter,) = mailed()

        assert letter.to == ["Bea Buyer <bea@northmoor.example>"]
        assert text in letter.subject


class TestAMessage:
    """What is said reaches the other side; a note reaches nobody."""

    def test_from_the_buyer_reaches_the_supplier(self, people, order):
        say(order, people["bea"], "Can you hurry?")

        letters = mailed()

        assert addresses(letters) == ACME
        assert "Can you hurry?" in letters[0].body
        assert "Can you hurry?" in html_of(letters[0])

    def test_from_the_supplier_reaches_the_buyer(self, people, order):
        say(order, people["asha"], "The mill is down.")

        (letter,) = mailed()

        assert letter.to == ["Bea Buyer <bea@northmoor.example>"]
        assert "The mill is down." in letter.body

    def test_an_internal_note_reaches_no_supplier(self, people, order):
        say(order, people["bea"], "They are always late.", internal=True)

        assert mailed() == []

    def test_is_escaped_in_html(self, people, order):
        say(order, people["asha"], "<script>alert(1)</script> & co")

        (letter,) = mailed()

        assert "<script>" not in html_of(letter)
        assert "<script>alert(1)</script> & co" in letter.body

    def test_goes_to_managers_where_the_buyer_is_not_with_us(self, people):
        order = an_order("4500000003", [line()], buyer_email="gone@northmoor.example", at=timezone.now())
        mailed()
        say(order, people["asha"], "Hello?")

        assert addresses(mailed()) == ["max@northmoor.example"]


class TestAStepOfALadder:
    """Who is reminded, and who is called in."""

    FACTS = {"clock": "1", "kind": "order.acknowledgment", "whose": "supplier", "overdue": True, "step": 1}

    @pytest.mark.parametrize(
        ("action", "readers"),
        [
            ("remind", ACME),
            ("second_contact", sorted([*ACME, "sales@acme.example"])),
            ("buyer", ["bea@northmoor.example"]),
            ("manager", ["max@northmoor.example"]),
            ("stand_in", ["max@northmoor.example"]),
        ],
    )
    def test_reaches(self, people, order, action, readers):
        internal = action not in ("remind", "second_contact")
        due = (timezone.now() - timedelta(hours=5)).isoformat()
        tell(order, "clock.step_reached", {**self.FACTS, "action": action, "due_at": due}, internal=internal)

        letters = mailed()

        assert addresses(letters) == readers
        assert "The answer was due by" in letters[0].body

    def test_reminds_nobody_who_has_answered(self, people, order):
        tell(order, "clock.step_reached", {**self.FACTS, "action": "remind"})
        agree(order, people["asha"], at=timezone.now())

        assert mailed() == []

    def test_of_our_own_clock_never_reaches_a_supplier(self, people, order):
        facts = {**self.FACTS, "whose": "company", "action": "remind", "label": "Decide on the answer"}
        tell(order, "clock.step_reached", facts, internal=True)

        assert addresses(mailed()) == ["bea@northmoor.example"]


def test_a_mention_reaches_whoever_is_named(people, order):
    facts = {"people": [people["pia"].user.pk], "words": "Can we wait?", "number": 7}
    tell(order, "case.mentioned", facts, internal=True, actor=people["bea"].actor)

    (letter,) = mailed()

    assert letter.to == ["Pia Planner <pia@northmoor.example>"]
    assert "Can we wait?" in letter.body


def test_a_mention_never_reaches_a_supplier_even_if_one_is_named(people, order):
    facts = {"people": [people["asha"].user.pk], "words": "Can we wait?"}
    tell(order, "case.mentioned", facts, internal=True, actor=people["bea"].actor)

    assert mailed() == []


@pytest.mark.parametrize("kind", sorted(HEARD))
def test_nothing_internal_reaches_a_supplier_whatever_its_kind(people, order, kind):
    """Were any fact that is heard internal, no supplier would read a word of it, nor hear that there is one."""
    secret = "ZZ-SECRET"
    facts = {
        "whose": "supplier",
        "action": "remind",
        "words": secret,
        "reason": secret,
        "note": secret,
        "lines": [10],
        "line_count": 1,
        "rules": [],
        "policy": secret,
        "kinds": ["date"],
        "people": [person.user.pk for person in people.values()],
        "changes": [{"line": "10", "field": "note", "old": "", "new": secret, "did": "reopened"}],
        "reopened": [10],
    }
    for actor in (people["bea"].actor, CLOCKS):
        tell(order, kind, facts, internal=True, actor=actor)

    letters = mailed()

    assert all(address.endswith("@northmoor.example") for address in addresses(letters))
    assert all(one.audience == "company" for one in notices(internal=True))
    with acting(POSTMAN):
        facts_told = AuditEvent.objects.filter(kind="notice.sent", internal=False, stream=order.stream)
        assert all(secret not in str(one.facts) for one in facts_told)


def test_the_database_itself_keeps_internal_facts_from_suppliers(people, order):
    from django.db import IntegrityError

    say(order, people["bea"], "Can you hurry?")
    react()
    with pytest.raises(IntegrityError, match="notice_never_internal"), acting(POSTMAN):
        Notice.objects.filter(audience="supplier").update(internal=True)


def test_nobody_is_told_of_what_they_did_themselves(people, order):
    say(order, people["bea"], "One.")
    assert "bea@northmoor.example" not in addresses(mailed())
