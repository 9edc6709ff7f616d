"""Invoices on the screen: begun, typed, sent, corrected, followed, by people on both sides; without a script too."""

import html
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.kernel.scope import acting
from procurement.erp.states import INVOICE_WRITE_LIFECYCLE
from procurement.invoices.messages import Hold
from procurement.invoices.models import Invoice
from procurement.invoices.presenters import STORY
from procurement.invoices.services import hold_invoice, reject_invoice
from procurement.orders.models import PurchaseOrderLine
from tests.builders import invoices
from tests.builders.changes import an_agreed_order
from tests.builders.counts import a_posted_sheet
from tests.builders.facts import a_receipt, arrive
from tests.builders.invoices import REVERSE, VAT, a_profile, fresh_invoice, settle
from tests.builders.shipments import a_sent_notice
from tests.builders.world import a_line
from tests.people import FEED

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


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


def words(response):
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page(response))).split())


def url(name, invoice, *more):
    return reverse(name, args=[invoice.key, *more])


class Fields(HTMLParser):
    """The fields of the editor's form, as a browser would send them."""

    def __init__(self):
        super().__init__()
        self.found, self.inside, self.select, self.area = {}, False, "", ""

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        name, value = told.get("name") or "", told.get("value") or ""
        if tag == "form":
            self.inside = told.get("id") == "editor"
        if not self.inside or told.get("form"):
            return
        if tag == "input" and name:
            self.found[name] = value
        elif tag == "select":
            self.select = name
        elif tag == "option" and (self.select not in self.found or "selected" in told):
            self.found[self.select] = value
        elif tag == "textarea":
            self.area, self.found[name] = name, ""

    def handle_endtag(self, tag):
        self.area = "" if tag == "textarea" else self.area
        self.inside = self.inside and tag != "form"

    def handle_data(self, data):
        if self.area:
            self.found[self.area] += data


def typed(response, **changed):
    """The editor's form with some fields changed; `quantity_1` is `quantity.1`."""
    fields = Fields()
    fields.feed(page(response))
    return fields.found | {re.sub(r"_(?=\d+$)", ".", name): value for name, value in changed.items()}


def the_invoice():
    with acting(FEED):
        return Invoice.objects.select_related("supplier", "company").latest("id")


def said(invoice):
    """The lines of an invoice: what of which order line at which price comes to how much."""
    with acting(FEED):
        rows = invoice.lines.order_by("position").values_list("line__key", "quantity", "unit_price", "amount")
        return [(key, *(Decimal(each).normalize() for each in rest)) for key, *rest in rows]


def a_draft(people, *more, **changed):
    return invoices.a_draft_invoice(an_agreed_order(people["asha"]), people["asha"], *more, **changed)


# --- begun


def test_one_press_on_order_notice_and_count_makes_a_draft_with_what_is_left(people, at):
    order = an_agreed_order(people["asha"])
    notice = a_sent_notice(order, people["asha"], {"L20": 30})
    came = a_sent_notice(order, people["asha"], {"L10": 60}, number="DN-2")
    sheet = a_posted_sheet(people, 60, notice=came)
    asha = at("asha")
    new = reverse("invoice-new")
    for address, name, key in (
        (reverse("order", args=[order.key]), "order", order.key),
        (reverse("shipment", args=[notice.key]), "notice", notice.key),
        (reverse("receiving-sheet", args=[sheet.key]), "count", sheet.key),
    ):
        assert f'name="{name}" value="{key}"' in page(asha.get(address)), name

    begun = {}
    for name, key in (("order", order.key), ("notice", notice.key), ("count", sheet.key)):
        posted = asha.post(new, {name: str(key)})
        assert (posted.status_code, posted["Location"]) == (303, url("invoice", the_invoice())), name
        begun[name] = [row[:2] for row in said(the_invoice())]
    assert begun == {
        "order": [("L10", 60), ("L20", 30)],
        "notice": [("L20", 30)],
        "count": [("L10", 60)],
    }


