"""The columns of a statement of account, and the words by which other people's files call them.

See Note [Other people's columns] in `procurement.shipments.files.columns`: known names are taken, others are asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from procurement.sheets.columns import CHOICE, DAY, NUMBER, PROMISE, Column
from procurement.sheets.foreign import folded
from procurement.sheets.values import text_of, titles_of
from procurement.statements.states import ItemKind

COLUMNS = (
    Column("kind", _("Kind"), PROMISE, CHOICE, 14),
    Column("number", _("Number"), PROMISE, width=18),
    Column("dated_on", _("Dated"), PROMISE, DAY, 13),
    Column("due_on", _("Due date"), PROMISE, DAY, 13),
    Column("amount", _("Amount"), PROMISE, NUMBER, 13),
    Column("open", _("Open amount"), PROMISE, NUMBER, 13),
    Column("debit", _("Debit"), PROMISE, NUMBER, 13),
    Column("credit", _("Credit"), PROMISE, NUMBER, 13),
    Column("currency", _("Currency"), PROMISE, width=9),
    Column("reference", _("Reference of a payment"), PROMISE, width=22),
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


def known_names() -> dict[str, str]:
    """What any column may be called, as it is compared, and which of ours it then is."""
    found = {folded(word): name for name, words in SYNONYMS.items() for word in words}
    for name, titles in titles_of(COLUMNS).items():
        found |= {folded(title): name for title in titles}
    return found | {folded(name): name for name in BY_NAME}


def recognise(row: Sequence[Any], known: Mapping[str, str]) -> tuple[dict[str, int], bool]:
    """Which of our columns the cells of a row name, by place; and whether that is clear: all there, none twice."""
    places: dict[str, int] = {}
    twice = False
    for place, cell in enumerate(row):
        name = known.get(folded(text_of(cell))) if isinstance(cell, str) else None
        if name in places:
            twice = True
        elif name is not None:
            places[name] = place
    return places, is_enough(places) and not twice


def is_enough(places: Mapping[str, int]) -> bool:
    """Whether these columns say what is open of which number."""
    return "number" in places and any(name in places for name in AMOUNTS)
