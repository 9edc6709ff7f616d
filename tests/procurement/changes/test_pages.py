"""Change requests on the screen: asked for, answered, countered, by the one and by many, without a script."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from portal.kernel.scope import acting
from procurement.catalogue.messages import CompanyPaper
from procurement.catalogue.models import Company
from procurement.catalogue.services import receive_companies
from procurement.changes.models import ChangeReason, OrderChange
from procurement.changes.services import accept_change, edit_change, withdraw_change
from procurement.tolerances.messages import DocumentKind
from procurement.tolerances.presenters.sentences import said_by
from tests.builders import changes
from tests.builders.changes import A_WEEK, agree, piece, say, stands, to
from tests.builders.tolerances import a_rule, an_active_policy
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

# Doors bring their own time.
SOON = datetime.now(UTC).date() + timedelta(days=30)
LATER = SOON + timedelta(days=14)


def an_agreed_order(people, number="4500000001", lines=2):
    asked = [a_line(10 * n, delivery_on=SOON) for n in range(1, lines + 1)]
    return changes.an_agreed_order(people["asha"], number, asked)


def propose(*args, **words):
    return changes.propose(*args, at=timezone.now(), **words)


@pytest.fixture
def at(people):
    """Somebody's browser, signed in."""

    def browser(name):
        client = Client()
        client.force_login(people[name].user)
        return client

    return browser


def page(response):
    return response.content.decode()


def fields(*rows, **more):
    """A wish as its form sends it."""
    sent = {}
    for number, (quantity, day, *price) in enumerate(rows):
        sent |= {
            f"quantity.{number}": quantity,
            f"delivery_on.{number}": day.isoformat() if day else "",
            f"price.{number}": price[0] if price else "",
            f"item_number.{number}": "",
            f"item_description.{number}": "",
        }
    return sent | more


def the_change():
    with acting(FEED):
        return stands(OrderChange.objects.latest("id"))


# --- one request


def test_a_supplier_asks_on_the_order_page_and_the_buyer_accepts(people, at):
    order = an_agreed_order(people)
    asha, bea = at("asha"), at("bea")
    new = reverse("change-new", args=[order.key])
    assert new in page(asha.get(reverse("order", args=[order.key])))
    assert f"{new}?number=10" in page(asha.get(new))
    form = page(asha.get(f"{new}?number=10"))
    assert 'name="quantity.0" value="100"' in form
    assert 'name="quantity.2"' in form

    sent = fields(("60", SOON), ("40", LATER), ("", None), reason="capacity", note="The saw is broken.")
    posted = asha.post(new, sent | {"line": "L10", "version": order.version, "ship_to": "LEEDS"})

    change = the_change()
    assert posted.status_code == 303
    assert posted["Location"] == reverse("change", args=[change.key])
    assert (change.turn, change.kinds) == ("buyer", ["split"])
    mine = page(bea.get(reverse("change-list")))
    assert "The saw is broken." in mine
    assert f"{change.key}.1" in mine
    there = page(bea.get(reverse("change", args=[change.key])))
    assert "Your turn" in there
    assert "Capacity" in there
    done = bea.post(
        reverse("change-answer", args=[change.key]), {"verb": "accept", "version": 1}, follow=True
    )
    assert "Agreed; the ERP is told." in page(done)
    assert the_change().state == "accepted"
    assert "waits for the ERP" in page(bea.get(reverse("order", args=[order.key])))


def test_a_buyers_wish_waits_on_the_suppliers_home_and_order_page(people, at):
    order = an_agreed_order(people)
    asked = propose(order, people["bea"], to(piece(80)))

    home = page(at("asha").get(reverse("home")))
    assert reverse("change", args=[asked.key]) in home
    assert "One change request waits." in home
    assert "One change request waits for your word." in page(
        at("asha").get(reverse("order", args=[order.key]))
    )
    assert "waits for your word" not in page(at("bea").get(reverse("order", args=[order.key])))
    # Nobody of another supplier sees anything of it.
    assert reverse("change", args=[asked.key]) not in page(at("gil").get(reverse("home")))
    assert at("gil").get(reverse("change", args=[asked.key])).status_code == 404


