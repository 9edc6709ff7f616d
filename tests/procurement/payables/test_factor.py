"""Above an amount that an installation may name, whoever approves shows a second factor first, by whichever door."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from portal import env
from procurement.payables.policies import is_above
from procurement.payables.services.approvals import accept_invoice
from tests.builders.factors import show_factor
from tests.builders.invoices import fresh_invoice
from tests.builders.payables import a_limit, a_link_to, a_rule, an_invoice_over_price, asked_for, desk
from tests.builders.programs import a_program_of

pytestmark = pytest.mark.django_db

PART = {"quantity-1": "98", "price-1": "6,85", "why-1": "Two came broken"}


@pytest.mark.parametrize(
    ("amount", "currency", "above"),
    [("500.00", "EUR", False), ("500.01", "EUR", True), ("1", "USD", True)],
)
def test_what_is_above(amount, currency, above):
    assert is_above(Decimal(amount), currency, limits={"EUR": Decimal(500)}) is above
    assert not is_above(Decimal(amount), currency, limits=env.amounts("UNSET"))  # as it is set up


def test_accepting_and_paying_short_ask_for_it_on_the_page_and_of_no_program(people, at, settings):
    invoice = an_invoice_over_price(people)
    a_limit(people, 1000, role="accounts_payable")
    otto, case = at("otto"), f"/payables/{invoice.key}/"
    seen = {"version": invoice.version}
    settings.APPROVE_FACTOR_ABOVE = {"EUR": Decimal("840.13")}

    assert otto.post(f"{case}do/accept/", seen | {"reason": "Agreed."}).status_code == 409
    looked = otto.post(f"{case}short/", seen | PART | {"look": "1"}).content.decode()
    mark = re.search(r'name="seen" value="(\w{32})"', looked)[1]
    assert otto.post(f"{case}short/", seen | PART | {"do": "1", "seen": mark}).status_code == 409
    program = a_program_of(people["otto"])
    said = {"version": invoice.version, "reason": "Agreed."}
    short = {"lines": [{"position": 1, "quantity": "98", "reason": "Broken"}], "charges": []}
    for verb, sent in (("accept", said), ("pay-short", said | short)):
        answer = program.post(f"/api/v1/desk/{invoice.key}/{verb}", sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "fresh_factor_needed")
    assert fresh_invoice(invoice).state == "held"

    show_factor(otto, people["otto"].user, ago=3600)
    assert otto.post(f"{case}do/accept/", seen | {"reason": "Agreed."}).status_code == 409
    show_factor(otto, people["otto"].user)
    assert otto.post(f"{case}do/accept/", seen | {"reason": "Agreed."}).status_code == 303
    assert fresh_invoice(invoice).state == "approved"


def test_at_the_limit_nobody_is_asked(people, at, settings):
    invoice = an_invoice_over_price(people)
    a_limit(people, 1000, role="accounts_payable")
    settings.APPROVE_FACTOR_ABOVE = {"EUR": Decimal("840.14")}
    typed = {"version": invoice.version, "reason": "Agreed."}
    assert at("otto").post(f"/payables/{invoice.key}/do/accept/", typed).status_code == 303
    assert fresh_invoice(invoice).state == "approved"


def test_an_approver_shows_it_to_say_yes_and_a_link_leads_to_sign_in(people, at, settings):
    a_rule(people, 1, role="buyer")
    invoice = an_invoice_over_price(people, at=timezone.now())
    desk(accept_invoice, invoice, people["otto"], "Copper went up.", at=timezone.now())
    link = a_link_to(invoice, people["bea"])
    (one,) = asked_for(invoice)
    assert "is approved after signing in" not in Client().get(f"/approve/{link.token}/").content.decode()

    settings.APPROVE_FACTOR_ABOVE = {"CHF": Decimal(1_000_000)}  # euros are not named
    assert "is approved after signing in" in Client().get(f"/approve/{link.token}/").content.decode()
    bea, said = at("bea"), {"version": one.version, "reason": ""}
    assert bea.post(f"/approvals/{one.key}/approve/", said).status_code == 409
    for client in (a_program_of(people["bea"]).post, signed_in_program(bea)):
        answer = client(f"/api/v1/approvals/{one.key}/approve", {"version": one.version})
        assert (answer.status_code, answer.json()["code"]) == (403, "fresh_factor_needed")
    assert [one.state for one in asked_for(invoice)] == ["asked"]
    show_factor(bea, people["bea"].user)
    answer = signed_in_program(bea)(f"/api/v1/approvals/{one.key}/approve", {"version": one.version})
    assert (answer.status_code, fresh_invoice(invoice).state) == (200, "approved")


def test_to_say_no_needs_none(people, at, settings):
    a_rule(people, 1, role="buyer")
    invoice = an_invoice_over_price(people)
    desk(accept_invoice, invoice, people["otto"], "Copper went up.")
    (one,) = asked_for(invoice)
    settings.APPROVE_FACTOR_ABOVE = {"EUR": Decimal(1)}
    typed = {"version": one.version, "reason": "Not agreed."}
    assert at("bea").post(f"/approvals/{one.key}/decline/", typed).status_code == 303
    assert [one.state for one in asked_for(invoice)] == ["declined"]


def signed_in_program(client):
    return lambda path, body: client.post(path, body, content_type="application/json")
