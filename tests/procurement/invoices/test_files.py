"""Invoices by file: electronic ones linked to order lines, and sheets row by row; nothing lost, nothing made twice."""

import hashlib
import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from portal.kernel.errors import Invalid, NotAllowed, NotFound, StaleDocument
from portal.kernel.scope import acting
from procurement.einvoices.reading import check, read
from procurement.einvoices.terms import (
    AllowanceCharge,
    Identifier,
    Payment,
    Preceding,
    SupportingDocument,
    TaxBreakdown,
    Totals,
)
from procurement.einvoices.writing import write_cii, write_ubl
from procurement.invoices.files.einvoice import einvoice_of, looks_electronic, read_einvoice
from procurement.invoices.files.reading import read_file, read_rows
from procurement.invoices.files.sheet import write_sheet
from procurement.invoices.messages import ApplyUpload
from procurement.invoices.models import Invoice, UploadedInvoices
from procurement.invoices.policies.linking import Candidate, link
from procurement.invoices.queries import find_upload, invoiceable_lines, recent_uploads, written
from procurement.invoices.services import (
    KeepEInvoice,
    KeepSheet,
    answer_upload,
    apply_upload,
    keep_upload,
    look_at_upload,
    read_upload_as,
)
from procurement.invoices.states import FileKind, InvoiceKind, InvoiceState
from tests.builders.changes import an_agreed_order
from tests.builders.invoice_files import ORDER, a_bill_line, an_einvoice
from tests.builders.invoices import a_sent_invoice, fresh_invoice
from tests.builders.world import MONDAY, a_line, an_order
from tests.people import FEED

pytestmark = pytest.mark.django_db

D = Decimal
LATER = MONDAY + timedelta(hours=1)


def upload(invoice, person, *, name="invoice.xml", at=MONDAY, look=True):
    """Somebody uploads it as UBL, and looks at what would become of it."""
    content = invoice if isinstance(invoice, bytes) else write_ubl(invoice)
    command = KeepEInvoice(name, hashlib.sha256(content).hexdigest(), content, read_einvoice(content))
    with acting(person.actor):
        kept, _is_new = keep_upload(command, actor=person.actor, at=at)
        return look_at_upload(kept.key, actor=person.actor, at=at) if look else kept


def apply(kept, person, *, at=LATER, **wishes):
    """And drafts are made."""
    with acting(person.actor):
        return apply_upload(ApplyUpload(kept.key, **wishes), actor=person.actor, at=at)


def made(kept):
    """The invoices that came of it."""
    with acting(FEED):
        keys = [one["key"] for one in kept.result["invoices"] if one["key"]]
        return [Invoice.objects.select_related("supplier", "company").get(key=key) for key in keys]


def links(kept):
    return [(one["how"], one["found"] and one["found"]["number"]) for one in kept.plan["lines"]]


# --- electronic ---------------------------------------------------------------------------------------------


def test_an_electronic_invoice_becomes_a_draft_that_says_the_same(people):
    order = an_agreed_order(people["asha"])
    charge = AllowanceCharge(
        is_charge=True, amount=D(20), reason="Freight", code="FC", category="S", rate=D(19), scheme="VAT"
    )
    totals = Totals(
        lines=D("342.50"), charges=D(20), net=D("362.50"), tax=D("68.88"), gross=D("431.38"), due=D("431.38")
    )
    tax = TaxBreakdown(base=D("362.50"), amount=D("68.88"), category="S", rate=D(19), scheme="VAT")
    attached = SupportingDocument(
        reference="PL-7", content=b"a,b\n1,2\n", mime="text/csv", filename="packing.csv"
    )
    file = an_einvoice(adjustments=[charge], totals=totals, taxes=[tax], documents=[attached])
    kept = upload(file, people["asha"])
    assert links(kept) == [("number", 10)]
    assert (kept.plan["asks"], kept.plan["is_ready"], kept.plan["problems"]) == (False, True, [])

    kept = apply(kept, people["asha"], send=True)
    (invoice,) = made(kept)
    assert kept.result["invoices"][0]["outcome"] == "sent"
    assert (invoice.number, invoice.kind, invoice.state, invoice.channel) == (
        "INV-0042",
        "invoice",
        "sent",
        "file",
    )
    assert (invoice.invoiced_on, invoice.due_on) == (date(2026, 3, 2), date(2026, 4, 1))
    assert (invoice.discount_percent, invoice.discount_days) == (D(2), 10)
    assert (invoice.line_total, invoice.charge_total, invoice.tax_total, invoice.total) == (
        D("342.5"), D(20), D("68.88"), D("431.38"),
    )  # fmt: skip
    assert invoice.typed_total == D("431.38")
    assert (invoice.supplier_tax_id, invoice.company_tax_id) == ("IE6388047V", "DE136695976")
    with acting(FEED):
        line = invoice.lines.select_related("line", "order").get()
        files = {one.name: (one.kind, bytes(one.content)) for one in invoice.files.all()}
    assert (line.order.number, line.line.number, line.quantity, line.unit) == (order.number, 10, 50, "pcs")
    assert files == {
        "invoice.xml": (FileKind.EINVOICE, write_ubl(file)),
        "packing.csv": (FileKind.EVIDENCE, b"a,b\n1,2\n"),
    }


