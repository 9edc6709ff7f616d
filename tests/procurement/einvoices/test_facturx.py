"""Factur-X: one file that people and programs read."""

import io

import pytest
from lxml import etree
from pypdf import PdfReader

from portal.kernel.pdf import ARCHIVED, render_pdf
from procurement.einvoices.reading import read
from procurement.einvoices.writing import write_facturx
from tests.builders.einvoices import an_einvoice, everything, invoices_in


@pytest.fixture(scope="module")
def archived() -> bytes:
    return render_pdf(
        "<html lang=en><title>INV-0042</title><h1>Invoice INV-0042</h1></html>", variant=ARCHIVED
    )


def test_a_pdf_carries_the_invoice_and_says_so(archived):
    made = write_facturx(archived, everything())
    reading = read(made)
    assert (reading.format, reading.problems) == ("factur-x", [])
    told = everything()
    told.specification, told.process = "urn:cen.eu:en16931:2017", None
    assert reading.invoice == told

    reader = PdfReader(io.BytesIO(made))
    root = reader.root_object
    (carried,) = reader.attachment_list
    assert carried.name == "factur-x.xml"
    assert [str(one.get_object()["/AFRelationship"]) for one in root["/AF"]] == ["/Alternative"]
    assert str(root["/OutputIntents"][0].get_object()["/S"]) == "/GTS_PDFA1"
    assert bool(root["/MarkInfo"]["/Marked"]) is True
    xmp = etree.fromstring(root["/Metadata"].get_object().get_data())
    said = {etree.QName(one).localname: one.text for one in xmp.iter("*") if one.text and one.text.strip()}
    assert (said["part"], said["ConformanceLevel"], said["DocumentFileName"]) == (
        "3",
        "EN 16931",
        "factur-x.xml",
    )


def test_what_the_norm_refuses_is_no_factur_x(archived):
    with pytest.raises(Exception, match="not valid against the official"):
        write_facturx(archived, an_einvoice(seller=None))


def test_public_samples_are_read():
    found = {path.name: read(path.read_bytes()) for path in invoices_in("facturx")}
    assert {name: (one.format, len(one.invoice.lines), len(one.errors)) for name, one in found.items()} == {
        "Facture_FR_BASIC.pdf": ("factur-x", 3, 0),
        "Facture_FR_EN16931.pdf": ("factur-x", 3, 0),
        "Facture_FR_MINIMUM.pdf": ("factur-x", 0, 0),
    }
    minimum = found["Facture_FR_MINIMUM.pdf"]
    assert [one.rule for one in minimum.problems] == ["Factur-X"]