def test_lines_of_many_orders_are_ticked_found_and_added_to_a_draft(people, at):
    first = an_agreed_order(people["asha"])
    second = an_agreed_order(people["asha"], "4500000002")
    asha = at("asha")
    new = reverse("invoice-new")
    assert "4500000001" not in page(asha.get(new, {"q": "4500000002"}))
    searched = page(asha.get(new, {"q": "4500000002", "order": str(second.key)}))
    assert f'href="?order={second.key}"' in searched  # the search alone is taken off
    assert 'href="?q=4500000002"' in searched
    assert "Nothing like this here" in page(asha.get(new, {"q": "nowhere"}))
    assert "4500000002" in page(at("otto").get(new, {"q": "acme"}))
    assert "4500000002" not in page(at("otto").get(new, {"q": "globex"}))
    empty = asha.post(new, {})
    assert (empty.status_code, "Tick at least one order line." in page(empty)) == (422, True)

    with acting(FEED):
        PurchaseOrderLine.objects.filter(order=first, key="L10").update(received_quantity=60)
    shown = words(asha.get(new, {"order": str(first.key)}))
    assert re.findall(r"Ball valve DN15 (\d+) pcs (\d+) pcs (\d+) pcs", shown)[0] == ("60", "0", "60")

    asha.post(new, {"pick": [f"{first.key}.L10", f"{first.key}.L20"]})
    assert [row[:2] for row in said(the_invoice())] == [("L10", 60), ("L20", 100)]  # as it stood beside each
    asha.post(new, {"pick": [f"{first.key}.L10", f"{second.key}.L20"]})
    draft = the_invoice()
    assert [row[:2] for row in said(draft)] == [("L10", 60), ("L20", 100)]
    pressed = asha.post(
        url("invoice-save", draft), typed(asha.get(url("invoice", draft)), number="A-9", more="1")
    )
    assert pressed["Location"] == f"{new}?invoice={draft.key}"
    assert f"{second.key}.L20" not in page(asha.get(pressed["Location"]))
    asha.post(new, {"invoice": str(draft.key), "pick": f"{second.key}.L10"})

    assert [row[:2] for row in said(draft)] == [("L10", 60), ("L20", 100), ("L10", 100)]
    assert fresh_invoice(draft).number == "A-9"


# --- typed


def test_the_form_saves_lines_charges_and_taxes_without_a_script(people, at):
    a_profile(people["max"], VAT, REVERSE)
    draft = a_draft(people, {"L10": None, "L20": None}, number="")
    asha = at("asha")
    editor = asha.get(url("invoice", draft))
    assert "It needs the number that it has in your books" in words(editor)

    added = asha.post(url("invoice-save", draft), typed(editor, number="INV-7", add_charge="1"), follow=True)
    sent = typed(added, quantity_1="40", unit_price_1="7.10", code_1="FC", charge_1="25.50")
    kept = asha.post(url("invoice-save", draft), {**sent, "save": "1"}, follow=True)

    assert "The draft is saved." in page(kept)
    assert said(draft) == [("L10", 40, Decimal("7.1"), 284), ("L20", 100, Decimal("6.85"), 685)]
    now = fresh_invoice(draft)
    assert (now.number, now.line_total, now.charge_total) == ("INV-7", 969, Decimal("25.5"))
    assert (now.tax_total, now.total) == (Decimal("188.96"), Decimal("1183.46"))
    assert "VAT 19 % on 994.50 EUR 188.96 EUR" in words(kept)
    assert "The price agreed on order 4500000001 line 10 is 6.85" in words(kept)

    # The agreed price with one press, an allowance on a line, a line out, another tax and why.
    sent = typed(kept, use_price="1")
    kept = asha.post(url("invoice-save", draft), sent, follow=True)
    assert said(draft)[0] == ("L10", 40, Decimal("6.85"), 274)
    kept = asha.post(url("invoice-save", draft), typed(kept, add_allowance="1"), follow=True)
    kept = asha.post(
        url("invoice-save", draft),
        typed(kept, code_2="95", percent_2="10", for_2="1", tax_1="AE|0|"),
        follow=True,
    )
    kept = asha.post(
        url("invoice-save", draft), typed(kept, drop_line="2", exemption_1="§ 13b UStG"), follow=True
    )
    assert said(draft) == [("L10", 40, Decimal("6.85"), Decimal("246.6"))]
    assert "§ 13b UStG" in page(kept)
    assert "the customer's tax number stands on the invoice" in words(kept)