def test_what_has_no_place_is_told_with_a_sentence(people):
    an_agreed_order(people["asha"])
    file = an_einvoice(
        a_bill_line(origin="SE", note="Second batch"),
        contract="C-7",
        payments=[Payment(means="30", account="IE29AIBK93115212345678")],
        payment_terms="As agreed in Pune",
        preceding=[Preceding(number="INV-0001")],
    )
    left = {
        (one["term"], one["value"], one["line"]): one["message"]
        for one in upload(file, people["asha"]).plan["left"]
    }
    stays = "this has no field of its own here. It stays in the file, which goes along."
    assert left == {
        ("BT-12", "C-7", 0): f"Contract: {stays}",
        ("BT-84", "•••• 5678", 0): (
            "Money goes to the account that your customer has verified, whatever a file says."
        ),
        ("BT-20", "As agreed in Pune", 0): (
            "These terms of payment cannot be read without guessing. Type them in the draft."
        ),
        ("BG-3", "INV-0001", 0): (
            "An invoice here is about no other one. To correct it, correct that one under its own number."
        ),
        ("BT-127", "Second batch", 1): f"Note of the line: {stays}",
        ("BT-159", "SE", 1): f"Country of origin: {stays}",
    }


@pytest.mark.parametrize(
    ("names", "begins"),
    [
        (
            [Preceding(number="INV-0001")],
            "It is taken over as a plain invoice beside INV-0001, which it corrects. Withdraw",
        ),
        ([], "It is taken over as a plain invoice, and does not say which one it corrects. Withdraw"),
    ],
)
def test_a_corrected_invoice_says_what_to_do_with_the_one_before(people, names, begins):
    an_agreed_order(people["asha"])
    file = an_einvoice(a_bill_line(), type_code="384", preceding=names)

    left = upload(file, people["asha"]).plan["left"]

    (said,) = [one["message"] for one in left if one["term"] in ("BT-3", "BG-3")]
    assert said.startswith(begins)
    assert said.endswith("else the same would be claimed twice.")


def test_what_is_not_clear_is_asked_and_the_answer_counts(people):
    an_agreed_order(people["asha"])  # lines 10 and 20 are of one item
    file = an_einvoice(a_bill_line(order_line=None))
    kept = upload(file, people["asha"])
    assert links(kept) == [("asked", None)]
    (line,) = kept.plan["lines"]
    assert line["question"] == "Several order lines are for this part number."
    assert [(one["order"], one["number"], one["open"]) for one in line["choices"]] == [
        (ORDER, 10, "100.000000"),
        (ORDER, 20, "100.000000"),
    ]
    with pytest.raises(Invalid, match="Answer first"):
        apply(kept, people["asha"])
    asha = people["asha"].actor
    with acting(asha):
        kept = answer_upload(kept.key, {"1": line["choices"][1]["name"], "9": "x"}, actor=asha, at=MONDAY)
    assert (links(kept), kept.answers) == ([("answer", 20)], {"1": line["choices"][1]["name"]})
    (invoice,) = made(apply(kept, people["asha"]))
    assert invoice.state == InvoiceState.DRAFT


def test_a_line_without_an_order_is_for_companies_that_take_them(people):
    an_agreed_order(people["asha"])
    kept = upload(an_einvoice(a_bill_line(order_line=None, seller_item="X", name="Tuition")), people["asha"])
    assert kept.plan["lines"][0]["question"].startswith("Neither its number")
    asha = people["asha"].actor
    with acting(asha):
        kept = answer_upload(kept.key, {"1": "none"}, actor=asha, at=MONDAY)
    assert links(kept) == [("without", None)]
    assert any("order" in one["message"] for one in kept.plan["findings"])


