"""The columns of a statement of account, and the words by which other people's files call them.

See Note [Other people's columns] in `procurement.shipments.files.columns`: known names are taken, others are asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from procurement.sheets.columns import CHOICE, DAY, NUMBER, PROMISE, Column
from procurement.sheets.foreign import Asked, Recognised, known_names
from procurement.statements.states import ItemKind

COLUMNS = (
    Column("kind", lazy("Kind"), PROMISE, CHOICE, 14),
    Column("number", lazy("Number"), PROMISE, width=18),
    Column("dated_on", lazy("Dated"), PROMISE, DAY, 13),
    Column("due_on", lazy("Due date"), PROMISE, DAY, 13),
    Column("amount", lazy("Amount"), PROMISE, NUMBER, 13),
    Column("open", lazy("Open amount"), PROMISE, NUMBER, 13),
    Column("debit", lazy("Debit"), PROMISE, NUMBER, 13),
    Column("credit", lazy("Credit"), PROMISE, NUMBER, 13),
    Column("currency", lazy("Currency"), PROMISE, width=9),
    Column("reference", lazy("Reference of a payment"), PROMISE, width=22),
)
BY_NAME = {column.name: column for column in COLUMNS}
READ = tuple(BY_NAME)
# Without a number nothing is found; one of these says how much.
NEEDED = ("number",)
AMOUNTS = ("open", "amount", "debit")
CHOICES: Mapping[str, Mapping[Any, Any]] = {"kind": dict(ItemKind.choices)}
# How other programs say what a row is (UNTDID 1001, and the document types of accounting programs).
MORE_KINDS = {
    "380": "invoice",
    "381": "credit_note",
    "383": "debit_note",
    **dict.fromkeys(("inv", "bill", "rechnung", "re", "rg", "dr", "rv", "debit", "faktura"), "invoice"),
    **dict.fromkeys(("debit memo", "debit note", "dn", "lastschrift", "belastung"), "debit_note"),
    **dict.fromkeys(
        ("credit", "credit memo", "creditnote", "cn", "cr", "gutschrift", "gs", "dg", "storno"), "credit_note"
    ),
    **dict.fromkeys(
        ("pay", "pmt", "payment", "receipt", "zahlung", "zahlungseingang", "za", "ze", "dz", "akonto"),
        "payment",
    ),
}

# Names of columns in English and German, as other programs have them; blanks, case and punctuation do not count. A
# “balance” or “Saldo” is asked for: in many files it is what the rows so far come to. A “balance due” is of its row.
SYNONYMS: Mapping[str, Sequence[str]] = {
    "kind": (
        *("type", "document type", "doc type", "transaction", "transaction type"),
        *("Art", "Belegart", "Belegtyp", "Typ", "Buchungsart", "Vorgang"),
    ),
    "number": (
        *(
            "no",
            "invoice",
            "invoice no",
            "invoice number",
            "document",
            "document no",
            "document number",
            "doc no",
        ),
        *(
            "voucher",
            "voucher no",
            "item no",
            "your invoice",
            "Nummer",
            "Nr",
            "Beleg",
            "Belegnummer",
            "Beleg-Nr",
        ),
        *(
            "Belegnr",
            "Rechnung",
            "Rechnungsnummer",
            "Rechnungs-Nr",
            "Rechnungsnr",
            "Rg-Nr",
            "OP-Nummer",
            "Referenz",
        ),
    ),
    "dated_on": (
        *("date", "document date", "invoice date", "posting date", "issued", "issued on"),
        *("Datum", "Belegdatum", "Rechnungsdatum", "Buchungsdatum"),
    ),
    "due_on": (
        *("due", "due date", "due on", "payable by", "payment due", "net due date"),
        *("Fällig", "Fälligkeit", "fällig am", "Fälligkeitsdatum", "Nettofälligkeit", "Zahlbar bis"),
    ),
    "amount": (
        *("total", "original amount", "invoice amount", "gross", "gross amount", "document amount"),
        *(
            "Betrag",
            "Gesamtbetrag",
            "Rechnungsbetrag",
            "Bruttobetrag",
            "Brutto",
            "Ursprungsbetrag",
            "Belegbetrag",
        ),
    ),
    "open": (
        *("open", "open amount", "outstanding", "outstanding amount", "balance due", "amount due"),
        *(
            "remaining",
            "unpaid",
            "Offen",
            "offener Betrag",
            "Offener Posten",
            "Restbetrag",
            "Rest",
            "OP",
        ),
    ),
    "debit": ("debit", "debits", "Soll", "Soll-Betrag"),
    "credit": ("credit", "credits", "Haben", "Haben-Betrag"),
    "currency": ("curr", "ccy", "cur", "Währung", "Whg", "Wkz"),
    "reference": (
        *("payment reference", "our reference", "your reference", "reference", "ref", "remittance", "text"),
        *("Zahlungsreferenz", "Verwendungszweck", "Zahlungsbeleg", "Ihr Zeichen", "Ihre Referenz", "Avis"),
    ),
}


def known_to_us() -> dict[str, str]:
    """What any column may be called, as it is compared, and which of ours it then is."""
    return known_names(COLUMNS, SYNONYMS)


def is_clear(found: Recognised) -> bool:
    """Whether every column that is needed was recognised, and none twice."""
    return is_enough(found.places) and not found.twice


def is_enough(places: Mapping[str, int]) -> bool:
    """Whether these columns say what is open of which number."""
    return "number" in places and any(name in places for name in AMOUNTS)


def _lacks(places: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    if "number" not in places:
        yield "number", _("Say in which column the numbers stand. Without them nothing is found.")
    if not any(name in places for name in AMOUNTS):
        yield "open", _("Say in which column the amounts stand: what is open, or what each came to.")


ASKED = Asked(BY_NAME, READ, NEEDED, _lacks)
