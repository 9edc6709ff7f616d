"""The desk in a browser's eyes: what waits, ranked; the case side by side; what rules approved; what is due when."""

import re
import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.invoices.models import Invoice, InvoicingProfile
from procurement.invoices.states import LIVE
from procurement.matching.models import Match, MatchCheck
from procurement.payables.models import ApprovalLimit, ApprovalRule
from procurement.payables.policies import week_of
from procurement.payables.queries.desk import RANKED, desk, narrowed
from procurement.payables.queries.forecast import forecast
from procurement.payables.services.approvals import accept_invoice
from tests.builders.invoices import fresh_invoice
from tests.builders.matching import a_match_policy
from tests.builders.payables import a_limit, a_rule, an_invoice_over_price, ask, asked_for, matched
from tests.builders.payables import desk as do
from tests.people import FEED

pytestmark = pytest.mark.django_db


def copies(invoice, count, **changed):
    """The same invoice so many times more, each under a number of its own, with what the match said of it."""
    with acting(FEED):
        rows = []
        for n in range(count):
            row = Invoice.objects.get(pk=invoice.pk)
            row.pk, row.key, row.document = None, uuid.uuid4(), uuid.uuid4()
            row.number = row.number_key = f"C{n}"
            for name, value in changed.items():
                setattr(row, name, value(n) if callable(value) else value)
            rows.append(row)
        made = Invoice.objects.bulk_create(rows)
        for row in made:
            for line in list(invoice.lines.all()):
                line.pk, line.invoice = None, row
                line.save()
            match = Match.objects.get(invoice=invoice, is_current=True)
            checks = list(MatchCheck.objects.filter(match=match))
            match.pk, match.key, match.invoice = None, uuid.uuid4(), row
            match.save()
            for check in checks:
                check.pk, check.match = None, match
                check.save()
        return made


def to_the_desk(invoice, acts="payables"):
    with acting(FEED):
        Invoice.objects.filter(pk=invoice.pk).update(acts=acts)
    return fresh_invoice(invoice)


def queries_of(client, address):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(address)
    assert response.status_code == 200
    return len(captured), response.content.decode()


def test_what_costs_most_to_leave_stands_first_and_views_and_filters_narrow_it(people, at):
    today = timezone.now().date()
    first = to_the_desk(an_invoice_over_price(people))

    def terms(days, percent=None, within=None, total=None):
        changed = {"invoiced_on": today, "due_on": today + timedelta(days=days)}
        changed |= {"discount_percent": percent, "discount_days": within}
        changed["discount_amount"] = Decimal("16.80") if percent else 0
        return changed | ({"total": total, "line_total": total, "tax_total": Decimal(0)} if total else {})

    (last,) = copies(first, 1, number="LAST", number_key="last", **terms(30))
    (late,) = copies(first, 1, number="LATE", number_key="late", **terms(-3))
    (saves,) = copies(first, 1, number="SAVES", number_key="saves", **terms(60, Decimal(2), 10))
    (gone,) = copies(
        first,
        1,
        number="GONE",
        number_key="gone",
        **(terms(20, Decimal(2), 5) | {"invoiced_on": today - timedelta(days=9)}),
    )
    (big,) = copies(first, 1, number="BIG", number_key="big", **terms(20, total=Decimal(9000)))
    (theirs,) = copies(first, 1, number="THEIRS", number_key="theirs", acts="supplier", **terms(1))

    with acting(people["otto"].actor):
        order = [name.lstrip("-") if not name.startswith("-") else name for name in RANKED]
        ranked = narrowed(desk(people["otto"].actor, today), "ours").order_by(*order)
        # Overdue; the discount that runs out in ten days; then by due day, the dearer one first.
        assert [one.number for one in ranked] == ["INV-1", "LATE", "SAVES", "BIG", "GONE", "LAST"]
        assert narrowed(desk(people["otto"].actor, today), "all", q="theirs").get() == theirs
        assert narrowed(desk(people["otto"].actor, today), "all", why="price").count() == 7
        assert narrowed(desk(people["otto"].actor, today), "all", why="quantity").count() == 0

    page = at("otto").get("/payables/").content.decode()
    assert page.index("LATE") < page.index("SAVES") < page.index("BIG") < page.index("GONE")
    assert "THEIRS" not in page
    assert "16.80 EUR</bdi> discount is lost" in page
    assert "7.06 EUR each is claimed" in page
    assert (
        at("otto")
        .get("/payables/?view=supplier&supplier=ACME&why=price&state=held")
        .content.decode()
        .count("THEIRS")
        == 1
    )
    assert (
        "Nothing like this is open" in at("otto").get("/payables/?view=all&supplier=GLOBEX").content.decode()
    )
    for name in ("asha", "gil"):
        assert at(name).get("/payables/").status_code == 403
    assert at("ada").get("/payables/").status_code == 200
    assert {last, late, saves, gone, big}