def test_what_is_typed_wrong_comes_back_with_the_field_the_rule_and_the_way_out(people, at):
    order = an_agreed_order(people)
    new = reverse("change-new", args=[order.key])
    sent = fields(("a lot", SOON), note="as typed", line="L10", version=order.version)

    refused = at("asha").post(new, sent)

    assert refused.status_code == 422
    text = page(refused)
    assert "“a lot” is no number" in text
    assert 'href="#quantity-0"' in text
    assert 'value="a lot"' in text
    assert "as typed" in text


def test_nothing_below_what_was_received_on_the_page_either(people, at):
    order = an_agreed_order(people)
    lines = [a_line(10, delivery_on=SOON, received_quantity=Decimal(30)), a_line(20, delivery_on=SOON)]
    receive(a_paper(lines=lines), at=MONDAY + timedelta(days=1))
    sent = fields(("20", SOON), line="L10", version=fresh().version)

    refused = at("bea").post(reverse("change-new", args=[order.key]), sent)

    assert refused.status_code == 422
    assert "30 pcs have been shipped, received or invoiced already" in page(refused)


def test_cancelling_is_a_button_of_its_own(people, at):
    order = an_agreed_order(people)
    sent = fields(("100", SOON), line="L10", version=order.version, cancel="1", reason="obsolete_item")
    at("bea").post(reverse("change-new", args=[order.key]), sent)

    assert the_change().kinds == ["cancel"]


def test_a_buyer_counters_and_the_supplier_puts_its_own_next(people, at):
    order = an_agreed_order(people)
    asked = propose(order, people["asha"], to(piece(None, LATER)))
    revise = reverse("change-revise", args=[asked.key])
    countered = at("bea").post(revise, fields(("50", SOON), ("50", LATER), verb="counter", version="1"))
    assert countered.status_code == 303
    there = page(at("asha").get(reverse("change", args=[asked.key])))
    assert "Your turn" in there
    assert "Counter with another wish" in there
    # The buyer may still put it better.
    edited = at("bea").post(revise, fields(("40", SOON), ("60", LATER), verb="edit", version="2"))
    assert edited.status_code == 303
    late = at("asha").post(reverse("change-answer", args=[asked.key]), {"verb": "accept", "version": 2})
    assert late.status_code == 409
    assert "Another wish is on the table since you opened this page" in page(late)
    assert len(stands(asked).told) == 2


def test_a_price_for_a_hundred_is_countered_as_one_for_a_hundred(people, at):
    order = an_agreed_order(people)
    for_a_hundred = to(piece(price=Decimal(690), price_per=Decimal(100)))
    asked = propose(order, people["asha"], for_a_hundred)
    bea, address = at("bea"), reverse("change-revise", args=[asked.key])

    shown = page(bea.get(reverse("change", args=[asked.key])))
    fields_there = dict(re.findall(r'name="(\w+\.\d)" value="([^"]*)"', shown))
    sent = fields_there | {"delivery_on.0": LATER.isoformat(), "verb": "counter", "version": 1}
    assert bea.post(address, sent).status_code == 303

    (counter,) = stands(asked).told[-1].terms["pieces"]
    assert (counter["price"], counter["price_per"]) == ("690", "100")
    assert "/ 100</span>" in shown


def test_a_decline_without_a_reason_comes_back_with_what_was_typed(people, at):
    order = an_agreed_order(people)
    asked = propose(order, people["asha"], A_WEEK)
    answer = reverse("change-answer", args=[asked.key])

    assert at("bea").post(answer, {"verb": "decline", "version": 1}).status_code == 422
    assert at("bea").post(answer, {"verb": "decline", "version": 1, "note": "No."}).status_code == 303
    assert "No." in page(at("asha").get(reverse("change", args=[asked.key])))


def test_who_countered_too_late_sees_what_was_typed(people, at):
    order = an_agreed_order(people)
    asked = propose(order, people["asha"], A_WEEK)
    changes.revise(edit_change, asked, people["asha"], to(piece(90)), at=timezone.now())

    sent = fields(("77", SOON), note="Only so many.") | {"verb": "counter", "version": 1}
    late = at("bea").post(reverse("change-revise", args=[asked.key]), sent)

    assert late.status_code == 409
    assert '<details class="q-panel" open>' in page(late)
    assert 'name="quantity.0" value="77"' in page(late)


def test_taken_back_by_its_author(people, at):
    order = an_agreed_order(people)
    asked = propose(order, people["asha"], A_WEEK)
    at("olga").post(reverse("change-answer", args=[asked.key]), {"verb": "withdraw", "version": 1})

    assert stands(asked).state == "withdrawn"


