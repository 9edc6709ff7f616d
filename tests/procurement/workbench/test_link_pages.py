"""The page behind a signed link: what it shows, what a press does, and what it never does."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.kernel.audit.models import AuditEvent
from portal.kernel.scope import acting
from procurement.acknowledgments.models import DraftAnswer, OrderAcknowledgment
from procurement.links.messages import Person
from procurement.links.models import SignedLink
from procurement.links.queries import person_of
from procurement.links.services import issue_link
from procurement.links.states import Purpose
from procurement.orders.models import Promise
from procurement.threads.models import Message
from tests.builders.changes import A_WEEK, agree, propose, stands
from tests.builders.notices import links_in, mailed
from tests.builders.world import a_line, a_paper, an_order, fresh, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
NEXT_MONTH = timezone.localdate() + timedelta(days=40)
A_WEEK_LATER = (NEXT_MONTH + timedelta(days=9)).isoformat()
CLERK = Person("clerk@acme.example", "Kiran")


def line(number=10, **changed):
    return a_line(number, delivery_on=NEXT_MONTH, **changed)


def asked(number="4500000001", count=2):
    return an_order(number, [line(10 * n) for n in range(1, count + 1)], ordered_on=TODAY, at=timezone.now())


def a_link(order, person=CLERK, purpose=Purpose.ANSWER, at=None):
    with acting(FEED):
        return issue_link(
            person,
            supplier_id=order.supplier_id,
            stream=order.stream,
            order_id=order.pk,
            purpose=purpose,
            actor=FEED,
            at=at or timezone.now(),
        )


def again(link):
    with acting(FEED):
        return SignedLink.objects.get(pk=link.pk)


def page(link):
    return Client().get(reverse("link", args=[link.token]))


def press(link, door="answer", /, client=None, **fields):
    address = reverse(f"link-{door}", args=[link.token])
    return (client or Client()).post(address, fields)


def facts_on(order, kind):
    with acting(FEED):
        return list(AuditEvent.objects.filter(stream=order.stream, kind=kind).values_list("facts", flat=True))


def counts():
    """Everything a write could have left behind."""
    with acting(FEED):
        return (
            AuditEvent.objects.count(),
            OrderAcknowledgment.objects.count(),
            DraftAnswer.objects.count(),
            Promise.objects.count(),
            Message.objects.count(),
            SignedLink.objects.filter(used_at=None, opened_at=None, revoked_at=None).count(),
        )


def said_by(response):
    """What a page says, without what differs from one time to the next."""
    return re.sub(r'(value|action)="[^"]*"', "", response.text)


class TestOpening:
    """Opening shows, and does nothing."""

    def test_shows_the_order_without_an_account_and_without_a_session(self, world):
        link = a_link(asked())

        response = page(link)

        assert response.status_code == 200
        assert "VALVE-15" in response.text
        assert "Confirm the order as it is" in response.text
        assert "sessionid" not in response.cookies
        assert not [name for name in response.cookies if "session" in name]

    def test_changes_nothing_however_often_a_scanner_opens_it(self, world):
        link = a_link(asked())
        before = counts()

        for _time in range(3):
            assert page(link).status_code == 200
            assert Client().head(reverse("link", args=[link.token])).status_code == 200

        assert counts() == before

    @pytest.mark.parametrize("name", ["answer", "message", "forward", "seen", "refuse", "renew"])
    def test_no_address_of_it_does_anything_by_get(self, world, name):
        link = a_link(asked())
        before = counts()

        assert Client().get(reverse(f"link-{name}", args=[link.token])).status_code == 405
        assert counts() == before

    def test_a_press_needs_the_pages_own_token_against_forgery(self, world):
        link = a_link(asked())

        response = press(link, client=Client(enforce_csrf_checks=True), send="1")

        assert response.status_code == 403
        assert again(link).used_at is None

    def test_is_kept_out_of_search_engines_caches_and_others_logs(self, world):
        response = page(a_link(asked()))

        assert response["Referrer-Policy"] == "strict-origin"
        assert "noindex" in response["X-Robots-Tag"]
        assert "no-store" in response["Cache-Control"]

    def test_shows_no_internal_note_and_nothing_of_another_supplier(self, people):
        order = asked()
        with acting(people["bea"].actor):
            from procurement.threads.messages import NewMessage
            from procurement.threads.services import send_message

            for internal, text in ((True, "They are always late."), (False, "Please hurry.")):
                note = NewMessage(order.key, text, internal=internal)
                send_message(note, actor=people["bea"].actor, at=timezone.now())
        receive(a_paper("9900000009", supplier="GLOBEX"), at=timezone.now())

        text = page(a_link(order)).text

        assert "Please hurry." in text
        assert "always late" not in text
        assert "9900000009" not in text


class TestAnswering:
    """One press confirms; a changed field is sent with the rest as asked; and each link is good for one answer."""

    def test_one_press_confirms_the_order(self, world):
        order = asked()
        link = a_link(order)

        response = press(link, send="1", version=order.version)

        assert response.status_code == 303
        assert fresh().agreement == "agreed"
        with acting(FEED):
            paper = OrderAcknowledgment.objects.get()
        assert (paper.channel, paper.sent_by, paper.sent_by_user_id, paper.on_behalf) == (
            "link",
            "Kiran",
            None,
            False,
        )
        assert again(link).acted_on == ["answer"]
        assert "Your answer is sent" in Client().get(response["Location"]).text

    def test_another_date_goes_to_the_buyer(self, world):
        order = asked()
        link = a_link(order)

        fields = {
            "quantity.L10.0": "100",
            "delivery_on.L10.0": A_WEEK_LATER,
            "price.L10.0": "6.85",
            "version": order.version,
            "revision": order.revision,
            "send": "1",
        }
        assert press(link, **fields).status_code == 303

        with acting(FEED):
            days = set(Promise.objects.filter(state="proposed").values_list("delivery_on", flat=True))
        assert [str(day) for day in days] == [A_WEEK_LATER]

    def test_a_wrong_field_is_told_and_nothing_is_sent(self, world):
        order = asked()
        link = a_link(order)

        fields = {
            "quantity.L10.0": "about 50",
            "delivery_on.L10.0": A_WEEK_LATER,
            "price.L10.0": "6.85",
            "version": order.version,
            "send": "1",
        }
        response = press(link, **fields)

        assert response.status_code == 422
        assert "is not a number" in response.text
        assert again(link).used_at is None

    def test_a_line_is_refused_with_a_reason(self, world):
        order = asked()
        link = a_link(order)

        assert press(link, refuse="L10", version=order.version).status_code == 303
        assert "Why you refuse it" in page(link).text
        fields = {
            "kind.L10.0": "refuse",
            "quantity.L10.0": "100",
            "reason.L10.0": "obsolete_item",
            "version": order.version,
            "mark.L10": _mark_in(page(link).text),
            "send": "1",
        }
        assert press(link, **fields).status_code == 303

        with acting(FEED):
            assert Promise.objects.filter(kind="refuse").count() == 1

    def test_while_one_types_the_page_says_what_would_happen(self, world):
        order = asked()
        link = a_link(order)

        response = Client().post(
            reverse("link-answer", args=[link.token]),
            {
                "quantity.L10.0": "100",
                "delivery_on.L10.0": A_WEEK_LATER,
                "price.L10.0": "6.85",
                "version": order.version,
            },
            headers={"HX-Request": "true"},
        )

        assert response.status_code == 200
        assert "Goes to Bea" in response.text
        assert again(link).used_at is None
        with acting(FEED):
            assert DraftAnswer.objects.count() == 1

    def test_is_single_use(self, people):
        order = asked()
        link = a_link(order)
        press(link, send="1", version=order.version)
        receive(a_paper(revision="2", lines=[line(10, quantity=Decimal(200)), line(20)]), at=timezone.now())

        shown = page(link)
        response = press(link, send="1", version=fresh().version)

        assert "This link was used for an answer before" in shown.text
        assert response.status_code == 409
        assert "was used for its answer already" in response.text
        with acting(FEED):
            assert OrderAcknowledgment.objects.count() == 1

    def test_explains_that_a_colleague_was_quicker(self, people):
        order = asked()
        link = a_link(order)
        agree(order, people["asha"], at=timezone.now())

        assert "Asha Acme answered revision 1" in page(link).text
        response = press(link, send="1", version=order.version)

        assert response.status_code == 409
        assert again(link).used_at is None

    def test_explains_that_the_order_was_revised_meanwhile(self, people):
        order = asked()
        link = a_link(order)
        receive(a_paper(revision="2", lines=[line(10, quantity=Decimal(200)), line(20)]), at=timezone.now())

        response = press(link, send="1", version=order.version, revision=order.revision)

        assert response.status_code == 409
        assert again(link).used_at is None
        assert press(link, send="1", version=fresh().version, revision=2).status_code == 303

    def test_a_blocked_supplier_only_reads(self, people):
        order = asked()
        link = a_link(order)
        with acting(FEED):
            order.supplier.state = "blocked"
            order.supplier.save()

        assert page(link).status_code == 200
        assert press(link, send="1", version=order.version).status_code == 403

    def test_where_the_company_says_so_one_signs_in_first(self, world, settings):
        settings.LINK_SIGN_IN_SEGMENTS = ["core"]
        order = asked()
        link = a_link(order)

        assert "Sign in to answer" in page(link).text
        assert press(link, send="1", version=order.version).status_code == 403
        assert fresh().agreement == "awaiting"


def _mark_in(text):
    return text.partition('name="mark.L10" value="')[2].partition('"')[0]


class TestWhoseItIs:
    """A link opens one document, for one person, for as long as it is theirs."""

    def test_a_user_may_do_no_more_than_their_role(self, people):
        order = asked()
        link = a_link(order, person_of(people["arun"].user))

        assert "Confirm the order" not in page(link).text
        assert press(link, send="1", version=order.version).status_code == 403

    def test_a_user_who_left_opens_nothing(self, people):
        order = asked()
        link = a_link(order, person_of(people["olga"].user))
        people["olga"].user.is_active = False
        people["olga"].user.save()

        assert page(link).status_code == 410

    @pytest.mark.parametrize("token", ["x", "A" * 46, "../../etc/passwd"])
    def test_what_is_no_link_gets_the_same_page_as_one_that_has_run_out(self, world, token):
        old = a_link(asked(), at=timezone.now() - timedelta(days=15))
        strange = Client().get(f"/l/{token}/")

        assert page(old).status_code == 410
        assert strange.status_code in (404, 410)
        if strange.status_code == 410:
            assert said_by(strange) == said_by(page(old))

    def test_a_link_to_read_answers_nothing(self, world):
        order = asked()
        link = a_link(order, purpose=Purpose.READ)

        assert press(link, send="1", version=order.version).status_code == 403

    def test_a_link_opens_no_change_of_another_order(self, people):
        first = asked()
        second = agree(asked("4500000002"), people["asha"], at=timezone.now())
        other = propose(second, people["bea"], A_WEEK, at=timezone.now())
        link = a_link(first)

        address = reverse("link-change", args=[link.token, other.key])
        assert Client().post(address, {"verb": "accept", "version": 1}).status_code == 404

    def test_a_link_opens_nothing_of_another_supplier(self, people):
        receive(a_paper("9900000009", supplier="GLOBEX"), at=timezone.now())
        link = a_link(asked())

        address = reverse("link-open", args=[link.token, fresh("9900000009").key])
        assert Client().post(address).status_code == 404

    def test_other_open_work_opens_by_a_link_of_its_own(self, people):
        link = a_link(asked())
        other = asked("4500000002")

        assert "Another order waits for your company" in page(link).text
        response = Client().post(reverse("link-open", args=[link.token, other.key]))

        assert response.status_code == 303
        assert "Order 4500000002 from" in Client().get(response["Location"]).text
        with acting(FEED):
            made = SignedLink.objects.get(made_from=link)
        assert (made.order_id, made.expires_at, made.forwarded) == (other.pk, again(link).expires_at, False)

    def test_what_was_used_is_not_made_new_by_going_round_through_other_orders(self, people):
        order, other = asked(), asked("4500000002")
        link = a_link(order)
        assert press(link, "answer", send="1").status_code == 303

        def opened(token, to):
            response = Client().post(reverse("link-open", args=[token, to.key]))
            return response["Location"].split("/")[2]

        assert opened(link.token, order) == link.token
        beside = opened(link.token, other)
        assert opened(beside, order) == link.token
        assert opened(link.token, other) == beside, "one link to each order, however often it is pressed"
        with acting(FEED):
            assert SignedLink.objects.count() == 2

    def test_a_link_to_read_with_gives_itself_no_right_to_answer(self, people):
        order = asked()
        link = a_link(order, purpose=Purpose.READ)

        response = Client().post(reverse("link-open", args=[link.token, order.key]))

        assert response["Location"] == reverse("link", args=[link.token])

    def test_not_me_ends_it_and_all_that_came_of_it(self, people):
        order = asked()
        link = a_link(order)
        press(link, "forward", address="mina@acme.example")

        assert press(link, "refuse").status_code == 200

        assert page(link).status_code == 410
        with acting(FEED):
            assert SignedLink.objects.filter(revoked_at=None).count() == 0
        assert facts_on(order, "link.refused")[0]["to"] == "clerk@acme.example"


class TestEnding:
    """A buyer sees who got a link, and ends it."""

    def test_a_buyer_ends_a_link_at_once(self, people, client):
        order = asked()
        link = a_link(order)
        client.force_login(people["bea"].user)

        story = client.get(reverse("order-story", args=[order.key])).text
        response = client.post(reverse("order-link-end", args=[order.key, link.key]))

        assert "clerk@acme.example" in story
        assert link.token not in story
        assert response.status_code == 303
        assert page(link).status_code == 410
        assert facts_on(order, "link.revoked")[0]["to"] == "clerk@acme.example"

    def test_a_revoked_one_is_not_renewed(self, people, client):
        link = a_link(asked())
        mailed()
        client.force_login(people["bea"].user)
        client.post(reverse("order-link-end", args=[fresh().key, link.key]))

        press(link, "renew")

        assert mailed() == []


class TestForwarding:
    """A colleague gets a link of their own; who forwarded to whom is written down."""

    def test_a_colleague_gets_a_link_to_this_order_alone(self, people):
        order = asked()
        asked("4500000002")
        mailed()
        link = a_link(order)

        assert press(link, "forward", address="Mina@Acme.example", name="Mina").status_code == 303

        (letter,) = mailed()
        assert letter.to == ["Mina <mina@acme.example>"]
        (path,) = set(links_in(letter))
        shown = Client().get(path)
        assert "Order 4500000001 from" in shown.text
        assert "4500000002" not in shown.text
        assert "Forward to a colleague" not in shown.text
        assert facts_on(order, "link.forwarded")[0] | {"link": ""} == {
            "link": "",
            "to": "mina@acme.example",
            "purpose": "answer",
            "by": "clerk@acme.example",
        }

    @pytest.mark.parametrize("address", ["", "mina", "a@b", "x" * 300 + "@acme.example"])
    def test_to_what_is_no_address_nothing_goes(self, world, address):
        link = a_link(asked())

        assert press(link, "forward", address=address).status_code == 422

    def test_not_more_often_than_a_few_times(self, world):
        link = a_link(asked())

        codes = [press(link, "forward", address=f"n{n}@acme.example").status_code for n in range(6)]

        assert codes == [303] * 5 + [422]


class TestANewOne:
    """One press sends another link to the same address, whoever presses."""

    def test_is_mailed_to_the_same_address(self, people):
        order = asked()
        mailed()
        old = a_link(order, at=timezone.now() - timedelta(days=15))

        response = press(old, "renew")

        assert response.status_code == 200
        (letter,) = mailed()
        assert letter.to == ["Kiran <clerk@acme.example>"]
        (path,) = set(links_in(letter))
        assert Client().get(path).status_code == 200

    def test_says_the_same_for_a_link_that_never_was(self, people):
        old = a_link(asked(), at=timezone.now() - timedelta(days=15))
        strange = Client().post(reverse("link-renew", args=["A" * 46]))

        assert strange.text == press(old, "renew").text

    def test_is_sent_three_times_an_hour(self, people):
        order = asked()
        mailed()
        old = a_link(order, at=timezone.now() - timedelta(days=15))

        for _time in range(5):
            press(old, "renew")

        assert len(mailed()) == 3

    def test_of_a_forwarded_one_opens_no_more_than_that(self, people):
        order = asked()
        asked("4500000002")
        link = a_link(order)
        press(link, "forward", address="mina@acme.example")
        with acting(FEED):
            forwarded = SignedLink.objects.get(forwarded=True)
            SignedLink.objects.filter(pk=forwarded.pk).update(expires_at=timezone.now())
        mailed()

        press(forwarded, "renew")
        (letter,) = mailed()

        assert "4500000002" not in Client().get(links_in(letter)[0]).text


class TestAChange:
    """A change that the buyer asks for is answered on the same page."""

    def wished(self, people):
        order = agree(asked(), people["asha"], at=timezone.now())
        return order, propose(order, people["bea"], A_WEEK, at=timezone.now())

    def send(self, link, change, **fields):
        return Client().post(reverse("link-change", args=[link.token, change.key]), fields)

    def test_is_accepted_with_one_press(self, people):
        order, change = self.wished(people)
        link = a_link(order, purpose=Purpose.CHANGE)

        assert "A change of line" in page(link).text
        assert self.send(link, change, verb="accept", version=change.version).status_code == 303
        assert stands(change).state == "accepted"
        assert again(link).acted_on == [str(change.key)]

    def test_a_decline_owes_a_reason(self, people):
        order, change = self.wished(people)
        link = a_link(order, purpose=Purpose.CHANGE)

        assert self.send(link, change, verb="decline", version=change.version).status_code == 422
        assert self.send(link, change, verb="decline", version=change.version, note="No.").status_code == 303
        assert stands(change).state == "declined"

    def test_is_countered_once_with_a_link(self, people):
        order, change = self.wished(people)
        link = a_link(order, purpose=Purpose.CHANGE)
        wish = {"quantity.0": "100", "delivery_on.0": A_WEEK_LATER, "price.0": "6.85", "version": 1}

        assert self.send(link, change, verb="counter", **wish).status_code == 303
        assert stands(change).state == "countered"
        assert self.send(link, change, verb="accept", version=2).status_code == 409

    def test_explains_what_happened_meanwhile(self, people):
        order, change = self.wished(people)
        link = a_link(order, purpose=Purpose.CHANGE)
        from procurement.changes.messages import AnswerChange
        from procurement.changes.services import withdraw_change

        with acting(people["bea"].actor):
            withdraw_change(
                AnswerChange(change.key, change.version), actor=people["bea"].actor, at=timezone.now()
            )

        assert self.send(link, change, verb="accept", version=change.version).status_code == 409
        assert again(link).used_at is None


class TestSpeaking:
    """A message lands in the order's thread under the person's name."""

    def test_a_message_is_the_persons(self, world):
        order = asked()

        assert press(a_link(order), "message", body="Which drawing?").status_code == 303

        with acting(FEED):
            said = Message.objects.get()
        assert (said.body, said.author, said.author_side, said.channel, said.internal) == (
            "Which drawing?",
            "Kiran",
            "supplier",
            "link",
            False,
        )

    def test_an_empty_one_is_none(self, world):
        assert press(a_link(asked()), "message", body=" ").status_code == 422


def test_a_person_who_touches_the_page_has_seen_the_order(world):
    order = asked()
    link = a_link(order)

    assert press(link, "seen").status_code == 204
    assert press(link, "seen").status_code == 204

    assert again(link).opened_at is not None
    assert len(facts_on(order, "link.opened")) == 1


@pytest.mark.parametrize("lines", [1, 30])
def test_the_page_asks_as_many_questions_for_thirty_lines_as_for_one(world, lines, django_assert_num_queries):
    link = a_link(asked(count=lines))

    with django_assert_num_queries(QUERIES):
        page(link)


QUERIES = 25