def test_one_row_or_thirty_cost_as_many_queries_and_pages_follow_each_other(people, at):
    invoice = to_the_desk(an_invoice_over_price(people))
    do(accept_invoice, invoice, people["otto"], "Please.")
    ask(invoice, people["otto"], "buyer", "Did you agree?")
    otto, asha = at("otto"), at("asha")
    pages = ("/payables/?view=all", "/payables/approved/", "/payables/due/", f"/payables/{invoice.key}/")
    otto.get(pages[0])
    asha.get("/payables/due/")
    one = [queries_of(otto, page)[0] for page in pages]
    theirs = queries_of(asha, "/payables/due/")[0]

    made = copies(invoice, 60, invoiced_on=lambda n: date(2026, 3, 1) + timedelta(days=n % 7))

    assert [queries_of(otto, page)[0] for page in pages] == one
    assert queries_of(asha, "/payables/due/")[0] == theirs
    seen, address = set(), "/payables/?view=all"
    for _page in range(2):
        text = otto.get(address).content.decode()
        seen |= {row.number for row in made if f">{row.number}</bdi>" in text}
        if found := re.search(r'rel="next" href="([^"]+)"', text):
            address = "/payables/" + found[1].replace("&amp;", "&")
    assert len(seen) == 60


def test_the_case_shows_all_side_by_side_and_takes_every_answer(people, at):
    a_limit(people, 100, role="accounts_payable")
    a_rule(people, 1, role="buyer")
    invoice = an_invoice_over_price(people)
    copies(invoice, 1, state="approved", approved_at=timezone.now(), approved_by="Rule", held_for={}, acts="")
    why = {"state": "rejected", "rejected_reason": "6.85 was agreed.", "held_for": {}, "acts": ""}
    (back,) = copies(invoice, 1, number="BACK", number_key="back", **why)
    otto, bea, asha, case = at("otto"), at("bea"), at("asha"), f"/payables/{invoice.key}/"
    over = otto.get(f"/payables/{back.key}/").content.decode()
    assert "Rejected: “6.85 was agreed.”" in over
    assert "What the match had said" in over

    page = otto.get(case).content.decode()
    for words in (
        "Side by side",
        "4500000001</bdi> · 10",
        "7.06 EUR",
        "6.85 EUR",
        "Invoiced before",
        "C0",
        "Accept it, ask for approval",
        # On a phone what can be done is below all evidence: its ways stand first.
        '<nav class="q-jumps" aria-label="What to do"><a class="btn btn-primary" href="#accept">Accept</a>',
        '<a class="btn" href="#reject">Reject</a>',
        f'href="/invoices/{invoice.key}/"',
        f'href="/invoices/{invoice.key}/pdf/"',
    ):
        assert words in page, words
    assert "Asked are step 1: Buyer." in page

    def post(client, path, **data):
        data.setdefault("version", fresh_invoice(invoice).version)
        return client.post(f"{case}{path}", data)

    refused = post(otto, "do/accept/", reason=" ")
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert post(otto, "do/hold/", version=1, reason="Old page").status_code == 409
    assert post(otto, "do/hold/", reason="Wait for <b>the letter</b>").status_code == 303
    assert "Wait for &lt;b&gt;the letter" in otto.get(case).content.decode()
    assert post(otto, "ask/", asked_of="supplier", question="").status_code == 422
    assert post(otto, "ask/", asked_of="supplier", question="Why 7.06?").status_code == 303
    theirs = asha.get(f"/invoices/{invoice.key}/questions/").content.decode()
    assert f'href="/invoices/{invoice.key}/"' in theirs
    assert "Why 7.06?" in theirs
    home = asha.get("/").content.decode()
    assert "2 invoices wait for you." in home
    assert home.index("Sent back: “6.85 was agreed.”") < home.index(
        "Accounts payable asks the supplier: Why 7.06?"
    )
    assert "Answer the question" in asha.get(f"/invoices/{invoice.key}/").content.decode()
    with acting(FEED):
        question = fresh_invoice(invoice).questions.get()
    answer = f"/invoices/questions/{question.key}/answer/"
    assert asha.post(answer, {"version": 1, "answer": ""}).status_code == 422
    assert asha.post(answer, {"version": 1, "answer": "Copper went up."}).status_code == 303
    assert asha.post(answer, {"version": 1, "answer": "Again."}).status_code == 409
    assert "Copper went up." in otto.get(case).content.decode()
    paper = asha.get(f"/invoices/{invoice.key}/").content.decode()
    assert "Asha Acme answered: “Copper went up.”" in paper
    assert "Answer the question" not in paper
    assert "Accounts payable asks: Why 7.06?" in paper
    assert "question_" not in paper
    assert post(otto, "do/accept/", reason="Copper, agreed.").status_code == 303
    (one,) = asked_for(invoice)
    approvals = bea.get("/payables/approvals/").content.decode()
    assert "INV-1" in approvals
    assert re.search(
        r'title="Approvals" aria-current="page">.*?<span class="q-count q-count--hot">1<', approvals
    )
    assert "Approve</button>" in bea.get(case).content.decode()
    assert "Approve</button>" not in otto.get(case).content.decode()
    for word, reason, state in (("decline", "", "disputed"), ("approve", "", "approved")):
        bea.post(f"/approvals/{one.key}/{word}/", {"version": one.version, "reason": reason})
        assert fresh_invoice(invoice).state == state
    assert "Nothing is to be done" not in otto.get(case).content.decode()
    assert post(otto, "do/reopen/", reason="Too early.").status_code == 303
    assert post(otto, "short/", **{"short-1": "abc", "reason": "x"}).status_code == 422
    a_limit(people, 1000, role="accounts_payable")
    short = otto.get(f"{case}short/").content.decode()
    assert "Approve</button>" not in short
    part = {"quantity-1": "98", "price-1": "6,85", "why-1": "Two came broken"}
    looked = post(otto, "short/", look="1", **part)
    shown = " ".join(re.sub(r"<[^>]+>", " ", looked.content.decode()).split())
    # 2 x 7.06 and 98 x 0.21: 34.70, and 19 % of it.
    assert "− 41.29 EUR" in shown
    assert "Approve 798.85 EUR" in shown
    seen = re.search(r'name="seen" value="(\w{32})"', looked.content.decode())[1]
    moved = post(otto, "short/", do="1", seen=seen, **{**part, "quantity-1": "97"})
    assert "It was changed since" in moved.content.decode()
    assert fresh_invoice(invoice).state == "held"
    assert post(otto, "short/", do="1", seen=seen, **part).status_code == 303
    assert fresh_invoice(invoice).state == "approved"
    told = " ".join(re.sub(r"<[^>]+>", " ", otto.get(case).content.decode()).split())
    # What is paid stands beside what was claimed, and the note about it was not invoiced before it.
    assert "Claimed 840.14 EUR To be paid 798.85 EUR" in told
    assert "to be paid: 98 pcs , 671.30 EUR" in told
    assert "Credit note INV-1-CN −41.29 EUR" in told.replace("− ", "−")
    assert "−2" not in told.replace("− ", "−")
    paper = asha.get(f"/invoices/{invoice.key}/").content.decode()
    assert "98 of 100 pcs are paid, paid at 6.85 instead of 7.06 EUR. Two came broken." in paper
    assert otto.get("/payables/" + str(uuid.uuid4()) + "/").status_code == 404