def test_a_press_of_nothing_does_nothing(people, at):
    order = an_agreed_order(people)
    asked = propose(order, people["asha"], A_WEEK)

    assert at("bea").post(reverse("change-answer", args=[asked.key]), {"version": 1}).status_code == 422
    assert stands(asked).state == "proposed"


def test_who_reads_sees_it_and_has_no_buttons(people, at):
    order = an_agreed_order(people)
    asked = propose(order, people["bea"], A_WEEK)
    there = reverse("change", args=[asked.key])

    for name in ("arun", "otto"):
        text = page(at(name).get(there))
        assert 'name="verb"' not in text
        assert (
            at(name).post(reverse("change-answer", args=[asked.key]), {"verb": "accept"}).status_code == 403
        )


def test_a_line_that_is_not_agreed_cannot_be_named(people, at):
    order = an_order()
    text = page(at("asha").get(reverse("change-new", args=[order.key]) + "?number=10"))

    assert "Nothing can be asked for on that line now" in text
    assert "No line can be changed now" in text


# --- many


def test_forty_are_accepted_with_one_press_and_one_that_moved_says_so(people, at):
    order = an_agreed_order(people, lines=40)
    asked = [propose(order, people["asha"], A_WEEK, line=f"L{10 * n}") for n in range(1, 41)]
    picks = [f"{one.key}.1" for one in asked]
    say(accept_change, asked[0], people["max"], at=timezone.now())

    answer = at("bea").post(
        reverse("changes-decide"), {"pick": picks, "verdict": "accept", "note": "All fine."}, follow=True
    )

    text = page(answer)
    assert "39 requests accepted; the ERP is told." in text
    assert "One request was not decided" in text
    with acting(FEED):
        assert OrderChange.objects.filter(state="accepted").count() == 40


def test_declining_many_owes_one_reason_and_keeps_the_ticks(people, at):
    order = an_agreed_order(people)
    asked = propose(order, people["asha"], A_WEEK)
    pick = f"{asked.key}.1"

    refused = at("bea").post(reverse("changes-decide"), {"pick": [pick], "verdict": "decline"})
    assert refused.status_code == 422
    assert f'value="{pick}" data-pick checked' in page(refused)
    done = at("bea").post(
        reverse("changes-decide"), {"pick": [pick], "verdict": "decline", "reason": "late_data"}
    )
    assert done.status_code == 303
    assert stands(asked).answer_reason == "late_data"


def test_a_buyer_moves_many_lines_by_a_week(people, at):
    order = an_agreed_order(people, lines=60)
    bea, address = at("bea"), reverse("changes-move") + f"?order={order.number}"
    text = page(bea.get(address))
    with acting(FEED):
        picks = [f"{pk}.{order.version}" for pk in order.lines.values_list("pk", flat=True)]
    assert all(pick in text for pick in picks)

    assert bea.post(address, {"pick": picks, "days": "a week"}).status_code == 422
    done = bea.post(address, {"pick": picks, "days": "7", "reason": "late_data"}, follow=True)

    assert "60 wishes are on the table." in page(done)
    again = page(bea.get(address))
    assert "No agreed line like this" in again


def test_of_many_the_good_ones_are_asked_for(people, at):
    order = an_agreed_order(people)
    with acting(FEED):
        picks = [f"{pk}.{order.version}" for pk in order.lines.values_list("pk", flat=True)]
    propose(order, people["asha"], A_WEEK, line="L10")

    text = page(at("bea").post(reverse("changes-move"), {"pick": picks, "days": "-3"}, follow=True))

    assert "One wish is on the table." in text
    assert "A change of line 10 is being talked about already" in text


# --- reasons


def test_what_cannot_be_moved_says_which_line_of_which_order(people, at):
    far = an_agreed_order(people)
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    an_order("4500000002", [a_line(30, delivery_on=tomorrow)])
    near = agree(fresh("4500000002"), people["asha"], at=timezone.now())
    ticked = [(fresh_line(30, "4500000002"), near), (fresh_line(10), far)]
    sent = {"pick": [f"{line.pk}.{order.version}" for line, order in ticked], "days": "-7"}

    moved = at("bea").post(f"{reverse('changes-move')}?item=VALVE-15", sent)

    told = re.sub(r"<[^>]+>", "", page(moved))
    assert "4500000002 · 30: Some deliveries would fall on days that have passed." in told
    assert "One wish is on the table." in told


