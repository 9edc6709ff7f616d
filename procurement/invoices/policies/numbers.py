"""Invoice numbers as they are compared. Pure."""

import re
import unicodedata

# What stands before a number and says only that one follows, in the languages of our suppliers.
_WORDS = frozenset(
    {
        "bill",
        "credit",
        "creditnote",
        "cn",
        "dn",
        "fa",
        "fac",
        "fact",
        "factura",
        "facture",
        "fattura",
        "fra",
        "gs",
        "gutschrift",
        "inv",
        "invoice",
        "no",
        "nr",
        "number",
        "num",
        "nummer",
        "rchg",
        "re",
        "rech",
        "rechnung",
        "rechnungsnummer",
        "rg",
        "rn",
        "rnr",
    }
)
LONGEST_KEY = 60


def number_key(number: str) -> str:
    """A supplier's invoice number as it is compared: `INV-0042`, `inv 42` and `42` are one.

    Case, blanks, punctuation, leading zeros of each run of digits, and words in front that only say "invoice number" do
    not make it another one. Where digits meet digits the seam stays: 2026-1-1 and 2026-11 are two.
    """
    folded = unicodedata.normalize("NFKC", number).casefold()
    parts = re.findall(r"\d+|[^\W\d_]+", folded)
    while len(parts) > 1 and parts[0] in _WORDS:
        parts.pop(0)
    plain = [part.lstrip("0") or "0" if part.isdecimal() else part for part in parts]
    return "-".join(plain)[:LONGEST_KEY]
