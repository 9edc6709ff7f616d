"""The lists of orders and lines: what each side sees, finds, keeps and confirms."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer, TypedPiece
from procurement.acknowledgments.services import acknowledge_order, save_draft_lines
from procurement.orders.models import SavedView
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, fresh_line, receive
from tests.people import signed_in

pytestmark = pytest.mark.django_db

LISTS = ["order-list", "line-list"]


def rows_of(response) -> list:
    return response.context["page"].rows


def answer(order, person, *answers, **rest):
    with acting(person.actor):
        acknowledge_order(
            AcknowledgeOrder(order.key, order.version, tuple(answers), **rest),
            actor=person.actor,
            at=MONDAY + timedelta(hours=1),
        )


@pytest.mark.parametrize("name", LISTS)
def test_a_supplier_sees_its_own_and_nobody_elses(people, name):
    an_order("ACME-1")
    an_order("GLOBEX-1", supplier="GLOBEX")

    response = signed_in(people["asha"]).get(reverse(name))

    assert response.status_code == 200
    assert b"ACME-1" in response.content
    assert b"GLOBEX-1" not in response.content


def test_one_order_needs_an_answer_and_two_need_one(people):
    said = []
    for number in ("ACME-1", "ACME-2"):
        an_order(number)
        said.append(signed_in(people["asha"]).get("/orders/").context["sentence"])
    assert said[0].startswith("1 order open. 1 order needs your answer.")
    assert said[1].startswith("2 orders open. 2 orders need your answer.")


@pytest.mark.parametrize("name", LISTS)
def test_a_buyer_sees_every_supplier(people, name):
    an_order("ACME-1")
    an_order("GLOBEX-1", supplier="GLOBEX")

    response = signed_in(people["bea"]).get(reverse(name), {"show": "all"})

    assert b"ACME-1" in response.content
    assert b"GLOBEX-1" in response.content
    assert b"Acme Valves" in response.content


@pytest.mark.parametrize(
    ("name", "word"),
    [("otto", "Waiting for a buyer"), ("arun", "Waiting for an answer"), ("bea", "Needs you")],
)
def test_only_who_can_act_is_told_that_something_needs_them(people, name, word):
    an_order("1", lines=1)

    views = signed_in(people[name]).get(reverse("order-list")).context["views"]

    (current,) = [view["label"] for view in views if view["current"]]
    assert views[0]["label"] == word
    assert current == ("Needs you" if name == "bea" else "All open")
    assert views[0]["hot"] is False


def test_an_agreement_is_looked_for_everywhere(people):
    order = an_order("1", lines=1)
    answer(order, people["asha"], rest_as_asked=True)
    bea = signed_in(people["bea"])

    (menu,) = [each for each in bea.get("/orders/").context["bar"].menus if each["label"] == "Agreement"]
    (agreed,) = [option["url"] for option in menu["options"] if option["label"] == "Agreed"]

    assert [order.number for order in rows_of(bea.get(f"/orders/{agreed}"))] == ["1"]


def test_filters_that_find_nothing_in_a_view_lead_to_all(people):
    order = an_order("1", lines=1)
    answer(order, people["asha"], rest_as_asked=True)

    page = signed_in(people["bea"]).get("/orders/?flag=mine&agreement=agreed").content.decode()

    assert "Nothing in this view matches these filters" in page
    assert "?flag=mine&amp;agreement=agreed&amp;show=all" in page


def test_a_day_that_is_in_no_calendar_is_left_out_and_said_so(people):
    page = signed_in(people["bea"]).get("/orders/?since=31.2.2027").content.decode()

    assert "cannot be read or is not there any more, so it was left out: Delivery from." in page


def test_the_first_view_is_what_needs_me(people):
    answered = an_order("1", lines=1)
    an_order("2", lines=1)
    answer(
        answered,
        people["asha"],
        LineAnswer("L10", (AnswerPiece(Decimal(100), delivery_on=date(2027, 4, 9)),)),
    )

    for_asha = signed_in(people["asha"]).get(reverse("line-list"))
    for_bea = signed_in(people["bea"]).get(reverse("line-list"))

    assert [line.order.number for line in rows_of(for_asha)] == ["2"]
    assert [line.order.number for line in rows_of(for_bea)] == ["1"]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("who", ["asha", "bea"])
def test_one_row_and_thirty_cost_the_same_queries(people, django_assert_num_queries, name, who):
    client = signed_in(people[who])
    address = reverse(name) + "?show=all"
    an_order("1", lines=1)
    client.get(address)  # the first visit of a session notes where it comes from
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    receive(*(a_paper(f"N{number}", lines=1) for number in range(2, 31)))

    with django_assert_num_queries(len(few)):
        response = client.get(address)

    assert len(rows_of(response)) == 30


def test_paging_walks_every_row_once_and_back(people):
    receive(*(a_paper(f"N{number:03}", lines=1) for number in range(1, 121)))
    client = signed_in(people["asha"])

    first = client.get(reverse("line-list"), {"sort": "order"})
    second = client.get(reverse("line-list"), {"sort": "order", "cursor": first.context["page"].next})
    third = client.get(reverse("line-list"), {"sort": "order", "cursor": second.context["page"].next})
    back = client.get(reverse("line-list"), {"sort": "order", "cursor": third.context["page"].previous})

    seen = [line.order.number for page in (first, second, third) for line in rows_of(page)]
    assert seen == [f"N{number:03}" for number in range(1, 121)]
    assert rows_of(back) == rows_of(second)
    assert third.context["page"].next == ""
    assert first.context["page"].previous == ""


def test_a_boosted_link_gets_the_panel_alone(people):
    an_order()
    client = signed_in(people["asha"])

    response = client.get(
        reverse("line-list"), headers={"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "list-panel"}
    )

    assert b"<html" not in response.content
    assert b'id="list-panel"' in response.content
    assert response["HX-Trigger"] == '{"announce": {"value": "2 lines"}}'
    assert "HX-Request" in response["Vary"]


def test_totals_stand_under_the_list(people):
    an_order(lines=[a_line(10), a_line(20, quantity=Decimal(50))])

    response = signed_in(people["asha"]).get(reverse("line-list"))

    assert response.context["totals"].amounts == ("1,027.50 EUR",)
    assert response.context["totals"].quantity == "150 pcs"
    assert response.context["count_text"] == "2 lines"


# --- saved views --------------------------------------------------------------------------------------------


def test_a_view_is_kept_found_again_and_removed(people):
    an_order()
    client = signed_in(people["asha"])

    saved = client.post(
        reverse("view-save"), {"page": "lines", "query": "show=open&sort=item", "name": "By item"}
    )
    shown = client.get(saved["Location"])
    kept = shown.context["current_saved"]
    gone = client.post(
        reverse("view-forget"),
        {"page": "lines", "query": "show=open&sort=item", "name": "By item", "view": kept["saved"].pk},
    )

    assert saved.status_code == 303
    assert kept["label"] == "By item"
    assert gone.status_code == 303
    assert "By item" not in [view["label"] for view in client.get(gone["Location"]).context["views"]]


def test_a_view_without_a_name_comes_back_with_a_sentence(people):
    response = signed_in(people["asha"]).post(
        reverse("view-save"), {"page": "lines", "query": "", "name": ""}
    )

    assert response.status_code == 422
    assert b"Name of the view" in response.content


def test_a_colleague_does_not_see_my_views_and_cannot_remove_them(people):
    signed_in(people["asha"]).post(
        reverse("view-save"), {"page": "lines", "query": "show=open", "name": "Mine"}
    )
    with acting(people["asha"].actor):
        view = SavedView.objects.get()
    arun = signed_in(people["arun"])

    arun.post(reverse("view-forget"), {"page": "lines", "query": "", "name": "Mine", "view": view.pk})

    assert "Mine" not in [each["label"] for each in arun.get(reverse("line-list")).context["views"]]
    with acting(people["asha"].actor):
        assert SavedView.objects.count() == 1


# --- confirming many ----------------------------------------------------------------------------------------


def test_many_orders_are_confirmed_as_asked_in_one_press(people):
    orders = [an_order("1"), an_order("2", lines=3)]
    client = signed_in(people["asha"])

    response = client.post(
        reverse("orders-confirm"),
        {
            "what": "orders",
            "pick": [f"{order.key}.{order.version}" for order in orders],
            "next": "/orders/lines/?show=open",
        },
        follow=True,
    )

    assert response.redirect_chain == [("/orders/lines/?show=open", 303)]
    assert b"5 lines of 2 orders confirmed as asked." in response.content
    assert {fresh("1").agreement, fresh("2").agreement} == {"agreed"}


def test_lines_are_confirmed_across_orders_and_the_rest_waits_on(people):
    an_order("1", lines=2)
    an_order("2", lines=2)
    picks = [fresh_line(10, "1"), fresh_line(20, "2")]

    signed_in(people["asha"]).post(
        reverse("orders-confirm"), {"what": "lines", "pick": [f"{line.pk}.1" for line in picks]}
    )

    standing = {(order, line): fresh_line(line, order).agreement for order in "12" for line in (10, 20)}
    assert standing == {
        ("1", 10): "agreed",
        ("1", 20): "awaiting",
        ("2", 10): "awaiting",
        ("2", 20): "agreed",
    }


@pytest.mark.parametrize("what", ["orders", "lines"])
def test_what_somebody_types_is_not_confirmed_over_their_head(people, what):
    typed, free = an_order("1", lines=1), an_order("2", lines=1)
    with acting(people["olga"].actor):
        piece = TypedPiece(quantity="80")
        save_draft_lines(typed, {"L10": [piece]}, version=1, actor=people["olga"].actor, at=MONDAY)
    picks = {
        "orders": [f"{order.key}.{order.version}" for order in (typed, free)],
        "lines": [f"{fresh_line(10, number).pk}.1" for number in ("1", "2")],
    }

    asha = signed_in(people["asha"])
    response = asha.post(reverse("orders-confirm"), {"pick": picks[what], "what": what})

    assert "Something is typed here and not sent yet." in response.content.decode()
    assert [fresh_line(10, number).agreement for number in ("1", "2")] == ["awaiting", "agreed"]


def test_what_changed_since_the_list_was_opened_is_not_confirmed_and_says_so(people):
    seen = an_order("1", lines=1)
    other = an_order("2", lines=1)
    receive(a_paper("1", [a_line(10, quantity=Decimal(999))], revision="2"), at=MONDAY + timedelta(minutes=5))

    response = signed_in(people["asha"]).post(
        reverse("orders-confirm"),
        {"what": "orders", "pick": [f"{seen.key}.{seen.version}", f"{other.key}.{other.version}"]},
    )

    assert response.status_code == 200
    assert [(one.order.number, one.confirmed) for one in response.context["outcomes"]] == [("1", 0), ("2", 1)]
    assert "changed since you opened" in response.context["outcomes"][0].why_not[0]
    assert fresh("1").agreement == "awaiting"


def test_a_stranger_confirms_nothing_of_ours(people):
    order = an_order("1")

    response = signed_in(people["gil"]).post(
        reverse("orders-confirm"), {"what": "orders", "pick": [f"{order.key}.{order.version}"]}
    )

    assert response.context["outcomes"] == []
    assert fresh("1").agreement == "awaiting"


def test_a_read_only_clerk_may_not_confirm(people):
    order = an_order("1")

    response = signed_in(people["arun"]).post(reverse("orders-confirm"), {"pick": [f"{order.key}.1"]})

    assert response.status_code == 403
    assert fresh("1").agreement == "awaiting"


@pytest.mark.parametrize("pick", ["", ".", "x.1", "1", "1.x", f"{10**30}.1", "1." + "9" * 40])
@pytest.mark.parametrize("what", ["orders", "lines"])
def test_nonsense_ticks_are_nobodys_rows(people, pick, what):
    response = signed_in(people["asha"]).post(reverse("orders-confirm"), {"what": what, "pick": [pick]})

    assert response.status_code == 200
    assert response.context["outcomes"] == []