def test_an_administrator_words_the_reasons(people, at):
    root, address = at("root"), reverse("change-reasons")
    an_order()
    assert "Material shortage" in page(root.get(address))
    saved = root.post(address, {"company": "NM", "code": "flood", "label": "Flood", "active": "1"})
    assert saved.status_code == 303
    off = root.post(address, {"company": "NM", "code": "other", "label": "Other"})
    assert off.status_code == 303
    with acting(FEED):
        assert set(ChangeReason.objects.values_list("code", "active")) == {("flood", True), ("other", False)}
    refused = root.post(address, {"company": "NM", "code": "No Mould", "label": "", "active": "1"})
    assert refused.status_code == 422
    assert "Say what people read" in page(refused)
    assert root.post(address, {"company": "XX", "code": "a", "label": "b"}).status_code == 422
    assert at("bea").get(address).status_code == 403


# --- how much it asks of the database


@pytest.mark.parametrize("name", ["change-list", "home"])
def test_one_row_and_twenty_cost_the_same_queries(
    people, at, django_assert_num_queries, django_assert_max_num_queries, name
):
    order = an_agreed_order(people, lines=21)
    propose(order, people["bea"], A_WEEK)
    asha = at("asha")
    asha.get(reverse(name))
    with django_assert_max_num_queries(60) as one:
        asha.get(reverse(name))
    for number in range(2, 10):
        propose(order, people["bea"], A_WEEK, line=f"L{10 * number}")

    with django_assert_num_queries(len(one)):
        asha.get(reverse(name))


@pytest.mark.parametrize("who", ["asha", "bea"])
def test_the_order_page_costs_the_same_queries_with_one_and_with_many(
    people, at, django_assert_num_queries, django_assert_max_num_queries, who
):
    order = an_agreed_order(people, lines=21)
    propose(order, people["bea"], A_WEEK)
    client, address = at(who), reverse("order", args=[order.key])
    client.get(address)
    with django_assert_max_num_queries(80) as one:
        client.get(address)
    for number in range(2, 10):
        propose(order, people["bea"], A_WEEK, line=f"L{10 * number}")

    with django_assert_num_queries(len(one)):
        client.get(address)


def test_the_list_keeps_its_parts_apart(people, at):
    order = an_agreed_order(people)
    mine = propose(order, people["asha"], A_WEEK)
    theirs = propose(order, people["bea"], A_WEEK, line="L20")
    bea = at("bea")

    def keys_in(view):
        text = page(bea.get(reverse("change-list") + f"?view={view}"))
        return {one for one in (mine, theirs) if str(one.key) in text}

    assert keys_in("mine") == {mine}
    assert keys_in("theirs") == {theirs}
    assert keys_in("erp") == set()
    assert keys_in("all") == {mine, theirs}


def test_a_colleagues_order_is_not_mine_but_all_buyers(people, at):
    lines = [a_line(10, delivery_on=SOON)]
    order = an_order("4500000009", lines, buyer_name="Max", buyer_email="max@northmoor.example")
    order = agree(order, people["asha"])
    asked = propose(order, people["asha"], A_WEEK)
    bea = at("bea")

    assert str(asked.key) not in page(bea.get(reverse("change-list")))
    assert str(asked.key) in page(bea.get(reverse("change-list") + "?view=waiting"))
    assert fresh_line(10, "4500000009").agreement == "agreed"


# --- while it is typed


def check(browser, order, *rows, line="L10", **more):
    sent = fields(*rows, line=line, **more)
    return browser.post(reverse("change-check", args=[order.key]), sent)


def test_while_typing_the_page_says_what_will_come_of_it(people, at):
    an_active_policy(people, replace(a_rule(absolute=3), kind=DocumentKind.CHANGE))
    order = an_agreed_order(people)
    three, four = (SOON + timedelta(days=days) for days in (3, 4))

    inside = page(check(at("asha"), order, ("100", three, "6.85")))
    outside = page(check(at("asha"), order, ("100", four, "6.85")))
    unreadable = page(check(at("asha"), order, ("many", four, "6.85")))
    nothing = page(check(at("asha"), order, ("100", SOON, "6.85")))
    buyers = page(check(at("bea"), order, ("100", three, "6.85")))

    assert "Agreed at once" in inside
    assert "3 days late, where 3 days are allowed" in inside
    assert "Goes to Bea" in outside
    assert "4 days late, where 3 days are allowed" in outside
    assert "is no number" in unreadable
    assert "This is what is agreed already" in nothing
    assert "Goes to the supplier" in buyers
    with acting(FEED):
        assert not OrderChange.objects.exists()