def test_typing_brings_back_only_what_moved_and_tells_the_match(people, at):
    draft = a_draft(people)
    asha = at("asha")
    editor = asha.get(url("invoice", draft))

    kept = asha.post(url("invoice-save", draft), typed(editor, quantity_1="10"), headers=HTMX)

    assert (kept.status_code, kept["HX-Reswap"]) == (200, "none")
    assert "invoice-saved" in kept["HX-Trigger"]
    assert "<html" not in page(kept)
    assert 'id="amount-1" hx-swap-oob="true"' in page(kept)
    moved = re.findall(r'id="([\w-]+)" hx-swap-oob', page(kept))
    assert [one for one in moved if f'id="{one}"' not in page(editor)] == []  # each has its place
    assert "68.50" in words(kept)
    version = fresh_invoice(draft).version
    assert f'name="version" value="{version}" hx-swap-oob="true"' in page(kept)


def test_what_cannot_be_read_is_told_at_its_field_and_the_rest_is_kept(people, at):
    draft = a_draft(people)
    asha = at("asha")
    sent = typed(
        asha.get(url("invoice", draft)),
        number="INV-8",
        quantity_1="ten",
        invoiced_on="soon",
        payment_days="-3",
    )

    bad = asha.post(url("invoice-save", draft), sent | {"save": "1"})

    assert bad.status_code == 422
    told = words(bad)
    assert "“ten” is no amount." in told
    assert "“soon” is no day." in told
    assert "“-3” is no number of days." in told
    assert 'value="ten"' in page(bad)
    assert 'href="#quantity-1"' in page(bad)
    assert (fresh_invoice(draft).number, said(draft)[0][1]) == ("INV-8", 100)


def test_two_tabs_lose_nothing_and_see_the_difference(people, at):
    draft = a_draft(people, {"L10": None, "L20": None})
    asha, otto = at("asha"), at("asha")
    first, second = asha.get(url("invoice", draft)), otto.get(url("invoice", draft))
    otto.post(url("invoice-save", draft), typed(second, quantity_2="50", note="by tab two", drop_line="1"))

    stale = asha.post(
        url("invoice-save", draft),
        typed(first, quantity_2="60", quantity_1="5", buyer_reference="PO 7", save="1"),
    )

    assert stale.status_code == 409
    told = words(stale)
    assert "changed this invoice since you opened it" in told
    assert "Quantity: Asha Acme wrote “50”, yours is in the field." in told
    form = typed(stale)
    assert (form["quantity.1"], form["quantity.2"]) == (
        "60",
        "5",
    )  # my line 2, then the line that tab two took out
    assert (form["note"], form["buyer_reference"]) == ("by tab two", "PO 7")
    asha.post(url("invoice-save", draft), form | {"save": "1"})
    assert [row[:2] for row in said(draft)] == [("L20", 60), ("L10", 5)]
    assert fresh_invoice(draft).note == "by tab two"


def test_what_a_page_says_as_it_is_left_is_kept_on_top_of_what_it_sent_a_moment_before(people, at):
    draft = a_draft(people, {"L10": None, "L20": None})
    asha, save = at("asha"), url("invoice-save", draft)
    shown = asha.get(url("invoice", draft))
    assert asha.post(save, typed(shown, quantity_1="50", note="One")).status_code == 303  # never answered
    last = typed(shown, quantity_1="55", note="One", buyer_reference="PO 7")
    # Two in one field is no word of its own; without `leaving` somebody is asked.
    assert asha.post(save, last | {"leaving": "typed"}).status_code == 409
    assert asha.post(save, last).status_code == 409
    assert asha.post(save, last | {"leaving": "underway"}).status_code == 204
    kept = fresh_invoice(draft)
    assert (kept.note, kept.buyer_reference) == ("One", "PO 7")
    assert said(draft)[0][:2] == ("L10", 55)
    version = kept.version
    # What the page knew is older still: a field that nobody else touched goes along, one of two does not.
    assert asha.post(save, typed(shown, number="R-9", leaving="underway")).status_code == 204
    assert asha.post(save, typed(shown, quantity_1="1", leaving="underway")).status_code == 409
    kept = fresh_invoice(draft)
    assert (kept.number, kept.version, said(draft)[0][1]) == ("R-9", version + 1, 55)


