"""The words of each language: what a reader of another language would add a table for."""

from procurement.reading.words.de import GERMAN
from procurement.reading.words.en import ENGLISH
from procurement.reading.words.table import Cue, Words

LANGUAGES: dict[str, Words] = {"en": ENGLISH, "de": GERMAN}

__all__ = ["LANGUAGES", "Cue", "Words"]
