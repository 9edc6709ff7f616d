"""What both sides read of a match, and the pages of matching policies."""

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone, translation

import procurement.matching.engine as engine
from portal.kernel.actors import NOBODY
from portal.kernel.scope import acting
from procurement.invoices.models import Invoice
from procurement.matching.engine import Kind, match
from procurement.matching.engine.checks import CheckKind, check_to_json
from procurement.matching.models import MatchPolicy
from procurement.matching.presenters import acts_text, check_rows, check_sentence, held_sentence, outcome_text
from procurement.matching.presenters.sentences import SENTENCES
from procurement.matching.services import match_invoices
from procurement.tolerances.messages import Level, Measure, Scope
from tests.builders.invoices import a_draft_invoice
from tests.builders.invoices import a_sent_invoice as send
from tests.builders.matching import (
    a_claim,
    a_ground,
    a_line,
    a_rule,
    a_sent_invoice,
    limits,
    order_lines,
    said,
    the_grounds,
)
from tests.builders.programs import a_program
from tests.builders.tolerances import a_draft
from tests.builders.world import MONDAY, an_order, fresh
from tests.builders.world import a_line as line_paper
from tests.people import FEED, signed_in


def text_of(response):
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", plain)


WEIGHED = a_rule(Measure.UNIT_PRICE, percent=3)


def test_every_sentence_that_the_engine_names_is_there():
    kinds = "|".join(one.value for one in CheckKind)
    text = "".join(path.read_text(encoding="utf-8") for path in Path(engine.__file__).parent.glob("*.py"))
    named = set(re.findall(rf'"((?:{kinds})\.[a-z_]+)"', text))
    # What is put together from two words.
    named |= {f"total.{name}" for name in ("lines", "allowances", "charges", "tax", "total")}
    named |= {
        f"tax_id.{who}_{what}" for who in ("supplier", "company") for what in ("known", "other", "unknown")
    }
    named |= {f"price.{name}_favourable" for name in ("same", "besides", "credited")}
    assert named == set(SENTENCES)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_sentence_can_be_written_with_nothing_but_its_figures(language):
    with translation.override(language):
        for message in SENTENCES:
            assert held_sentence({"key": f"match.{message}", "params": {}})


def test_why_an_invoice_is_held_is_what_the_check_says():
    found = match(a_claim(a_line(10, "10.50")), the_grounds(), limits(WEIGHED))
    check = found.reason
    told = (
        "10.50 EUR each is claimed on order 4500000001, line 10, but 10.00 EUR was agreed: 0.50 EUR too much."
    )
    assert check_sentence(check) == f"{told} 0.30 EUR more would be allowed."
    kept = check_to_json(check)
    held = {"key": f"match.{check.message}", "params": kept["inputs"] | {"limit": kept["limit"]}}
    assert held_sentence(held) == check_sentence(check)
    assert held_sentence({"key": "disputed", "params": {"reason": "no"}}) == ""
    assert acts_text("buyer") == "The buyer acts"
    assert acts_text("payables", is_supplier=True) == "The customer decides"
    assert [acts_text("supplier", is_supplier=mine) for mine in (True, False)] == [
        "Your turn",
        "The supplier acts",
    ]
    assert outcome_text("waits_for_receipt") == "Waits for goods"


def test_what_waits_says_that_it_goes_on_by_itself():
    ground = a_ground(ordered=100, received=60, more_comes=True)
    found = match(a_claim(a_line(100)), the_grounds(ground), limits())
    assert check_sentence(found.reason) == (
        "100 pcs of order 4500000001, line 10, are claimed, but only 60 pcs are booked in yet. "
        "It goes on by itself when the rest is."
    )


def test_both_sides_read_the_same_rows_but_for_whom_a_rule_is_written(people):
    rule = a_rule(Measure.UNIT_PRICE, percent=3, scope=Scope(Level.SEGMENT, segment="core"))
    found = match(a_claim(a_line(10, "10.20")), the_grounds(), limits(rule))
    buyer = check_rows(found.checks, policy="Invoices 2026", actor=people["bea"].actor)
    seller = check_rows(found.checks, policy="Invoices 2026", actor=people["asha"].actor)
    mine = next(one for one in seller if one.kind == "price")
    assert (mine.expected, mine.actual, mine.allowed, mine.rule, mine.result_label, mine.position) == (
        "10.00 EUR",
        "10.20 EUR",
        "up to 3 %",
        "Invoices 2026, rule 0",
        "passed",
        1,
    )
    assert [one.rule for one in buyer if one.rule] == ["Invoices 2026, rule 0 (segment Core)"]
    assert [(one.sentence, one.result) for one in buyer] == [(one.sentence, one.result) for one in seller]
    assert [one.label for one in check_rows([said(found, CheckKind.TOTAL)], actor=NOBODY)] == ["Sums"]


