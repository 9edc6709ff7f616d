"""Writes an invoice as UBL 2.1, as UN/CEFACT CII, or into a PDF as Factur-X."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lxml import etree

from procurement.einvoices import cii, ubl
from procurement.einvoices.mapping import Writer
from procurement.einvoices.terms import EInvoice

EN_16931 = "urn:cen.eu:en16931:2017"
PEPPOL = f"{EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
XML_NAME = "factur-x.xml"


def write_ubl(invoice: EInvoice) -> bytes:
    """The invoice as a UBL 2.1 Invoice, or CreditNote where its type says so (EN 16931-3-2).

    Nothing is checked here: `reading.check` says what is missing.
    """
    is_credit = invoice.is_credit_note
    space, name = (ubl.CREDIT_SPACE, "CreditNote") if is_credit else (ubl.INVOICE_SPACE, "Invoice")
    spaces: dict[Any, str] = {None: space, **ubl.SYNTAX.spaces}
    root = etree.Element(f"{{{space}}}{name}", nsmap=spaces)
    prepared = ubl.before_writing(invoice)
    Writer(ubl.SYNTAX, prepared).write(root, ubl.ROWS[is_credit], prepared)
    return _file(root)


def write_cii(invoice: EInvoice) -> bytes:
    """The invoice as a UN/CEFACT Cross Industry Invoice (EN 16931-3-3)."""
    root = etree.Element(f"{{{cii.ROOT_SPACE}}}CrossIndustryInvoice", nsmap=dict(cii.SYNTAX.spaces))
    prepared = cii.before_writing(invoice)
    Writer(cii.SYNTAX, prepared).write(root, cii.ROWS, prepared)
    return _file(root)


def write_facturx(pdf: bytes, invoice: EInvoice, *, language: str = "en") -> bytes:
    """The PDF with the invoice inside, in Factur-X profile EN 16931: what people see and programs read is one file.

    The PDF must be PDF/A-3 but for the attachment and its metadata: fonts embedded, an output intent, no encryption.
    The library factur-x checks the XML against the schema of its profile and adds both.
    """
    from facturx import generate_from_binary  # noqa: PLC0415 -- it loads the network's libraries along

    inside = replace(invoice, specification=EN_16931, process=None)
    title = " ".join(one for one in (seller_name(invoice), invoice.number) if one)
    metadata = {"author": seller_name(invoice), "title": title, "subject": title, "keywords": "Factur-X"}
    made: bytes = generate_from_binary(
        pdf,
        write_cii(inside),
        flavor="factur-x",
        level="en16931",
        pdf_metadata=metadata,
        lang=language,
        afrelationship="alternative",
    )
    return made


def seller_name(invoice: EInvoice) -> str:
    """The seller's name, or nothing."""
    return (invoice.seller.name if invoice.seller else None) or ""


def _file(root: Any) -> bytes:
    made: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return made
