"""One invoice in two syntaxes: what is written is read again, and the public samples say what they are known to say."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from procurement.einvoices import parsing
from procurement.einvoices.codec import from_plain, to_plain
from procurement.einvoices.mapping import printable
from procurement.einvoices.reading import Reading, check, read, understood
from procurement.einvoices.terms import EInvoice, Identifier, Note, Place, Totals
from procurement.einvoices.writing import EN_16931, write_cii, write_ubl
from tests.builders.einvoices import a_line, an_einvoice, everything, invoices_in

WRITERS = pytest.mark.parametrize("write", [write_ubl, write_cii], ids=["ubl", "cii"])


def read_here(content: bytes) -> Reading:
    """What `read` says, without its child: many at once, and what is trusted."""
    return understood(parsing.parsed(content))


@WRITERS
@pytest.mark.parametrize("kind", ["380", "381"])
def test_every_term_is_written_and_read_again(write, kind):
    invoice = replace(everything(), type_code=kind)
    reading = read_here(write(invoice))
    assert reading.invoice == invoice
    assert [(one.rule, one.message) for one in reading.problems] == []
    assert reading.unplaced == []


@WRITERS
def test_a_plain_invoice_breaks_no_rule(write):
    reading = read_here(write(an_einvoice()))
    assert reading.problems == []
    assert reading.invoice == an_einvoice()


def test_a_child_reads_it_alike():
    reading = read(write_ubl(everything()))
    assert (reading.format, reading.problems) == ("ubl-invoice", [])
    assert reading.invoice == everything()


def test_an_invoice_is_kept_as_json():
    invoice = read_here(write_cii(everything())).invoice
    assert invoice is not None
    kept = from_plain(EInvoice, to_plain(invoice))
    assert kept == invoice
    assert kept.lines[0].where == invoice.lines[0].where
    assert "where" not in to_plain(invoice, with_places=False)


def test_a_credit_note_is_a_document_of_its_own():
    root = etree.fromstring(write_ubl(replace(everything(), type_code="381")))
    assert etree.QName(root).localname == "CreditNote"
    names = {"cac": root.nsmap["cac"], "cbc": root.nsmap["cbc"]}
    assert root.xpath("string(cac:CreditNoteLine[1]/cbc:CreditedQuantity)", namespaces=names) == "40"
    assert root.xpath("string(cac:PaymentMeans/cbc:PaymentDueDate)", namespaces=names) == "2026-05-09"


def test_every_term_knows_where_it_stood():
    invoice = read_here(write_ubl(an_einvoice())).invoice
    assert invoice is not None
    amount = invoice.lines[1].where["amount"]
    assert amount.path == "/Invoice/cac:InvoiceLine[2]/cbc:LineExtensionAmount[1]"
    assert write_ubl(an_einvoice()).splitlines()[amount.line - 1].strip() == (
        b'<cbc:LineExtensionAmount currencyID="EUR">400.00</cbc:LineExtensionAmount>'
    )


def test_what_has_no_place_is_listed():
    content = write_ubl(an_einvoice()).replace(
        b"<cbc:DocumentCurrencyCode>",
        b"<cbc:AccountingCostCode>7</cbc:AccountingCostCode><cbc:DocumentCurrencyCode>",
    )
    reading = read_here(content)
    assert [(one.text, one.place.path) for one in reading.unplaced] == [
        ("7", "/Invoice/cbc:AccountingCostCode[1]")
    ]


def test_wrong_values_are_told_with_their_place_and_lose_nothing_else():
    content = (
        write_ubl(an_einvoice())
        .replace(b"2026-05-09", b"2026-02-30")
        .replace(b'unitCode="C62">40', b'unitCode="C62">forty', 1)
        .replace(b'currencyID="EUR">984.00</cbc:TaxI', b'currencyID="SEK">984.00</cbc:TaxI')
    )
    reading = read_here(content)
    assert reading.invoice is not None
    assert (reading.invoice.due_on, reading.invoice.lines[0].quantity) == (None, None)
    told = {(one.rule, one.message) for one in reading.problems if one.rule != "XSD"}
    assert told == {
        ("value", "“2026-02-30” is no day."),
        ("value", "“forty” is no figure: digits with a point for decimals are expected."),
        ("PEPPOL-EN16931-R051", "This amount is in SEK, which is not the currency of the invoice."),
    }
    assert {one.place.line > 0 for one in reading.problems} == {True}
    assert {one.rule for one in reading.problems} >= {"XSD"}


def test_total_tax_in_two_currencies_is_kept_apart():
    for write in (write_ubl, write_cii):
        totals = read_here(write(everything())).invoice.totals
        assert (totals.tax, totals.accounting_tax) == (Decimal("92.00"), Decimal("78.20"))


def test_a_note_says_what_it_is_about_in_both():
    invoice = an_einvoice(notes=[Note(subject="SUR", text="Surcharge"), Note(text="#1 of 2")])
    assert b"#SUR#Surcharge" in write_ubl(invoice)
    assert read_here(write_ubl(invoice)).invoice.notes == invoice.notes
    assert read_here(write_cii(invoice)).invoice.notes == invoice.notes


def test_figures_are_exact_and_keep_their_decimals():
    line = a_line(
        "1", price=Decimal("0.00000125"), price_quantity=Decimal(1000), quantity=Decimal("12345678.901")
    )
    for write in (write_ubl, write_cii):
        found = read_here(write(an_einvoice(lines=[line]))).invoice.lines[0]
        assert (found.price, found.quantity) == (Decimal("0.00000125"), Decimal("12345678.901"))
        assert f"{found.price:f}" == "0.00000125"


# --- Any invoice ---------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).map(
    lambda text: printable(text).strip() or "x"
)
maybe = st.none() | texts
figures = st.decimals(min_value=-99999, max_value=99999, places=2)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
lines = st.builds(
    a_line,
    texts,
    note=maybe,
    quantity=figures,
    amount=figures,
    price=figures,
    name=texts,
    description=maybe,
    seller_item=maybe,
    buyer_item=maybe,
    accounting=maybe,
    standard_item=st.none() | st.builds(Identifier, value=texts, scheme=texts),
)
invoices = st.builds(
    an_einvoice,
    number=texts,
    issued_on=days,
    due_on=st.none() | days,
    type_code=st.sampled_from(["380", "381", "384"]),
    buyer_reference=maybe,
    contract=maybe,
    project=maybe,
    payment_terms=maybe,
    remittance=maybe,
    lines=st.lists(lines, max_size=3),
    totals=st.builds(
        Totals, lines=figures, net=figures, tax=figures, gross=figures, due=figures, paid=figures
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(invoices)
def test_whatever_an_invoice_says_both_syntaxes_carry_it(invoice):
    from_ubl = read_here(write_ubl(invoice)).invoice
    assert from_ubl == invoice
    assert read_here(write_cii(from_ubl)).invoice == invoice
    list(check(invoice))


# --- Public samples ------------------------------------------------------------------------------------------


def test_samples_of_the_norm_are_read_whole_and_break_no_rule():
    wrong = []
    for path in invoices_in("ubl-en16931", "ubl-peppol/billing", "cii-en16931"):
        reading = read_here(path.read_bytes())
        wrong += [f"{path.name}: {one.rule} {one.message}" for one in reading.problems]
        wrong += [f"{path.name}: {one.text} at {one.place.path}" for one in reading.unplaced]
        assert reading.invoice is not None
        for write in (write_ubl, write_cii):
            again = read_here(write(reading.invoice))
            if again.invoice != reading.invoice or any(one.rule == "XSD" for one in again.problems):
                wrong.append(f"{path.name}: {write.__name__}")
    # The gross price of this sample is for another quantity than its net price, which the norm does not know.
    line = "/CrossIndustryInvoice/rsm:SupplyChainTradeTransaction[1]/ram:IncludedSupplyChainTradeLineItem[1]"
    price = "ram:SpecifiedLineTradeAgreement[1]/ram:GrossPriceProductTradePrice[1]/ram:BasisQuantity[1]"
    # And UBL cannot leave the total VAT away.
    assert wrong == [f"CII_example5.xml: 1.1 at {line}/{price}", "CII_example7.xml: write_ubl"]


def test_one_example_in_two_syntaxes_is_the_same_invoice():
    folders = list(invoices_in("ubl-en16931")), list(invoices_in("cii-en16931"))
    ubl, cii = (
        next(read_here(path.read_bytes()).invoice for path in folder if path.name.endswith("example1.xml"))
        for folder in folders
    )
    assert (ubl.number, ubl.issued_on, ubl.totals.due) == (cii.number, cii.issued_on, cii.totals.due)
    assert [(line.identifier, line.quantity, line.amount) for line in ubl.lines] == [
        (line.identifier, line.quantity, line.amount) for line in cii.lines
    ]
    assert (EN_16931 in ubl.specification, len(ubl.lines)) == (True, 20)
    assert Place(0, "") not in ubl.where.values()