def test_what_a_rule_approved_is_listed_with_it_and_can_be_opened_again(people, at):
    a_match_policy(people)
    invoice = matched(an_invoice_over_price(people, price="6.85"))
    assert invoice.state == "approved"

    page = at("otto").get("/payables/approved/").content.decode()

    assert "Clean ones" in page
    assert "Open it again" in page
    assert "INV-1" in at("otto").get("/payables/approved/?rule=Clean+ones").content.decode()


def test_rules_limits_and_how_a_company_takes_invoices_are_written_on_their_pages(people, at):
    root = at("root")
    assert "No rule is written" in at("bea").get("/payables/rules/").content.decode()
    assert root.post("/payables/rules/", {"rule-step": "1"}).status_code == 422
    rule = {
        "rule-step": "2",
        "rule-approver": "role:manager",
        "rule-amount_from": "1,000",
        "rule-currency": "eur",
    }
    assert root.post("/payables/rules/", rule | {"rule-valid_to": "2099-12-31"}).status_code == 303
    assert root.post("/payables/rules/", rule | {"rule-amount_from": "much"}).status_code == 422
    for field, said in (
        ({"rule-supplier": "NOBODY"}, "“NOBODY” is no supplier that is known here. Choose one of the list."),
        ({"rule-currency": "EUX"}, "“EUX” is no currency of ISO 4217. Choose one of the list."),
        ({"rule-item_group": "air"}, "air"),
    ):
        refused = root.post("/payables/rules/", rule | field)
        assert (refused.status_code, said in refused.content.decode()) == (422, True)
    assert '<option value="ACME">Acme Valves (ACME)</option>' in root.get("/payables/rules/").content.decode()
    with acting(FEED):
        (written,) = ApprovalRule.objects.all()
    assert (written.step, written.role, written.amount_from, written.currency) == (2, "manager", 1000, "EUR")
    assert "of 1,000.00 EUR or more" in root.get("/payables/rules/").content.decode()
    limit = {
        "limit-approver": f"person:{people['otto'].user.pk}",
        "limit-amount": "500",
        "limit-currency": "EUR",
    }
    assert root.post("/payables/rules/limits/", limit | {"limit-amount": ""}).status_code == 422
    assert root.post("/payables/rules/limits/", limit).status_code == 303
    with acting(FEED):
        key = ApprovalLimit.objects.get().key
    assert root.post(f"/payables/rules/{written.key}/end/").status_code == 303
    assert root.post(f"/payables/rules/limits/{key}/drop/").status_code == 303
    assert at("bea").post(f"/payables/rules/{written.key}/end/").status_code == 403

    assert "Northmoor" in root.get("/payables/setup/").content.decode()
    form = {
        "version": "0",
        "name": "Northmoor Supply",
        "country": "gb",
        "claims_received": "1",
        "format": ["ubl", "facturx"],
        "tax-0-label": "VAT 20 %",
        "tax-0-category": "S",
        "tax-0-rate": "20",
        "usual": "0",
        "tax-1-label": "",
        "tax-1-rate": "",
    }
    assert root.post("/payables/setup/NM/save/", form | {"tax-0-rate": "x"}).status_code == 422
    assert root.post("/payables/setup/NM/save/", form).status_code == 303
    assert root.post("/payables/setup/NM/save/", form).status_code == 409
    assert "VAT 20 %" in root.get("/payables/setup/NM/").content.decode()
    with acting(FEED):
        profile = InvoicingProfile.objects.get()
    assert (profile.country, profile.allow_without_order, profile.einvoice_formats) == (
        "GB",
        False,
        ["ubl", "facturx"],
    )


