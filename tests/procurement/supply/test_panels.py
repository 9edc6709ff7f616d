"""What stands beside a line: its stock in words and as a picture, other orders, other sources, the record."""

import re
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.kernel.scope import acting
from procurement.acknowledgments.messages import AcknowledgeOrder, AnswerPiece, LineAnswer
from procurement.acknowledgments.models import OrderAcknowledgment
from procurement.acknowledgments.services import acknowledge_order
from procurement.orders.messages import SchedulePaper
from procurement.orders.models import PurchaseOrderLine
from procurement.supply.presenters import panels_of_line, record_panel
from procurement.supply.queries.record import deliveries_of_item
from suppliers.models import Supplier
from tests.builders.facts import a_receipt, arrive
from tests.builders.supply import a_demand, demand_comes, some_stock, stock_comes
from tests.builders.world import MONDAY, a_line, a_paper, an_order, fresh, receive
from tests.people import FEED

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 2)


def on(days):
    return TODAY + timedelta(days=days)


def answer(order, person, *pieces, line="L10", at=MONDAY):
    command = AcknowledgeOrder(order.key, order.version, (LineAnswer(line, pieces),))
    with acting(person.actor):
        acknowledge_order(command, actor=person.actor, at=at)
    return fresh(order.number)


def the_line(order="4500000001", number=10):
    return PurchaseOrderLine.objects.select_related(
        "order__company", "order__ship_to", "supplier", "ship_to"
    ).get(order__number=order, number=number)


def panels(order="4500000001", number=10, at=MONDAY, **more):
    with acting(FEED):
        return panels_of_line(the_line(order, number), at=at, **more)


def shown(template, **context):
    html = render_to_string(f"procurement/supply/{template}.html", context)
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def a_late_promise(people):
    """96 pieces will be missing: 60 in Leeds, customers need 90, and the promise lands eight days late."""
    stock_comes(
        some_stock(on_hand=Decimal(60), daily_demand=Decimal(1)),
        some_stock(site="HULL", on_hand=Decimal(110)),
    )
    demand_comes(
        a_demand("SO-1", needed_on=on(20), customer="Kelso Water"),
        a_demand("SO-2", needed_on=on(30), customer="Tyne Process", quantity=Decimal(40)),
        a_demand("SO-3", needed_on=on(33), customer="Hull site", quantity=Decimal(20)),
        a_demand("SO-9", needed_on=on(90), customer="Far Away"),
    )
    order = an_order(lines=1)
    answer(order, people["asha"], AnswerPiece(Decimal(100), delivery_on=on(38)))


# --- stock --------------------------------------------------------------------------------------------------


def test_a_late_promise_says_what_is_missing_and_for_whom(people):
    a_late_promise(people)

    found = panels().stock

    assert (found.verdict, found.stock_out_on, found.arrives_on, found.asked_on) == (
        "short",
        on(30),
        on(38),
        on(30),
    )
    assert (found.short, found.orders, found.names) == (Decimal(68), 2, "Tyne Process and Hull site")
    words = shown("stock", panel=found)
    assert "Stock runs out on 1 Apr 2026. The delivery lands on 9 Apr 2026." in words
    assert "In between 68 pcs are missing, for Tyne Process and Hull site." in words
    assert "if it came as asked" in words
    assert "Below the safety stock from 12 Mar 2026 on." not in words


def test_every_row_behind_it_is_told(people):
    a_late_promise(people)

    rows = [(row.day, row.what, row.change, row.left, row.is_own) for row in panels().stock.rows]

    assert rows == [
        (on(0), "on hand", 60, None, False),
        (on(20), "customer order", -30, 9, False),
        (on(30), "customer order", -40, -41, False),
        (on(33), "customer order", -20, -64, False),
        (on(38), "delivery, promised", 100, 31, True),
        (on(90), "customer order", -30, -51, False),
    ]


def test_the_picture_is_sound_svg_within_its_frame(people):
    a_late_promise(people)
    found = panels().stock

    html = render_to_string(
        "procurement/supply/chart.html", {"chart": found.chart, "title": found.title, "id": "c"}
    )
    figure = ElementTree.fromstring(html[html.index("<figure") :])

    assert "68 pcs are short" in figure.find(".//title").text
    points = [
        tuple(map(float, point.split(",")))
        for shape in figure.iter()
        for point in shape.get("points", "").split()
    ]
    assert len(points) > 20
    assert all(47.9 <= x <= 628.1 and 33.9 <= y <= 214.1 for x, y in points)
    assert [text.text for text in figure.iter("text")][-5:] == [
        "2 Mar",
        "18 Mar",
        "3 Apr",
        "20 Apr",
        "6 May",
    ]
    assert "68 short, 2 customer orders wait" in [text.text for text in figure.iter("text")]