def test_a_line_without_an_order_where_the_company_takes_it_and_free_taxes(people, at):
    a_profile(people["max"], allow_without_order=True)
    asha = at("asha")
    an_agreed_order(people["asha"])
    assert "Without an order, to Northmoor" in words(asha.get(reverse("invoice-new")))
    asha.post(reverse("invoice-new"), {"company": "NM"})
    draft = the_invoice()
    blank = asha.post(
        url("invoice-save", draft),
        typed(asha.get(url("invoice", draft)), number="F-1", add_line="1"),
        follow=True,
    )
    asha.post(
        url("invoice-save", draft),
        typed(
            blank,
            description_1="Repair",
            unit_1="h",
            quantity_1="2",
            unit_price_1="80",
            tax_1="S|*|",
            rate_1="20",
        ),
    )

    now = fresh_invoice(draft)
    assert (now.line_total, now.tax_total, now.total) == (160, 32, 192)
    assert "Repair" in page(asha.get(url("invoice-send", draft)))


# --- sent, followed, corrected


def test_an_invoice_is_sent_held_rejected_and_sent_again_under_its_number(people, at):
    draft = a_draft(people, number="")
    asha, otto = at("asha"), at("otto")
    look = asha.get(url("invoice-send", draft))
    assert "Not ready to be sent" in words(look)
    assert asha.post(url("invoice-send", draft), {"version": draft.version}).status_code == 422
    draft = invoices.write(draft, people["asha"], "INV-1")
    look = asha.get(url("invoice-send", draft))
    assert "Send Invoice INV-1?" in words(look)
    assert asha.get(url("invoice", draft)).status_code == 200
    assert otto.get(url("invoice", draft)).status_code == 404

    sent = asha.post(url("invoice-send", draft), {"version": draft.version}, follow=True)
    assert "Being matched" in words(sent)
    settle(hold_invoice, draft, Hold("price.over", "supplier", (("line", "10"),)))
    listed = asha.get(reverse("invoice-list"))
    assert "Your turn" in words(listed)
    assert "INV-1" in page(listed)
    assert "Held" in words(otto.get(reverse("invoice-list")))
    settle(reject_invoice, draft, "Wrong price", actor=people["otto"].actor)
    paper = asha.get(url("invoice", draft))
    assert "Sent back: “Wrong price”. Correct it and send it again under the same number." in words(paper)

    again = asha.post(url("invoice-revise", draft), {"version": fresh_invoice(draft).version}, follow=True)
    assert "Invoice INV-1, version 2" in words(again)
    second = the_invoice()
    asha.post(url("invoice-send", second), {"version": second.version})
    assert fresh_invoice(second).state == "sent"
    assert fresh_invoice(draft).state == "replaced"
    seen = words(otto.get(url("invoice", second)))
    assert "Sent again as version 2" in seen
    assert "This is not what counts: version 2 is the newest." in words(otto.get(url("invoice", draft)))


def test_notes_withdrawing_discarding_and_files(people, at):
    order = an_agreed_order(people["asha"])
    sent = invoices.a_sent_invoice(order, people["asha"])
    asha = at("asha")
    asha.post(url("invoice-note", sent), {"kind": "credit_note"})
    note = the_invoice()
    assert (note.kind, fresh_invoice(note).corrects_id) == ("credit_note", sent.pk)
    assert "New credit note" in words(asha.get(url("invoice", note)))
    assert "Throw this draft away?" in page(asha.get(url("invoice-discard", note)))
    asha.post(url("invoice-discard", note), {"version": note.version})
    assert fresh_invoice(note).state == "discarded"

    bare = asha.post(url("invoice-withdraw", sent), {"version": fresh_invoice(sent).version, "reason": " "})
    assert (bare.status_code, "Say why: the other side reads it first." in page(bare)) == (422, True)
    gone = asha.post(
        url("invoice-withdraw", sent),
        {"version": fresh_invoice(sent).version, "reason": "Twice"},
        follow=True,
    )
    assert "Withdrawn: “Twice”. Its number is free again." in words(gone)

    draft = invoices.a_draft_invoice(order, people["asha"], number="INV-2")
    none = asha.post(url("invoice-file-add", draft), {"kind": "picture"})
    assert (none.status_code, "Choose a file first." in page(none)) == (422, True)
    pdf = SimpleUploadedFile("ours.pdf", b"%PDF-1.7\n%%EOF", "application/pdf")
    assert "ours.pdf" in page(
        asha.post(url("invoice-file-add", draft), {"kind": "picture", "file": pdf}, follow=True)
    )
    with acting(FEED):
        file = draft.files.get()
    assert asha.get(reverse("invoice-file", args=[file.key])).content == b"%PDF-1.7\n%%EOF"
    asha.post(reverse("invoice-file-drop", args=[file.key]))
    with acting(FEED):
        assert not draft.files.exists()


