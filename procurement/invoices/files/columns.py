"""The columns of a sheet of invoices, and the words by which other people's files call them.

See Note [Other people's columns] in `procurement.shipments.files.columns`: known names are taken, others are asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.invoices.states import InvoiceKind, TaxCategory
from procurement.sheets.columns import ASKED, CHOICE, DAY, KEY, NUMBER, PROMISE, Column
from procurement.sheets.foreign import Asked, Recognised, known_names

COLUMNS = (
    Column("order_key", _("Order key"), KEY),
    Column("line_key", _("Line key"), KEY),
    Column("order", _("Order"), ASKED),
    Column("line", _("Line"), ASKED, width=7),
    Column("item", _("Item"), ASKED, width=18),
    Column("part", _("Your part number"), ASKED, width=18),
    Column("description", _("Description"), ASKED, width=30),
    Column("open", _("Left to invoice"), ASKED, NUMBER, 10),
    Column("unit", _("Unit"), ASKED, width=6),
    Column("agreed", _("Agreed price"), ASKED, NUMBER, 11),
    Column("agreed_per", _("Price is for"), ASKED, NUMBER, 8),
    Column("currency", _("Currency"), ASKED, width=8),
    Column("quantity", _("Quantity invoiced"), PROMISE, NUMBER, 10),
    Column("number", _("Invoice number"), PROMISE, width=16),
    Column("invoiced_on", _("Invoice date"), PROMISE, DAY, 13),
    Column("unit_price", _("Price"), PROMISE, NUMBER, 11),
    Column("price_quantity", _("Price for how many"), PROMISE, NUMBER, 8),
    Column("tax_category", _("Tax category"), PROMISE, CHOICE, 12),
    Column("tax_rate", _("Tax rate, %"), PROMISE, NUMBER, 8),
    Column("supplied_on", _("Date of supply"), PROMISE, DAY, 13),
    Column("due_on", _("Due date"), PROMISE, DAY, 13),
    Column("freight", _("Freight"), PROMISE, NUMBER, 10),
    Column("total", _("Total of the invoice"), PROMISE, NUMBER, 12),
    Column("kind", _("Kind"), PROMISE, CHOICE, 12),
    Column("corrects", _("Corrects invoice"), PROMISE, width=16),
    Column("buyer_reference", _("Customer’s reference"), PROMISE, width=16),
    Column("note", _("Note"), PROMISE, width=24),
)
BY_NAME = {column.name: column for column in COLUMNS}
CHOICES: Mapping[str, Mapping[Any, Any]] = {
    "kind": dict(InvoiceKind.choices),
    "tax_category": dict(TaxCategory.choices),
}
KEYS = ("order_key", "line_key")
# What is read of a file, and so can be told to stand in a column of it.
READ = (
    "order",
    "line",
    "item",
    *(column.name for column in COLUMNS if column.part == PROMISE),
)
# Without these no line of an invoice is known.
ASKED_FOR = Asked(BY_NAME, READ, ("order", "quantity", "number"))

# Names of columns in English and German, as other programs have them; blanks, case and punctuation do not count.
SYNONYMS: Mapping[str, Sequence[str]] = {
    "order": (
        *("order no", "order number", "po", "po no", "po number", "purchase order", "purchase order number"),
        *("customer order", "customer order no", "customer po", "your order", "Bestellung", "Bestellnummer"),
        *("Bestell-Nr", "Kundenbestellung", "Kundenbestellnummer", "Ihre Bestellung", "Ihre Bestellnummer"),
    ),
    "line": (
        *("order line", "line no", "line number", "po line", "position", "pos", "pos no", "order position"),
        *("Bestellposition", "Bestellpos", "Positionsnummer", "Pos-Nr", "Zeile"),
    ),
    "item": (
        *("item no", "item number", "article", "article no", "article number", "material", "sku", "part"),
        *("part no", "part number", "gtin", "ean", "product", "Artikel", "Artikelnummer", "Artikel-Nr"),
        *("Materialnummer", "Teilenummer"),
    ),
    "quantity": (
        *("qty", "quantity", "invoiced", "invoiced qty", "qty invoiced", "billed quantity", "billed qty"),
        *("Menge", "berechnete Menge", "Rechnungsmenge", "fakturierte Menge", "Stück", "Stückzahl", "Anzahl"),
    ),
    "number": (
        *("invoice", "invoice no", "invoice number", "invoice nr", "inv no", "bill no", "document no"),
        *(
            "document number",
            "Rechnung",
            "Rechnungsnummer",
            "Rechnungs-Nr",
            "Rechnungsnr",
            "Beleg",
            "Belegnummer",
        ),
    ),
    "invoiced_on": (
        *("invoice date", "date", "document date", "issued on", "issue date", "bill date"),
        *("Rechnungsdatum", "Datum", "Belegdatum"),
    ),
    "unit_price": (
        *("price", "unit price", "price each", "net price", "item price"),
        *("Preis", "Einzelpreis", "Stückpreis", "Nettopreis", "E-Preis"),
    ),
    "price_quantity": ("price unit", "price per", "per", "Preiseinheit", "Preis pro", "PE"),
    "tax_category": ("tax code", "vat code", "vat category", "Steuerkategorie", "Steuerkennzeichen"),
    "tax_rate": (
        *("tax", "vat", "vat rate", "vat %", "tax %", "tax rate", "sales tax"),
        *("Steuer", "Steuersatz", "MwSt", "MwSt-Satz", "USt", "USt-Satz", "MwSt %"),
    ),
    "supplied_on": (
        *("supply date", "delivery date", "tax point", "tax point date", "service date"),
        *("Leistungsdatum", "Lieferdatum", "Leistungstag"),
    ),
    "due_on": (
        "due date",
        "payable on",
        "payment due",
        "Fällig",
        "Fälligkeit",
        "fällig am",
        "Fälligkeitsdatum",
    ),
    "freight": (
        "freight charge",
        "shipping",
        "shipping cost",
        "carriage",
        "Fracht",
        "Frachtkosten",
        "Versandkosten",
    ),
    "total": (
        *("gross", "gross total", "invoice total", "total amount", "amount due", "grand total"),
        *("Gesamt", "Gesamtbetrag", "Rechnungsbetrag", "Brutto", "Bruttobetrag", "Endbetrag"),
    ),
    "kind": ("type", "document type", "kind", "Art", "Belegart", "Rechnungsart"),
    "corrects": ("original invoice", "credited invoice", "for invoice", "Ursprungsrechnung", "zu Rechnung"),
    "buyer_reference": ("buyer reference", "your reference", "reference", "Ihr Zeichen", "Ihre Referenz"),
    "note": ("remark", "remarks", "comment", "comments", "Bemerkung", "Hinweis", "Notiz"),
}


def known_to_us() -> dict[str, str]:
    """What any column may be called, as it is compared, and which of ours it then is."""
    return known_names(COLUMNS, SYNONYMS)


def is_clear(found: Recognised) -> bool:
    """Whether the columns say of which lines how much is claimed under which number, and nothing twice."""
    places = set(found.places)
    names_lines = places.issuperset(KEYS) or ("order" in places and not places.isdisjoint(("line", "item")))
    return names_lines and places.issuperset(("quantity", "number")) and not found.twice
