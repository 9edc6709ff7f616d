"""What the subject and the history say before the text begins: which order and which lines the text may be about."""

import re

from procurement.reading.folding import folded
from procurement.reading.heard import Setting
from procurement.reading.marks import Sort, Spotter

OTHER_BUSINESS = re.compile(
    r"(?<!\w)(?:price ?lists?|new prices|price adjustments?|(?:neue|aktuelle) preise|preise ab|quot(?:e|ation)s?|offers?|offert[ae]s?|inquir(?:y|ies)|enquir(?:y|ies)|anfrage\w*|angebot\w*|preisliste\w*|preisanpassung\w*|preiserh[öo]hung\w*|invoices?|rechnung\w*|mahnung|reklamation\w*|complaints?|newsletter"
    r"|betriebsferien|betriebsurlaub|holidays?|closures?|opening hours|[öo]ffnungszeiten|statement of account|kontoauszug)(?!\w)"
)
OFFER = re.compile(r"(?<!\w)(?:offers?|offert[ae]s?|quot(?:e|ation)s?|angebot\w*)(?!\w)")
GENERAL_PRICES = re.compile(
    r"price ?list|prices? from|preise ab|price (?:increase|change|adjust)|new prices|preisliste|preisanpassung|preiserh[öo]hung|neue preise"
)
LONGEST_HISTORY = 6_000  # characters of history that are looked at for what an answer answers


def hear_subject(subject: str, history: str, setting: Setting, spotter: Spotter) -> None:
    """The subject, or else the history, says which order is meant where the text does not."""
    for text in (subject, history[:LONGEST_HISTORY]):
        sentence = folded(" ".join(text.split()))[:LONGEST_HISTORY]
        marks = spotter.spot(sentence, sentence)
        orders = list(dict.fromkeys(mark.order for mark in marks if mark.sort is Sort.ORDER))
        setting.names_order |= bool(orders)
        apart = OTHER_BUSINESS.search(sentence) or any(mark.sort is Sort.FOREIGN for mark in marks)
        if text is subject and apart and not orders:
            setting.focus.is_foreign = True
            setting.focus.is_other_order = any(mark.sort is Sort.FOREIGN for mark in marks) or bool(
                OFFER.search(sentence)
            )
            setting.is_general = GENERAL_PRICES.search(sentence) is not None
            return
        if orders and not setting.focus.order and len(orders) == 1:
            setting.focus.hear(orders[0])
        if text is subject and (orders or len(setting.context.orders) == 1):
            lines = [
                line
                for mark in marks
                if mark.sort is Sort.LINE
                for line in setting.focus.lines_of(mark, setting.focus.order)
            ]
            setting.subject_lines = tuple(dict.fromkeys(lines))
            setting.focus.lines = setting.subject_lines
        if setting.focus.order and orders:
            return


def hear_answered(quoted: str, setting: Setting, spotter: Spotter) -> None:
    """An answer between quoted lines is about what stands right above it."""
    text = folded(" ".join(quoted[-800:].split()))
    marks = spotter.spot(text, text)
    for mark in marks:
        if mark.sort is Sort.ORDER:
            setting.focus.hear(mark.order)
    lines = [setting.focus.lines_of(mark, setting.focus.order) for mark in marks if mark.sort is Sort.LINE]
    if lines and lines[-1]:
        setting.focus.lines = tuple(lines[-1])
        setting.subject_lines = ()