def test_what_is_due_is_told_to_both_sides_by_week_and_credits_come_off(people, at):
    today = timezone.now().date()
    invoice = an_invoice_over_price(people, order="4500000001")
    soon = {"invoiced_on": today, "due_on": today + timedelta(days=30)}
    terms = {"discount_percent": Decimal(2), "discount_days": 10, "discount_amount": Decimal("16.80")}
    (due,) = copies(invoice, 1, number="SOON", number_key="soon", **terms, **soon)
    approved = {"state": "approved", "approved_at": timezone.now(), "approved_by": "Otto", "held_for": {}}
    approved |= {"acts": "", "held_at": None}

    def sums(total):
        return {"total": Decimal(total), "line_total": Decimal(total), "tax_total": Decimal(0)}

    copies(
        invoice,
        1,
        number="CN",
        number_key="cn",
        kind="credit_note",
        corrects_id=due.pk,
        invoiced_on=today,
        due_on=None,
        **sums(40),
        **approved,
    )
    # Nobody has said yet that this one takes anything off.
    copies(invoice, 1, number="CN2", number_key="cn2", kind="credit_note", **sums(9), **soon)
    monday = week_of(today + timedelta(days=30))

    with acting(people["asha"].actor):
        rows = forecast(people["asha"].actor, today)
    assert [(one.week, one.currency, one.amount, one.discount, one.count, one.is_past) for one in rows] == [
        (week_of(today) - timedelta(days=7), "EUR", Decimal("840.14"), Decimal(0), 1, True),
        (monday, "EUR", Decimal("800.14"), Decimal("16.80"), 2, False),
    ]
    assert [(one.claimed, one.credits, one.approved) for one in rows] == [
        (Decimal("840.14"), 0, 0),
        # It stands on the day of what it corrects, whatever its own day is.
        (Decimal("840.14"), 40, -40),
    ]
    assert rows[1].saved_from == rows[1].saved_to == today + timedelta(days=10)
    with acting(people["gil"].actor):
        assert forecast(people["gil"].actor, today) == []
    page = at("asha").get(f"/payables/due/?week={monday.isoformat()}").content.decode()
    assert "SOON" in page
    assert "CN2" not in page
    told = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "840.14 EUR − 40.00 EUR 800.14 EUR" in told
    with acting(FEED):
        # What it corrects is paid: it takes off what is owed first.
        Invoice.objects.filter(pk=due.pk).update(**{**approved, "state": "paid"})
        rows = forecast(FEED, today)
    assert [(one.amount, one.claimed, one.credits) for one in rows] == [
        (Decimal("800.14"), Decimal("840.14"), Decimal(40))
    ]
    assert "INV-1" not in page
    assert "INV-1" in at("otto").get("/payables/due/?week=2026-01-05").content.decode()
    assert at("asha").get("/payables/due/?week=never").status_code == 200
    assert set(LIVE)
