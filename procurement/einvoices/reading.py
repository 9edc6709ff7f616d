"""Reads an electronic invoice, whichever of the three it is, and says everything that is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from portal.kernel.confined import Overrun, run_confined
from procurement.einvoices import rules
from procurement.einvoices.codec import from_plain
from procurement.einvoices.rules import ERROR, WARNING, Finding, codes
from procurement.einvoices.rules.base import NOWHERE
from procurement.einvoices.terms import EInvoice, Place

LARGEST_FILE = 20 * 1024 * 1024
SECONDS = 20
MEMORY = 1024 * 1024 * 1024
CHILD = "procurement.einvoices.parsing"
PEPPOL = "peppol"
# Profiles of Factur-X without lines: no invoices by the norm, but a head that helps.
WITHOUT_LINES = ("urn:factur-x.eu:1p0:minimum", "urn:factur-x.eu:1p0:basicwl", "urn:zugferd.de:2p0:minimum")


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Something the file says that has no place in an invoice: where it stands, and what it says."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file: the invoice, what it came as, what is wrong with it, and what had no place in it.

    `format` is ubl-invoice, ubl-credit-note, cii or factur-x. Without an invoice `problems` has one sentence: why the
    file is not read at all. `xml` is what a PDF carried.
    """

    invoice: EInvoice | None
    format: str = ""
    problems: list[Finding] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)
    xml: str = ""

    @property
    def errors(self) -> list[Finding]:
        """What breaks a rule; the rest is advice."""
        return [one for one in self.problems if one.severity == ERROR]


def read(content: bytes) -> Reading:
    """Read a UBL 2.1 Invoice or CreditNote, a UN/CEFACT CII, or the PDF that carries one (Factur-X, ZUGFeRD 2).

    Never raises for what is in the file: whatever it is, the reading says so in a sentence. The file is parsed in a
    child with a time and a memory of its own, and nothing in it is fetched, unfolded beyond a limit, or run.
    """
    if not content.strip():
        return _not_read("empty")
    if len(content) > LARGEST_FILE:
        return _not_read("too_large", str(LARGEST_FILE // 1024 // 1024))
    try:
        told = json.loads(run_confined(CHILD, content, seconds=SECONDS, memory=MEMORY))
    except Overrun:
        return _not_read("too_much")
    if "refused" in told:
        return _not_read(told["refused"], told["said"], told["line"])
    return understood(told)


def understood(told: dict[str, Any]) -> Reading:
    """A reading from what the parser told."""
    invoice = from_plain(EInvoice, told["invoice"])
    return Reading(
        invoice=invoice,
        format=told["kind"],
        problems=list(_problems(invoice, told)),
        unplaced=[Unplaced(Place(line, path), text) for line, path, text in told["unplaced"]],
        xml=told["xml"],
    )


def _problems(invoice: EInvoice, told: dict[str, Any]) -> Iterator[Finding]:
    for line, path, said in told["schema"]:
        message = _("This is not as the format asks: %(said)s") % {"said": said}
        yield Finding("XSD", message, Place(line, path))
    for rule, key, line, path, value in told["faults"]:
        if rule != "PEPPOL-EN16931-R051" or _is_peppol(invoice):
            yield Finding(rule, _fault(key, value), Place(line, path), value=value)
        else:
            yield Finding(rule, _fault(key, value), Place(line, path), WARNING, value)
    for code, line, path in told["currencies"]:
        if code not in codes.codes(codes.CURRENCIES):
            message = _("“%(code)s” is no currency (ISO 4217).") % {"code": code}
            yield Finding("BR-CL-03", message, Place(line, path), value=code)
    yield from check(invoice)


def check(invoice: EInvoice) -> Iterator[Finding]:
    """Everything that the rules of EN 16931, and Peppol's where the invoice follows them, say of an invoice."""
    if (invoice.specification or "").lower() in WITHOUT_LINES:
        message = _(
            "This Factur-X file has a profile without lines. Its head is read; "
            "type the lines, or send a profile that has them."
        )
        yield Finding("Factur-X", message, invoice.where.get("specification", NOWHERE), WARNING)
        return
    yield from rules.check_all(invoice, rules.ALL)
    if _is_peppol(invoice):
        yield from rules.check_all(invoice, rules.PEPPOL)


def _is_peppol(invoice: EInvoice) -> bool:
    return PEPPOL in (invoice.specification or "").lower()


def _not_read(key: str, said: str = "", line: int = 0) -> Reading:
    return Reading(None, problems=[Finding("file", _refusal(key, said), Place(line, ""))])


def _refusal(key: str, said: str) -> str:
    sentences = {
        "empty": _("This file is empty."),
        "too_large": _("This file is larger than %(said)s MB, so it is not opened. Send attachments separately."),
        "too_much": _("This file holds far more than an invoice does, so it is not read to its end."),
        "not_xml": _("This is neither an XML invoice (UBL or CII) nor a PDF that carries one."),
        "broken": _("This XML file is broken: %(said)s. Export it again from your accounting program."),
        "doctype": _("This XML file has a DTD, which invoices never have, so it is not read."),
        "zugferd_1": _("This is ZUGFeRD 1.0, which has been replaced. Export the invoice as Factur-X or XRechnung."),
        "other_document": _("This XML file is a “%(said)s”, not an invoice or credit note in UBL 2.1 or CII."),
        "broken_pdf": _("This PDF is damaged. Export it again from your accounting program."),
        "encrypted": _("This PDF is protected by a password. Save it without one."),
        "too_many_files": _("This PDF carries more than %(said)s files, so it is not read."),
        "no_xml": _(
            "This PDF carries no invoice that a program can read. Export it as Factur-X, UBL or CII; or type it, "
            "and this PDF goes along as its picture."
        ),
    }  # fmt: skip
    return sentences[key] % {"said": said}


def _fault(key: str, value: str) -> str:
    sentences = {
        "figure": _("“%(value)s” is no figure: digits with a point for decimals are expected."),
        "day": _("“%(value)s” is no day."),
        "base64": _("The attached file cannot be decoded (base64)."),
        "other_currency": _("This amount is in %(value)s, which is not the currency of the invoice."),
        "repeated": _("This is said more than once; “%(value)s” is left out."),
        "tax_twice": _(
            "The total VAT is said more than once in one currency; %(value)s is left out (BT-110)."
        ),
    }
    return sentences[key] % {"value": value}