def test_the_same_file_is_taken_once(people):
    an_agreed_order(people["asha"])
    kept = upload(an_einvoice(), people["asha"])
    (invoice,) = made(apply(kept, people["asha"]))
    with pytest.raises(StaleDocument, match="taken already"):
        apply(kept, people["asha"])
    again = upload(an_einvoice(), people["asha"], look=False)
    assert again.key == kept.key
    assert fresh_invoice(invoice).state == InvoiceState.DRAFT


def test_a_number_that_is_taken_is_said_before_anything_is_made(people):
    order = an_agreed_order(people["asha"])
    a_sent_invoice(order, people["asha"], number="INV-42")
    kept = upload(an_einvoice(), people["asha"])
    assert any("INV-42" in one["message"] for one in kept.plan["findings"])
    kept = apply(kept, people["asha"], send=True)
    assert kept.result["invoices"][0]["outcome"] == "made"
    assert "INV-42" in kept.result["invoices"][0]["why_not"]


def test_a_credit_note_is_about_the_invoice_it_names(people):
    order = an_agreed_order(people["asha"])
    sent = a_sent_invoice(order, people["asha"], number="INV-7")
    file = an_einvoice(type_code="381", number="CN-1", preceding=[Preceding(number="inv 7")])
    (note,) = made(apply(upload(write_cii(file), people["asha"]), people["asha"]))
    assert (note.kind, note.corrects_id) == (InvoiceKind.CREDIT_NOTE, sent.pk)


def test_lines_that_give_back_are_no_claims(people):
    an_agreed_order(people["asha"])
    back = a_bill_line("2", quantity=D(-1), amount=D("-6.85"))
    kept = upload(an_einvoice(a_bill_line(), back), people["asha"])
    assert [(one["line"], one["message"]) for one in kept.plan["stops"]] == [
        (2, "This line gives something back. Invoices here only claim: send a credit note for it.")
    ]
    kept = apply(kept, people["asha"], send=True)
    assert kept.result["invoices"][0]["why_not"] == "A part of it could not be taken, so it waits as a draft."


def test_nobody_sees_anothers_file(people):
    an_agreed_order(people["asha"])
    kept = upload(an_einvoice(), people["asha"])
    with acting(people["gil"].actor), pytest.raises(NotFound):
        find_upload(kept.key, actor=people["gil"].actor)
    with pytest.raises(NotAllowed):
        upload(an_einvoice(number="B"), people["arun"])
    with acting(people["asha"].actor):
        assert [one.key for one in recent_uploads(actor=people["asha"].actor)] == [kept.key]
        assert UploadedInvoices.objects.count() == 1


def test_files_are_told_apart_and_broken_ones_refused():
    assert looks_electronic(b"\xef\xbb\xbf<?xml?>")
    assert looks_electronic(b"%PDF-1.7")
    assert not looks_electronic(b"order,line\n")
    with pytest.raises(Invalid, match="not an invoice or credit note"):
        read_einvoice(b"<Order/>")


# --- linking, pure ------------------------------------------------------------------------------------------


def candidate(number, **changed):
    said = {
        "name": f"k|L{number}",
        "order": ORDER,
        "company": "NM",
        "key": f"L{number}",
        "number": number,
        "item": "VALVE-15",
        "part": "A-15",
        "gtin": "2012345678900",
        "description": "Ball valve DN15",
        "price": D("6.85"),
        "open": D(100),
    }
    return Candidate(**said | changed)


OTHER = {"item": "VALVE-25", "part": "A-25", "gtin": "2012345678917", "description": "Ball valve DN25"}
TWO = [candidate(10), candidate(20, **OTHER)]
NO_NUMBER = {"order_line": None, "seller_item": None}