@pytest.mark.parametrize(
    ("stock", "verdict", "words"),
    [
        (some_stock(on_hand=Decimal(200), daily_demand=Decimal(4)), "in_time", "before anybody waits"),
        (some_stock(on_hand=Decimal(9000)), "lasts", "even without this delivery"),
        (some_stock(daily_demand=None, safety_stock=None), "lasts", "The ERP tells no daily demand"),
        (some_stock("VALVE-25"), "unknown", "The ERP has told no stock of this item at this site."),
    ],
)
def test_each_case_has_its_sentence(people, stock, verdict, words):
    stock_comes(stock)
    an_order(lines=1)

    found = panels().stock

    assert found.verdict == verdict
    assert words in shown("stock", panel=found)


def test_an_overdue_delivery_is_not_counted_on(people):
    stock_comes(some_stock())
    an_order(lines=[a_line(10, delivery_on=on(-3))])

    found = panels().stock

    assert (found.verdict, found.arrives_on) == ("no_day", None)
    assert "1 delivery is overdue or has no day, and is not counted on." in found.notes
    assert found.rows[-1].left is None
    assert "nobody has said when this delivery comes" in shown("stock", panel=found)


def test_what_is_refused_is_not_waited_for(people):
    stock_comes(some_stock())
    order = an_order(lines=1)
    answer(order, people["asha"], AnswerPiece(Decimal(100), kind="refuse", reason="obsolete_item"))

    found = panels().stock

    assert (found.verdict, found.stock_out_on) == ("never", on(15))
    assert "Nothing of this is coming any more. Stock runs out on 17 Mar 2026." in shown("stock", panel=found)


def test_old_figures_say_so(people):
    stock_comes(some_stock())
    an_order(lines=1)

    assert panels(at=MONDAY + timedelta(days=5)).stock.notes[0] == "The ERP told this 5 days ago."


def test_one_delivery_of_a_line_is_seen_apart(people):
    stock_comes(some_stock(on_hand=Decimal(10), daily_demand=Decimal(1)))
    split = (SchedulePaper(Decimal(60), on(12)), SchedulePaper(Decimal(40), on(80)))
    an_order(lines=[a_line(10, schedules=split, delivery_on=on(12))])

    second = panels(schedule_key=2).stock
    assert (second.verdict, second.stock_out_on, second.arrives_on) == ("short", on(70), on(80))
    assert [row.is_own for row in second.rows] == [False, False, True]


# --- orders and sources -------------------------------------------------------------------------------------


def test_other_orders_and_other_sources_are_told(people):
    a_late_promise(people)
    receive(a_paper("4500000002", [a_line(10, price=Decimal("7.1"), ship_to="HULL")], supplier="GLOBEX"))

    found = panels()

    told = [(one.coming.line.order.number, one.site.code, one.is_own) for one in found.orders]
    assert told == [("4500000002", "HULL", False), ("4500000001", "LEEDS", True)]
    assert [(one.source.supplier.number, one.is_own, one.source.lead_time_days) for one in found.offers] == [
        ("ACME", True, 30),
        ("GLOBEX", False, None),
    ]
    assert [(one.site.code, one.free) for one in found.elsewhere] == [("HULL", 90)]
    words = shown("sources", panels=found)
    assert all(word in words for word in ("Hull DC", "90 pcs", "7.10 EUR", "30 days"))
    assert "promised, not decided" in shown("orders", panels=found)


def test_without_catalogue_only_the_record_is_known(people):
    an_order(lines=[a_line(10, item_number="UNHEARD-OF")])

    found = panels()

    assert (found.item, found.stock, found.orders) == (None, None, ())
    assert found.record.supplier.number == "ACME"


def test_panels_cost_the_same_however_much_there_is(people, django_assert_num_queries):
    a_late_promise(people)
    with acting(FEED):
        line = the_line()
        with CaptureQueriesContext(connection) as few:
            panels_of_line(line, at=MONDAY)
    for number in range(2, 12):
        receive(a_paper(f"45000000{number:02}", lines=2, supplier="GLOBEX" if number % 2 else "ACME"))
    demand_comes(*(a_demand(f"X-{number}") for number in range(20)))

    with acting(FEED), django_assert_num_queries(len(few)):
        panels_of_line(line, at=MONDAY)
    assert len(few) <= 15


# --- the record ---------------------------------------------------------------------------------------------


def delivered(person, number, *, asked, received=(), agreed=None):
    """An order that is due: asked for on a day, agreed on one, and received bit by bit."""
    placed = MONDAY - timedelta(days=80)
    total = sum((quantity for _day, quantity in received), 0)
    order = an_order(
        number,
        [a_line(10, delivery_on=asked, received_quantity=Decimal(total))],
        at=placed,
        ordered_on=placed.date(),
    )
    if total < 100:
        command = AcknowledgeOrder(order.key, order.version, rest_as_asked=True)
        with acting(person.actor):
            acknowledge_order(command, actor=person.actor, at=placed)
    arrive(
        *(
            a_receipt(f"{number}-{place}", order=number, quantity=Decimal(quantity), received_on=day)
            for place, (day, quantity) in enumerate(received)
        )
    )


