"""Pages of files of invoices, as people use them without a script: upload, answer, look, make; and the papers out."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from portal.kernel.scope import acting
from procurement.einvoices.reading import read
from procurement.einvoices.writing import write_ubl
from procurement.invoices.models import Invoice, UploadedInvoices
from tests.builders.changes import an_agreed_order
from tests.builders.invoice_files import ORDER, a_bill_line, an_einvoice
from tests.builders.invoices import a_sent_invoice
from tests.people import FEED

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in():
    def browser(person):
        client = Client()
        client.force_login(person.user)
        return client

    return browser


def post(client, content, name="invoice.xml"):
    return client.post(reverse("invoice-upload"), {"file": SimpleUploadedFile(name, content)})


def kept():
    with acting(FEED):
        return UploadedInvoices.objects.latest("id")


def page(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, answer.content[:500]
    return " ".join(answer.content.decode().split())


def test_an_electronic_invoice_is_uploaded_answered_and_sent(people, signed_in):
    an_agreed_order(people["asha"])
    asha = signed_in(people["asha"])
    assert "Invoices from a file" in page(asha, reverse("invoice-upload"))
    content = write_ubl(an_einvoice(a_bill_line(order_line=None), contract="C-7"))
    answer = post(asha, content)
    upload = kept()
    preview = reverse("invoice-upload-preview", args=[upload.key])
    assert (answer.status_code, answer["Location"]) == (303, preview)
    shown = page(asha, preview)
    assert "1 question is open." in shown
    assert "Several order lines are for this part number." in shown
    assert "Contract: this has no field of its own here." in shown
    assert 'name="make"' not in shown

    refused = asha.post(preview, {"make": "1"})
    assert refused.status_code == 422
    choice = upload.plan["lines"][0]["choices"][0]["name"]
    assert asha.post(preview, {"answer": "1", "answer.1": choice}).status_code == 303
    shown = page(asha, preview)
    assert "as you said" in shown
    for figure in ("50 pcs", "6.85 EUR", "407.58 EUR", "2 Mar 2026"):
        assert figure in shown, figure
    assert 'name="make"' in shown
    assert asha.post(preview, {"again": "1"}).status_code == 303
    assert asha.post(preview, {"make": "1"}).status_code == 303
    shown = page(asha, preview)
    assert "1 invoice was made" in shown
    assert "Contract: this has no field of its own here." in shown
    with acting(FEED):
        assert Invoice.objects.get().number == "INV-0042"
    assert post(asha, content)["Location"] == preview
    assert "taken already" in page(asha, preview)


def test_a_sheet_is_uploaded_its_columns_named_and_its_rows_shown(people, signed_in):
    an_agreed_order(people["asha"])
    asha = signed_in(people["asha"])
    content = f"a,b,c,d\n{ORDER},10,500,INV-5\n{ORDER},99,1,INV-5".encode()
    answer = post(asha, content, "own.csv")
    upload = kept()
    columns = reverse("invoice-upload-columns", args=[upload.key])
    assert answer["Location"] == columns
    assert "Which column is which?" in page(asha, columns)
    assert asha.post(columns, {"head": "1", "column.order": "1"}).status_code == 422
    said = {
        "head": "1",
        "column.order": "1",
        "column.line": "2",
        "column.quantity": "3",
        "column.number": "4",
    }
    preview = reverse("invoice-upload-preview", args=[upload.key])
    assert asha.post(columns, said)["Location"] == preview
    shown = page(asha, preview)
    assert "100 pcs left" in shown
    assert f"Order {ORDER} has no such line. Its lines are 10, 20." in shown
    assert "Not taken" in page(asha, f"{preview}?only=bad")
    assert asha.post(preview, {"make": "1"}).status_code == 303
    assert "1 invoice was made" in page(asha, preview)
    workbook = asha.get(reverse("invoice-sheet"))
    assert b"".join(workbook.streaming_content).startswith(b"PK")
    assert signed_in(people["gil"]).get(preview).status_code == 404
    assert signed_in(people["arun"]).get(reverse("invoice-upload")).status_code == 403


def test_what_is_no_invoice_is_refused_with_a_sentence(people, signed_in):
    asha = signed_in(people["asha"])
    answer = post(asha, b"<Order/>")
    assert answer.status_code == 422
    assert "not an invoice or credit note" in answer.content.decode()
    assert post(asha, b"\0\1", "x.csv").status_code == 422


def test_an_invoice_goes_out_as_pdf_factur_x_and_xml(people, signed_in):
    sent = a_sent_invoice(an_agreed_order(people["asha"]), people["asha"], number="INV-7")
    otto = signed_in(people["otto"])
    menu = page(otto, reverse("invoice", args=[sent.key]))
    for address in ("pdf/", "pdf/?facturx=1", "xml/ubl/", "xml/cii/"):
        assert f'href="{reverse("invoice", args=[sent.key])}{address}"' in menu
    answer = otto.get(reverse("invoice-pdf", args=[sent.key]))
    assert answer["Content-Disposition"] == 'attachment; filename="invoice-INV-7.pdf"'
    text = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    assert "Invoice INV-7" in text
    assert "Ball valve DN15" in text

    carried = read(otto.get(reverse("invoice-pdf", args=[sent.key]), {"facturx": "1"}).content)
    assert (carried.format, carried.invoice.number, len(carried.invoice.lines)) == ("factur-x", "INV-7", 1)
    ubl = otto.get(reverse("invoice-xml", args=[sent.key, "ubl"]))
    assert read(ubl.content).invoice.totals == carried.invoice.totals
    assert otto.get(reverse("invoice-xml", args=[sent.key, "edi"])).status_code == 404
    assert signed_in(people["gil"]).get(reverse("invoice-pdf", args=[sent.key])).status_code == 404