@pytest.mark.parametrize(
    ("line", "candidates", "expected"),
    [
        ({"order_line": "0010"}, [candidate(10), candidate(20)], ("number", 10)),
        ({"order_line": "L20"}, [candidate(10), candidate(20)], ("number", 20)),
        ({"order_line": None}, TWO, ("part", 10)),
        ({"order_line": None, "seller_item": "a 15"}, TWO, ("part", 10)),
        ({**NO_NUMBER, "buyer_item": "VALVE-25"}, TWO, ("part", 20)),
        ({**NO_NUMBER, "standard_item": Identifier(value="02012345678917")}, TWO, ("part", 20)),
        ({**NO_NUMBER, "name": "Ball valve DN25, brass"}, TWO, ("text", 20)),
        ({"order_line": None}, [candidate(10, open=D(10)), candidate(20)], ("part", 20)),
        ({"order_line": None}, [candidate(10, price=D(7)), candidate(20)], ("part", 20)),
        ({"order_line": None}, [candidate(10), candidate(20)], ("asked", None)),
        ({"order_line": "20"}, TWO, ("asked", None)),
        ({"order_line": "10"}, [], ("asked", None)),
        ({"order_line": "99", "seller_item": None, "name": "Tuition"}, [candidate(10)], ("asked", None)),
    ],
)  # fmt: skip
def test_a_line_finds_its_order_line_or_is_asked_about(line, candidates, expected):
    (found,) = link(an_einvoice(a_bill_line(**line)), candidates)
    assert (found.how, found.found.number if found.found else None) == expected
    assert bool(found.question) is (found.how == "asked")


# --- out ----------------------------------------------------------------------------------------------------


def test_a_claim_goes_out_as_an_electronic_invoice_and_comes_back(people):
    order = an_agreed_order(people["asha"])
    sent = a_sent_invoice(order, people["asha"], supplier_tax_id="IN123", company_tax_id="GB999")
    with acting(FEED):
        told = einvoice_of(written(fresh_invoice(sent)))
    breaches = {one.rule for one in check(told)}
    assert breaches <= {"BR-CO-25"}
    for write in (write_ubl, write_cii):
        reading = read(write(told))
        assert reading.invoice == told
        assert [one.rule for one in reading.errors if one.rule == "XSD"] == []
    assert (told.order, told.lines[0].order_line, told.lines[0].unit) == (ORDER, "10", "H87")
    assert (told.totals.gross, told.taxes[0].rate) == (D("815.15"), D(19))


# --- sheets -------------------------------------------------------------------------------------------------

HEAD = "order,line,quantity,number,invoiced_on,unit_price,tax_rate,freight,total,kind"


def sheet(person, *rows, head=HEAD, at=MONDAY, look=True):
    """Somebody uploads a CSV file."""
    content = "\n".join([head, *rows]).encode()
    found = read_file(io.BytesIO(content), len(content))
    rows = read_rows(found.table, found.head, found.columns, "en") if found.is_clear else ()
    digest = hashlib.sha256(content).hexdigest()
    command = KeepSheet("invoices.csv", digest, found.table, found.head, found.columns, rows)
    with acting(person.actor):
        kept, _is_new = keep_upload(command, actor=person.actor, at=at)
        return look_at_upload(kept.key, actor=person.actor, at=at) if look else kept


def test_a_sheet_becomes_invoices_with_each_row_beside_what_was_agreed(people):
    an_agreed_order(people["asha"])
    kept = sheet(
        people["asha"],
        f"{ORDER},10,50,INV-1,2026-03-02,,19,20,431.38,",
        f"{ORDER},20,120,INV-2,2026-03-02,7.00,19%,,,",
        f"{ORDER},20,,,,,,,,",
    )
    assert [
        (one["number"], one["outcome"], one["total"], one["problems"]) for one in kept.plan["invoices"]
    ] == [
        ("INV-1", "new", "431.3800", []),
        ("INV-2", "new", "999.6000", []),
    ]
    rows = {one["row"]: one for one in kept.plan["rows"]}
    assert (rows[2]["price"], rows[2]["is_dearer"], rows[2]["is_more"]) == ("6.850000", False, False)
    assert (rows[3]["price"], rows[3]["agreed"], rows[3]["is_dearer"], rows[3]["is_more"]) == (
        "7", "6.850000", True, True,
    )  # fmt: skip
    assert (rows[4]["outcome"], rows[4]["invoice"]) == ("skipped", None)
    kept = apply(kept, people["asha"], send=False)
    assert [(one.number, one.line_total, one.charge_total) for one in made(kept)] == [
        ("INV-1", D("342.5"), D(20)),
        ("INV-2", D(840), D(0)),
    ]


