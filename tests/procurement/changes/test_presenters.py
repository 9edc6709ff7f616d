"""Wishes in words."""

from django.utils import translation

from procurement.changes.presenters import kinds_text
from procurement.changes.states import ChangeKind


def test_every_kind_has_a_word_for_within_a_sentence():
    assert kinds_text(ChangeKind.values) == "date, quantity, price, split, merge, substitute, cancel, ship-to"


def test_nouns_stay_large_where_a_language_writes_them_so():
    with translation.override("de"):
        assert kinds_text(["quantity", "split", "ship_to"]) == "Menge, Aufteilung, Lieferort"