def test_nothing_is_foretold_of_a_line_that_is_not_there(people, at):
    order = an_agreed_order(people)

    assert check(at("asha"), order, ("100", LATER), line="L99").status_code == 422
    assert check(at("gil"), order, ("100", LATER)).status_code == 404


def test_what_a_rule_agreed_to_is_said_so(people, at):
    an_active_policy(people, replace(a_rule(absolute=3), kind=DocumentKind.CHANGE))
    order = an_agreed_order(people)
    sent = fields(("100", SOON + timedelta(days=2), "6.85"), line="L10", version=str(order.version))

    shown = at("asha").post(reverse("change-new", args=[order.key]), sent, follow=True)

    assert "Agreed at once, by rule: Promises 2026; the ERP is told." in page(shown)


# --- what was typed while it stopped being possible ---------------------------------------------------------

TYPED = {"quantity.0": "100", "delivery_on.0": LATER.isoformat(), "price.0": "6.85", "price_per.0": "1"}


def test_a_wish_typed_while_the_request_closed_is_asked_anew(people, at):
    order = an_agreed_order(people)
    change = propose(order, people["asha"], A_WEEK)
    say(withdraw_change, change, people["asha"], at=timezone.now())
    bea = at("bea")

    typed = {**TYPED, "version": change.version, "verb": "counter", "note": "Two pallets."}
    shown = bea.post(reverse("change-revise", args=[change.key]), typed)

    text = shown.content.decode()
    assert (shown.status_code, "Two pallets." in text, "Ask for it anew" in text) == (409, True, True)
    version = re.search(r'name="version" value="(\d+)"', text).group(1)
    anew = bea.post(
        reverse("change-new", args=[order.key]),
        {**TYPED, "line": "L10", "version": version, "note": "Two pallets."},
    )
    assert anew.status_code == 303


def test_a_wish_typed_while_the_other_side_asked_is_shown(people, at):
    order = an_agreed_order(people)
    propose(order, people["asha"], A_WEEK)

    shown = at("bea").post(
        reverse("change-new", args=[order.key]),
        {**TYPED, "line": "L10", "version": order.version, "note": "Two pallets."},
    )

    assert shown.status_code == 409
    assert "Two pallets." in shown.content.decode()


# --- whose reasons ------------------------------------------------------------------------------------------


def another_company():
    with acting(FEED):
        receive_companies([CompanyPaper("SM", "Southmoor Supply", "EUR", "GB", "Europe/London")])
    with acting(FEED):
        company = Company.objects.get(code="SM")
        ChangeReason.objects.create(company=company, code="secret_project", label="Project Heron")


@pytest.mark.parametrize("name", ["change-list", "changes-move"])
def test_a_supplier_reads_the_reasons_of_companies_that_order_from_it(people, at, name):
    order = an_agreed_order(people, lines=3)
    propose(order, people["bea"], A_WEEK)
    propose(order, people["asha"], A_WEEK, line="L20", version=fresh().version)
    another_company()

    shown = at("asha").get(reverse(name) + "?order=4500000001").content.decode()

    assert "Material shortage" in shown
    assert "Project Heron" not in shown
    assert "Project Heron" in at("bea").get(reverse(name) + "?order=4500000001").content.decode()


def test_nor_by_program(people, at):
    an_agreed_order(people)
    another_company()
    address = reverse("api-change-reasons")

    assert "secret_project" not in at("asha").get(address).content.decode()
    assert "secret_project" in at("bea").get(address).content.decode()


# --- in the reader's language -------------------------------------------------------------------------------


def test_what_a_rule_agreed_to_is_kept_in_one_language_and_read_in_each(people):
    an_active_policy(people, a_rule(kind=DocumentKind.CHANGE, absolute=20), name="Changes 2026")
    order = an_agreed_order(people)
    with override("de"):
        change = propose(order, people["asha"], A_WEEK)

    assert stands(change).answered_by == "by rule: Changes 2026"
    with override("de"):
        assert said_by("by rule: Changes 2026") == "nach Regel: Changes 2026"