def test_a_bad_row_is_told_and_sinks_no_other(people):
    an_agreed_order(people["asha"])
    kept = sheet(
        people["asha"],
        f"{ORDER},10,50,INV-1,2026-03-02,,19,,,",
        f"{ORDER},99,50,INV-1,2026-03-02,,19,,,",
        f"{ORDER},20,lots,INV-1,2026-03-02,,19,,,",
        "4711,10,5,INV-9,2026-03-02,,19,,,",
        f"{ORDER},20,5,INV-1,2026-03-03,,19,,,",
        f"{ORDER},20,5,,2026-03-03,,19,,,",
    )
    said = {
        one["row"]: [(each["column"], each["message"]) for each in one["problems"]]
        for one in kept.plan["rows"]
    }
    assert said == {
        2: [],
        3: [("line", f"Order {ORDER} has no such line. Its lines are 10, 20.")],
        4: [("quantity", "This is no figure. Type digits and one decimal sign, such as 1200.5.")],
        5: [("order", "There is no order 4711 of yours.")],
        6: [("invoiced_on", "Row 2 says this otherwise. An invoice says it once.")],
        7: [("number", "Say the number of your invoice that this is on.")],
    }
    (one,) = kept.plan["invoices"]
    assert (one["outcome"], one["is_short"], one["lines"]) == ("new", True, 1)
    with pytest.raises(Invalid, match="No invoice can be made"):
        apply(kept, people["asha"], only_whole=True)
    result = apply(kept, people["asha"], send=True).result["invoices"][0]
    assert (result["outcome"], result["why_not"]) == (
        "made",
        "A part of it could not be taken, so it waits as a draft.",
    )


def test_an_invoice_that_is_there_is_not_made_again(people):
    order = an_agreed_order(people["asha"])
    sent = a_sent_invoice(order, people["asha"], number="INV-0001")
    kept = sheet(people["asha"], f"{ORDER},20,5,inv 1,2026-03-02,,19,,,")
    (one,) = kept.plan["invoices"]
    assert (one["outcome"], one["there"], one["there_is_draft"]) == ("there", str(sent.key), False)


def test_columns_of_another_program_are_known_or_told(people):
    an_agreed_order(people["asha"])
    head = "Bestellnummer;Position;Menge;Rechnungsnummer;Rechnungsdatum;Einzelpreis;MwSt"
    kept = sheet(people["asha"], f"{ORDER};10;50;INV-1;2026-03-02;6.85;19", head=head)
    assert [one["outcome"] for one in kept.plan["rows"]] == ["new"]
    unknown = sheet(people["asha"], f"{ORDER},10,50,INV-5", head="a,b,c,d", look=False)
    assert unknown.rows == []
    asha = people["asha"].actor
    columns = {"order": 0, "line": 1, "quantity": 2, "number": 3}
    rows = read_rows(unknown.table, 0, columns, "en")
    with acting(asha):
        read_upload_as(unknown.key, 0, columns, rows, actor=asha)
        assert look_at_upload(unknown.key, actor=asha, at=MONDAY).plan["invoices"][0]["number"] == "INV-5"


def test_our_own_sheet_goes_out_and_comes_back(people):
    an_agreed_order(people["asha"])
    an_order("4500000002", [a_line(10, quantity=D(7))])
    asha = people["asha"]
    with acting(asha.actor):
        file = write_sheet(list(invoiceable_lines(asha.actor).order_by("order__number", "number")))
        book = load_workbook(file)
        file.close()
    page = book.worksheets[0]
    names = [cell.value for cell in page[1]]
    first = next(row for row in page.iter_rows(min_row=2) if row[names.index("line")].value in (10, "10"))
    first[names.index("quantity")].value = 12
    first[names.index("number")].value = "INV-3"
    first[names.index("invoiced_on")].value = date(2026, 3, 2)
    saved = io.BytesIO()
    book.save(saved)
    content = saved.getvalue()
    found = read_file(io.BytesIO(content), len(content))
    assert found.is_clear
    rows = [row for row in read_rows(found.table, found.head, found.columns, "en") if row.says("quantity")]
    command = KeepSheet("sheet.xlsx", "d" * 64, found.table, found.head, found.columns, rows)
    with acting(asha.actor):
        kept, _is_new = keep_upload(command, actor=asha.actor, at=MONDAY)
        plan = look_at_upload(kept.key, actor=asha.actor, at=MONDAY).plan
    assert [(one["number"], one["lines"], one["outcome"]) for one in plan["invoices"]] == [
        ("INV-3", 1, "new")
    ]
    assert replace(rows[0]).says("invoiced_on") == "2026-03-02"
