"""Early payment in a browser's eyes and a program's: nothing of it where it is off; chosen, agreed and taken back."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.scope import acting
from portal.kernel.templatetags.portal_ui import day_text, money_text
from procurement.discounting.models import DiscountPolicy
from procurement.invoices.services import mark_scheduled
from procurement.payables.policies import week_of
from suppliers.roles import TokenScope
from tests.builders.changes import an_agreed_order
from tests.builders.early import a_discount_policy, agree, offered, the_early
from tests.builders.invoices import fresh_invoice, settle
from tests.builders.told_invoices import an_approved_invoice

pytestmark = pytest.mark.django_db

ON_INVOICE = "Early payment</h2>"


@pytest.fixture
def at(people):
    def browser(name):
        client = Client()
        client.force_login(people[name].user)
        return client

    return browser


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def order(people):
    return an_agreed_order(people["asha"])


def approved(order, now, number="R-2041", **changed):
    """An invoice of today that is due in forty days: doors bring their own time."""
    due = now.date() + timedelta(days=40)
    days = {"invoiced_on": now.date(), "due_on": due, "pay_on": due}
    return an_approved_invoice(order, {"L10": 60}, number=number, **{**days, **changed})


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_where_it_is_off_nothing_of_it_is_shown(people, at, order, now):
    a_discount_policy(people, acts=False)
    invoice = approved(order, now)
    week = week_of(invoice.due_on).isoformat()

    asha = at("asha")
    assert ON_INVOICE not in asha.get(f"/invoices/{invoice.key}/").content.decode()
    assert "less" not in text_of(asha.get(f"/payables/due/?week={week}"))
    assert "Early payment" not in text_of(at("otto").get("/payables/due/"))
    assert "Early payments" in text_of(
        at("max").get("/payables/due/")
    )  # who may switch it on finds the switch
    assert "Early" not in text_of(at("otto").get("/integration/tellings/"))
    assert "Nothing is offered for this invoice" in text_of(asha.get(f"/invoices/{invoice.key}/early/"))


def test_a_supplier_reads_day_and_figure_agrees_with_a_press_and_takes_it_back(people, at, order, now):
    a_discount_policy(people, at=now)
    invoice = approved(order, now)
    best = offered(invoice, now).best
    words = (
        f"paid on {day_text(best.pay_on)} for {money_text(best.to_pay, 'EUR')}, "
        f"{money_text(best.discount, 'EUR')} less"
    )
    label = f"{day_text(best.pay_on)}: {money_text(best.to_pay, 'EUR')} (−{best.discount:.2f})"
    asha, page = at("asha"), f"/invoices/{invoice.key}/"
    value = f"{best.pay_on.isoformat()}/{best.discount}"

    shown = asha.get(page).content.decode()
    assert ON_INVOICE in shown
    assert f'<option value="{value}">{label}</option>' in shown
    assert words in text_of(asha.get(f"/payables/due/?week={week_of(invoice.due_on).isoformat()}"))
    assert len(re.findall("<option ", asha.get(f"{page}early/").content.decode())) == len(
        offered(invoice, now).offers
    )
    # Who only reads sees what could be had, and has nothing to press.
    arun = at("arun").get(page).content.decode()
    assert words in arun
    assert "Agree to this day" not in arun
    assert ON_INVOICE not in at("otto").get(page).content.decode()

    assert asha.post(f"{page}early/agree/", {"offer": "soon"}).status_code == 422
    stale = asha.post(f"{page}early/agree/", {"offer": f"{best.pay_on.isoformat()}/99.99"})
    assert (stale.status_code, "has moved since you opened" in text_of(stale)) == (409, True)
    assert fresh_invoice(invoice).early_discount is None
    assert at("otto").post(f"{page}early/agree/", {"offer": value}).status_code == 403
    assert at("gil").post(f"{page}early/agree/", {"offer": value}).status_code == 404

    done = asha.post(f"{page}early/agree/", {"offer": value})
    assert (done.status_code, done["Location"]) == (303, page)
    told = text_of(asha.get(page))
    pays = money_text(best.to_pay, "EUR")
    assert f"Agreed: it is paid on {day_text(best.pay_on)} for {pays}" in told
    assert "You can take that back" in told
    assert "You can take that back" not in text_of(at("otto").get(page))
    due = text_of(at("otto").get(f"/payables/due/?week={week_of(best.pay_on).isoformat()}"))
    assert f"agreed for {day_text(best.pay_on)}" in due
    assert "less, as agreed" in due

    assert asha.post(f"{page}early/back/").status_code == 303
    assert (the_early().state, fresh_invoice(invoice).pay_on) == ("taken_back", invoice.due_on)
    assert asha.post(f"{page}early/agree/", {"offer": value}).status_code == 303
    settle(mark_scheduled, invoice)
    assert asha.post(f"{page}early/back/").status_code == 409


def test_the_buying_side_reads_what_was_agreed_what_it_yields_and_what_lapsed(people, at, order, now):
    a_discount_policy(people, at=now)
    invoices = [approved(order, now, f"R-{n}") for n in range(4)]
    best = offered(invoices[0], now).best
    for one in invoices[:1]:
        agree(one, people["asha"], best.pay_on, best.discount, at=now)
    otto = at("otto")

    def queries():
        with CaptureQueriesContext(connection) as caught:
            response = otto.get("/early-payments/")
        return len(caught), text_of(response)

    otto.get("/early-payments/")
    one_row, page = queries()
    discount = money_text(best.discount, "EUR")
    yields = best.discount / best.to_pay * 360 / best.days * 100
    assert f"Agreed, not paid yet {discount}" in page
    assert f"{yields:.1f} %" in page
    for one in invoices[1:]:
        agree(one, people["asha"], best.pay_on, best.discount, at=now)
    assert queries()[0] == one_row
    assert "R-3" not in text_of(otto.get("/early-payments/?view=lapsed"))
    assert "R-3" in text_of(otto.get("/early-payments/?view=agreed"))
    assert at("asha").get("/early-payments/").status_code == 403

    def due_queries(browser, week):
        with CaptureQueriesContext(connection) as caught:
            browser.get(f"/payables/due/?week={week}")
        return len(caught)

    asha, week = at("asha"), week_of(invoices[0].due_on).isoformat()
    more = [approved(order, now, "S-0")]
    asha.get("/payables/due/")
    single = due_queries(asha, week)
    more += [approved(order, now, f"S-{n}") for n in range(1, 5)]
    assert due_queries(asha, week) == single


def test_a_policy_is_written_mended_approved_by_another_and_retired(people, at):
    max_, root = at("max"), at("root")
    typed = {
        "company": "NM",
        "name": "Spring",
        "currency": "eur",
        "yearly_percent": "12",
        "day_count": "365",
        "least_percent": "0.1",
        "most_percent": "2",
        "pay_days": "3",
        "least_amount": "",
        "weekly_budget": "50,000",
    }
    assert at("otto").get("/early-payments/policies/new/").status_code == 403
    wrong = max_.post("/early-payments/policies/new/", {**typed, "most_percent": ""})
    assert (wrong.status_code, "may be taken off at most" in text_of(wrong)) == (422, True)
    assert "It must be said: above 0 and below 100." in text_of(max_.get("/early-payments/policies/new/"))
    wrong = max_.post("/early-payments/policies/new/", {**typed, "most_percent": "0", "currency": "EUX"})
    assert (wrong.status_code, "“EUX” is no currency" in text_of(wrong)) == (422, True)
    wrong = max_.post("/early-payments/policies/new/", {**typed, "most_percent": "0"})
    assert (wrong.status_code, "A rate lies above 0" in text_of(wrong)) == (422, True)
    for page in ("/tolerances/", "/early-payments/"):
        assert 'href="/early-payments/policies/"' in max_.get(page).content.decode()
    made = max_.post("/early-payments/policies/new/", typed)
    assert made.status_code == 303
    page = made["Location"]
    assert "You wrote it" in text_of(max_.get(page))
    assert max_.post(f"{page}approve/", {"version": 1}).status_code == 403
    assert max_.post(f"{page}edit/", {**typed, "segment": "core", "version": 1}).status_code == 303
    assert root.post(f"{page}approve/", {"version": 1}).status_code == 409
    assert root.post(f"{page}approve/", {"version": 2}).status_code == 303

    with acting(people["max"].actor):
        policy = DiscountPolicy.objects.get()
    assert (policy.state, policy.currency, policy.segment, policy.day_count) == ("active", "EUR", "core", 365)
    assert "50,000.00 EUR" in text_of(root.get(page))
    listed = text_of(at("ada").get("/early-payments/policies/"))
    assert "12 % a year, of 365 days" in listed
    assert "Segment Core" in listed
    assert max_.post(f"{page}retire/", {"version": 3}).status_code == 303
    assert max_.post(f"{page}edit/", {**typed, "version": 4}).status_code == 409


def test_a_program_reads_agrees_and_takes_back(people, tokens, order, now):
    a_discount_policy(people, at=now)
    invoice = approved(order, now)
    acme, ours = tokens("ACME", TokenScope.INVOICE), tokens(None)
    address = f"/api/v1/invoices/{invoice.key}/early-payment"
    best = offered(invoice, now).best

    told = acme.get(address).json()
    assert (told["planned_on"], told["agreed"]) == (invoice.due_on.isoformat(), None)
    assert told["offers"][0] == {
        "pay_on": best.pay_on.isoformat(),
        "days": best.days,
        "discount": f"{best.discount.normalize():f}",
        "to_pay": f"{best.to_pay.normalize():f}",
    }
    chosen = {name: told["offers"][0][name] for name in ("pay_on", "discount")}
    assert tokens("ACME", TokenScope.READ).post(f"{address}/agree", chosen).status_code == 403
    assert tokens("GLOBEX", TokenScope.INVOICE).post(f"{address}/agree", chosen).status_code == 404
    assert acme.post(f"{address}/agree", {**chosen, "discount": "0.01"}).status_code == 409
    assert acme.post(f"{address}/agree", {"pay_on": chosen["pay_on"]}).status_code == 400

    agreed = acme.post(f"{address}/agree", chosen)
    assert agreed.status_code == 200, agreed.json()
    assert (agreed.json()["offers"], agreed.json()["agreed"]["state"]) == ([], "agreed")
    assert acme.post(f"{address}/agree", chosen).status_code == 409
    (row,) = ours.get("/api/v1/early-payments", {"state": "agreed"}).json()["results"]
    assert (row["number"], row["supplier"], row["discount"]) == ("R-2041", "ACME", chosen["discount"])
    assert Decimal(row["yearly_yield"]) > 12
    assert tokens("GLOBEX", TokenScope.INVOICE).get("/api/v1/early-payments").json()["results"] == []

    assert acme.post(f"{address}/take-back").json()["agreed"] is None
    assert acme.post(f"{address}/take-back").status_code == 409