def test_a_twin_names_the_other_and_its_day():
    twin = {
        "number": "INV-2",
        "day": date(2026, 3, 2),
        "other": "INV-1",
        "other_key": "x",
        "other_day": date(2026, 3, 1),
        "total": Fraction(1000),
        "currency": "EUR",
    }
    kept = {
        name: value.isoformat() if isinstance(value, date) else str(value) for name, value in twin.items()
    }
    assert held_sentence({"key": "match.duplicate.amount", "params": kept | {"limit": "7"}}) == (
        "Invoice INV-1 of 1 Mar 2026 claims the same amount, 1,000.00 EUR, on the same order lines. "
        "Within 7 days that is asked about."
    )
    assert Kind("invoice") is Kind.INVOICE


@pytest.mark.django_db
def test_a_policy_is_written_by_one_and_let_act_by_another(people):
    bea, max_ = signed_in(people["bea"]), signed_in(people["max"])
    typed = {"company": "NM", "name": "", "way": "two_way", "level": "supplier", "approves_alone": "on"}
    refused = bea.post(reverse("match-policy-new"), typed)
    assert refused.status_code == 422
    assert b"Name it" not in refused.content  # the form speaks first
    typed |= {"name": "Acme passes"}
    refused = bea.post(reverse("match-policy-new"), typed)
    assert b"the policy is written for this alone" in refused.content
    made = bea.post(reverse("match-policy-new"), typed | {"supplier": "ACME", "duplicate_days": ""})
    assert made.status_code == 303
    with acting(FEED):
        policy = MatchPolicy.objects.get()
    assert (policy.way, policy.approves_alone, policy.duplicate_days) == ("two_way", True, None)
    page = bea.get(reverse("match-policy", args=[policy.key]))
    assert b"somebody else lets it act" in page.content
    edited = typed | {"supplier": "ACME", "name": "Acme", "version": 1}
    assert bea.post(reverse("match-policy-edit", args=[policy.key]), edited).status_code == 303
    address = reverse("match-policy-approve", args=[policy.key])
    assert bea.post(address, {"version": 2}).status_code == 403
    assert max_.post(address, {"version": 2}).status_code == 303
    listed = max_.get(reverse("match-policy-list")).content.decode()
    assert "Acme" in listed
    assert "Two-way: against what was ordered" in listed
    assert max_.post(reverse("match-policy-retire", args=[policy.key]), {"version": 3}).status_code == 303
    with acting(FEED):
        assert MatchPolicy.objects.get().state == "retired"


@pytest.mark.django_db
def test_a_draft_policy_is_tried_on_past_invoices(people):
    at = timezone.now()
    an_order(lines=[line_paper(10, received_quantity=Decimal(100)), line_paper(20)])
    line, other = order_lines()
    dear = a_sent_invoice((line, 10, "7.05"), number="INV-1", at=at)
    a_sent_invoice((line, 11, "7.10"), number="INV-2", at=at)
    a_sent_invoice((other, 5, "6.85"), number="INV-3", at=at)
    bea = signed_in(people["bea"])
    draft = a_draft(people["bea"], WEIGHED)
    page = text_of(bea.get(reverse("policy-dry-run", args=[draft.key])))
    assert "1 of 3 invoices would pass." in page
    assert "7.10 EUR each is claimed on order 4500000001, line 10, but 6.85 EUR was agreed" in page
    assert "are claimed, but none is booked in yet." in page
    with acting(FEED):
        Invoice.objects.filter(pk=dear.pk).update(state="rejected", rejected_reason="Too dear")
    page = text_of(bea.get(reverse("policy-dry-run", args=[draft.key])))
    assert "1 of them was rejected by people" in page
    promises = a_draft(people["bea"], name="Promises")
    assert "Past invoices" not in text_of(bea.get(reverse("policy-dry-run", args=[promises.key])))


@pytest.mark.django_db
def test_both_sides_programs_read_how_an_invoice_was_compared(people, world):
    an_order(lines=[line_paper(10, received_quantity=Decimal(50)), line_paper(20)])
    sent = send(fresh(), people["otto"], {"L10": 60})
    address = f"/api/v1/invoices/{sent.key}/match"
    acme, buying = a_program(world["ACME"]), a_program()
    assert acme.get(address).json()["made_at"] is None  # it was not matched yet: tried as things stand
    with acting(FEED):
        match_invoices([sent.pk], trigger="sent", at=MONDAY)
    seller, buyer = acme.get(address).json(), buying.get(address).json()
    assert seller == buyer
    assert (seller["outcome"], seller["trigger"], seller["approves_alone"]) == (
        "waits_for_receipt",
        "sent",
        False,
    )
    (waits,) = [one for one in seller["checks"] if one["result"] == "waits"]
    assert (waits["kind"], waits["position"], waits["acts"], waits["inputs"]["received"]) == (
        "quantity",
        1,
        "receiver",
        "50",
    )
    assert a_program(world["GLOBEX"]).get(address).status_code == 404
    draft = a_draft_invoice(fresh(), people["asha"], {"L20": 5}, number="INV-2")
    tried = acme.get(f"/api/v1/invoices/{draft.key}/match").json()
    assert (tried["made_at"], tried["outcome"]) == (None, "waits_for_receipt")