def test_the_page_of_an_order_tells_what_is_claimed_and_what_is_booked(people, at):
    order = an_agreed_order(people["asha"])
    arrive(a_receipt(quantity=Decimal(60)))
    invoices.a_sent_invoice(order, people["asha"], {"L10": 60})

    for name in ("asha", "bea"):
        told = words(at(name).get(reverse("order", args=[order.key])))
        assert "INV-1" in told
        assert "60 of 200" in told or "1 of 2 lines" in told


# --- so many queries and no more


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_thirty_lines_and_thirty_invoices_cost_what_one_costs(people, at):
    few_order = an_agreed_order(people["asha"], "4500000001", [a_line(1)])
    many_order = an_agreed_order(people["asha"], "4500000002", [a_line(n) for n in range(1, 31)])
    every = {f"L{n}": 50 for n in range(1, 31)}
    asha, otto = at("asha"), at("otto")
    few = invoices.a_draft_invoice(few_order, people["asha"], {"L1": 50}, number="A-1")
    many = invoices.a_draft_invoice(many_order, people["asha"], every, number="A-2")
    for name in ("invoice", "invoice-send"):
        assert queries(asha, url(name, few)) == queries(asha, url(name, many)), name
    few = invoices.send(few, people["asha"]).invoice
    one = queries(otto, f"{reverse('invoice-list')}?view=all")
    many = invoices.send(many, people["asha"]).invoice
    assert queries(otto, url("invoice", few)) == queries(otto, url("invoice", many))
    for n in range(2, 31):
        invoices.a_sent_invoice(many_order, people["asha"], {f"L{n}": 1}, number=f"B-{n}", at=timezone.now())
    assert queries(otto, f"{reverse('invoice-list')}?view=all") == one
    with acting(FEED):
        # Whatever happens to an old one, all of them stand as they came.
        Invoice.objects.filter(pk=few.pk).update(updated_at=timezone.now())
        newest = Invoice.objects.order_by("-pk").first()
    everything = page(otto.get(f"{reverse('invoice-list')}?view=all"))
    first = re.search(rf"{reverse('invoice-list')}([0-9a-f-]{{36}})/", everything)
    assert first is not None
    assert first[1] == str(newest.key)
    found = otto.get(f"{reverse('invoice-list')}?view=all&supplier={few.supplier.key}&kind=invoice&q=B-7")
    assert re.findall(r">(B-\d+)<", page(found)) == ["B-7"]
    assert queries(asha, reverse("order", args=[few_order.key])) == queries(
        asha, reverse("order", args=[many_order.key])
    )


def test_a_page_that_waits_for_its_match_asks_whether_it_moved_and_stops(people, at):
    sent = invoices.a_sent_invoice(an_agreed_order(people["asha"]), people["asha"], at=timezone.now())
    asha = at("asha")
    seen = f"{url('invoice', sent)}?seen=sent.{fresh_invoice(sent).version}"
    assert seen in page(asha.get(url("invoice", sent)))
    assert asha.get(seen).status_code == 204
    settle(hold_invoice, sent, Hold("match.price.over", "payables"))
    moved = asha.get(seen)
    assert (moved.status_code, moved["HX-Refresh"]) == (200, "true")
    assert "?seen=" not in page(asha.get(url("invoice", sent)))  # it waits for a person now: nobody looks on

    old = invoices.a_sent_invoice(
        an_agreed_order(people["asha"], number="4500000002"), people["asha"], number="I-2"
    )
    assert "?seen=" not in page(asha.get(url("invoice", old)))
    assert asha.get(f"{url('invoice', old)}?seen=sent.{fresh_invoice(old).version}").status_code == 286


def test_what_the_erp_is_told_of_an_invoice_has_words_in_its_story():
    kinds = {one.event for one in INVOICE_WRITE_LIFECYCLE.transitions}
    assert len(kinds) == 7
    assert kinds <= set(STORY)