def of_item():
    with acting(FEED):
        found = deliveries_of_item(Supplier.objects.get(number="ACME").pk, "VALVE-15", today=TODAY)
        return [(one.order_number, one.arrived_on, one.in_time, one.is_kept, one.days_late) for one in found]


def test_a_delivery_arrived_when_the_last_of_it_was_there(people):
    delivered(people["asha"], "A", asked=on(-10), received=[(on(-12), 100)])
    delivered(people["asha"], "B", asked=on(-20), received=[(on(-21), 60), (on(-12), 40)])
    delivered(people["asha"], "C", asked=on(-30), received=[(on(-30), 30)])
    delivered(people["asha"], "D", asked=on(5))

    assert of_item() == [
        ("A", on(-12), 100, True, 0),
        ("B", on(-12), 60, False, 8),
        ("C", None, 30, False, 0),
    ]


def test_a_delivery_of_which_no_day_is_known_counts_nowhere(people):
    an_order("E", [a_line(10, delivery_on=on(-5), received_quantity=Decimal(100))])

    assert of_item() == []


def test_the_record_is_shown_in_figures_and_bars(people):
    for place in range(6):
        late = 8 if place == 2 else 0
        delivered(
            people["asha"], f"A{place}", asked=on(-20 - place), received=[(on(-20 - place + late), 100)]
        )
    with acting(FEED):
        acme = Supplier.objects.get(number="ACME")
        found = record_panel(acme, at=MONDAY, item_number="VALVE-15")

    assert [(one.label, one.value, one.rows) for one in found.figures] == [
        ("In time and in full, as agreed", "83.3 %", "5 of 6"),
        ("In time and in full, as asked", "83.3 %", "5 of 6"),
        ("Fill rate", "83.3 %", "6 deliveries"),
        ("Answers in time", "nothing yet", ""),
        ("Median slip when late", "8 days", "1 of 6"),
    ]
    assert [bar.tone for bar in found.bars] == ["act", "act", "act", "stop", "act", "act"]
    assert found.bars_text == "Last 6 deliveries of this item: 1 late (red)"
    assert "all here on 16 Feb 2026, 8 days late" in shown("record", record=found)


def test_an_answer_keeps_by_when_it_was_owed(people):
    order = an_order(lines=1)
    due = order.acknowledge_by_at
    answer(order, people["asha"], at=MONDAY)
    late = an_order("4500000002", lines=1)
    answer(late, people["asha"], at=late.acknowledge_by_at + timedelta(minutes=1))

    with acting(FEED):
        assert OrderAcknowledgment.objects.get(order=order).due_at == due
        found = record_panel(Supplier.objects.get(number="ACME"), at=MONDAY + timedelta(days=9))
    assert ("Answers in time", "1 of 2") in [(one.label, one.value) for one in found.figures]


# --- the page of an item ------------------------------------------------------------------------------------


def test_the_page_of_an_item_shows_each_site(people):
    a_late_promise(people)
    client = Client()
    client.force_login(people["bea"].user)

    page = client.get(reverse("item", args=["VALVE-15"]), {"site": "LEEDS"})
    text = " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())

    assert page.status_code == 200
    assert all(word in text for word in ("Stock cover", "Open orders of this item", "Sources of this item"))
    assert "Hull DC" in text
    assert client.get(reverse("item", args=["VALVE-25"])).status_code == 200
    assert client.get(reverse("item", args=["NO/SUCH"])).status_code == 404


def test_no_supplier_comes_in(people):
    a_late_promise(people)
    client = Client()
    client.force_login(people["asha"].user)

    assert client.get(reverse("item", args=["VALVE-15"])).status_code == 403


def test_the_buyers_order_page_leads_to_the_item(people):
    order = an_order(lines=[a_line(10), a_line(20, item_number="UNHEARD-OF")])
    client = Client()
    client.force_login(people["bea"].user)

    page = client.get(reverse("order", args=[order.key]), {"show": "all"}).content.decode()

    address = f"/items/VALVE-15/?order={order.key}&amp;line=10"
    assert f'<a href="{address}">' in page
    seen = client.get(address.replace("&amp;", "&")).content.decode()
    assert "Seen from" in seen
    assert "In time and in full, as agreed" in seen
    assert (
        "Seen from" not in client.get("/items/VALVE-15/", {"order": "no-key", "line": "10"}).content.decode()
    )
    assert "/items/UNHEARD-OF/" not in page
